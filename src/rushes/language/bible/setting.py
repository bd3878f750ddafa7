"""Where and when a shot is, as its heading says, or as a bullet of a montage says for itself."""

from collections.abc import Iterator
from functools import lru_cache

from rushes.language.bible.entry import bible_words
from rushes.language.concepts import Lexicon
from rushes.language.parse import parse
from rushes.language.spec import Found


@lru_cache(maxsize=1024)
def side_words(place: str, setting: str, language: str) -> str:
    """The word for inside or outside; nothing where the place says it, as a kitchen or a park does."""
    words: dict[str, dict[str, str]] = bible_words()["sides"]
    if setting not in words:
        return ""
    says_it = any(_is_one_of(found, bible_words()["side_of"][setting]) for found in _places(place, language))
    return "" if says_it else words[setting][language]


@lru_cache(maxsize=1024)
def own_setting(picture: str, language: str) -> tuple[str, str]:
    """The words of the first place and the first time that a picture of a montage names, or none. A door and
    a tree are no place; they are where the scene is."""
    if not picture:
        return "", ""
    parts = bible_words()["parts_of_places"]
    place = next((found for found in _places(picture, language) if not _is_one_of(found, parts)), None)
    time = next(iter(parse(picture, language).present("time")), None)
    return _words(picture, place), _words(picture, time)


def _places(text: str, language: str) -> Iterator[Found]:
    if text:
        yield from (found for found in parse(text, language).present("environment") if found.kind == "place")


def _is_one_of(found: Found, concepts: list[str]) -> bool:
    return any(Lexicon.load().is_a(found.concept, concept) for concept in concepts)


def _words(text: str, found: Found | None) -> str:
    return text[slice(*found.span)] if found else ""
