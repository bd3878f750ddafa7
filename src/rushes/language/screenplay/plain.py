"""Chinese, Japanese and Korean scripts as people type them, without markup: every line is a paragraph."""

import re
from collections import Counter
from itertools import pairwise

from rushes.language.screenplay.element import Element, ElementKind
from rushes.language.screenplay.form import Form
from rushes.language.screenplay.heading import (
    heading_field,
    is_bare_number,
    is_foreign_heading,
    is_time_and_setting,
)
from rushes.language.screenplay.lines import WRAPPED_WIDTH, Line, plain_lines, visible_offsets
from rushes.language.screenplay.speech import (
    is_aside,
    is_name_extension,
    split_aside,
    split_speech,
    spoken,
    without_extension,
)
from rushes.language.screenplay.words import AGE, fold, is_transition, trade_words

_SLUG = re.compile(r"(?:INT|EXT|I/E)[./ ]", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"[-－—\s]{0,40}(?:第\s?)?[0-9０-９]{1,4}\s?[页頁]?[-－—\s]{0,40}$|\f$")
_SECTION = re.compile(
    r"(?:第[0-9０-９一二三四五六七八九十百零]{1,6}[集章幕话話回部]|제?\s?[0-9]{1,4}\s?[화부회막]|前編|後編)"
    r"(?:[\s:：《「].{0,40})?$"
)
# `脚本　森下由美`, `作・金森一太`, `脚　本　森下由美`: title pages without colons.
_CREDITS = (
    re.compile(r"([^\s・／/]{1,6})(?:[ \t\u3000]{1,20}|[ \u3000]?[・／/][ \u3000]?)(\S.{0,40})$"),
    re.compile(r"([^\s・／/][ \u3000]{1,4}[^\s・／/])[ \t\u3000]{1,20}(\S.{0,40})$"),
)
# `第三稿  2024年5月`.
_DRAFT = re.compile(
    r"(?:第?[0-9０-９一二三四五六七八九十]{1,3}稿|[初终終定]稿|決定稿|準備稿|最終稿|초고|[0-9]{1,2}고|최종고)(?:\s.{0,30})?$"
    r"|(?:19|20)[0-9]{2}\s?[年년./-].{0,20}$"
)
_EPISODE_ENDS = re.compile(r"[（(]?第[0-9０-９一二三四五六七八九十百]{1,6}[集话話]\s?[完终終][）)]?$")
_PASSING = re.compile(r"(?:[×＊*✕xX]\s{0,12}){3,60}$")
_TITLE = re.compile(r"[《「『<].{1,60}[》」』>]$")
_ENDED = re.compile(r"[。．.！!？?…」』”\"）)：:—~～]\s*$")
_MOST_HEADING_LINES = 6
_LONGEST_NAME = 10
_LONGEST_FIELD = 200
_SPEECH_INDENT = 6
_MARKED_ACTIONS = 3
# 林霜（25, 지은(34: whoever is introduced with an age may speak from a line of their own, if only once.
_INTRODUCED = re.compile(
    rf"([\u3400-\u9fff\u30a1-\u30fc]{{2,6}}|(?:[\uac00-\ud7a3]{{1,3}} )?[\uac00-\ud7a3]{{2,6}})[（(]\s?{AGE}"
)
_NAME_MARKS = re.compile(r"[\s：:，,。.！!？?、（）()「」“”\"《》…—△▲○]")
# 마 형사: a name and what its bearer is.
_KOREAN_TITLED = re.compile(r"[\uac00-\ud7a3]{1,3} [\uac00-\ud7a3]{2,4}$")


def parse_plain(source: str, form: Form) -> tuple[Element, ...]:
    """Return the elements of ``source``; they tile it."""
    return tuple(_Reader(source, form).read())


class _Reader:
    """Walks the lines once; every step takes at least one line."""

    def __init__(self, source: str, form: Form) -> None:
        self._source = source
        self._form = form
        self._lines = plain_lines(source)
        self._next = 0
        self._elements: list[Element] = []
        self._has_scene = False
        self._open_quotes = 0
        self._names = _names_on_their_own(self._lines)
        self._speakers = _speakers(self._lines, form)
        self._margin = _action_column(self._lines)
        marked = sum(line.text.lstrip()[:1] in ("△", "▲") for line in self._lines)
        self._marks_action = marked >= _MARKED_ACTIONS

    def read(self) -> list[Element]:
        while self._next < len(self._lines):
            line = self._lines[self._next]
            words = line.text.strip()
            if not words and "\f" not in line.text:
                self._blank()
            elif self._is_heading(self._next):
                self._heading()
            elif self._has_scene or not words or not self._front_matter(words):
                self._line(line, words)
        return self._elements

    def _blank(self) -> None:
        count = 1
        while self._next + count < len(self._lines) and self._is_empty(self._next + count):
            count += 1
        self._take(ElementKind.BLANK, "", count)

    def _is_empty(self, index: int) -> bool:
        return self._lines[index].is_blank and "\f" not in self._lines[index].text

    def _line(self, line: Line, words: str) -> None:
        if _PAGE_NUMBER.match(words) or not words:
            self._take(ElementKind.PAGE_BREAK, "")
        elif self._is_transition(words.lstrip("△▲ ")):
            self._take(ElementKind.TRANSITION, words.lstrip("△▲ "))
        elif len(words) <= 60 and _SECTION.match(words):
            self._take(ElementKind.SECTION, words, key="#")
        elif words[0] in "△▲":
            self._action(words[1:].strip())
        elif not self._speech(line, words):
            self._action(words)

    def _is_transition(self, words: str) -> bool:
        if len(words) > 24:
            return False
        return is_transition(words) or any(pattern.match(words) for pattern in (_PASSING, _EPISODE_ENDS))

    def _is_heading(self, index: int) -> bool:
        words = self._lines[index].text.strip()
        if is_foreign_heading(words) or _SLUG.match(words):
            return True
        return is_bare_number(words) and self._fields_after(index) > 0

    def _heading(self) -> None:
        """The heading's line, and those below that say place, time or people."""
        count = 1 + self._fields_after(self._next)
        lines = [line.text.strip() for line in self._lines[self._next : self._next + count]]
        self._take(ElementKind.SCENE_HEADING, "\n".join(line for line in lines if line), count)
        self._has_scene = True

    def _fields_after(self, index: int) -> int:
        """How many lines below belong to the heading: `地点：客厅`, or place and `日 内` on their own."""
        first = self._lines[index].text.strip()
        is_bare = is_bare_number(first)
        count = 0
        for step in range(1, _MOST_HEADING_LINES + 1):
            if index + step >= len(self._lines):
                break
            words = self._lines[index + step].text.strip()
            if not words and step == count + 1 and is_bare:
                continue
            if len(words) > 60 or not heading_field(words):
                break
            count = step
        if count:
            return count
        return self._place_and_time_after(index, is_bare)

    def _place_and_time_after(self, index: int, is_bare: bool) -> int:
        for step in (1, 2) if is_bare else (1,):
            if index + step >= len(self._lines):
                return 0
            words = self._lines[index + step].text.strip()
            if not words or len(words) > 24 or words[0] in "△▲" or _ENDED.search(words.rstrip("）)")):
                return 0
            if is_time_and_setting(words):
                return step
        return 0

    def _front_matter(self, words: str) -> bool:
        """Title page and list of people, before the first scene."""
        name, colon, value = words.replace("：", ":", 1).partition(":")
        is_short = len(words) <= 60
        credit = _credit(words) if is_short else None
        if is_short and _is_title_of(trade_words().cast_titles, words):
            self._take(ElementKind.CAST_LIST, *self._page())
        elif is_short and _is_title_of(trade_words().synopsis_titles, words):
            self._take(ElementKind.SYNOPSIS, *self._page())
        elif is_short and _DRAFT.match(words):
            self._take(ElementKind.TITLE_ENTRY, words, key="Draft date")
        elif colon and is_short and fold(name) in trade_words().title_keys:
            self._take(ElementKind.TITLE_ENTRY, value.strip(), key=name.strip())
        elif credit:
            self._take(ElementKind.TITLE_ENTRY, credit.group(2), key=credit.group(1))
        elif is_short and (_TITLE.match(words) or self._is_first_line(words)):
            self._take(ElementKind.TITLE_ENTRY, words.strip("《》「」『』"), key="Title")
        else:
            return False
        return True

    def _is_first_line(self, words: str) -> bool:
        is_first = all(element.kind is ElementKind.BLANK for element in self._elements)
        has_speaker = split_speech(words, self._form) is not None
        return (
            is_first
            and len(words) <= 30
            and not has_speaker
            and not _SECTION.match(words)
            and not _ENDED.search(words)
            and words[0] not in "△▲"
        )

    def _page(self) -> tuple[str, int]:
        """Words and number of lines of a list of people or a synopsis, up to the next title or heading."""
        count = 1
        while self._next + count < len(self._lines) and not self._is_heading(self._next + count):
            words = self._lines[self._next + count].text.strip()
            titles = trade_words().cast_titles | trade_words().synopsis_titles
            if words and (_SECTION.match(words) or words[0] in "△▲" or _is_title_of(titles, words)):
                break
            count += 1
        while self._lines[self._next + count - 1].is_blank:
            count -= 1
        lines = (line.text.strip() for line in self._lines[self._next : self._next + count])
        return "\n".join(lines), count

    def _speech(self, line: Line, words: str) -> bool:
        pieces = split_speech(line.text, self._form)
        if pieces:
            at = visible_offsets(self._source[line.start : line.end])
            starts = [line.start, *(line.start + at[piece.start] for piece in pieces[1:]), line.end]
            for piece, (start, end) in zip(pieces, pairwise(starts), strict=True):
                self._add(piece.kind, start, end, piece.words)
            self._next += 1
            self._open_quotes = words.count("「") - words.count("」")
            self._rest_of_speech()
            return True
        if self._is_name_on_its_own(words):
            self._name(line, words)
            self._lines_of_speech()
            return True
        return False

    def _name(self, line: Line, words: str) -> None:
        """A name on a line of its own, `林雪` or `林雪（哽咽）`."""
        name = without_extension(words)
        aside = words[len(name) :].strip()
        if not aside or is_name_extension(aside):
            self._take(ElementKind.CHARACTER, words)
            return
        raw = self._source[line.start : line.end]
        cut = line.start + visible_offsets(raw)[line.text.index(aside)]
        self._add(ElementKind.CHARACTER, line.start, cut, name.strip())
        self._add(ElementKind.PARENTHETICAL, cut, line.end, aside[1:-1].strip())
        self._next += 1

    def _is_name_on_its_own(self, words: str) -> bool:
        following = self._next + 1
        if following >= len(self._lines) or self._lines[following].is_blank:
            return False
        below = self._lines[following].text.strip()
        is_short = len(words) <= _LONGEST_NAME
        says = below.startswith("「") and is_short
        # 刘星 / （低声） / 他不会回来了。: what stands above an aside speaks, even if it speaks only once.
        is_followed = following + 1 < len(self._lines) and not self._lines[following + 1].is_blank
        has_aside = is_aside(below) and is_followed and is_short and not _NAME_MARKS.search(words)
        name = fold(without_extension(words))
        is_voice = name != fold(words) and is_name_extension(words[len(without_extension(words)) :])
        is_known = name in self._speakers and name != fold(words)
        is_speaking = has_aside or (says and not _ENDED.search(words))
        is_set_in = is_short and self._is_set_in(self._next) and self._is_set_in(following)
        return name in self._names or is_known or is_voice or is_speaking or is_set_in

    def _is_set_in(self, index: int) -> bool:
        """Whether a line stands in the column of speech, as on a typed page; brackets and names alone do."""
        text = self._lines[index].text
        indent = len(text) - len(text.lstrip())
        return indent - self._margin >= _SPEECH_INDENT

    def _lines_of_speech(self) -> None:
        while self._next < len(self._lines) and not self._lines[self._next].is_blank:
            words = self._lines[self._next].text.strip()
            if self._is_heading(self._next) or words[0] in "△▲【" or self._is_transition(words):
                return
            is_first = self._elements[-1].kind is ElementKind.CHARACTER
            if is_first and is_aside(words) and is_name_extension(words):
                self._voice(words)
            elif is_aside(words):
                self._take(ElementKind.PARENTHETICAL, words[1:-1].strip())
            elif is_first and (pieces := split_aside(words)):
                self._aside_and_words(words, *pieces)
            elif self._elements[-1].kind is ElementKind.DIALOGUE:
                self._extend(spoken(words))
            else:
                self._take(ElementKind.DIALOGUE, spoken(words))

    def _voice(self, words: str) -> None:
        """`（OS）` below a name says how the voice comes, as it does behind one."""
        name = self._elements.pop()
        self._add(name.kind, name.start, self._lines[self._next].end, f"{name.words}{words}")
        self._next += 1

    def _aside_and_words(self, words: str, aside: str, said: str, length: int) -> None:
        """`(속삭이며) 누구 있어요?` below a name."""
        line = self._lines[self._next]
        at = visible_offsets(self._source[line.start : line.end])
        cut = line.start + at[line.text.index(words) + length]
        self._add(ElementKind.PARENTHETICAL, line.start, cut, aside)
        self._add(ElementKind.DIALOGUE, cut, line.end, said)
        self._next += 1

    def _rest_of_speech(self) -> None:
        """Lines that a typist or a page broke: an open quotation mark, or a long line that has not ended."""
        while self._next < len(self._lines) and not self._lines[self._next].is_blank:
            last = self._elements[-1]
            words = self._lines[self._next].text.strip()
            if self._is_heading(self._next) or words[0] in "△▲" or split_speech(words, self._form):
                return
            before = self._lines[self._next - 1].text
            if last.kind is not ElementKind.DIALOGUE:
                # Only a name stood on the line before: what it says begins here.
                kind = ElementKind.PARENTHETICAL if is_aside(words) else ElementKind.DIALOGUE
                self._take(kind, words[1:-1].strip() if is_aside(words) else spoken(words))
            elif self._open_quotes > 0 or (
                len(before.strip()) >= WRAPPED_WIDTH and not _ENDED.search(before)
            ):
                self._open_quotes += words.count("「") - words.count("」")
                self._extend(words.removesuffix("」") if self._open_quotes == 0 else words)
            elif self._marks_action and is_aside(words):
                # 海生：出发了。/（停顿）/你听见没有？ with △ before every action.
                self._take(ElementKind.PARENTHETICAL, words[1:-1].strip())
                self._goes_on_after_aside()
                return
            else:
                return

    def _goes_on_after_aside(self) -> None:
        if self._next == len(self._lines) or self._lines[self._next].is_blank:
            return
        line = self._lines[self._next]
        words = line.text.strip()
        is_other = self._is_heading(self._next) or words[0] in "△▲【（(" or self._is_transition(words)
        if not is_other and not split_speech(words, self._form):
            self._take(ElementKind.DIALOGUE, spoken(words))
            self._rest_of_speech()

    def _action(self, words: str) -> None:
        """A paragraph; lines that a page broke are joined to it."""
        marked = self._lines[self._next].text.strip()[0] in "△▲"
        before = self._elements[-1] if self._elements else None
        text = self._lines[self._next - 1].text if self._next else ""
        if (
            before is not None
            and before.kind is ElementKind.ACTION
            and not marked
            and len(text.strip()) >= WRAPPED_WIDTH
            and not _ENDED.search(text)
        ):
            self._extend(words)
        else:
            self._take(ElementKind.ACTION, words)

    def _extend(self, words: str) -> None:
        """The next line belongs to the last element."""
        last = self._elements.pop()
        line = self._lines[self._next]
        self._add(last.kind, last.start, line.end, f"{last.words}\n{words}", last.key)
        self._next += 1

    def _take(self, kind: ElementKind, words: str, count: int = 1, *, key: str = "") -> None:
        """Make one element of the next ``count`` lines."""
        self._add(kind, self._lines[self._next].start, self._lines[self._next + count - 1].end, words, key)
        self._next += count

    def _add(self, kind: ElementKind, start: int, end: int, words: str, key: str = "") -> None:
        self._elements.append(Element(kind, start, end, words, key))


def _credit(words: str) -> re.Match[str] | None:
    """A line of the title page that begins with what somebody did for the script."""
    found = (pattern.match(words) for pattern in _CREDITS)
    return next((each for each in found if each and fold(each.group(1)) in trade_words().title_keys), None)


def _is_title_of(titles: frozenset[str], words: str) -> bool:
    """Whether a line is one of these titles, or begins with one and a colon."""
    name, colon, _ = words.replace("：", ":", 1).partition(":")
    return fold(name) in titles and (bool(colon) or fold(words) == fold(name))


def _names_on_their_own(lines: list[Line]) -> frozenset[str]:
    """Names of speakers: short lines without marks, after an empty line and before words, twice or more, or
    once where the script introduces them."""
    counts: Counter[str] = Counter()
    for index, line in enumerate(lines[:-1]):
        words = without_extension(line.text.strip())
        is_name = not _NAME_MARKS.search(words) or _KOREAN_TITLED.match(words)
        if not 0 < len(words) <= _LONGEST_NAME or not is_name:
            continue
        is_apart = index == 0 or lines[index - 1].is_blank
        if is_apart and not lines[index + 1].is_blank and not is_bare_number(words):
            counts[fold(words)] += 1
    words_of_trade = trade_words()
    found = [each.group(1) for line in lines for each in _INTRODUCED.finditer(line.text)]
    introduced = {fold(name) for each in found for name in (each, each.split(" ")[-1])}
    return frozenset(
        name
        for name, count in counts.items()
        if (count > 1 or name in introduced)
        and name not in words_of_trade.transitions
        and name not in words_of_trade.times
    )


def _action_column(lines: list[Line]) -> int:
    """The column that most lines begin in, counted in characters."""
    columns = Counter(len(line.text) - len(line.text.lstrip()) for line in lines if not line.is_blank)
    return min(columns, key=lambda column: (-columns[column], column)) if columns else 0


def _speakers(lines: list[Line], form: Form) -> frozenset[str]:
    """Names that stand before a colon or quotation mark, or among the people of a heading."""
    names: set[str] = set()
    for line in lines:
        if not any(mark in line.text for mark in "：:「"):
            continue
        field = heading_field(line.text.strip()) if len(line.text) < _LONGEST_FIELD else None
        if field and field[0] == "cast":
            names |= {fold(name) for name in re.split(r"[、，,;；/／\s]+", field[1]) if name}
        pieces = split_speech(line.text, form)
        if pieces:
            names.add(fold(without_extension(pieces[0].words)))
    return frozenset(names)
