"""Fountain 1.1 (fountain.io/syntax), read without losing a byte.

Beyond the standard, headings of Chinese, Japanese and Korean scripts are known, since none of them says INT
or EXT, and so are transitions like `FADE IN:` that nobody films. A name in letters without case needs `@`, as
the standard says: any short line would be a name otherwise.
"""

import re
from collections.abc import Callable

from rushes.language.screenplay.element import Element, ElementKind
from rushes.language.screenplay.heading import is_foreign_heading
from rushes.language.screenplay.lines import Line, lines_with_notes
from rushes.language.screenplay.words import fold, is_transition, trade_words

_SLUG = re.compile(r"(?:INT|EXT|EST|INT\.?/EXT|EXT\.?/INT|I/E)[. ]", re.IGNORECASE)
_SCENE_NUMBER = re.compile(r"#([^\s#]+)#$")
_TITLE_KEY = re.compile(r"([^\s:][^:]{0,60}):(.*)$")
_PAGE_BREAK = re.compile(r"(?<!=)={3,}$")
_EXTENSION = re.compile(r"\([^()]*\)")
_FORCED_HEADING = re.compile(r"\.[^\s.]")


def parse_fountain(source: str) -> tuple[Element, ...]:
    """Return the elements of ``source``; they tile it."""
    return tuple(_Reader(source).read())


class _Reader:
    """Walks the lines once; every step takes at least one line, so time is linear in the script."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = lines_with_notes(source)
        self._next = 0
        self._elements: list[Element] = []

    def read(self) -> list[Element]:
        self._title_page()
        after_blank = True
        while self._next < len(self._lines):
            line = self._lines[self._next]
            if line.is_blank:
                after_blank = self._unseen(line) or after_blank
                continue
            self._line(line, after_blank)
            after_blank = False
        return self._elements

    def _unseen(self, line: Line) -> bool:
        """Blank lines, notes and boneyards; says whether there was a line without any of them."""
        if line.hidden:
            self._hidden(line, line.hidden)
            return False
        count = 1
        while self._is_empty(self._next + count):
            count += 1
        self._take(ElementKind.BLANK, "", count)
        return True

    def _hidden(self, line: Line, kind: ElementKind) -> None:
        """A note or boneyard alone on its lines; the words are those between its marks."""
        self._take(kind, self._source[line.start : line.end].strip()[2:-2].strip())

    def _line(self, line: Line, after_blank: bool) -> None:
        words = line.text.strip()
        forced = _FORCED.get(words[0])
        if forced and forced(self, words):
            return
        if after_blank and (_SLUG.match(words) or is_foreign_heading(words) or _is_omitted(words)):
            self._heading(words, is_forced=False)
        elif after_blank and self._is_transition(words):
            self._take(ElementKind.TRANSITION, words)
        elif after_blank and self._is_character(words):
            self._character(words, is_forced=False)
        else:
            self._action()

    def _title_page(self) -> None:
        if not self._lines or not self._starts_title_page():
            return
        while self._next < len(self._lines) and not self._lines[self._next].is_blank:
            found = _TITLE_KEY.match(self._lines[self._next].text)
            if not found:
                return
            values = [found.group(2).strip()]
            count = 1
            while self._is_indented(self._next + count):
                values.append(self._lines[self._next + count].text.strip())
                count += 1
            words = "\n".join(value for value in values if value)
            self._take(ElementKind.TITLE_ENTRY, words, count, key=found.group(1).strip())

    def _starts_title_page(self) -> bool:
        """A first line like ``FADE IN:`` has neither a value nor indented lines under it, so it is no key."""
        first = self._lines[0].text
        found = _TITLE_KEY.match(first)
        if not found or _SLUG.match(first) or is_foreign_heading(first):
            return False
        return bool(found.group(2).strip()) or self._is_indented(1)

    def _is_indented(self, index: int) -> bool:
        if index >= len(self._lines) or self._lines[index].is_blank:
            return False
        return self._lines[index].text.startswith(("   ", "\t"))

    def _forced_heading(self, words: str) -> bool:
        if not _FORCED_HEADING.match(words):
            return False
        self._heading(words[1:].strip(), is_forced=True)
        return True

    def _forced_action(self, words: str) -> bool:
        self._action()
        return words.startswith("!")

    def _forced_character(self, words: str) -> bool:
        if not words[1:].strip(" ^"):
            return False
        self._character(words[1:].strip(), is_forced=True)
        return True

    def _lyrics(self, words: str) -> bool:
        self._take(ElementKind.LYRICS, words[1:].strip())
        return True

    def _angle(self, words: str) -> bool:
        """``> centered <`` or a forced transition."""
        if len(words) > 1 and words.endswith("<"):
            self._take(ElementKind.CENTERED, words[1:-1].strip())
        else:
            self._take(ElementKind.TRANSITION, words[1:].strip(), is_forced=True)
        return True

    def _section(self, words: str) -> bool:
        title = words.lstrip("#")
        self._take(ElementKind.SECTION, title.strip(), key="#" * (len(words) - len(title)))
        return True

    def _equals(self, words: str) -> bool:
        if _PAGE_BREAK.match(words):
            self._take(ElementKind.PAGE_BREAK, "")
        else:
            self._take(ElementKind.SYNOPSIS, words[1:].strip())
        return True

    def _heading(self, words: str, is_forced: bool) -> None:
        number = _SCENE_NUMBER.search(words)
        words = words[: number.start()].strip() if number else words
        key = number.group(1) if number else ""
        self._take(ElementKind.SCENE_HEADING, words, key=key, is_forced=is_forced)

    def _is_transition(self, words: str) -> bool:
        is_marked = words.endswith("TO:") and words == words.upper() and self._blank_follows()
        return is_marked or is_transition(words)

    def _is_character(self, words: str) -> bool:
        """Upper case but for the extension, with a letter that has a case, and something said below it."""
        name = _EXTENSION.sub("", words)
        return name == name.upper() and name != name.lower() and not self._blank_follows()

    def _blank_follows(self) -> bool:
        """Whether the next line that can be seen is empty or missing; notes are looked through."""
        index = self._next + 1
        while index < len(self._lines) and self._lines[index].is_blank and self._lines[index].hidden:
            index += 1
        return index >= len(self._lines) or self._lines[index].is_blank

    def _character(self, words: str, is_forced: bool) -> None:
        is_dual = words.endswith("^")
        name = words[:-1].strip() if is_dual else words
        self._take(ElementKind.CHARACTER, name, is_forced=is_forced, is_dual=is_dual)
        while self._next < len(self._lines):
            line = self._lines[self._next]
            words = line.text.strip()
            if not words and line.hidden:
                self._hidden(line, line.hidden)
            elif self._ends_speech(self._next):
                return
            elif _is_parenthetical(words):
                self._take(ElementKind.PARENTHETICAL, words[1:-1].strip())
            elif words.startswith("~"):
                self._take(ElementKind.LYRICS, words[1:].strip())
            else:
                self._dialogue()

    def _ends_speech(self, index: int) -> bool:
        """An empty line ends what is said; one of two spaces or more stands for a pause in it."""
        line = self._lines[index]
        return line.is_blank and len(line.text) < 2

    def _dialogue(self) -> None:
        words = []
        count = 0
        while self._next + count < len(self._lines):
            line = self._lines[self._next + count]
            text = line.text.strip()
            other = not text and line.hidden
            if other or self._ends_speech(self._next + count) or text.startswith("~"):
                break
            if _is_parenthetical(text):
                break
            words.append(text)
            count += 1
        self._take(ElementKind.DIALOGUE, "\n".join(words), count)

    def _action(self) -> None:
        """Lines up to an empty one, or to one that says by its first character that it is something else."""
        first = self._lines[self._next].text.rstrip()
        is_forced = first.lstrip().startswith("!")
        words = [first.lstrip()[1:] if is_forced else first]
        count = 1
        while self._next + count < len(self._lines):
            line = self._lines[self._next + count]
            if line.is_blank or self._is_marked(line.text.strip()):
                break
            words.append(line.text.rstrip())
            count += 1
        self._take(ElementKind.ACTION, "\n".join(words), count, is_forced=is_forced)

    def _is_marked(self, words: str) -> bool:
        return words[0] in _FORCED and (words[0] != "." or bool(_FORCED_HEADING.match(words)))

    def _is_empty(self, index: int) -> bool:
        if index >= len(self._lines):
            return False
        return self._lines[index].is_blank and not self._lines[index].hidden

    def _take(
        self,
        kind: ElementKind,
        words: str,
        count: int = 1,
        *,
        key: str = "",
        is_forced: bool = False,
        is_dual: bool = False,
    ) -> None:
        """Make one element of the next ``count`` lines."""
        start, end = self._lines[self._next].start, self._lines[self._next + count - 1].end
        self._elements.append(Element(kind, start, end, words, key, is_forced, is_dual))
        self._next += count


def _is_omitted(words: str) -> bool:
    """`OMITTED #6#` stands where scene 6 was."""
    number = _SCENE_NUMBER.search(words)
    return number is not None and fold(words[: number.start()]) in trade_words().omitted


def _is_parenthetical(words: str) -> bool:
    return words[:1] in ("(", "（") and words[-1:] in (")", "）")


_FORCED: dict[str, Callable[[_Reader, str], bool]] = {
    ".": _Reader._forced_heading,
    "!": _Reader._forced_action,
    "@": _Reader._forced_character,
    "~": _Reader._lyrics,
    ">": _Reader._angle,
    "#": _Reader._section,
    "=": _Reader._equals,
}
