"""How a noun stands in its sentence: under which particle or preposition, behind what, before what."""

from collections.abc import Mapping
from typing import NamedTuple

from rushes.language.beats.sentence import coverb, has_side_after, text_of
from rushes.language.passage import ATTRIBUTE_SLOTS, PLACE_SLOTS, SUBJECT_SLOTS, Mention
from rushes.language.reading import Reading

# What may do something, or have it done to it.
PARTICIPANTS = SUBJECT_SLOTS | PLACE_SLOTS | {"weather", "light", "clothing"}
# fmt: off
_CASES = {
    "が": "subject", "이": "subject", "가": "subject", "께서": "subject",
    "は": "topic", "은": "topic", "는": "topic", "も": "also", "도": "also",
    "を": "object", "을": "object", "를": "object",
    "に": "goal", "へ": "goal", "에": "goal", "에게": "goal", "한테": "goal",
    "で": "at", "에서": "at", "から": "from", "と": "with", "와": "with", "과": "with",
    "の": "of", "의": "of", "로": "by", "으로": "by",
}
# fmt: on
_INSIDE = frozenset(("determiner", "link", "classifier"))
_POSSESSIVES = ("'s", "的", "の")
_REACH = 6
_LONGEST = 8


class Noun(NamedTuple):
    """case: of a particle, else the coverb or word before; left, right: what stands beside, past articles and
    attributes; has: what it is the owner of, a `body`, a `noun` or nothing."""

    case: str
    left: str
    right: str
    has: str


def noun_at(reading: Reading, mentions: Mapping[int, Mention], index: int) -> Noun:
    """Return how the noun at a token stands."""
    left = _left(reading, mentions, index)
    right = kind_at(reading, mentions, index + 1)
    return Noun(_case(reading, mentions, index, left), left, right, _has(reading, mentions, index))


def kind_at(reading: Reading, mentions: Mapping[int, Mention], index: int) -> str:
    """Return a word of the grammar itself, else what kind of thing stands at a token."""
    if reading.ends_sentence(index):
        return "."
    if reading.is_mark(index):
        return ","
    if index in mentions:
        slot = mentions[index].slot
        if slot == "action":
            return "verb"
        return "noun" if slot in PARTICIPANTS or slot == "body" else "attribute"
    token = reading.tokens[index]
    if not token.roles:
        return "unknown"
    return token.text if len(token.text) <= _LONGEST else min(token.roles)


def _left(reading: Reading, mentions: Mapping[int, Mention], index: int) -> str:
    for before in range(index - 1, max(-1, index - _REACH), -1):
        kind = kind_at(reading, mentions, before)
        roles = reading.roles(before) if before not in mentions else frozenset[str]()
        is_inside = roles & _INSIDE and "preposition" not in roles and kind not in _POSSESSIVES
        if kind != "attribute" and not is_inside:
            return kind
    return "."


def _case(reading: Reading, mentions: Mapping[int, Mention], index: int, left: str) -> str:
    if reading.language == "en":
        return left
    if reading.language == "zh":
        side = "side" if has_side_after(reading, index) else left
        return coverb(reading, mentions, index) or side
    tail = reading.tail(index)
    if tail.startswith(("の", "의")):
        # おばあちゃんの手が, 그녀의 손이: what a hand does its owner does, so its particle counts.
        parts = (
            each for each in (index + 1, index + 2) if each in mentions and mentions[each].slot == "body"
        )
        tail = next(map(reading.tail, parts), tail)
    known = (part for part in (tail[:2], tail[:1], tail[-1:]) if part in _CASES)
    return next((_CASES[part] for part in known), "other" if tail else "none")


def _has(reading: Reading, mentions: Mapping[int, Mention], index: int) -> str:
    if text_of(reading, index + 1) == "of":
        return "of"
    is_linked = text_of(reading, index + 1) in _POSSESSIVES
    if not is_linked and reading.language in ("en", "ja"):
        return ""
    if reading.language == "ko" and reading.tokens[index].tail not in ("", "의"):
        return ""
    index += 2 if is_linked else 1
    while index in mentions and mentions[index].slot in ATTRIBUTE_SLOTS:
        index += 1
    if index not in mentions:
        return "unknown" if is_linked else ""
    slot = mentions[index].slot
    return "body" if slot == "body" else "noun" if slot in PARTICIPANTS else ""
