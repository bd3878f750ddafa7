"""Where a sentence begins and ends, and small questions about the words around a token."""

from collections.abc import Mapping

from rushes.language.passage import ATTRIBUTE_SLOTS, Mention
from rushes.language.reading import Reading

# Tokens on each side that may matter for one beat; bounded, so that time stays linear in the text.
NEAR = 60
_SIDES = tuple("上下里中内外前后边旁口间")
_OBLIQUE = frozenset(("用", "给", "向", "朝", "对", "对着", "从", "以", "跟", "在", "往", "为", "透过", "随"))


def sentence_around(reading: Reading, index: int) -> tuple[int, int]:
    """Return [start, end) of the sentence of a token, at most NEAR tokens each way."""
    start = end = index
    while start > max(0, index - NEAR) and not reading.ends_sentence(start - 1):
        start -= 1
    while end < index + NEAR and not reading.ends_sentence(end):
        end += 1
    return start, end


def text_of(reading: Reading, index: int) -> str:
    """Return the text of a token, or nothing beyond the end."""
    return reading.tokens[index].text if 0 <= index < len(reading.tokens) else ""


def is_de(reading: Reading, index: int) -> bool:
    """Whether a token is the Chinese 的."""
    return reading.language == "zh" and text_of(reading, index) == "的"


def has_side_after(reading: Reading, index: int) -> bool:
    """桌子上, 树下: the word after a Chinese noun says at which side of it something happens."""
    return reading.language == "zh" and text_of(reading, index + 1).startswith(_SIDES)


def coverb(reading: Reading, mentions: Mapping[int, Mention], index: int) -> str:
    """Return the Chinese coverb that a noun stands under, past its attributes, or nothing."""
    for position in range(index - 1, max(index - 6, -1), -1):
        if text_of(reading, position) in _OBLIQUE and not _counts(reading, position):
            return text_of(reading, position)
        qualifies = position in mentions and is_de(reading, position + 1)
        in_phrase = position not in mentions or qualifies or mentions[position].slot in ATTRIBUTE_SLOTS
        if reading.is_mark(position) or not in_phrase or reading.roles(position) & {"object", "passive"}:
            return ""
    return ""


def _counts(reading: Reading, index: int) -> bool:
    """一对情侣, two lovers: 对 behind a number is a classifier."""
    before = reading.mentions.get(index - 1)
    is_number = text_of(reading, index - 1) == "一" or (before is not None and before.slot == "count")
    return is_number and "classifier" in reading.roles(index)
