"""What does something without being a subject of the spec: wind blows, 光が差す, a door opens."""

from collections.abc import Mapping

from rushes.language.beats.classes import ELEMENTS, MOVING, SAYING_HOW, SUBJECT_TAILS, is_kind
from rushes.language.beats.sentence import is_under_preposition, is_where, marker_of
from rushes.language.reading import PLACE_SLOTS, SUBJECT_SLOTS, Mention, Reading

_TAILS_OF_PLACES = ("が", "이", "가")


def element_acting(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> int | None:
    """Return the weather, light or moving place that does what the verb at `beat` says, if one does."""
    clause = reading.clauses[beat]
    before = [index for index in mentions if index < beat and reading.clauses[index] == clause]
    before = [index for index in before if mentions[index].slot not in SAYING_HOW]
    if reading.language in ("zh", "en"):
        if not before or any(mentions[index].slot in SUBJECT_SLOTS | {"action"} for index in before):
            return None
        # 一束光从门缝里挤进来: a place between the element and its verb says where.
        if reading.language == "zh":
            free = [index for index in before if not marker_of(reading, mentions, index)]
            before = [index for index in free if not is_where(reading, index)] or before
        nearest = before[-1]
        is_free = not marker_of(reading, mentions, nearest) and not is_under_preposition(reading, nearest)
        acts = is_free and not is_where(reading, nearest)
        return nearest if acts and is_element(mentions[nearest], mentions[beat]) else None
    for index in reversed(before):
        if mentions[index].slot == "action":
            return None
        tails = _TAILS_OF_PLACES if mentions[index].slot in PLACE_SLOTS else SUBJECT_TAILS
        if reading.tail(index).startswith(tails):
            return index if is_element(mentions[index], mentions[beat]) else None
    return None


def is_element(thing: Mention, action: Mention) -> bool:
    """Whether something that is no subject may do what a verb says."""
    if thing.slot in ELEMENTS and thing.concept.id not in MOVING:
        return True
    return thing.slot in PLACE_SLOTS and (thing.concept.id in MOVING or is_kind(action.concept.id, "moved"))
