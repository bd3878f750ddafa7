"""Text as rules see it: one normaliser for the words of a policy and for the words that are judged.

On top of `rushes.language.script` (NFKC, lower case, width, invisible characters): no combining marks, no
Hangul fillers, letters that only look Latin as Latin ones, traditional characters as simplified ones. All by
single characters, so that every place keeps its place in the original.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from rushes.language.script import NormalText, Script, normalise

_FILLERS = "\u115f\u1160\u3164\uffa0\u034f"
# Cyrillic and Greek letters that are drawn like Latin ones, pairwise.
_LOOKS = dict(zip("аеорсухіјѕԁһӏкмтвгαεορυχικντβ", "aeopcyxijsdhlkmtbraeopuxikvtb", strict=True))
_LEET = dict(zip("013457@$!", "oieastasi", strict=True))
# What people put between characters to hide a word; a comma or a stop ends a phrase and stays.
_SEPARATORS = frozenset(" *._-|/~+=·・•'\"`^#")
_EAST_ASIAN = frozenset((Script.HAN, Script.HIRAGANA, Script.KATAKANA, Script.HANGUL))
_FEWEST_SPACED = 4


@dataclass(frozen=True)
class Words:
    """A text to be judged: ``key`` for the rules, ``normal`` for the parser; both of one length."""

    normal: NormalText
    key: str

    def span(self, first: int, last: int) -> tuple[int, int]:
        """[start, end) in the original of ``key[first:last]``."""
        return self.normal.starts[first], self.normal.ends[last - 1]


@dataclass(frozen=True)
class Undisguised:
    """``key[places[i]]`` is where ``text[i]`` stands: separators left out, digits read as letters."""

    text: str
    places: tuple[int, ...]


def read(text: str) -> Words:
    """Normalise a text."""
    normal = normalise(text)
    kept = [index for index, each in enumerate(normal.text) if not _is_mark(each)]
    normal = NormalText(
        "".join(normal.text[index] for index in kept),
        tuple(normal.scripts[index] for index in kept),
        tuple(normal.starts[index] for index in kept),
        tuple(normal.ends[index] for index in kept),
    )
    return Words(normal, fold(normal.text))


def fold(text: str) -> str:
    """Simplified characters and Latin letters for those that stand for them; the length stays."""
    return text if text.isascii() else "".join(map(_folded, text))


def undisguised(words: Words) -> Undisguised | None:
    """The text without what hides words in it; None where nothing does."""
    dropped = _dropped(words.key, words.normal.scripts)
    places = [index for index in range(len(words.key)) if index not in dropped]
    text = "".join(_letter(words.key, index) for index in places)
    return None if text == words.key else Undisguised(text, tuple(places))


def _dropped(key: str, scripts: tuple[Script, ...]) -> frozenset[int]:
    """Places of separators between East Asian characters, and between single Latin letters in a row."""
    between = {
        index
        for index in range(1, len(key) - 1)
        if key[index] in _SEPARATORS
        and _neighbour(key, scripts, index, -1) in _EAST_ASIAN
        and _neighbour(key, scripts, index, 1) in _EAST_ASIAN
    }
    return frozenset(between.union(*_spaced(key, scripts)))


def _neighbour(key: str, scripts: tuple[Script, ...], index: int, step: int) -> Script:
    """The script of the next character that is no separator, one separator away at most."""
    index += step
    if 0 < index < len(key) - 1 and key[index] in _SEPARATORS:
        index += step
    return scripts[index]


def _spaced(key: str, scripts: tuple[Script, ...]) -> Iterator[set[int]]:
    """Separators of words written like n-a-k-e-d."""
    single = [
        script is Script.LATIN
        and (index == 0 or scripts[index - 1] is not Script.LATIN)
        and (index + 1 == len(key) or scripts[index + 1] is not Script.LATIN)
        for index, script in enumerate(scripts)
    ]
    start = 0
    while start < len(key):
        end = start
        while single[end] and end + 2 < len(key) and key[end + 1] in _SEPARATORS and single[end + 2]:
            end += 2
        if end - start >= 2 * (_FEWEST_SPACED - 1):
            yield set(range(start + 1, end, 2))
        start = end + 1


def _letter(key: str, index: int) -> str:
    """A digit or sign beside a letter as the letter it looks like."""
    character = key[index]
    if character not in _LEET:
        return character
    beside = key[max(0, index - 1) : index] + key[index + 1 : index + 2]
    is_in_word = any(each.isascii() and each.isalpha() for each in beside)
    return _LEET[character] if is_in_word else character


@lru_cache(maxsize=8192)
def _folded(character: str) -> str:
    if character in _LOOKS:
        return _LOOKS[character]
    if "\u3400" <= character <= "\u9fff":
        simple: str = _converter().convert(character)
        return simple if len(simple) == 1 else character
    return character


@lru_cache(maxsize=8192)
def _is_mark(character: str) -> bool:
    return character in _FILLERS or unicodedata.category(character) in ("Mn", "Me")


@cache
def _converter() -> Any:
    from opencc import OpenCC  # noqa: PLC0415  tables of a few megabytes, read when a text needs them

    return OpenCC("t2s")
