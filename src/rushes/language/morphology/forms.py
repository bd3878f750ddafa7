"""From a word as the lexicon writes it to every form it takes in a text.

Marks on a word: `to run` is an English verb; `~can` counts only where a noun can stand; `@follow` counts only
when the camera does it; `새+` is a Korean noun that needs a particle or the end of a phrase, because the bare
syllable is usually something else; `^beach` is a place that one is on, in English and Chinese, and not in.
"""

from collections.abc import Iterator
from typing import NamedTuple

from rushes.language.morphology import chinese, english, japanese, korean

# Slots whose words are names of things; a word in them that ends like a verb is still a noun.
NOUN_SLOTS = frozenset(
    (
        "person",
        "animal",
        "vehicle",
        "thing",
        "body",
        "clothing",
        "place",
        "furniture",
        "sky",
        "style",
        "lens",
        "count",
        "material",
    )
)


class Word(NamedTuple):
    """A word without its marks, and the marks."""

    text: str
    is_english_verb: bool
    needs_noun_place: bool
    needs_camera: bool
    needs_particle: bool
    is_stood_on: bool


_NO_MARKS = (False,) * 5


def read_marks(word: str) -> Word:
    """Take a word of the lexicon apart."""
    if word.isalnum():  # most have no mark
        return Word(word, *_NO_MARKS)
    bare = word.removeprefix("^").removeprefix("to ")
    return Word(
        bare.strip("~+").replace("@", ""),
        is_english_verb=word.startswith("to "),
        needs_noun_place=bare.startswith("~"),
        needs_camera="@" in bare,
        needs_particle=word.endswith("+"),
        is_stood_on=word.startswith("^"),
    )


def forms(word: Word, slot: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield the forms of one word with their kind: noun, verb, participle (English -ing, -ed) or other."""
    if language == "en":
        if word.is_english_verb:
            yield from english.verb_forms(word.text)
        else:
            is_noun = slot in NOUN_SLOTS or word.needs_noun_place
            # "Snow falls" is not two autumns, a tray of glasses is not of glass.
            yield from english.noun_forms(word.text, is_noun, is_counted=slot not in ("time", "material"))
    elif language == "ja" and slot not in NOUN_SLOTS:
        yield from japanese.predicate_forms(word.text)
    elif language == "ko" and slot not in NOUN_SLOTS and word.text.endswith("다"):
        yield from korean.predicate_forms(word.text)
    elif language == "ko" and "샷" in word.text:
        # The trade writes shot as 샷, 숏 or 쇼트, with and without the space before it.
        for shot in ("샷", "숏", "쇼트"):
            written = word.text.replace("샷", shot)
            yield from (
                (text, "noun") for text in dict.fromkeys((written, written.replace(f" {shot}", shot)))
            )
    elif language == "zh" and slot == "action":
        yield from chinese.verb_forms(word.text)
    else:
        yield word.text, "verb" if slot == "action" else "noun"
