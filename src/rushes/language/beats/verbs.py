"""Forms of verbs: passives, those that qualify a noun, those behind which whoever acted before goes on."""

from collections.abc import Mapping
from functools import cache

from rushes.language.beats.classes import is_kind
from rushes.language.beats.nouns import PARTICIPANTS
from rushes.language.beats.sentence import is_de, text_of
from rushes.language.concepts import Lexicon, plain
from rushes.language.morphology.korean import split
from rushes.language.passage import ATTRIBUTE_SLOTS, Mention
from rushes.language.reading import Reading
from rushes.language.script import Script

_BEING = ("is", "are", "was", "were", "be", "been", "being", "gets", "get", "got", "getting")
# What a Chinese verb with these before it is done to stands elsewhere than behind it.
_VOICES = ("被", "让", "由", "遭", "把", "将", "给")
_ATTRIBUTIVE_ENDS = tuple("るただうくぐすつぬぶむい")
_QUALIFYING_FINALS = (4, 8)  # ㄴ and ㄹ among the final consonants of a syllable
_QUALIFYING_TAILS = ("는", "ㄴ", "은", "던", "ㄹ", "을")
# Forms of verbs that the lexicon lists as passives.
_PASSIVE_STEMS = ("囲まれ", "追われ", "吸い込まれ", "쫓기", "쫓긴", "잡히", "잡힌", "잡혀", "에워싸이")
_PASSIVE_ENDINGS = ("당하", "당해", "당한", "되", "돼", "된")
# 기차가 도착하자, 列車が着くと: behind these the subject changes back.
_SWITCHING_ENDS = ("자", "니", "니까", "자마자", "면")
_GERUND_AFTER = ("by", "for", "of", "at", "about")
_RELATIVIZERS = ("who", "which", "that")
_LONGEST, _REACH = 8, 5
_SHORTEST = 2


def voice_of(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> str:
    """Return `passive`, the Chinese word for whom something is done by or to (被, 把), or nothing."""
    token = reading.tokens[beat]
    if reading.language == "en":
        is_participle = mentions[beat].kind == "participle" and not token.text.split()[0].endswith("ing")
        return "passive" if is_participle and _follows_being(reading, mentions, beat) else ""
    if reading.language == "zh":
        return _voice_before(reading, mentions, beat)
    if reading.language == "ja":
        is_passive = "passive" in reading.roles(beat + 1) or token.text.startswith(_PASSIVE_STEMS)
    else:
        is_passive = token.text.startswith(_PASSIVE_STEMS) or token.tail.startswith(_PASSIVE_ENDINGS)
    return "passive" if is_passive else ""


def _follows_being(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    for index in range(beat - 1, max(-1, beat - 3), -1):
        if index not in mentions and text_of(reading, index) in _BEING:
            return True
        if not text_of(reading, index).endswith("ly"):
            return False
    return False


def _voice_before(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> str:
    for index in range(beat - 1, max(-1, beat - 2 * _LONGEST), -1):
        if reading.is_mark(index) or (index in mentions and mentions[index].slot == "action"):
            return ""
        if index not in mentions and text_of(reading, index) in _VOICES:
            return text_of(reading, index)
    return ""


def names_noun(reading: Reading, beat: int) -> bool:
    """Whether the words of a verb name a noun already: 抱着孩子, walks with a child in arms."""
    text, nouns = reading.tokens[beat].text, _nouns(reading.language)
    if reading.language == "en":
        return not nouns.isdisjoint(text.split()[1:])
    ends = range(_SHORTEST, len(text) + 1)
    parts = (text[start:end] for end in ends for start in range(end - _SHORTEST + 1))
    return any(part in nouns for part in parts if part != text)


@cache
def _nouns(language: str) -> frozenset[str]:
    named = (each for each in Lexicon.load().concepts.values() if each.slot in PARTICIPANTS)
    return frozenset(plain(word) for each in named for word in each.words[language])


def qualified_by(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> int | None:
    """Return the noun that a verb qualifies: 走っている女, 우는 소년, 追气球的孩子, under falling petals."""
    if reading.language in ("ja", "ko"):
        return _noun_after(reading, mentions, beat) if _is_attributive(reading, mentions, beat) else None
    if reading.language == "zh":
        within = range(beat + 1, min(beat + _LONGEST, len(reading.tokens)))
        de = next((index for index in within if reading.is_mark(index) or is_de(reading, index)), None)
        return None if de is None or reading.is_mark(de) else _noun_after(reading, mentions, de)
    for index in range(beat - 1, max(0, beat - _REACH + 1), -1):
        if text_of(reading, index) in _RELATIVIZERS:
            return next((head for head in range(index - 1, max(-1, index - 4), -1) if head in mentions), None)
        if reading.is_mark(index):
            return None
    before = mentions.get(beat - 1)
    is_inside = "determiner" in reading.roles(beat - 1) if before is None else before.slot in ATTRIBUTE_SLOTS
    if before is None and "preposition" in reading.roles(beat - 1) and text_of(reading, beat).endswith("ing"):
        # Under falling petals; by and for say how and why: pays for riding horses.
        is_gerund = text_of(reading, beat - 1) in _GERUND_AFTER
        is_inside = is_kind(mentions[beat].concept.id, "alone") and not is_gerund
    return beat + 1 if is_inside and beat + 1 in mentions else None


def tells_what_fills(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    """铺满银杏叶的小巷, 坐满观众的剧院: what a place is full of is how it looks, and no event."""
    is_full = reading.language == "zh" and reading.tokens[beat].text.endswith("满")
    return is_full and qualified_by(reading, mentions, beat) is not None


def _noun_after(reading: Reading, mentions: Mapping[int, Mention], start: int) -> int | None:
    for index in range(start + 1, min(start + _REACH + 1, len(reading.tokens))):
        if index in mentions and mentions[index].slot not in ATTRIBUTE_SLOTS:
            return index
        if reading.language == "zh" and not reading.is_mark(index):
            continue
        if index not in mentions and (reading.language != "ja" or not _is_ending(reading, index)):
            return None
    return None


def changes_subject(reading: Reading, beat: int) -> bool:
    """Whether a verb ends in a way that gives the sentence back to who acted before: 着くと, 도착하자."""
    if reading.language == "ko":
        return reading.tokens[beat].tail.endswith(_SWITCHING_ENDS)
    if reading.language != "ja":
        return False
    last = _last_of_verb(reading, {}, beat)
    ends_clause = text_of(reading, last + 1) == "と" and reading.is_mark(last + 2)
    return text_of(reading, last) == "と" or ends_clause


def _is_attributive(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
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


def _is_ending(reading: Reading, index: int) -> bool:
    """What a Japanese verb ends in: ている, た."""
    if reading.is_mark(index) or reading.roles(index) & {"subject", "object", "and", "clause"}:
        return False
    return reading.tokens[index].script is Script.HIRAGANA
