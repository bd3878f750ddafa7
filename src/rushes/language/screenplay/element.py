"""The elements a screenplay is made of. Together they tile its source: every character is in exactly one."""

from dataclasses import dataclass
from enum import StrEnum


class ElementKind(StrEnum):
    TITLE_ENTRY = "title_entry"  # one key of the title page, with all its lines
    CAST_LIST = "cast_list"  # the people of the script, before its first scene
    SCENE_HEADING = "scene_heading"  # may cover several lines where place and time have lines of their own
    SHOT = "shot"  # a camera line that starts a new shot within a scene
    ACTION = "action"
    CHARACTER = "character"
    PARENTHETICAL = "parenthetical"
    DIALOGUE = "dialogue"
    LYRICS = "lyrics"
    TRANSITION = "transition"
    CENTERED = "centered"
    PAGE_BREAK = "page_break"  # also page numbers and (CONTINUED) of typed pages
    SECTION = "section"
    SYNOPSIS = "synopsis"
    NOTE = "note"
    BONEYARD = "boneyard"
    BLANK = "blank"  # lines without words


SPOKEN = frozenset({ElementKind.DIALOGUE, ElementKind.LYRICS})
# What a camera can see or a microphone hear; the rest is about the script.
FILMED = SPOKEN | {
    ElementKind.SHOT,
    ElementKind.ACTION,
    ElementKind.CENTERED,
}


@dataclass(frozen=True, slots=True)
class Element:
    """A tile of the source, `source[start:end]`, line end included.

    `words` is what a reader reads: without the marks that make the element what it is, without notes and
    boneyard inside it; lines joined by a line feed. Emphasis marks stay (see `emphasis`).
    `key` is the title entry's key, the heading's scene number or the section's depth as `#` signs.
    """

    kind: ElementKind
    start: int
    end: int
    words: str
    key: str = ""
    is_forced: bool = False
    is_dual: bool = False


@dataclass(frozen=True, slots=True)
class Screenplay:
    """A script's source text and its elements in order."""

    source: str
    elements: tuple[Element, ...]

    def text(self, element: Element) -> str:
        """The element as it stands in the source."""
        return self.source[element.start : element.end]
