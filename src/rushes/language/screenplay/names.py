"""Names in running text. Latin names at word edges in any case, others anywhere; the longest name wins."""

import re
from collections.abc import Iterable

from rushes.language.screenplay.shot import Span

_WORD = re.compile(r"[A-Za-z\u00c0-\u024f0-9]+(?:['’.-][A-Za-z\u00c0-\u024f0-9]+)*")


class NameFinder:
    """Looks names up by their first word or first character: time does not grow with the number of names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._latin: dict[str, list[str]] = {}
        self._other: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            words = _WORD.findall(name) if name.isascii() else []
            if words:
                self._latin.setdefault(words[0].upper(), []).append(name)
            elif name:
                self._other.setdefault(name[0], []).append(name)
        for group in (*self._latin.values(), *self._other.values()):
            group.sort(key=lambda name: (-len(name), name))
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
            for name in self._latin[first]:
                after = at + len(name)
                is_whole = not text[after : after + 1].isalnum()
                if is_whole and text[at:after].upper() == name.upper():
                    found.append((name, Span(at, after)))
                    end = after
                    break
        return found

    def _find_other(self, text: str) -> list[tuple[str, Span]]:
        found = []
        position = 0
        while self._first and (first := self._first.search(text, position)):
            at = first.start()
            position = at + 1
            for name in self._other[first.group()]:
                if text.startswith(name, at):
                    found.append((name, Span(at, at + len(name))))
                    position = at + len(name)
                    break
        return found
