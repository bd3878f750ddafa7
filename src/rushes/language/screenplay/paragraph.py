"""Paragraphs that say what they are, as Final Draft and Word templates write them, into a screenplay.

Their text, one paragraph a line, becomes the source that elements and shots point into.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rushes.language.screenplay.element import Element, ElementKind, Screenplay

_SPEECH = (ElementKind.PARENTHETICAL, ElementKind.DIALOGUE, ElementKind.LYRICS)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`words` hold no line end; `number` is a scene's."""

    kind: ElementKind
    words: str
    number: str = ""
    is_dual: bool = False


def screenplay_of(paragraphs: Iterable[Paragraph]) -> Screenplay:
    """Lines out of paragraphs; an empty line goes before each but those within a speech."""
    pieces: list[str] = []
    elements: list[Element] = []
    position = 0
    for paragraph in paragraphs:
        if elements and paragraph.kind not in _SPEECH:
            pieces.append("\n")
            elements.append(Element(ElementKind.BLANK, position, position + 1, ""))
            position += 1
        line = paragraph.words + "\n"
        words = paragraph.words.strip()
        kind = paragraph.kind if words else ElementKind.BLANK
        if kind is ElementKind.PARENTHETICAL:
            words = words.removeprefix("(").removesuffix(")").strip()
        end = position + len(line)
        elements.append(Element(kind, position, end, words, paragraph.number, is_dual=paragraph.is_dual))
        pieces.append(line)
        position = end
    return Screenplay("".join(pieces), tuple(elements))
