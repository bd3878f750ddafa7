"""Paragraphs that say what they are, as Final Draft and Word templates write them, into a screenplay.

Their text, one paragraph a line, becomes the source that elements and shots point into.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rushes.language.screenplay.element import Element, ElementKind, Screenplay
from rushes.language.screenplay.words import is_transition

# What stands right below the line before it: speech, and entries of a title page.
_JOINED = (ElementKind.PARENTHETICAL, ElementKind.DIALOGUE, ElementKind.LYRICS, ElementKind.TITLE_ENTRY)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`words` hold no line end; `key` is a scene's number or a title entry's key."""

    kind: ElementKind
    words: str
    key: str = ""
    is_dual: bool = False


def screenplay_of(paragraphs: Iterable[Paragraph]) -> Screenplay:
    """Lines out of paragraphs; an empty line goes before each but those within a speech or a title page."""
    pieces: list[str] = []
    elements: list[Element] = []
    position = 0
    for paragraph in paragraphs:
        if elements and paragraph.kind not in _JOINED:
            pieces.append("\n")
            elements.append(Element(ElementKind.BLANK, position, position + 1, ""))
            position += 1
        is_keyed = paragraph.kind is ElementKind.TITLE_ENTRY and paragraph.key
        line = f"{paragraph.key}: {paragraph.words}\n" if is_keyed else paragraph.words + "\n"
        words = paragraph.words.strip()
        kind = paragraph.kind if words else ElementKind.BLANK
        if kind is ElementKind.ACTION and is_transition(words):
            kind = ElementKind.TRANSITION
        if kind is ElementKind.PARENTHETICAL:
            words = words.removeprefix("(").removesuffix(")").strip()
        end = position + len(line)
        elements.append(Element(kind, position, end, words, paragraph.key, is_dual=paragraph.is_dual))
        pieces.append(line)
        position = end
    return Screenplay("".join(pieces), tuple(elements))
