"""Scripts annotated by hand: one line each, its kind before the bar.

A small letter continues the element above; `.` is an empty line; a backslash at the end means that the next
line stands on the same line of the script.
"""

from dataclasses import dataclass
from pathlib import Path

from rushes.language.screenplay.element import ElementKind

FOLDER = Path(__file__).parent
KINDS = {
    "E": ElementKind.TITLE_ENTRY,
    "K": ElementKind.CAST_LIST,
    "H": ElementKind.SCENE_HEADING,
    "A": ElementKind.ACTION,
    "C": ElementKind.CHARACTER,
    "P": ElementKind.PARENTHETICAL,
    "D": ElementKind.DIALOGUE,
    "L": ElementKind.LYRICS,
    "T": ElementKind.TRANSITION,
    "X": ElementKind.CENTERED,
    "B": ElementKind.PAGE_BREAK,
    "S": ElementKind.SECTION,
    "Y": ElementKind.SYNOPSIS,
    "N": ElementKind.NOTE,
    "O": ElementKind.BONEYARD,
}
NAMES = sorted(path.name.removesuffix(".txt") for path in (FOLDER / "scripts").glob("*.txt"))
# Written after the readers were finished; the readers are not changed to suit them.
FROZEN = sorted(path.name.removesuffix(".txt") for path in (FOLDER / "frozen").glob("*.txt"))


@dataclass(frozen=True)
class Annotated:
    """The script's text and, for each element that is not blank, (kind, start, end) without outer space."""

    text: str
    spans: tuple[tuple[ElementKind, int, int], ...]


def load(name):
    text, spans = "", []
    for line in (
        (FOLDER / ("frozen" if name in FROZEN else "scripts") / f"{name}.txt")
        .read_text(encoding="utf-8")
        .splitlines()
    ):
        tag, words = line[0], line[2:]
        ends_line = not words.endswith("\\")
        words = words if ends_line else words[:-1]
        start = len(text)
        text += words
        if tag.isupper():
            spans.append([KINDS[tag], start, len(text)])
        elif tag != ".":
            spans[-1][2] = len(text)
        text += "\n" if ends_line else ""
    return Annotated(text, tuple(trimmed(text, *span) for span in spans))


def trimmed(text, kind, start, end):
    """The span without white space at its ends; form feeds stay."""
    inside = text[start:end]
    space = " \t\r\n\u3000"
    return (
        kind,
        start + len(inside) - len(inside.lstrip(space)),
        end - len(inside) + len(inside.rstrip(space)),
    )


def found_spans(play):
    """What a reader found, in the same form."""
    return tuple(
        trimmed(play.source, element.kind, element.start, element.end)
        for element in play.elements
        if element.kind is not ElementKind.BLANK
    )
