"""The trade's words in four languages, from `data/screenplay.json`: times of day, inside and outside."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

_EDGES = " \t\u3000()（）[]【】<>《》「」:：.。…—-－*＊、，,"


@dataclass(frozen=True)
class TradeWords:
    """Every word folded as `fold` does it."""

    times: frozenset[str]
    same_time: frozenset[str]  # mean the time of the scene before
    settings: Mapping[str, str]  # word -> interior, exterior or both
    asides: frozenset[str]  # stand in a heading and are neither place nor time: flashback, montage
    omitted: frozenset[str]  # stand where a scene was
    same_place: frozenset[str]  # mean the place of the scene before
    place_again: tuple[str, ...]  # stand before a place that was seen earlier
    fields: Mapping[str, str]  # word before a colon in a heading -> location, time, setting, cast or props
    cast_titles: frozenset[str]
    synopsis_titles: frozenset[str]
    title_keys: frozenset[str]
    labels: frozenset[str]  # stand before a colon where a name could, and are none
    off_screen: frozenset[str]  # those of the extensions that keep a speaker out of the picture
    narrations: frozenset[str]  # those of them that only the audience hears
    transitions: frozenset[str]
    cuts: frozenset[str]  # lines of action that say how scenes are joined, or only when: LATER
    extensions: frozenset[str]  # stand in brackets after a name and say how the voice comes
    abbreviations: frozenset[str]  # their full stop ends no sentence


@cache
def trade_words() -> TradeWords:
    """The words, read once."""
    text = resources.files("rushes.language").joinpath("data/screenplay.json").read_text(encoding="utf-8")
    table = json.loads(text)

    def kinds(name: str) -> dict[str, str]:
        return {fold(word): kind for kind, words in table[name].items() for word in words}

    def words(name: str) -> frozenset[str]:
        return frozenset(fold(word) for word in table[name])

    def words_of_languages(name: str) -> frozenset[str]:
        return frozenset(fold(word) for words in table[name].values() for word in words)

    return TradeWords(
        times=words_of_languages("times"),
        same_time=words_of_languages("same_time"),
        settings=kinds("settings"),
        asides=words("asides"),
        omitted=words("omitted"),
        same_place=words("same_place"),
        place_again=tuple(table["place_again"]),
        fields=kinds("fields"),
        cast_titles=words("cast_titles"),
        synopsis_titles=words("synopsis_titles"),
        title_keys=words("title_keys"),
        labels=words("labels"),
        extensions=words("extensions"),
        off_screen=words("off_screen"),
        narrations=words("narrations"),
        cuts=words("cuts"),
        abbreviations=words("abbreviations"),
        transitions=words_of_languages("transitions"),
    )


def is_cut(line: str) -> bool:
    """Whether a line only says how scenes are joined, or when: `BEGIN FLASHBACK:`, `LATER`."""
    folded = fold(line)
    return folded in trade_words().transitions or folded in trade_words().cuts


# 25, ２５, 四十多岁, 三十代, 六旬.
AGE = "(?:[0-9０-９]{1,3}|[一二三四五六七八九十]{1,3}[多几来]?(?:[岁歲歳才代旬]|出头))"
_LONGEST_TRANSITION = 23


def is_transition(line: str) -> bool:
    """Whether a line is one the trade knows, such as `FADE IN:` and 淡出; English ones stand in capitals."""
    is_short = len(line) <= _LONGEST_TRANSITION
    return is_short and line == line.upper() and fold(line) in trade_words().transitions


_SPACES = re.compile(r"\s+")
# 人　物, 劇　終: the letters of a title stand apart.
_LETTERS_APART = re.compile("[\u3041-\u30ff\u3400-\u9fff](?: [\u3041-\u30ff\u3400-\u9fff]){1,5}$")


def fold(word: str) -> str:
    """One form for the many ways a word is typed: full width, case, marks and spaces around it or between its
    letters."""
    folded = _SPACES.sub(" ", unicodedata.normalize("NFKC", word).strip(_EDGES).upper())
    return folded.replace(" ", "") if _LETTERS_APART.match(folded) else folded
