"""Units of a script that a shot's words lie in: a speech with its name and remarks, or one other element."""

import re
from dataclasses import dataclass

from rushes.language.screenplay.element import FILMED, Element, ElementKind
from rushes.language.screenplay.emphasis import plain
from rushes.language.screenplay.heading import is_omitted, parse_heading

_SPEECH_PARTS = frozenset(
    {
        ElementKind.DIALOGUE,
        ElementKind.LYRICS,
        ElementKind.PARENTHETICAL,
        ElementKind.NOTE,
        ElementKind.BONEYARD,
    }
)
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+")
_WORDS_IN_SHINGLE = 3
_CHARACTERS_IN_SHINGLE = 4


@dataclass(frozen=True, slots=True)
class Unit:
    """`source[start:end]` in scene `scene` (-1 before the first); `words` in one form for comparing."""

    kind: ElementKind
    start: int
    end: int
    scene: int
    words: str

    @property
    def key(self) -> tuple[ElementKind, str]:
        """Equal for units that say the same."""
        return self.kind, self.words


def script_units(elements: tuple[Element, ...], scene_starts: list[int]) -> list[Unit]:
    """The units of a script in order. ``scene_starts`` are the offsets its scenes begin at."""
    units: list[Unit] = []
    scene, index = -1, 0
    while index < len(elements):
        element = elements[index]
        index += 1
        while scene + 1 < len(scene_starts) and element.start >= scene_starts[scene + 1]:
            scene += 1
        if element.kind is ElementKind.CHARACTER:
            words, end = [element.words], element.end
            while index < len(elements) and elements[index].kind in _SPEECH_PARTS:
                words.append(elements[index].words)
                end = elements[index].end
                index += 1
            units.append(Unit(element.kind, element.start, end, scene, _folded(" ".join(words))))
        elif element.kind in FILMED or _begins_a_scene(element):
            units.append(Unit(element.kind, element.start, element.end, scene, _folded(element.words)))
    return units


def shingles(words: str) -> frozenset[str]:
    """Short overlapping pieces of a text: three words, or four characters of a script without spaces."""
    if words.isascii():
        pieces = _WORD.findall(words)
        size, mark = _WORDS_IN_SHINGLE, " "
    else:
        pieces = list("".join(_WORD.findall(words)))
        size, mark = _CHARACTERS_IN_SHINGLE, ""
    if len(pieces) <= size:
        return frozenset({mark.join(pieces)} if pieces else ())
    return frozenset(mark.join(pieces[at : at + size]) for at in range(len(pieces) - size + 1))


def _begins_a_scene(element: Element) -> bool:
    return element.kind is ElementKind.SCENE_HEADING and not is_omitted(
        parse_heading(element.words, element.key)
    )


def _folded(words: str) -> str:
    return _SPACE.sub(" ", plain(words)).strip().casefold()
