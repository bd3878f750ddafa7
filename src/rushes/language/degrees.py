"""Say how strong something is: 小雨 or 暴雨, heavy rain, raining heavily, 薄い霧, 짙은 안개.

`data/degrees.tsv` has the words of every level; rows with a concept are for it and its kinds alone.
"""

import re
from functools import cache
from typing import NamedTuple

from rushes.language.concepts import LANGUAGES, Concept, Lexicon, plain
from rushes.language.edit import put
from rushes.language.spec import Found, ShotSpec
from rushes.language.tables import rows
from rushes.language.writing import joined, with_article

LEVELS = ("faint", "light", "moderate", "heavy", "extreme")
_CHINESE_VERBS = ("下着", "下", "刮着", "刮", "起着", "起", "飘着", "飘")
_HOW = re.compile(
    r"\s(?:very |extremely )?(?:hard|heavily|lightly|softly|gently|strongly|violently|steadily)\b"
)


class _Degree(NamedTuple):
    """The words of a level: language -> word before a noun, and the English adverb."""

    words: dict[str, str]
    adverb: str


def with_degree(spec: ShotSpec, found: Found, concept: Concept, level: str) -> str:
    """Return the text of `spec` with `found`, a kind of `concept`, said as strong as `level`."""
    degree = _degree(concept.id, level)
    made = _english(spec, found, concept, degree) if spec.language == "en" else None
    if made is not None:
        return made
    start, end = found.span
    surface, word = spec.text[start:end], concept.word(spec.language)
    before, space = degree.words[spec.language], " " if spec.language in ("en", "ko") else ""
    if spec.language in ("ja", "ko") and surface.startswith(word):
        # 雨が降る道: the verb around the noun stays, and the degree stands before both.
        return spec.text[:start] + before + space + spec.text[start:]
    verb = next((each for each in _CHINESE_VERBS if surface.startswith(each)), "")
    if spec.language == "zh" and verb and surface[len(verb) :]:
        return spec.text[:start] + verb + before + word + spec.text[end:]
    text = put(spec.text, (start, end), before + space + word, spec.language)
    return with_article(text) if spec.language == "en" else text


def _english(spec: ShotSpec, found: Found, concept: Concept, degree: _Degree) -> str | None:
    """Verbs and adjectives: raining heavily, snow falls, a forest instead of a rainy one; None for a noun."""
    start, end = found.span
    surface = spec.text[start:end].lower()
    word = concept.word("en")
    if surface.startswith(f"{word} "):
        return put(
            spec.text, (start, end), f"{degree.words['en']} {spec.text[start].lower()}{surface[1:]}", "en"
        )
    if surface.endswith("ing"):
        behind = _HOW.match(spec.text, end)
        return f"{spec.text[:end]} {degree.adverb}{spec.text[behind.end() if behind else end :]}"
    adjectives = [plain(each) for each in concept.words["en"] if each.endswith("y")]
    if surface not in adjectives or surface == word:
        return None
    if spec.text[:start].rstrip().lower().endswith(("is", "was", "'s")):
        return f"{spec.text[:start]}{degree.adverb} {spec.text[start:]}"
    rest = spec.text[:start] + spec.text[end:].lstrip(" ")
    return joined(with_article(rest), [f"{degree.words['en']} {word}"], "en")


def _degree(concept_id: str, level: str) -> _Degree:
    degrees = _degrees()
    line = (concept_id, *Lexicon.load().ancestors(concept_id), "")
    return next(degrees[level, each] for each in line if (level, each) in degrees)


@cache
def _degrees() -> dict[tuple[str, str], _Degree]:
    found = {}
    for level, concept, *words, adverb in rows("degrees", has_header=True):
        found[level, concept] = _Degree(dict(zip(LANGUAGES, words, strict=True)), adverb)
    return found
