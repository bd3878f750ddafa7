"""What a verb means with its object or its subject: draws a sword, 拉小提琴, 傘を差す, a train pulls out.

`data/collocations.tsv` lists verbs, objects and meaning. A verb is a concept, or a word of one language as
the lexicon writes it (`to draw`, 拉, 타다). A name with `<` before it is that of who does it, which counts
where no object decides; `*` is everything else, and `-` no deed. A colour too may mean another with what has
it: 푸른 언덕, a green hill.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from rushes.language.beats.nouns import PARTICIPANTS, noun_at
from rushes.language.beats.verbs import voice_of
from rushes.language.concepts import Concept, Lexicon
from rushes.language.passage import ATTRIBUTE_SLOTS, Mention
from rushes.language.reading import Reading
from rushes.language.tables import rows

_REACH = 5
_OBJECT_CASES = ("object", "goal")
_BEFORE_NOUN = frozenset(("determiner", "classifier"))


@cache
def _meanings() -> Mapping[tuple[str, str], str]:
    return {
        (verb, each): meaning
        for verbs, things, meaning in rows("collocations")
        for verb in verbs.split(",")
        for each in things.split(",")
    }


def meant_with(action: Mention, doer: Concept | None, things: Sequence[Concept]) -> Concept | None:
    """Return what `action` means when it is done to one of `things` or its kinds, or by `doer`.

    None is for a word that tells of no deed there.
    """
    kinds = [kind for thing in things for kind in _kinds(thing)]
    kinds += [] if doer is None else [f"<{kind}" for kind in _kinds(doer)]
    asked = [(action.word, kind) for kind in (*kinds, "*")]
    asked += [(action.concept.id, kind) for kind in kinds]
    found = (_meanings().get(each) for each in asked)
    meaning = next((each for each in found if each is not None), action.concept.id)
    return Lexicon.load().concepts.get(meaning)


def _kinds(thing: Concept) -> tuple[str, ...]:
    return (thing.id, *Lexicon.load().ancestors(thing.id), thing.slot)


def meanings_of(action: Mention) -> set[str]:
    """Return everything a verb may mean with one object or another."""
    verbs = (action.word, action.concept.id)
    return {meaning for (verb, _), meaning in _meanings().items() if verb in verbs} - {"-"}


def object_beside(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> int | None:
    """Return the noun right behind a verb, in Japanese and Korean right before it under を or に."""
    if voice_of(reading, mentions, beat):
        return None
    is_before = reading.language in ("ja", "ko")
    for index in range(beat - 1, beat - _REACH, -1) if is_before else range(beat + 1, beat + _REACH):
        known = mentions.get(index)
        if known is not None and known.slot in PARTICIPANTS:
            if not is_before:
                return _last_of_compound(mentions, index)
            return index if noun_at(reading, mentions, index).case in _OBJECT_CASES else None
        is_inside = is_before or bool(reading.roles(index) & _BEFORE_NOUN) or _is_amount(reading, index)
        if reading.is_mark(index) or not (is_inside if known is None else known.slot in ATTRIBUTE_SLOTS):
            return None
    return None


def _is_amount(reading: Reading, index: int) -> bool:
    """吐出一串气泡: Chinese counts with one word of 一 and a classifier."""
    if reading.language != "zh" or reading.is_mark(index):
        return False
    return reading.tokens[index].text.startswith("一")


def _last_of_compound(mentions: Mapping[int, Mention], index: int) -> int:
    while index + 1 in mentions and mentions[index + 1].slot in PARTICIPANTS:
        index += 1
    return index
