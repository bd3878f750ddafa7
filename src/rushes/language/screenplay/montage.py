"""Montages: one scene of the script that shows many places, a picture to a line or a bullet."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from rushes.language.screenplay.element import Element, ElementKind
from rushes.language.screenplay.shot import Span

_BEGINS = re.compile(
    r"(?:(?:BEGIN|START)\b[^a-z\n]{0,40})?\b(?:MONTAGE|SERIES OF SHOTS)\b"
    r"|蒙太奇(?!完|结束|結束)|(?:一组|系列)镜头|(?:一組|系列)鏡頭|モンタージュ(?!終|おわ|明け)|몽타주(?! ?끝)"
)
_ENDS = re.compile(
    r"END\b.*\b(?:MONTAGE|SERIES OF SHOTS)\b|BACK TO\b"
    r"|蒙太奇(?:完|结束|結束)|モンタージュ(?:終|おわ|明け)|몽타주 ?끝"
)
_BULLET = re.compile(r"^[ \t]*((?:[-–—•●]{1,2}[ \t]+|——|[・•●]|[A-Z]\)[ \t]+))", re.MULTILINE)
_SAYS_SO = (ElementKind.ACTION, ElementKind.TRANSITION, ElementKind.SHOT, ElementKind.CENTERED)


def bullets(text: str, offset: int) -> Iterator[tuple[str, int]]:
    """(words, start) of an action's text cut before each line that begins with a bullet."""
    starts = [0, *(found.start() for found in _BULLET.finditer(text) if text[: found.start()].strip())]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield text[start:end], offset + start


def without_bullet(words: str) -> str:
    """The words behind the bullet they begin with."""
    found = _BULLET.match(words)
    return words[found.end() :] if found else words


class Montages:
    """The pictures of a script's montages, found by an offset into it."""

    def __init__(self, source: str, elements: tuple[Element, ...]) -> None:
        self._source = source
        self._pictures = [
            Span(start, start + len(words))
            for element in _inside(elements)
            for words, start in bullets(source[element.start : element.end], element.start)
        ]
        self._starts = [picture.start for picture in self._pictures]

    def picture(self, offset: int) -> str:
        """The words of the picture that holds an offset; nothing outside a montage."""
        at = bisect_right(self._starts, offset) - 1
        if at < 0 or offset >= self._pictures[at].end:
            return ""
        return self._source[self._pictures[at].start : self._pictures[at].end]


def _inside(elements: tuple[Element, ...]) -> Iterator[Element]:
    """The action between a line that says MONTAGE and the next that ends it, or the next heading."""
    is_montage = False
    for element in elements:
        words = element.words.strip()
        if element.kind is ElementKind.SCENE_HEADING:
            is_montage = bool(_BEGINS.search(words))
        elif element.kind in _SAYS_SO and _ENDS.match(words):
            is_montage = False
        else:
            is_montage = is_montage or (element.kind in _SAYS_SO and bool(_BEGINS.match(words)))
            if is_montage and element.kind is ElementKind.ACTION:
                yield element
