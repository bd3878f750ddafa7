"""The lines of PDF pages: all pages in one set of columns, words one space apart, paragraphs whole again."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from rushes.language.line_breaks import is_one_word
from rushes.language.screenplay.form import language_of
from rushes.language.screenplay.pdf_columns import one_column

# Word by word, a page drawn leaves gaps of two to four columns where a space was; columns stand wider apart.
_GAP = re.compile(r"(?<=\S) +(?=\S)")
_MOST_IN_A_GAP = 4
_ENDED = re.compile(r"(?:[.!?。！？…:：]['\"”’」』）)】》]{0,3}|[」』）)】》])$")
_BEGINS = re.compile(r"[△▲○◯〇●■□★※◇◆「]")
# Between two letters of full width; Hangul has spaces of its own.
_IDEOGRAPHS_APART = re.compile("(?<=[\u3040-\u9fff\uff00-\uffef]) +(?=[\u3040-\u9fff\uff00-\uffef])")
_BEFORE, _BEHIND = 4, 2
_NUMBER = re.compile(r"\d+")
_FEWEST_RUNNING = 3
_MOST_PAGES = 0.7
_SHORTEST_FULL_LINE = 15  # letters
_FEWEST_FULL_LINES = 3


@dataclass(frozen=True, slots=True)
class Page:
    """`text` begins at the page's own leftmost letter, which stands `left` points from the paper's edge;
    `starts` are (points, first letters) of what was drawn."""

    text: str
    left: float
    starts: tuple[tuple[float, str], ...]


def without_drawn_gaps(laid_out: str, drawn: str) -> str:
    """The text of a page without the gaps that rounding to columns left inside a word: 布  包.

    drawn: the same text in the order of drawing, where a gap stands only between words.
    """

    def mended(gap: re.Match[str]) -> str:
        before = laid_out[max(0, gap.start() - _BEFORE) : gap.start()].rsplit(maxsplit=1)[-1]
        behind = laid_out[gap.end() : gap.end() + _BEHIND].split(maxsplit=1)[0]
        return "" if before + behind in drawn else gap[0]

    return _IDEOGRAPHS_APART.sub(mended, laid_out)


def pages_text(pages: list[Page]) -> list[str]:
    """The text of each page, as a typist would have it."""
    texts = _without_running_lines([text.split("\n") for text in _in_one_frame(pages)])
    texts = _one_space_apart(texts)
    language = language_of("\n".join("\n".join(lines) for lines in texts)[:200_000])
    texts = [one_column(lines) for lines in texts] if language == "en" else _unwrapped(texts, language)
    return ["\n".join(lines) for lines in texts]


def _without_running_lines(texts: list[list[str]]) -> list[list[str]]:
    """Pages without the line at the top or the foot that nearly every one has, but for its numbers."""
    for end in (0, -1):
        running = Counter(_running(lines, end) for lines in texts)
        line, count = running.most_common(1)[0] if running else ("", 0)
        if line and count >= max(_FEWEST_RUNNING, math.ceil(len(texts) * _MOST_PAGES)):
            texts = [_without(lines, end) if _running(lines, end) == line else lines for lines in texts]
    return texts


def _running(lines: list[str], end: int) -> str:
    written = [line.strip() for line in lines if line.strip()]
    return _NUMBER.sub("0", " ".join(written[end].split())) if written else ""


def _without(lines: list[str], end: int) -> list[str]:
    """The lines without the first or the last that is written."""
    written = [index for index, line in enumerate(lines) if line.strip()]
    return [line for index, line in enumerate(lines) if index != written[end]]


def _in_one_frame(pages: list[Page]) -> Iterator[str]:
    """Pages moved in by as much as their leftmost letter stands right of that of all pages."""
    left = min((page.left for page in pages if page.starts), default=0.0)
    widths = [width for page in pages for width in _column_widths(page)]
    width = median(widths) if widths else 0.0
    for page in pages:
        columns = round((page.left - left) / width) if width and page.starts else 0
        indent = " " * columns
        yield "\n".join(indent + line if line.strip() else line for line in page.text.split("\n"))


def _column_widths(page: Page) -> Iterator[float]:
    """Points a column, by each line that is set in."""
    indents = {line.strip()[:12]: len(line) - len(line.lstrip()) for line in page.text.split("\n")}
    for start, letters in page.starts:
        indent = indents.get(letters.strip()[:12], 0)
        if indent > _MOST_IN_A_GAP:
            yield (start - page.left) / indent


def _one_space_apart(texts: list[list[str]]) -> list[list[str]]:
    gaps = [len(gap) for lines in texts for line in lines for gap in _GAP.findall(line)]
    wide = sum(1 < gap <= _MOST_IN_A_GAP for gap in gaps)
    if wide * 2 <= len(gaps):
        return texts
    narrow = re.compile(rf"(?<=\S) {{2,{_MOST_IN_A_GAP}}}(?=\S)")
    return [[narrow.sub(" ", line) for line in lines] for lines in texts]


def _unwrapped(texts: list[list[str]], language: str) -> list[list[str]]:
    """Paragraphs that the right margin broke, whole; an English line tells by its column what it is."""
    margin = _right_margin([_width(line) for lines in texts for line in lines])
    whole: list[list[str]] = []
    for lines in texts:
        joined: list[str] = []
        for index, line in enumerate(lines):
            if index and _is_broken(lines[index - 1], line, margin, language):
                is_parted = language == "ko" and not is_one_word(joined[-1], line)
                joined[-1] += (" " if is_parted else "") + line.strip()
            else:
                joined.append(line)
        whole.append(joined)
    return whole


def _is_broken(line: str, following: str, margin: float, language: str) -> bool:
    """Whether a paragraph goes on: no mark ends the line, and what follows would not have fitted in it."""
    words, rest = line.strip(), following.strip()
    if len(words) < _SHORTEST_FULL_LINE or not rest or _ENDED.search(words) or _BEGINS.match(rest):
        return False
    # No line begins with a mark such as 、 so a Chinese or Japanese one may be a letter short.
    unbroken = " " + rest.split()[0] if language == "ko" else rest[:2]
    return _width(line) + _width(unbroken) > margin


def _right_margin(widths: list[float]) -> float:
    """The width that several lines come close to; endless where no two lines are alike."""
    widths = sorted(widths, reverse=True)
    for widest, another in zip(widths, widths[_FEWEST_FULL_LINES - 1 :], strict=False):
        if widest - another <= 2:
            return widest
    return math.inf


def _width(line: str) -> float:
    """In letters of full width."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WFA" else 0.5 for letter in line)
