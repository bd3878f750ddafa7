"""Who does what to whom in Japanese and Korean, by particles; a noun that a verb qualifies is its subject."""

from collections.abc import Mapping, Sequence

from rushes.language.beats.classes import NEAR, SUBJECT_TAILS, acts_on_places, is_kind
from rushes.language.beats.elements import is_element
from rushes.language.beats.sentence import sentence_around, text_of
from rushes.language.morphology.korean import split
from rushes.language.reading import ATTRIBUTE_SLOTS, PLACE_SLOTS, SUBJECT_SLOTS, Mention, Reading
from rushes.language.script import Script

_TOPIC_TAILS = ("は", "も", "은", "는", "도", "들은")
_OBJECT_TAILS = ("を", "을", "를", "들을")
_GOAL_TAILS = ("に", "へ", "에게", "한테", "에", "들에게", "들한테")
_ATTRIBUTIVE_ENDS = tuple("るただうくぐすつぬぶむい")
_QUALIFYING_FINALS = (4, 8)  # ㄴ and ㄹ among the final consonants of a syllable
_QUALIFYING_TAILS = ("는", "ㄴ", "은", "던", "ㄹ", "을")
# Forms of verbs that the lexicon lists as passives.
_PASSIVE_STEMS = ("囲まれ", "追われ", "吸い込まれ", "쫓기", "쫓긴", "잡히", "잡힌", "잡혀", "에워싸이")
_PASSIVE_ENDINGS = ("당하", "당해", "당한", "되", "돼", "된")
# 기차가 도착하자, 列車が着くと: behind these the subject changes back.
_SWITCHING_ENDS = ("자", "니", "니까", "자마자", "면")


def by_particle(
    reading: Reading, mentions: Mapping[int, Mention], things: Sequence[int], beat: int
) -> tuple[int | None, int | None, int | None]:
    """Return who does what a verb says, to whom, and who was marked before other verbs of the sentence."""
    marked, whom, goal = _marked(reading, mentions, things, beat)
    is_own = marked is not None and marked > _last_verb(mentions, beat)
    who, earlier = (marked, None) if is_own else (None, marked)
    after = _noun_after(reading, mentions, beat)
    if after is not None and mentions[after].slot in SUBJECT_SLOTS:
        return *_of_qualified(reading, mentions[beat], beat, after, (who, whom, goal)), earlier
    if after is not None and is_element(mentions[after], mentions[beat]):
        return after, whom, earlier
    if _is_passive(reading, beat) and goal is not None:
        return goal, marked, None
    return who, whom if whom is not None else goal, earlier


def _of_qualified(
    reading: Reading,
    action: Mention,
    beat: int,
    noun: int,
    marked: tuple[int | None, int | None, int | None],
) -> tuple[int, int | None]:
    """Return who and whom of a verb that qualifies a noun: 走る女, 少年が投げたボール, 猫に追われた鼠."""
    who, whom, goal = marked
    if _is_passive(reading, beat) and goal is not None:
        return goal, noun
    if who is None or whom is not None or _is_topic(reading, who) or is_kind(action.concept.id, "alone"):
        return noun, whom
    return who, noun


def changes_subject(reading: Reading, beat: int) -> bool:
    """Whether a verb ends in a way that gives the sentence back to who acted before: 着くと, 도착하자."""
    token = reading.tokens[beat]
    if reading.language == "ko":
        return token.tail.endswith(_SWITCHING_ENDS)
    last = _last_of_verb(reading, {}, beat)
    return text_of(reading, last) == "と" or (
        text_of(reading, last + 1) == "と" and reading.is_mark(last + 2)
    )


def _last_verb(mentions: Mapping[int, Mention], beat: int) -> int:
    """Return the verb before a verb, or -1; the nouns behind it are those of this verb."""
    before = range(beat - 1, max(-1, beat - NEAR), -1)
    return next((other for other in before if other in mentions and mentions[other].slot == "action"), -1)


def _is_topic(reading: Reading, index: int) -> bool:
    return reading.tail(index).endswith(_TOPIC_TAILS)


def _noun_after(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> int | None:
    """走っている女, 우는 어린 소년: the noun a verb qualifies, past its other attributes."""
    for index in range(beat + 1, min(beat + 6, len(reading.tokens))):
        if index in mentions and mentions[index].slot not in ATTRIBUTE_SLOTS:
            return index if qualifies(reading, mentions, beat) else None
        if index not in mentions and (reading.language == "ko" or not _is_ending(reading, index)):
            return None
    return None


def _is_ending(reading: Reading, index: int) -> bool:
    """What a Japanese verb ends in: ている, た."""
    if reading.is_mark(index) or reading.roles(index) & {"subject", "object", "and", "clause"}:
        return False
    return reading.tokens[index].script is Script.HIRAGANA


def _marked(
    reading: Reading, mentions: Mapping[int, Mention], things: Sequence[int], beat: int
) -> tuple[int | None, int | None, int | None]:
    """Return the subject, the object and the goal that particles mark before a verb."""
    start, _ = sentence_around(reading, beat)
    who = whom = goal = None
    last_verb = _last_verb(mentions, beat)
    takes_goal = _takes_goal(reading, mentions[beat], beat)
    for index in things:
        if not start <= index < beat:
            continue
        tail = _tail(reading, mentions, index)
        fresh = index > last_verb
        if mentions[index].slot in PLACE_SLOTS:
            if tail.startswith(_OBJECT_TAILS) and fresh:
                whom = index if acts_on_places(mentions[beat].concept.id) else None
            elif tail.startswith(_GOAL_TAILS) and fresh and is_kind(mentions[beat].concept.id, "reaching"):
                goal = index
            continue
        if tail.startswith(_OBJECT_TAILS) and fresh:
            whom = index if reading.clauses[index] == reading.clauses[beat] else None
        elif tail.endswith(SUBJECT_TAILS) or tail.startswith(SUBJECT_TAILS):
            who = index
        elif tail.startswith(_GOAL_TAILS) and fresh:
            goal = index if takes_goal or mentions[index].slot in ("person", "animal") else goal
    return who, whom, goal


def _tail(reading: Reading, mentions: Mapping[int, Mention], index: int) -> str:
    """おばあちゃんの手が, 그녀의 손이: what a hand does its owner does, so its particle counts."""
    tail = reading.tail(index)
    if tail.startswith(("の", "의")):
        for part in (index + 1, index + 2):
            if part in mentions and mentions[part].slot == "body":
                return reading.tail(part)
    return tail


def _takes_goal(reading: Reading, action: Mention, beat: int) -> bool:
    """馬に乗る, 花に水をやる: what is reached, and what a verb with an object of its own is done to."""
    text = text_of(reading, beat)
    has_object = "を" in text or "을 " in text or "를 " in text
    return has_object or is_kind(action.concept.id, "reaching")


def qualifies(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    """Whether a verb ends as it does before a noun; て, and a stem before a comma, go on instead."""
    if reading.language == "ja":
        return text_of(reading, _last_of_verb(reading, mentions, beat)).endswith(_ATTRIBUTIVE_ENDS)
    token = reading.tokens[beat]
    if token.tail:
        return token.tail.endswith(_QUALIFYING_TAILS)
    return "가" <= token.text[-1] <= "힣" and split(token.text[-1])[2] in _QUALIFYING_FINALS


def _last_of_verb(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> int:
    """Return the last token of the endings of a Japanese verb."""
    last = beat
    while (
        last + 1 < min(len(reading.tokens), beat + 6)
        and last + 1 not in mentions
        and _is_ending(reading, last + 1)
    ):
        last += 1
    return last


def _is_passive(reading: Reading, beat: int) -> bool:
    token = reading.tokens[beat]
    if reading.language == "ja":
        return "passive" in reading.roles(beat + 1) or token.text.startswith(_PASSIVE_STEMS)
    is_listed = token.text.startswith(_PASSIVE_STEMS)
    return is_listed or token.tail.startswith(_PASSIVE_ENDINGS)
