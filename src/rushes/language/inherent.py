"""Attributes that a word tells by itself: 长发 is long hair, 小舟 a small boat, 새 떼 a flock of birds."""

from collections.abc import Mapping
from functools import cache

from rushes.language.tables import rows


@cache
def inherent_attributes(language: str) -> Mapping[str, str]:
    """Return word -> the concept of the attribute that is part of it."""
    return {
        word: attribute
        for of_language, attribute, words in rows("inherent", has_header=True)
        if of_language == language
        for word in words.split("/")
    }
