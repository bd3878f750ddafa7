"""Scripts of characters, and normalised text that remembers where each character came from."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class Script(Enum):
    LATIN = "latin"  # letters and digits of every alphabet that puts spaces between words
    HAN = "han"
    HIRAGANA = "hiragana"
    KATAKANA = "katakana"
    HANGUL = "hangul"
    SPACE = "space"
    MARK = "mark"


@dataclass(frozen=True)
class NormalText:
    """`text[i]`, of script `scripts[i]`, stands for `original[starts[i]:ends[i]]`."""

    text: str
    scripts: tuple[Script, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def normalise(original: str, skipped: Collection[int] = ()) -> NormalText:
    """Return NFKC lower-case text without invisible characters; white space becomes one plain space.

    skipped: places of characters that count as invisible too. Composition happens within a cluster (a letter
    with its marks, the jamo of one syllable), so that every character keeps its place in the original.
    """
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    while position < len(original):
        end = position + 1
        while end < len(original) and _extends(original[end]):
            end += 1
        for character in _normal_form(original[position:end]) if position not in skipped else "":
            if character == " " and characters and characters[-1] == " ":
                ends[-1] = end
                continue
            characters.append(character)
            starts.append(position)
            ends.append(end)
        position = end
    scripts = tuple(script_of(character) for character in characters)
    return NormalText("".join(characters), scripts, tuple(starts), tuple(ends))


@lru_cache(maxsize=8192)
def script_of(character: str) -> Script:
    """Return the script of one character; digits count as Latin, the prolonged sound mark as Katakana."""
    if character.isspace():
        return Script.SPACE
    for first, last, script in _RANGES:
        if first <= character <= last:
            return script
    return Script.LATIN if character.isalnum() else Script.MARK


_RANGES = (
    ("\u3041", "\u309f", Script.HIRAGANA),
    ("\u30a1", "\u30fa", Script.KATAKANA),
    ("\u30fc", "\u30ff", Script.KATAKANA),
    ("\uff66", "\uff9f", Script.KATAKANA),
    ("\uac00", "\ud7a3", Script.HANGUL),
    ("\u1100", "\u11ff", Script.HANGUL),
    ("\u3131", "\u318e", Script.HANGUL),
    ("\u3005", "\u3007", Script.HAN),
    ("\u3400", "\u4dbf", Script.HAN),
    ("\u4e00", "\u9fff", Script.HAN),
    ("\uf900", "\ufaff", Script.HAN),
    ("\U00020000", "\U0003ffff", Script.HAN),
)


@lru_cache(maxsize=8192)
def _extends(character: str) -> bool:
    """Whether a character belongs to the one before: combining mark, vowel or final jamo, sound mark."""
    jamo_or_sound_mark = "\u1160" <= character <= "\u11ff" or character in "\uff9e\uff9f"
    return jamo_or_sound_mark or unicodedata.combining(character) != 0


@lru_cache(maxsize=8192)
def _normal_form(cluster: str) -> str:
    folded = unicodedata.normalize("NFKC", cluster).lower().replace("’", "'")
    kept = (character for character in folded if not _is_invisible(character))
    return "".join(" " if character.isspace() else character for character in kept)


def _is_invisible(character: str) -> bool:
    # Format characters (zero-width, direction marks, soft hyphen) and variation selectors.
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"
