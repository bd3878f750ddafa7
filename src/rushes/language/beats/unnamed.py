"""Whether a verb has a subject that the lexicon does not know: "debris scatters" is not what acted before."""

from collections.abc import Mapping

from rushes.language.beats.sentence import text_of
from rushes.language.passage import Mention
from rushes.language.reading import Reading
from rushes.language.script import Script

_SUBJECT_PARTICLES = ("が", "は", "も")
_SUBJECT_ENDS = ("이", "가", "은", "는")
_REACH = 8


def has_unknown_subject(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    """Whether an unknown word stands where the subject of a verb that names nobody would."""
    if reading.language in ("ja", "ko"):
        return _has_marked(reading, mentions, beat)
    return _has_placed(reading, mentions, beat)


def _has_marked(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    for index in range(beat - 1, max(-1, beat - _REACH), -1):
        if index in mentions and mentions[index].slot == "action":
            return False
        token = reading.tokens[index]
        if reading.is_mark(index):
            return False
        if token.is_known or index in mentions:
            continue
        if token.script is Script.HANGUL and len(token.text) > 2 and token.text.endswith(_SUBJECT_ENDS):
            return True
        is_name = reading.language == "ja" and token.script in (Script.HAN, Script.KATAKANA)
        if is_name and text_of(reading, index + 1) in _SUBJECT_PARTICLES:
            return True
    return False


def _has_placed(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    """Debris scatters, 伴娘接住: an unknown word begins the clause of a verb."""
    for index in range(beat - 1, max(-1, beat - _REACH), -1):
        if reading.is_mark(index) or index in mentions:
            return False
        token, roles = reading.tokens[index], reading.roles(index)
        if roles & {"auxiliary", "filler", "stop_negation", "to"}:
            continue
        if token.is_known:
            return False
        return _is_name(reading, index)
    return False


def _is_name(reading: Reading, index: int) -> bool:
    token = reading.tokens[index]
    opens = reading.is_mark(index - 1) or bool(reading.roles(index - 1) & {"determiner", "and", "clause"})
    if reading.language == "zh":
        return opens and token.script is Script.HAN and len(token.text) > 1
    return opens and token.script is Script.LATIN and not token.text.endswith("ly")
