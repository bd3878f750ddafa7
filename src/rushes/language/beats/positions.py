"""Who does what to whom in Chinese and English, by position: subject, verb, object; and by 把, 被, 给, by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rushes.language.beats.classes import SAYING_HOW, acts_on_places, is_kind
from rushes.language.beats.relatives import Relative
from rushes.language.beats.sentence import (
    coverb,
    has_side_after,
    is_de,
    is_under_preposition,
    marker_of,
    sentence_around,
    text_of,
)
from rushes.language.reading import PLACE_SLOTS, SUBJECT_SLOTS, Mention, Reading

_STOPS_OBJECT = frozenset(("preposition", "clause", "stop_negation", "and"))
_CAUSATIVE = frozenset(("让", "由"))


@dataclass(frozen=True)
class Clause:
    """What the subject and object of one verb are looked for in.

    things: tokens of possible subjects and objects of the sentence; verbs: beats before this one in its
    clause; both without those of qualifying clauses. carried: the subject so far, if any.
    """

    things: Sequence[int]
    verbs: Sequence[int]
    carried: int | None


def clause_of(
    reading: Reading, things: Sequence[int], beats: Sequence[int], beat: int, relatives: Sequence[Relative]
) -> Clause:
    """Return what there is around a verb, without what stands in the clauses of other verbs' nouns."""
    inner = {index for each in relatives for index in range(each.first, each.last + 1)}
    same = [other for other in beats if other < beat and reading.clauses[other] == reading.clauses[beat]]
    return Clause(
        [index for index in things if index not in inner],
        [other for other in same if other not in inner],
        None,
    )


def by_position(
    reading: Reading, mentions: Mapping[int, Mention], clause: Clause, beat: int
) -> tuple[int | None, int | None]:
    """Return who does what a verb says and to whom; no one where nobody new is named."""
    start, end = sentence_around(reading, beat)
    after = object_of(reading, mentions, beat, end)
    if after == beat + 1 and _qualifies_object(reading, beat):
        is_done_to = not text_of(reading, beat).endswith("ing")
        return (None, after) if is_done_to else (after, None)
    before = [index for index in clause.things if start <= index < beat]
    marked = _by_marker(reading, mentions, before, beat)
    plain = marked.pop("", [])
    if reading.language == "zh" and "passive" in marked:
        agent = marked["passive"][-1]
        is_causative = text_of(reading, agent - 1) in _CAUSATIVE
        return agent, after if is_causative else (plain[0] if plain else clause.carried)
    if after is not None and reading.language == "en" and _is_by(reading, mentions, beat, after):
        return after, plain[-1] if plain else clause.carried
    whom = marked["object"][-1] if "object" in marked else after
    if whom is None:
        whom = _given_to(reading, mentions, before, beat)
    return _subject(reading, mentions, clause, beat, plain, "object" in marked), whom


def _subject(
    reading: Reading,
    mentions: Mapping[int, Mention],
    clause: Clause,
    beat: int,
    plain: list[int],
    has_object_before: bool,
) -> int | None:
    if goes_on(reading, mentions, beat):
        return None
    if has_object_before:
        return plain[0] if plain else None
    if reading.language == "zh":
        return _chinese_subject(mentions, plain, clause, beat)
    return _english_subject(reading, mentions, plain, clause, beat)


def _is_by(reading: Reading, mentions: Mapping[int, Mention], beat: int, after: int) -> bool:
    return text_of(reading, beat).endswith(" by") or marker_of(reading, mentions, after) == "passive"


def _by_marker(
    reading: Reading, mentions: Mapping[int, Mention], before: list[int], beat: int
) -> dict[str, list[int]]:
    """The things of the clause before a verb by what they stand under: object, passive, oblique, nothing."""
    found: dict[str, list[int]] = {}
    for index in before:
        # 他的狗, the man's dog: who has something does not do what it does.
        has_next = (is_de(reading, index + 1) or text_of(reading, index + 1) == "'s") and any(
            other in mentions and mentions[other].slot in SUBJECT_SLOTS for other in (index + 2, index + 3)
        )
        if reading.clauses[index] == reading.clauses[beat] and not has_next:
            found.setdefault(marker_of(reading, mentions, index), []).append(index)
    return found


def _chinese_subject(
    mentions: Mapping[int, Mention], plain: list[int], clause: Clause, beat: int
) -> int | None:
    """The first thing of the clause; behind 看着船, 教女儿 it is what is seen and taught that acts."""
    if not clause.verbs:
        return plain[0] if plain else None
    last = clause.verbs[-1]
    objects = [index for index in plain if last < index < beat]
    if objects and is_kind(mentions[last].concept.id, "perceiving", "causing"):
        return objects[0]
    return next((index for index in plain if index < clause.verbs[0]), None)


def _english_subject(
    reading: Reading, mentions: Mapping[int, Mention], plain: list[int], clause: Clause, beat: int
) -> int | None:
    """The first free noun of the clause; a noun between verbs does what follows: "sees it burn"."""
    free = [
        index
        for index in plain
        if not is_under_preposition(reading, index) and not _says_which(mentions, index)
    ]
    touching = plain[-1] if plain and plain[-1] == beat - 1 else None
    is_free = touching in free
    if touching is not None and (
        (is_free and clause.verbs) or (not is_free and text_of(reading, beat).split()[0].endswith("ing"))
    ):
        return touching
    if not clause.verbs:
        return next(iter(free), None)
    last = clause.verbs[-1]
    objects = [index for index in free if last < index < beat]
    if objects and "to" in reading.roles(beat - 1) and is_kind(mentions[last].concept.id, "causing"):
        return objects[0]
    first = next((index for index in free if index < clause.verbs[0]), None)
    if first is not None or clause.carried is not None:
        return first
    return free[-1] if free else None


def _says_which(mentions: Mapping[int, Mention], index: int) -> bool:
    """A bike messenger skids, a chess master: a thing right before who acts says which one."""
    after = mentions.get(index + 1)
    return after is not None and after.slot == "person" and mentions[index].slot not in ("person", "animal")


def goes_on(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    """Takes the letter and rides away, 抓起兔子，飞回: right behind "and" or a comma the subject stays."""
    for index in range(beat - 1, max(-1, beat - 5), -1):
        roles = reading.roles(index)
        if reading.is_mark(index) or roles & {"and", "clause"}:
            return not reading.ends_sentence(index) and "while" not in reading.tokens[index].text
        if index in mentions and mentions[index].slot not in SAYING_HOW:
            return False
        if not roles & {"auxiliary", "to", "filler", "stop_negation"} and index not in mentions:
            return False
    return False


def _given_to(reading: Reading, mentions: Mapping[int, Mention], before: list[int], beat: int) -> int | None:
    """给花浇水: whom something is done for, where nothing else is said."""
    for index in reversed(before):
        if reading.clauses[index] == reading.clauses[beat] and coverb(reading, mentions, index) == "给":
            return index
    return None


def subject_before(reading: Reading, clause: Clause, beat: int) -> int | None:
    """Return the first thing of the nearest clause before in the sentence: "A fox, running"."""
    start, _ = sentence_around(reading, beat)
    earlier = [
        index
        for index in clause.things
        if start <= index < beat and reading.clauses[index] != reading.clauses[beat]
    ]
    if not earlier:
        return None
    nearest = reading.clauses[earlier[-1]]
    return next(index for index in earlier if reading.clauses[index] == nearest)


def subject_after(reading: Reading, clause: Clause, beat: int) -> int | None:
    """Return the subject of the clause that follows: "Before jumping, the thief looks back"."""
    _, end = sentence_around(reading, beat)
    return next(
        (
            index
            for index in clause.things
            if beat < index < end and reading.clauses[index] > reading.clauses[beat]
        ),
        None,
    )


def _qualifies_object(reading: Reading, beat: int) -> bool:
    """A burning village, the sleeping woman: the participle says what its noun does."""
    if reading.language != "en":
        return False
    before = reading.roles(beat - 1)
    if text_of(reading, beat).endswith("ing"):
        return bool(before & {"determiner", "preposition"})
    return "determiner" in before and text_of(reading, beat).endswith("ed")


def object_of(reading: Reading, mentions: Mapping[int, Mention], beat: int, end: int) -> int | None:
    """Return what an action is done to: the first thing behind its verb, before another phrase begins."""
    for index in range(beat + 1, end):
        if reading.is_mark(index):
            return None
        roles = reading.roles(index)
        is_phrase = reading.language == "en" and text_of(reading, index).startswith(("in ", "on "))
        if (roles & _STOPS_OBJECT and "passive" not in roles) or is_phrase:
            return None
        if index not in mentions:
            continue
        if "link" in reading.roles(index + 1) and reading.language == "en":
            continue
        if reading.language == "zh" and _is_possessor(reading, mentions, index):
            continue
        if mentions[index].slot in SUBJECT_SLOTS or _may_suffer(mentions[index], mentions[beat]):
            return None if has_side_after(reading, index) else index
        if mentions[index].slot == "action":
            return None
        if has_side_after(reading, index):
            return None
    return None


def _is_possessor(reading: Reading, mentions: Mapping[int, Mention], index: int) -> bool:
    """抚摸猫的头, 她脸上: who has what is touched is not what is touched."""
    after = mentions.get(index + 1)
    if after is not None and after.slot == "body" and reading.roles(index) & {"he", "she", "they"}:
        return True
    return is_de(reading, index + 1) and not _is_taken_by_part(reading, mentions, index)


def _is_taken_by_part(reading: Reading, mentions: Mapping[int, Mention], index: int) -> bool:
    """咬住羚羊的喉咙, 拉着男孩的手: who is taken by a part of the body, where he is named."""
    part = mentions.get(index + 2)
    is_named = not reading.roles(index) & {"he", "she", "they"}
    is_body = part is not None and part.slot == "body" and not has_side_after(reading, index + 2)
    return is_named and is_body and mentions[index].slot in ("person", "animal")


def _may_suffer(thing: Mention, action: Mention) -> bool:
    """Whether a place is what is acted on: "burns the village", "opens the door"; motion only passes it."""
    return thing.slot in PLACE_SLOTS and acts_on_places(action.concept.id)
