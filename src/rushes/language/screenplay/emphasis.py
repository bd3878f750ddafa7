"""Emphasis inside a line of Fountain: `*italics*`, `**bold**`, `***both***`, `_underline_`, `\\*` a star."""

import re
from dataclasses import dataclass

_MARK = re.compile(r"\\[*_\\]|\*{1,3}(?!\*)|\*{4,}|_")
_STYLES = {"*": ("italic",), "**": ("bold",), "***": ("bold", "italic"), "_": ("underline",)}


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one style; `styles` holds bold, italic, underline in this order."""

    text: str
    styles: tuple[str, ...]


def plain(words: str) -> str:
    """The words without marks of emphasis."""
    return "".join(run.text for run in runs(words)) if _MARK.search(words) else words


def runs(words: str) -> tuple[Run, ...]:
    """The words cut where their style changes. Emphasis never goes over the end of a line; a mark that has
    no partner, or space where its words should be, stands for itself.
    """
    found: list[Run] = []
    for index, line in enumerate(words.split("\n")):
        if index:
            found.append(Run("\n", ()))
        found += _line_runs(line)
    return tuple(_joined(found))


@dataclass(slots=True)
class _Mark:
    """A mark at `start`; a partner before or after it decides whether it opens or closes."""

    start: int
    text: str
    is_open: bool = False
    is_close: bool = False


def _line_runs(line: str) -> list[Run]:
    found: list[Run] = []
    styles: list[str] = []
    position = 0
    for mark in _paired_marks(line):
        end = mark.start + len(mark.text)
        current = tuple(style for style in ("bold", "italic", "underline") if style in styles)
        if mark.text.startswith("\\"):
            found.append(Run(line[position : mark.start] + mark.text[1], current))
        elif mark.is_open or mark.is_close:
            found.append(Run(line[position : mark.start], current))
            for style in _STYLES[mark.text]:
                (styles.append if mark.is_open else styles.remove)(style)
        else:
            found.append(Run(line[position:end], current))
        position = end
    found.append(Run(line[position:], ()))
    return found


def _paired_marks(line: str) -> list[_Mark]:
    marks: list[_Mark] = []
    waiting: dict[str, _Mark] = {}
    for found in _MARK.finditer(line):
        after_words = found.start() > 0 and not line[found.start() - 1].isspace()
        for mark in _parts(found, waiting if after_words else {}):
            marks.append(mark)
            opening = waiting.pop(mark.text, None) if after_words else None
            if opening is not None and mark.start > opening.start + len(opening.text):
                opening.is_open = mark.is_close = True
            elif mark.text in _STYLES and found.end() < len(line) and not line[found.end()].isspace():
                waiting[mark.text] = mark
    return marks


def _parts(found: re.Match[str], waiting: dict[str, _Mark]) -> list[_Mark]:
    """One mark; or two where `***` closes a `*` and a `**` that were opened apart, the later one first."""
    text, start = found.group(), found.start()
    if text != "***" or "***" in waiting or not {"*", "**"} <= set(waiting):
        return [_Mark(start, text)]
    first, second = ("*", "**") if waiting["*"].start > waiting["**"].start else ("**", "*")
    return [_Mark(start, first), _Mark(start + len(first), second)]


def _joined(found: list[Run]) -> list[Run]:
    joined: list[Run] = []
    for run in found:
        if joined and joined[-1].styles == run.styles:
            joined[-1] = Run(joined[-1].text + run.text, run.styles)
        elif run.text:
            joined.append(run)
    return joined
