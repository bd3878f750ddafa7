"""Where the break of a line parts a Korean word: it comes at spaces, and from a browser inside words."""

import re

from rushes.language.matching import tokenise
from rushes.language.script import normalise
from rushes.language.vocabulary import with_role

_BREAK = re.compile(r"(?<=[가-힣])[^\S\n]*\n[^\S\n]*(?=[가-힣])")
_SYLLABLES = re.compile("[가-힣]*")
# A word is never longer; bounded, so that time stays linear in the text.
_LONGEST = 20


def is_one_word(before: str, behind: str) -> bool:
    """Whether the end of a line and the beginning of the next are one Korean word: 유리 and 를."""
    head = _first_word(before[: -_LONGEST - 1 : -1].lstrip())[::-1]
    tail = _first_word(behind[:_LONGEST].lstrip())
    if not head or not tail:
        return False
    is_bound = tail in with_role("ko", "particle") and tail not in with_role("ko", "filler")
    return is_bound or _unknown(head + tail) < _unknown(head) + _unknown(tail)


def breaks_in_words(text: str) -> list[tuple[int, int]]:
    """Return the spans of white space around a line break that stand inside a Korean word."""
    spans = (found.span() for found in _BREAK.finditer(text))
    return [
        (start, end)
        for start, end in spans
        if is_one_word(text[max(0, start - _LONGEST) : start], text[end : end + _LONGEST])
    ]


def _first_word(text: str) -> str:
    return _SYLLABLES.match(text)[0]  # type: ignore[index]


def _unknown(word: str) -> int:
    tokens = tokenise(normalise(word), "ko")
    return sum(len(token.text) for token in tokens if not token.is_known)
