"""Whom he, she, it and they mean: the nearest before that may be meant, else a man or a woman."""

from collections.abc import Iterator, Mapping

from rushes.language.concepts import Lexicon
from rushes.language.inherent import inherent_attributes
from rushes.language.passage import Mention
from rushes.language.reading import Reading

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
_IT = frozenset(("it", "它", "それ", "그것", "그것이", "그것은", "그것을"))
# fmt: off
_THEY = frozenset((
    "they", "them", "他们", "她们", "它们", "彼ら", "彼女ら", "그들", "그들은", "그들이", "그들을",
))
# fmt: on
_THEY_WHO_ACT = {
    **dict.fromkeys(("they", "他们", "彼ら", "그들", "그들은", "그들이"), "person"),
    **dict.fromkeys(("她们", "彼女ら"), "woman"),
}
_MEANT_BY_IT = ("person", "animal", "vehicle", "thing")
_ONE_OF = ("其中一", "一人", "一匹", "一頭", "한 명", "한 마리", "한 사람")
_ENDS_HER = frozenset(("preposition", "clause", "and", "to", "determiner"))


def first_pronouns(reading: Reading, mentions: Mapping[int, Mention]) -> Iterator[tuple[int, Mention]]:
    """Yield somebody for the first he, she or they that nobody named before; they may be things."""
    before = {
        meant: min((i for i, each in mentions.items() if each.slot in slots), default=len(reading.tokens))
        for meant, slots in (("one", ("person", "animal")), ("several", _MEANT_BY_IT))
    }
    seen: set[str] = set()
    for index, token in enumerate(reading.tokens):
        roles = reading.roles(index)
        concept_id, meant = "", "one"
        if "he" in roles or "she" in roles:
            concept_id = "man" if "he" in roles else "woman"
        elif token.text in _THEY_WHO_ACT:
            concept_id, meant = _THEY_WHO_ACT[token.text], "several"
        if concept_id and concept_id not in seen and index < before[meant]:
            seen.add(concept_id)
            concept = Lexicon.load().concepts[concept_id]
            yield index, Mention(index, concept, "noun", 0.7, reading.clauses[index])


def counted_people(reading: Reading, mentions: Mapping[int, Mention]) -> Iterator[tuple[int, Mention]]:
    """Yield people that only their number names: 两人, 二人が, 두 사람이; nobody where somebody was named."""
    told = inherent_attributes(reading.language)
    named = (index for index, mention in mentions.items() if mention.slot in ("person", "animal"))
    first = min(named, default=len(reading.tokens))
    for index, mention in mentions.items():
        follows = "link" in reading.roles(index + 1) or reading.is_thing(index + 1)
        is_of_others = follows and not reading.tokens[index].tail
        if mention.slot == "count" and mention.word in told and index < first and not is_of_others:
            person = Lexicon.load().concepts["person"]
            yield index, Mention(index, person, "noun", 0.7, mention.clause, word=mention.word)
            return


def antecedents(reading: Reading, mentions: Mapping[int, Mention]) -> Iterator[tuple[int, int]]:
    """Yield for each he, she, it or they the nearest person or thing before that may be meant."""
    people: list[int] = []
    things: list[int] = []
    for index in range(len(reading.tokens)):
        if index in mentions:
            if mentions[index].slot in ("person", "animal"):
                people.append(index)
            if mentions[index].slot in ("animal", "vehicle", "thing"):
                things.append(index)
            continue
        meant = _person_meant(reading, mentions, people, index)
        if meant is None:
            meant = _thing_meant(reading, mentions, people, things, index)
        if meant is not None:
            yield index, meant


def _person_meant(
    reading: Reading, mentions: Mapping[int, Mention], people: list[int], index: int
) -> int | None:
    gender = _gender(reading, index)
    if gender is None:
        return None
    wrong = _FEMALE if gender == "he" else _MALE
    persons = [other for other in reversed(people[-_NEAR:]) if mentions[other].slot == "person"]
    near = [other for other in persons if not _is_one_of(mentions[other], wrong)]
    if reading.tokens[index].text in ("him", "her", "他", "她"):
        # "The courier hands him a box": nobody does that to himself.
        near.sort(key=lambda other: reading.clauses[other] == reading.clauses[index])
    single = (other for other in near if not _is_several(reading, mentions, other))
    return next(single, next(iter(near), None))


def _thing_meant(
    reading: Reading, mentions: Mapping[int, Mention], people: list[int], things: list[int], index: int
) -> int | None:
    """It, 它: the nearest thing or animal; they, one of them, 其中一人: the nearest that are several."""
    text = reading.tokens[index].text
    if text in _IT:
        is_object = index - 1 in mentions and mentions[index - 1].slot == "action"
        # A beetle stops and climbs it: what acts itself is not what it does that to.
        last_acts = is_object and len(things) > 1 and _opens_clause(reading, mentions, things[-1])
        return (things[-2] if last_acts else things[-1]) if things else None
    is_one = text.startswith(_ONE_OF) and _acts(reading, index)
    if not is_one and text not in _THEY:
        return None
    near = sorted(people[-_NEAR:] + things[-_NEAR:], reverse=True)
    near.sort(key=lambda other: reading.clauses[other] == reading.clauses[index])
    several = (other for other in near if _is_several(reading, mentions, other))
    meant = next(several, None)
    return meant if meant is not None or is_one else next(iter(near), None)


def _opens_clause(reading: Reading, mentions: Mapping[int, Mention], thing: int) -> bool:
    """Whether no verb stands before a thing in its clause."""
    for index in range(thing - 1, max(-1, thing - _NEAR), -1):
        if reading.clauses[index] != reading.clauses[thing]:
            return True
        if index in mentions and mentions[index].slot == "action":
            return False
    return True


def _acts(reading: Reading, index: int) -> bool:
    """一人が投げる, 한 명이 던진다: with the particle of a subject; 其中一人 needs none."""
    return reading.language == "zh" or reading.tail(index).endswith(("が", "は", "이", "가", "은", "는"))


def _is_several(reading: Reading, mentions: Mapping[int, Mention], index: int) -> bool:
    around = [mentions.get(other) for other in (index - 2, index - 1, index + 1, index + 2)]
    counts = [each.concept.id for each in around if each is not None and each.slot == "count"]
    is_counted = bool(counts) and counts != ["one"]
    text = reading.tokens[index].text
    is_plural = reading.language == "en" and text.endswith("s") and not text.endswith("ss")
    is_marked = text.endswith(("们", "たち", "들")) or reading.tokens[index].tail.startswith("들")
    return is_counted or is_plural or is_marked or _is_one_of(mentions[index], _SEVERAL)


def _gender(reading: Reading, index: int) -> str | None:
    """he or she; "her" only where no noun of hers follows."""
    token = reading.tokens[index]
    if token.text in ("him", "her") and reading.language == "en":
        after = reading.roles(index + 1)
        ends = reading.is_mark(index + 1) or bool(after & _ENDS_HER)
        return "he" if token.text == "him" else ("she" if ends else None)
    return next((role for role in ("he", "she") if role in token.roles), None)


def _is_one_of(mention: Mention, concepts: frozenset[str]) -> bool:
    return mention.concept.id in concepts or not concepts.isdisjoint(
        Lexicon.load().ancestors(mention.concept.id)
    )
