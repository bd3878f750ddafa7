"""Clauses that qualify a noun, in Chinese and English: 追气球的孩子, 被猫追的老鼠, a man holding an umbrella.

Their verbs say something of that noun and are no verbs of the sentence around them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rushes.language.beats.classes import SAYING_HOW, is_kind
from rushes.language.beats.sentence import coverb, is_de, marker_of, text_of
from rushes.language.reading import ATTRIBUTE_SLOTS, SUBJECT_SLOTS, THING_SLOTS, Mention, Reading

_LONGEST = 8
_HEAD_REACH = 5
_LIVING = frozenset(("person", "animal"))
_RELATIVIZERS = frozenset(("who", "which", "that"))


@dataclass(frozen=True)
class Relative:
    """A clause of tokens [first, last] around one verb, with who does what to whom in it."""

    first: int
    last: int
    who: int | None
    whom: int | None


def relative_clauses(
    reading: Reading, mentions: Mapping[int, Mention], beats: Sequence[int]
) -> dict[int, Relative]:
    """Return the qualifying clause of each beat that stands in one."""
    if reading.language not in ("zh", "en"):
        return {}
    find = _chinese if reading.language == "zh" else _english
    found = ((beat, find(reading, mentions, beat)) for beat in beats)
    return {beat: relative for beat, relative in found if relative is not None}


def _chinese(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> Relative | None:
    de = _de_after(reading, mentions, beat)
    head = None if de is None else _head_after(reading, mentions, de)
    if de is None or head is None:
        return None
    named = head if mentions[head].slot in SUBJECT_SLOTS else None
    subject = _noun_before(reading, mentions, beat)
    if subject is None:
        inside = [index for index in range(beat + 1, de) if _is_noun(mentions, index)]
        is_possession = bool(inside) and _is_possession(mentions, inside[-1], head)
        return None if is_possession else Relative(beat, head - 1, named, inside[0] if inside else None)
    # 被猫追的老鼠, 猫追的老鼠: the subject stands in the clause, its noun is what it is done to.
    is_done_to = de == beat + 1 and not is_kind(mentions[beat].concept.id, "alone")
    if marker_of(reading, mentions, subject) == "passive" or (
        is_done_to and not coverb(reading, mentions, subject)
    ):
        return Relative(subject, head - 1, subject, named)
    return None


def _de_after(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> int | None:
    """Return the 的 that closes a clause: not that of a colour, nor that of 他的."""
    for index in range(beat + 1, min(beat + _LONGEST, len(reading.tokens))):
        if reading.is_mark(index) or reading.roles(index) & {"object", "passive"}:
            return None
        if is_de(reading, index):
            before = mentions.get(index - 1)
            is_pronoun = bool(reading.roles(index - 1) & {"he", "she", "they"})
            if is_pronoun or (before is not None and before.slot in ATTRIBUTE_SLOTS):
                continue
            return index
    return None


def _head_after(reading: Reading, mentions: Mapping[int, Mention], de: int) -> int | None:
    for index in range(de + 1, min(de + _HEAD_REACH, len(reading.tokens))):
        if reading.is_mark(index):
            return None
        if index in mentions and mentions[index].slot not in ATTRIBUTE_SLOTS:
            return index if mentions[index].slot in THING_SLOTS else None
    return None


def _noun_before(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> int | None:
    """Return the noun that stands before a verb, past words of manner; none behind a number or a verb."""
    for index in range(beat - 1, max(-1, beat - _HEAD_REACH), -1):
        if reading.is_mark(index):
            return None
        if index in mentions:
            if mentions[index].slot in SUBJECT_SLOTS:
                return index
            if mentions[index].slot not in SAYING_HOW or mentions[index].slot == "count":
                return None
        elif reading.roles(index) & {"classifier", "object", "passive", "clause"}:
            return None
    return None


def _is_noun(mentions: Mapping[int, Mention], index: int) -> bool:
    return index in mentions and mentions[index].slot in SUBJECT_SLOTS


def _is_possession(mentions: Mapping[int, Mention], owner: int, head: int) -> bool:
    """抱起妈妈的包: what a person has is no subject of a clause before it."""
    return mentions[owner].slot in _LIVING and mentions[head].slot not in _LIVING


def _english(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> Relative | None:
    return _behind_relativizer(reading, mentions, beat) or _participle(reading, mentions, beat)


def _behind_relativizer(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> Relative | None:
    """A man who holds an umbrella, the ball that the boy throws."""
    between: int | None = None
    for index in range(beat - 1, max(0, beat - _HEAD_REACH), -1):
        if reading.is_mark(index) or (index in mentions and mentions[index].slot == "action"):
            return None
        if _is_noun(mentions, index):
            between = index
        elif text_of(reading, index) in _RELATIVIZERS and index not in mentions:
            head = next(_nouns_back(reading, mentions, index), None)
            if head is None:
                return None
            if between is not None:
                return Relative(index, beat, between, head)
            last = _object_after(reading, mentions, beat)
            return Relative(index, beat if last is None else last, head, last)
    return None


def _nouns_back(reading: Reading, mentions: Mapping[int, Mention], index: int) -> Iterator[int]:
    for before in range(index - 1, max(-1, index - 3), -1):
        if _is_noun(mentions, before):
            yield before
        elif not reading.is_mark(before):
            return


def _participle(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> Relative | None:
    """A man holding an umbrella walks, the mouse chased by the cat hides."""
    head = beat - 1
    if not _is_noun(mentions, head):
        return None
    first = text_of(reading, beat).split()[0]
    if text_of(reading, beat).endswith(" by") or "passive" in reading.roles(beat + 1):
        agent = _object_after(reading, mentions, beat)
        return Relative(beat, beat if agent is None else agent, agent, head)
    if not first.endswith("ing") or not _has_finite_after(reading, mentions, beat):
        return None
    last = _object_after(reading, mentions, beat)
    return Relative(beat, beat if last is None else last, head, last)


def _has_finite_after(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    for index in range(beat + 1, min(beat + 2 * _LONGEST, len(reading.tokens))):
        if reading.is_mark(index) or reading.clauses[index] != reading.clauses[beat]:
            return False
        if index in mentions and mentions[index].slot == "action":
            return not text_of(reading, index).split()[0].endswith("ing")
    return False


def _object_after(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> int | None:
    for index in range(beat + 1, min(beat + _HEAD_REACH, len(reading.tokens))):
        if reading.is_mark(index):
            return None
        if index in mentions and mentions[index].slot not in ATTRIBUTE_SLOTS:
            return index if mentions[index].slot in SUBJECT_SLOTS else None
        if "preposition" in reading.roles(index) and "passive" not in reading.roles(index):
            return None
    return None
