"""Where the break of a line parts a Korean word: it comes at spaces, and from a browser inside words."""

import re

from rushes.language.matching import tokenise
from rushes.language.script import normalise
from rushes.language.vocabulary import with_role

_BREAK = re.compile(r"(?<=[가-힣])[^\S\n]*\n[^\S\n]*(?=[가-힣])")
_WORD_BEFORE, _WORD_BEHIND = re.compile(r"[가-힣]+\Z"), re.compile(r"[가-힣]+")


def is_one_word(before: str, behind: str) -> bool:
    """Whether the end of a line and the beginning of the next are one Korean word: 유리 and 를."""
    head, tail = _WORD_BEFORE.search(before.rstrip()), _WORD_BEHIND.match(behind.lstrip())
    if head is None or tail is None:
        return False
    is_bound = tail[0] in with_role("ko", "particle") and tail[0] not in with_role("ko", "filler")
    return is_bound or _unknown(head[0] + tail[0]) < _unknown(head[0]) + _unknown(tail[0])


def breaks_in_words(text: str) -> list[tuple[int, int]]:
    """Return the spans of white space around a line break that stand inside a Korean word."""
    spans = (found.span() for found in _BREAK.finditer(text))
    return [(start, end) for start, end in spans if is_one_word(text[:start], text[end:])]


def _unknown(word: str) -> int:
    tokens = tokenise(normalise(word), "ko")
    return sum(len(token.text) for token in tokens if not token.is_known)
