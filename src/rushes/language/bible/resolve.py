"""Names, aliases and pronouns in a script to the bible's entries.

A pronoun means the person last spoken of in the scene whom it fits. It is certain where nobody else fits,
or where the bible gives that pronoun to nobody else.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from rushes.language.bible.entry import Bible, Entry, EntryKind, bible_words
from rushes.language.bible.pronoun import Case, case_of
from rushes.language.screenplay.names import NameFinder
from rushes.language.screenplay.shot import Span

_SINGULAR = ("she", "he", "it")


@dataclass(frozen=True, slots=True)
class Mention:
    """`text[span]` means an entry. `is_certain` is False where a pronoun could mean somebody else."""

    entry_id: str
    span: Span
    is_pronoun: bool
    is_certain: bool = True


@dataclass(frozen=True)
class _Pronouns:
    pattern: re.Pattern[str]
    kinds: dict[str, str]  # pronoun -> she, he, it, they, speaker, listener or nothing


class Resolver:
    """Reads the texts of one scene in order and remembers who was spoken of."""

    def __init__(self, bible: Bible, language: str) -> None:
        self._entries = bible.by_id()
        self._names = bible.names()
        self._finder = NameFinder(self._names)
        self._pronouns = _pronouns(language)
        self._recent: list[str] = []
        self._before: list[str] = []

    def start_scene(self, present: Iterable[str] = ()) -> None:
        """A new scene; ``present`` are ids of entries in it. Of the one before only whom the bible calls by a
        pronoun is still meant by it, until somebody of the new scene is."""
        self._before = self._recent
        self._recent = list(dict.fromkeys(present))

    def read(self, text: str, speaker: str = "") -> tuple[Mention, ...]:
        """Mentions in ``text`` in order; ``speaker`` is the entry id of who says it."""
        found = [(span, self._names[name]) for name, span in self._finder.find(text)]
        marks: list[tuple[Span, str | None, str]] = [(span, entry_id, "") for span, entry_id in found]
        for match in self._pronouns.pattern.finditer(text):
            span = Span(match.start(), match.end())
            if not any(span.start < other.end and other.start < span.end for other, _ in found):
                marks.append((span, None, self._pronouns.kinds[match.group().lower()]))
        mentions = []
        for span, entry_id, kind in sorted(marks, key=lambda mark: mark[0].start):
            mention = self._named(span, entry_id) if entry_id else self._meant(span, kind, speaker)
            if mention:
                mentions.append(mention)
        return tuple(mentions)

    def _named(self, span: Span, entry_id: str) -> Mention:
        if entry_id in self._recent:
            self._recent.remove(entry_id)
        self._recent.append(entry_id)
        return Mention(entry_id, span, is_pronoun=False)

    def _meant(self, span: Span, kind: str, speaker: str) -> Mention | None:
        if kind == "speaker":
            return Mention(speaker, span, is_pronoun=True) if speaker else None
        if kind == "listener":
            others = [i for i in self._recent if i != speaker and self._entries[i].kind is EntryKind.CAST]
            is_clear = bool(speaker) and len(others) == 1
            return Mention(others[0], span, is_pronoun=True) if is_clear else None
        if kind not in _SINGULAR:
            return None
        fitting = [i for i in reversed(self._recent) if i != speaker and _fits(self._entries[i], kind)]
        sure = [i for i in fitting if kind in self._entries[i].pronouns]
        if not fitting:
            fitting = sure = [i for i in reversed(self._before) if kind in self._entries[i].pronouns]
        if not fitting:
            return None
        chosen = (sure or fitting)[0]
        return Mention(chosen, span, is_pronoun=True, is_certain=len(fitting) == 1 or len(sure) == 1)


def pronouns_after(text: str, start: int, language: str) -> Iterator[tuple[str, Case]]:
    """Kind (she, he, it, they, speaker, listener) and case of each pronoun from ``start`` on."""
    pronouns = _pronouns(language)
    for found in pronouns.pattern.finditer(text, start):
        kind = pronouns.kinds[found.group().lower()]
        if kind:
            yield kind, case_of(text, found.start(), found.end(), language)


def _fits(entry: Entry, pronoun: str) -> bool:
    if entry.pronouns:
        return pronoun in entry.pronouns
    is_person = entry.kind is EntryKind.CAST
    return is_person if pronoun in ("she", "he") else entry.kind is EntryKind.PROP


@cache
def _pronouns(language: str) -> _Pronouns:
    words = bible_words()
    kinds = dict.fromkeys(words["not_people"][language], "")
    for kind, pronouns in words["pronouns"][language].items():
        kinds |= dict.fromkeys(pronouns, kind)
    kinds |= dict.fromkeys(words["speaker"][language], "speaker")
    kinds |= dict.fromkeys(words["listener"][language], "listener")
    longest_first = "|".join(re.escape(word) for word in sorted(kinds, key=lambda word: (-len(word), word)))
    edge = r"\b" if language == "en" else ""
    before = r"(?<![\uac00-\ud7a3])" if language == "ko" else edge
    return _Pronouns(re.compile(f"{before}(?:{longest_first}){edge}", re.IGNORECASE), kinds)
