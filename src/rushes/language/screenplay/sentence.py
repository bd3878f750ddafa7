"""Full stops that end no sentence: those of `DR. IYER`, `3.5`, `6... 7... 8...`."""

import re

from rushes.language.screenplay.words import fold, trade_words

_WORD = re.compile(r"(?<![A-Za-z.])[A-Z][A-Za-z]{0,5}\.$")
_LONGEST_WORD = 8
# D.C., U.S.
_INITIAL = re.compile(r"(?<![A-Za-z])[A-Z]\.[A-Z]")
_ELLIPSIS = re.compile(r"(?:\.\.|…)$")


def goes_on(text: str, end: int) -> bool:
    """Whether the sentence goes on behind the mark that stands before ``end``."""
    if text[end - 1 : end] not in (".", "…"):
        return False
    if text[end : end + 1].isdigit() or _INITIAL.match(text, end - 2):
        return True
    rest = text[end : end + 4].lstrip()[:1]
    if rest.islower() or (rest.isdigit() and _ELLIPSIS.search(text, max(0, end - 2), end)):
        return True
    word = _WORD.search(text[max(0, end - _LONGEST_WORD) : end])
    return bool(rest) and word is not None and fold(word.group()) in trade_words().abbreviations
