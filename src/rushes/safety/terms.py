"""Where a text names the groups of a policy. Words by first character and length; linear in the text.

A table of our own rather than an Aho-Corasick library: with 10,000 words a prompt takes a millisecond or two,
and boundaries differ by script.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from rushes.language.script import Script, script_of
from rushes.language.vocabulary import with_role
from rushes.safety.normal import Words, fold, read, undisguised
from rushes.safety.policy import HARMLESS, Policy

# Scripts that write words as runs: a word fills its run, or only begins it where it ends in *.
_RUNS = frozenset((Script.LATIN, Script.KATAKANA, Script.HANGUL))
_LONGEST_PARTICLES = 3
_ENDS = frozenset(".。!?;…")


@dataclass(frozen=True)
class Hit:
    """``group`` is named at ``key[first:last]``; ``is_disguised``: only after undoing a disguise."""

    group: str
    first: int
    last: int
    is_disguised: bool = False


@dataclass(frozen=True)
class _Word:
    group: str
    is_open: bool
    needs_kana: bool


class Terms:
    """The words and patterns of one policy, ready to be looked for."""

    def __init__(self, policy: Policy) -> None:
        groups = {**policy.terms, HARMLESS: policy.harmless}
        self._words: dict[str, list[_Word]] = {}
        for group, by_language in groups.items():
            for language, written in ((name, word) for name, words in by_language.items() for word in words):
                text = read(written.removesuffix("*")).key
                needs_kana = language == "ja" and all(script_of(each) is Script.HAN for each in text)
                word = _Word(group, written.endswith("*"), needs_kana)
                self._words.setdefault(text, []).append(word)
        self._lengths = _lengths(self._words)
        self._patterns = [
            (group, re.compile(fold(pattern)))
            for group, patterns in policy.patterns.items()
            for pattern in patterns
        ]

    def find(self, words: Words, original: str) -> list[Hit]:
        """Every naming of a group that no harmless phrase holds, in the order of the text."""
        places = range(len(words.key))
        plain = [*self._named(words, words.key, places), *self._matched(words, original)]
        hidden = undisguised(words)
        if hidden is not None:
            known = {(hit.group, hit.first) for hit in plain}
            disguised = self._named(words, hidden.text, hidden.places, is_disguised=True)
            plain += [hit for hit in disguised if (hit.group, hit.first) not in known]
        harmless = _Cover((hit.first, hit.last) for hit in plain if hit.group == HARMLESS)
        return _longest(hit for hit in plain if hit.group != HARMLESS and not harmless.holds(hit))

    def _named(
        self, words: Words, text: str, places: Sequence[int], *, is_disguised: bool = False
    ) -> Iterator[Hit]:
        scripts = words.normal.scripts
        has_kana = Script.HIRAGANA in scripts or Script.KATAKANA in scripts
        for start, character in enumerate(text):
            for length in self._lengths.get(character, ()):
                found = self._words.get(text[start : start + length])
                if found is None or start + length > len(text):
                    continue
                first, last = places[start], places[start + length - 1] + 1
                if not _begins(scripts, first):
                    continue
                for word in found:
                    if word.needs_kana and not has_kana:
                        continue
                    if word.is_open or _ends(words.key, scripts, last):
                        yield Hit(word.group, first, last, is_disguised)

    def _matched(self, words: Words, original: str) -> Iterator[Hit]:
        for group, pattern in self._patterns:
            for match in pattern.finditer(words.key):
                if match.end() == match.start():
                    continue
                if "name" in pattern.groupindex:
                    first = original[words.normal.starts[match.start("name")]]
                    if first.islower():
                        continue
                yield Hit(group, match.start(), match.end())


def _lengths(words: Mapping[str, object]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for text in words:
        found.setdefault(text[0], set()).add(len(text))
    return {first: tuple(sorted(sizes)) for first, sizes in found.items()}


def _begins(scripts: Sequence[Script], first: int) -> bool:
    return not first or scripts[first] not in _RUNS or scripts[first - 1] is not scripts[first]


def _ends(key: str, scripts: Sequence[Script], last: int) -> bool:
    """Whether a word may end here: at the end of its run, in Hangul also before particles."""
    script = scripts[last - 1]
    if script not in _RUNS or last == len(key) or scripts[last] is not script:
        return True
    if script is not Script.HANGUL:
        return False
    end = last
    while end < len(key) and scripts[end] is Script.HANGUL:
        end += 1
    return _are_particles(key[last:end])


@cache
def _particles() -> frozenset[str]:
    return frozenset(with_role("ko", "particle"))


def _are_particles(tail: str, most: int = _LONGEST_PARTICLES) -> bool:
    """Whether a tail is made of particles: 에게는, 들이."""
    if tail in _particles():
        return True
    return most > 1 and any(
        tail[:length] in _particles() and _are_particles(tail[length:], most - 1)
        for length in range(1, min(len(tail), 4))
    )


class _Cover:
    """Spans, and whether one of them holds a hit."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self._firsts = [first for first, _ in ordered]
        self._reach = list(accumulate((last for _, last in ordered), max))

    def holds(self, hit: Hit) -> bool:
        before = bisect_right(self._firsts, hit.first)
        return before > 0 and self._reach[before - 1] >= hit.last


def _longest(hits: Iterable[Hit]) -> list[Hit]:
    """Hits in the order of the text, without those inside another one of the same group."""
    reach: dict[str, int] = {}
    kept = []
    for hit in sorted(hits, key=lambda hit: (hit.first, -hit.last, hit.group)):
        if reach.get(hit.group, -1) < hit.last:
            reach[hit.group] = hit.last
            kept.append(hit)
    return kept


def sentence_numbers(words: Words) -> list[int]:
    """For each place of the key, which sentence it stands in."""
    return list(accumulate((character in _ENDS for character in words.key), initial=0))


def sentence_of(words: Words, place: int) -> tuple[int, int]:
    """[first, last) of the sentence around a place."""
    first = last = place
    while first > 0 and words.key[first - 1] not in _ENDS:
        first -= 1
    while last < len(words.key) and words.key[last] not in _ENDS:
        last += 1
    return first, last
