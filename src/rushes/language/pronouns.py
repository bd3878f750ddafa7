"""Whom he, she, him and her mean: the nearest person before who may be one, else a man or a woman."""

from collections.abc import Iterator, Mapping

from rushes.language.concepts import Lexicon
from rushes.language.reading import Mention, Reading

# How far back a person may stand who is meant.
_NEAR = 20
# fmt: off
_MALE = frozenset((
    "man", "boy", "father", "son", "brother", "grandfather", "grandson", "husband", "groom", "king",
    "prince", "gentleman", "monk", "priest", "wizard",
))
_FEMALE = frozenset((
    "woman", "girl", "mother", "daughter", "sister", "grandmother", "granddaughter", "wife",
    "bride", "queen", "princess", "witch", "mermaid", "actress", "ballerina", "maid", "schoolgirl",
    "shrine_maiden",
))
# fmt: on
# Several people are nobody's he or she, unless nobody else is there.
_SEVERAL = frozenset(("crowd", "audience", "army", "family", "couple", "old_couple", "twins"))


def first_pronouns(reading: Reading, mentions: Mapping[int, Mention]) -> Iterator[tuple[int, Mention]]:
    """Yield a man or a woman for the first he or she that nobody named before."""
    concepts = Lexicon.load().concepts
    named = [index for index, mention in mentions.items() if mention.slot in ("person", "animal")]
    first = min(named, default=len(reading.tokens))
    seen: set[str] = set()
    for index in range(len(reading.tokens)):
        roles = reading.roles(index)
        for role, concept_id in (("he", "man"), ("she", "woman")):
            if role in roles and role not in seen and index < first:
                seen.add(role)
                yield index, Mention(index, concepts[concept_id], "noun", 0.7, reading.clauses[index])


def antecedents(reading: Reading, mentions: Mapping[int, Mention]) -> Iterator[tuple[int, int]]:
    """Yield for each he, she, him or her the nearest person before who may be meant."""
    people: list[int] = []
    for index in range(len(reading.tokens)):
        if index in mentions and mentions[index].slot == "person":
            people.append(index)
        gender = _gender(reading, index)
        if gender is None or index in mentions:
            continue
        wrong = _FEMALE if gender == "he" else _MALE
        near = [other for other in reversed(people[-_NEAR:]) if not _is_one_of(mentions[other], wrong)]
        single = (other for other in near if not _is_one_of(mentions[other], _SEVERAL))
        meant = next(single, next(iter(near), None))
        if meant is not None:
            yield index, meant


def _gender(reading: Reading, index: int) -> str | None:
    """he or she; "her" only where no noun of hers follows."""
    token = reading.tokens[index]
    if token.text in ("him", "her") and reading.language == "en":
        after = reading.roles(index + 1)
        ends = reading.is_mark(index + 1) or bool(after & {"preposition", "clause", "and", "to"})
        return "he" if token.text == "him" else ("she" if ends else None)
    return next((role for role in ("he", "she") if role in token.roles), None)


def _is_one_of(mention: Mention, concepts: frozenset[str]) -> bool:
    return mention.concept.id in concepts or not concepts.isdisjoint(
        Lexicon.load().ancestors(mention.concept.id)
    )
