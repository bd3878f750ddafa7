"""The concepts a prompt can name, in four languages side by side, and how they are found in text.

`data/lexicon.json` is the whole vocabulary; adding a concept is one entry:
`id`; `slot`; `broader` (true hypernyms, nearest first); `shown_as` (what mini draws in its place, where that
is not the hypernym); `parts` (things mini draws with it, such as a warrior's cloak); `words` per language,
the canonical word first. Two marks may stand on a word: `달리-` takes any ending, `~can` counts only as a
noun, right after a determiner or a colour. `grammar` holds, per language, words that carry no concept:
fillers, negations, endings.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from rushes.language.script import NormalText, Script, normalise, script_of

LANGUAGES = ("zh", "en", "ja", "ko")

_WORD_SCRIPTS = (Script.LATIN, Script.HANGUL, Script.KATAKANA)


@dataclass(frozen=True)
class Concept:
    id: str
    slot: str
    broader: tuple[str, ...]
    shown_as: tuple[str, ...]
    parts: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Mention:
    """A concept named in a text; `start` and `end` are offsets into the original text."""

    concept_id: str
    slot: str
    start: int
    end: int


@dataclass(frozen=True)
class Token:
    """A stretch of the original text: a concept, a grammatical word with its roles, or an unknown word.

    Roles are `filler`, `joining`, `negation_before`, `negation_after`, `space` and `mark`; an unknown word
    has neither concept nor role.
    """

    start: int
    end: int
    script: Script
    concept_id: str | None = None
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Entry:
    concept_id: str | None
    roles: frozenset[str]
    takes_any_ending: bool = False
    is_noun_only: bool = False


class Lexicon:
    """Concepts by id, and the search for them. Get the one shared instance from `Lexicon.load()`."""

    def __init__(
        self, concepts: Mapping[str, Concept], grammar: Mapping[str, Mapping[str, list[str]]]
    ) -> None:
        self.concepts = concepts
        self._grammar = grammar
        self._finders: dict[str, _Finder] = {}

    @staticmethod
    @cache
    def load() -> "Lexicon":
        """Read the packaged lexicon; later calls return the same object."""
        path = resources.files("rushes.language").joinpath("data/lexicon.json")
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        concepts = {entry["id"]: _concept(entry) for entry in data["concepts"]}
        return Lexicon(concepts, data["grammar"])

    def find(self, text: str) -> tuple[Mention, ...]:
        """Return the concepts named in `text` in order, longest match first, without overlap."""
        found = []
        for token in self.read(text)[1]:
            if token.concept_id is not None:
                slot = self.concepts[token.concept_id].slot
                found.append(Mention(token.concept_id, slot, token.start, token.end))
        return tuple(found)

    def read(self, text: str) -> tuple[str, list[Token]]:
        """Return the language of `text` (zh, en, ja or ko) and its tokens, in order and without overlap.

        The scripts decide; where they leave a choice, the language that knows more of the text.
        Takes time linear in the length of `text`.
        """
        readings = [(name, self.tokens(text, name)) for name in _languages_of(text)]
        return max(readings, key=lambda reading: (_known_length(reading[1]), -len(reading[1])))

    def tokens(self, text: str, language: str) -> list[Token]:
        """Return the tokens of `text` read as `language`, whatever its scripts say."""
        if language not in self._finders:
            self._finders[language] = self._finder(language)
        tokens: list[Token] = []
        for token in self._finders[language].tokens(normalise(text)):
            # One character may stand for several (㌔ for キロ); it belongs to the first token in it.
            if not tokens or token.start >= tokens[-1].end:
                tokens.append(token)
        return tokens

    def words(self, language: str) -> Iterator[str]:
        """Yield every concept word of one language without its marks, a concept's canonical word first."""
        for concept in self.concepts.values():
            yield from (word.strip("~-") for word in concept.words[language])

    def _finder(self, language: str) -> "_Finder":
        entries: dict[str, _Entry] = {}
        # English words occur inside every language ("一只 fox"); the prompt's own language has precedence.
        for name in dict.fromkeys(("en", language)):
            for role in ("filler", "joining", "negation_before", "negation_after"):
                for word in self._grammar[name].get(role, ()):
                    key = word.rstrip("-")
                    roles = entries[key].roles if key in entries else frozenset()
                    entries[key] = _Entry(None, roles | {role}, word.endswith("-"))
            for concept in self.concepts.values():
                for word in concept.words[name]:
                    key = normalise(word.strip("~-")).text
                    entries[key] = _Entry(concept.id, frozenset(), word.endswith("-"), word.startswith("~"))
        endings = tuple(word for name in ("en", language) for word in self._grammar[name].get("endings", ()))
        colors = frozenset(concept.id for concept in self.concepts.values() if concept.slot == "color")
        return _Finder(entries, endings, colors | frozenset(self._grammar["en"]["determiners"]))


class _Finder:
    """Longest match over a trie, from left to right.

    A word of an alphabetic script must fill its run of letters, up to endings and, in Hangul and Katakana,
    up to further words (compounds); Han and Hiragana words match anywhere.
    """

    def __init__(
        self, entries: Mapping[str, _Entry], endings: tuple[str, ...], noun_cues: frozenset[str]
    ) -> None:
        self._root: dict[str, Any] = {}
        for word, entry in entries.items():
            node = self._root
            for character in word:
                node = node.setdefault(character, {})
            node[""] = entry
        self._endings = endings
        self._noun_cues = noun_cues

    def tokens(self, normal: NormalText) -> Iterator[Token]:
        text, scripts = normal.text, normal.scripts
        closes = self._closing_positions(normal)
        matches = self._matches(normal, closes)
        position, chained, before = 0, False, ""
        while position < len(text):
            script = scripts[position]
            match = matches[position]
            inside_run = position > 0 and script in _WORD_SCRIPTS and scripts[position - 1] is script
            if match is not None and (chained or not inside_run):
                end, entry = match
                if entry.is_noun_only and before not in self._noun_cues:
                    entry = _Entry(None, frozenset({"filler"}))
                yield self._token(normal, position, end, entry)
                before = entry.concept_id or text[position:end]
                rest = self._ending(normal.scripts, closes, end)
                if rest > end:
                    yield self._token(normal, end, rest, _Entry(None, frozenset({"filler"})))
                position, chained = rest, True
                continue
            end = self._end_of_unmatched(matches, normal, position)
            role = {Script.SPACE: {"space"}, Script.MARK: {"mark"}}.get(script, set())
            yield self._token(normal, position, end, _Entry(None, frozenset(role)))
            if script is not Script.SPACE:
                before = ""
            position, chained = end, False

    @staticmethod
    def _token(normal: NormalText, start: int, end: int, entry: _Entry) -> Token:
        first, last = normal.starts[start], normal.ends[end - 1]
        return Token(first, last, normal.scripts[start], entry.concept_id, entry.roles)

    @staticmethod
    def _end_of_unmatched(matches: list[tuple[int, _Entry] | None], normal: NormalText, start: int) -> int:
        script, end = normal.scripts[start], start + 1
        while end < len(normal.text) and normal.scripts[end] is script:
            if script not in _WORD_SCRIPTS and matches[end] is not None:
                break
            end += 1
        return end

    def _matches(self, normal: NormalText, closes: list[bool]) -> list[tuple[int, _Entry] | None]:
        """Return for every position the longest word that may end where it ends: (end, entry)."""
        text, scripts = normal.text, normal.scripts
        best: list[tuple[int, _Entry] | None] = [None] * (len(text) + 1)
        for start in range(len(text) - 1, -1, -1):
            node, end = self._root, start
            while end < len(text) and (child := node.get(text[end])) is not None:
                node, end = child, end + 1
                entry: _Entry | None = node.get("")
                if entry is None:
                    continue
                script = scripts[end - 1]
                is_compound = script is not Script.LATIN and best[end] is not None
                if entry.takes_any_ending:
                    best[start] = self._end_of_run(scripts, end), entry
                elif script not in _WORD_SCRIPTS or closes[end] or is_compound:
                    best[start] = end, entry
        return best[:-1]

    def _closing_positions(self, normal: NormalText) -> list[bool]:
        """Return for every position whether only endings follow up to the end of its run of letters."""
        text, scripts = normal.text, normal.scripts
        closes = [True] * (len(text) + 1)
        for position in range(len(text) - 1, 0, -1):
            if scripts[position] is scripts[position - 1] and scripts[position] in _WORD_SCRIPTS:
                closes[position] = any(
                    text.startswith(ending, position) and closes[position + len(ending)]
                    for ending in self._endings
                )
        return closes

    @classmethod
    def _ending(cls, scripts: tuple[Script, ...], closes: list[bool], position: int) -> int:
        """Return where the endings that begin at `position` end: the end of the run, or `position` itself."""
        inside = 0 < position < len(scripts) and scripts[position] is scripts[position - 1]
        if inside and scripts[position] in _WORD_SCRIPTS and closes[position]:
            return cls._end_of_run(scripts, position)
        return position

    @staticmethod
    def _end_of_run(scripts: tuple[Script, ...], position: int) -> int:
        while 0 < position < len(scripts) and scripts[position] is scripts[position - 1]:
            position += 1
        return position


def _languages_of(text: str) -> tuple[str, ...]:
    """Return the languages `text` may be in, by its scripts, the likeliest first."""
    counts = dict.fromkeys(Script, 0)
    for character in text:
        counts[script_of(character)] += 1
    han, hangul = counts[Script.HAN], counts[Script.HANGUL]
    kana = counts[Script.HIRAGANA] + counts[Script.KATAKANA]
    if not han + hangul + kana:
        return ("en",)
    if hangul > max(kana, han // 2):
        asian: tuple[str, ...] = ("ko",)
    elif kana * 2 > han:
        asian = ("ja",)
    else:
        # Little or no kana: a Japanese caption in Kanji, or Chinese with a の for decoration.
        asian = ("ja", "zh") if kana else ("zh", "ja")
    # A Latin letter says about a quarter of what a Han character or a syllable says.
    is_mostly_latin = counts[Script.LATIN] > 4 * (han + hangul + kana)
    return ("en", *asian) if is_mostly_latin else asian


def _known_length(tokens: list[Token]) -> int:
    return sum(token.end - token.start for token in tokens if token.concept_id is not None)


def _concept(entry: Mapping[str, Any]) -> Concept:
    words = {language: tuple(entry["words"][language]) for language in LANGUAGES}
    broader, shown_as, parts = (tuple(entry.get(name, ())) for name in ("broader", "shown_as", "parts"))
    return Concept(entry["id"], entry["slot"], broader, shown_as, parts, words)
