"""English passives: the hostage is dragged away, he is helped out of the car by his granddaughter."""

from collections.abc import Mapping

from rushes.language.beats.classes import ELEMENTS, is_kind
from rushes.language.beats.sentence import text_of
from rushes.language.reading import SUBJECT_SLOTS, Mention, Reading

_BEING = ("is", "are", "was", "were", "be", "been", "being", "gets", "get", "got", "getting")
_ACTING = SUBJECT_SLOTS | ELEMENTS
_REACH = 10


def is_passive(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    """Whether a verb is done to its subject; what needs no object is only where somebody does it."""
    if reading.language != "en" or mentions[beat].kind != "participle":
        return False
    if text_of(reading, beat).split()[0].endswith("ing") or not _follows_being(reading, mentions, beat):
        return False
    return (
        not is_kind(mentions[beat].concept.id, "alone", "staying")
        or agent_of(reading, mentions, beat) is not None
    )


def agent_of(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> int | None:
    """Return who does it: the first thing behind "by" in the phrase of the verb."""
    is_under_by = text_of(reading, beat).endswith(" by")
    for index in range(beat + 1, min(beat + _REACH, len(reading.tokens))):
        if reading.is_mark(index) or (index in mentions and mentions[index].slot == "action"):
            return None
        is_under_by = is_under_by or "passive" in reading.roles(index)
        if is_under_by and index in mentions and mentions[index].slot in _ACTING:
            return index
    return None


def _follows_being(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    for index in range(beat - 1, max(-1, beat - 3), -1):
        if index not in mentions and text_of(reading, index) in _BEING:
            return True
        if not text_of(reading, index).endswith("ly"):
            return False
    return False
