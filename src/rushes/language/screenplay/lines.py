"""Lines of a script. A note or boneyard may hold line ends without ending the line it stands in."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from rushes.language.screenplay.element import ElementKind

# A line as long as that without a mark at its end was broken by a margin, not by its writer.
WRAPPED_WIDTH = 30
_LINE_END = re.compile(r"\r\n|\n|\r")
# Characters without width or letters: they come with copied text and hide a heading from any rule.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
# An empty line ends a note that was never closed. Two spaces make a line count as not empty.
_EMPTY_LINE = re.compile(r"(?:\r\n|\n|\r)[ \t]?(?:\r\n|\n|\r)")


@dataclass(frozen=True, slots=True)
class Line:
    """`source[start:end]`, line end included; `text` is what is seen of it: no line end, note, boneyard, and
    no character without width.

    `hidden` is the kind of the first note or boneyard in it.
    """

    start: int
    end: int
    text: str
    hidden: ElementKind | None = None

    @property
    def is_blank(self) -> bool:
        return not self.text or self.text.isspace()


class LineNumbers:
    """Offsets of one source into line numbers, from 1."""

    def __init__(self, source: str) -> None:
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(source))]

    def at(self, offset: int) -> int:
        """The number of the line that holds ``offset``."""
        return bisect_right(self._starts, offset)


def plain_lines(source: str) -> list[Line]:
    """The lines of a script that knows neither notes nor boneyards."""
    return [Line(start, end, visible(source[start:words_end])) for start, words_end, end in _physical(source)]


def visible(text: str) -> str:
    """``text`` without characters that nobody sees: zero width, direction marks, soft hyphens."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def visible_offsets(text: str) -> list[int]:
    """For each character of ``visible(text)``, and for its end, where it stands in ``text``."""
    return [*(at for at, character in enumerate(text) if not _INVISIBLE.match(character)), len(text)]


def lines_with_notes(source: str) -> list[Line]:
    """The lines of a Fountain script: a line end inside a note or boneyard does not count."""
    hidden = hidden_spans(source)
    if not hidden:
        return plain_lines(source)
    starts = [span[0] for span in hidden]
    lines = []
    open_at: int | None = None
    for start, words_end, end in _physical(source):
        last = bisect_left(starts, end) - 1
        if last >= 0 and hidden[last][1] > words_end:
            open_at = start if open_at is None else open_at
            continue
        first = start if open_at is None else open_at
        lines.append(_visible_line(source, first, words_end, end, hidden, starts))
        open_at = None
    return lines


def _visible_line(
    source: str,
    start: int,
    words_end: int,
    end: int,
    hidden: list[tuple[int, int, ElementKind]],
    starts: list[int],
) -> Line:
    inside = hidden[bisect_left(starts, start) : bisect_left(starts, words_end)]
    if not inside:
        return Line(start, end, visible(source[start:words_end]))
    seen = []
    position = start
    for first, last, _ in inside:
        seen.append(source[position:first])
        position = last
    seen.append(source[position:words_end])
    return Line(start, end, visible("".join(seen)), inside[0][2])


def hidden_spans(source: str) -> list[tuple[int, int, ElementKind]]:
    """Notes `[[...]]` and boneyards `/* ... */` in order. What is never closed hides nothing."""
    spans: list[tuple[int, int, ElementKind]] = []
    boneyard, note = _Closings(source, "*/"), _Closings(source, "]]")
    for found in re.finditer(r"/\*|\[\[", source):
        start = found.start()
        if spans and start < spans[-1][1]:
            continue
        if found.group() == "/*":
            end = boneyard.after(start + 2)
            if end is not None:
                spans.append((start, end, ElementKind.BONEYARD))
            continue
        end = note.after(start + 2)
        if end is not None and not note.has_empty_line(start, end):
            spans.append((start, end, ElementKind.NOTE))
    return spans


class _Closings:
    """Next closing mark after a rising position; each stretch of text is searched once, whatever it holds."""

    def __init__(self, source: str, mark: str) -> None:
        self._source = source
        self._mark = mark
        self._next = -1
        self._empty_line = -1

    def after(self, position: int) -> int | None:
        """End of the first mark that starts at ``position`` or later."""
        if self._next < position:
            found = self._source.find(self._mark, position)
            self._next = len(self._source) if found < 0 else found
        return self._next + len(self._mark) if self._next < len(self._source) else None

    def has_empty_line(self, start: int, end: int) -> bool:
        """Whether a line without words lies between."""
        if self._empty_line < start:
            found = _EMPTY_LINE.search(self._source, start)
            self._empty_line = found.start() if found else len(self._source)
        return self._empty_line < end


def _physical(source: str) -> Iterator[tuple[int, int, int]]:
    """(start, end of the words, end) of each line."""
    start = 0
    for found in _LINE_END.finditer(source):
        yield start, found.start(), found.end()
        start = found.end()
    if start < len(source):
        yield start, len(source), len(source)
