"""Names in running text. Latin names at word edges in any case, Korean ones at the edge of a word with or
without particles, others anywhere; the longest name wins."""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from rushes.language.screenplay.shot import Span
from rushes.language.vocabulary import one_of, with_role

_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f0-9]+(?:['’.-][A-Za-z\u00c0-\u024f0-9]+)*")


class _Group:
    """Names that begin alike, by how they are written, and their lengths, the longest first."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.lengths = sorted({len(written) for written in names}, reverse=True)


class NameFinder:
    """Looks names up by their first word or first character: time does not grow with the number of names."""

    def __init__(self, names: Iterable[str]) -> None:
        latin: dict[str, dict[str, str]] = {}
        other: dict[str, dict[str, str]] = {}
        for name in sorted(set(names)):
            words = _WORD.findall(name) if name.isascii() else []
            if words:
                latin.setdefault(words[0].upper(), {}).setdefault(name.upper(), name)
            elif name:
                other.setdefault(name[0], {})[name] = name
        self._latin = {first: _Group(group) for first, group in latin.items()}
        self._other = {first: _Group(group) for first, group in other.items()}
        self._first = re.compile("[" + re.escape("".join(self._other)) + "]") if self._other else None

    def find(self, text: str) -> tuple[tuple[str, Span], ...]:
        """(name, where) in the order of the text, none inside another."""
        return tuple(
            sorted([*self._find_latin(text), *self._find_other(text)], key=lambda pair: pair[1].start)
        )

    def _find_latin(self, text: str) -> list[tuple[str, Span]]:
        found = []
        end = 0
        for word in _WORD.finditer(text) if self._latin else ():
            # A possessive is part of the word: RUTH'S.
            first = word.group().upper()
            first = first[:-2] if first.endswith(("'S", "’S")) else first
            if first not in self._latin or (at := word.start()) < end:
                continue
            for length in self._latin[first].lengths:
                end_of_name = at + length
                name = self._latin[first].names.get(text[at:end_of_name].upper())
                if name is not None and not text[end_of_name : end_of_name + 1].isalnum():
                    found.append((name, Span(at, end_of_name)))
                    end = end_of_name
                    break
        return found

    def _find_other(self, text: str) -> list[tuple[str, Span]]:
        found = []
        position = 0
        while self._first and (first := self._first.search(text, position)):
            at = first.start()
            position = at + 1
            group = self._other[first.group()]
            for length in group.lengths:
                if (name := group.names.get(text[at : at + length])) is not None and stands_alone(
                    text, at, at + length
                ):
                    found.append((name, Span(at, at + length)))
                    position = at + length
                    break
        return found


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a Korean word is no part of another: 민수가, but not 민수련원; true in other letters."""
    if not _HANGUL.match(text, start):
        return True
    if start and _HANGUL.match(text, start - 1):
        return False
    return not _HANGUL.match(text, end) or bool(_behind_names().match(text, end))


@cache
def _behind_names() -> re.Pattern[str]:
    return re.compile(one_of(with_role("ko", "particle")))
