"""Who wears a garment, and whose part of a body is which: 赤いマントの女, puts a scarf on a snowman."""

from collections.abc import Mapping

from rushes.language.passage import ATTRIBUTE_SLOTS, FAR, LIVING_SLOTS, Mention
from rushes.language.reading import Reading

# What may stand between a garment and who wears it.
_WORN = frozenset(("link", "wear", "object", "classifier", "filler", "light_verb", "place"))
# A can has a label as an animal has fur.
_BODIED = LIVING_SLOTS | {"vehicle", "thing"}
# What is done to a garment that nobody wears.
# fmt: off
_HANDLING = frozenset((
    "knit", "sew", "wash", "fold", "buy", "give", "receive", "carve", "draw", "wave", "shake", "throw",
    "drop", "search",
))
# fmt: on
_PUT_ON = frozenset(("on", "onto", "over", "around", "round", "about"))


def wearer(reading: Reading, mentions: Mapping[int, Mention], index: int) -> int | None:
    """Return who wears the garment at token number `index`, or whose part of the body it is."""
    slots = _BODIED
    if mentions[index].slot == "clothing":
        slots = LIVING_SLOTS
        done = _done_to(reading, mentions, index)
        dressed = None if done in _HANDLING else _dressed(reading, mentions, index)
        if done in _HANDLING or dressed is not None:
            return dressed
        if done == "tie_up":
            return None
    return _wearer_after(reading, mentions, index, slots) or _around(reading, mentions, index, slots)


def _around(
    reading: Reading, mentions: Mapping[int, Mention], index: int, slots: frozenset[str]
) -> int | None:
    before: int | None = None
    ended = False
    own = reading.language == "en" and reading.tokens[index - 1].text in ("his", "her", "their", "its")
    if index and own and (acting := _first_living(reading, mentions, index)) is not None:
        return acting
    for position in reading.window(index, -1):
        ended = ended or reading.ends_sentence(position)
        if _is_pattern(reading, mentions, position, index):
            continue
        if position in mentions and mentions[position].slot in slots:
            if not ended:
                return position
            before = position if before is None else before
    for position in reading.window(index, 1):
        if position in mentions and mentions[position].slot in slots:
            return position
    return before


def _dressed(reading: Reading, mentions: Mapping[int, Mention], index: int) -> int | None:
    """Wraps a scarf around her son's neck, 雪だるまにマフラーを巻く: whom a verb puts the garment on."""
    if reading.language == "en":
        is_put = _before_phrase(reading, mentions, index) == "action"
        behind = range(index + 2, min(index + 6, len(reading.tokens)))
        return _first(reading, mentions, behind) if is_put and _text(reading, index + 1) in _PUT_ON else None
    if reading.language != "ja" or reading.tail(index) != "を":
        return None
    whom = _first(reading, mentions, range(index - 1, max(-1, index - 6), -1))
    return whom if whom is not None and reading.tail(whom) == "に" else None


def _first(reading: Reading, mentions: Mapping[int, Mention], positions: range) -> int | None:
    """Return the first thing named at one of the positions, if it lives."""
    for position in positions:
        known = mentions.get(position)
        if known is not None and known.slot not in ATTRIBUTE_SLOTS:
            return position if known.slot in LIVING_SLOTS else None
        if reading.is_mark(position):
            return None
    return None


def _before_phrase(reading: Reading, mentions: Mapping[int, Mention], index: int) -> str:
    """Return the slot of what stands before a noun, its articles and attributes, or ""."""
    for position in range(index - 1, max(-1, index - 5), -1):
        known = mentions.get(position)
        if known is not None and known.slot not in ATTRIBUTE_SLOTS:
            return known.slot
        if known is None and "determiner" not in reading.roles(position):
            return ""
    return ""


def _first_living(reading: Reading, mentions: Mapping[int, Mention], index: int) -> int | None:
    """ "The magician pulls a rabbit out of his hat": the first living thing of the clause, no genitive."""
    near = [other for other in range(max(0, index - FAR), index) if other in mentions]
    clause = mentions[index].clause
    alive = (each for each in near if mentions[each].slot in LIVING_SLOTS)
    living = (each for each in alive if not _text(reading, each + 1).startswith("'"))
    return next((each for each in living if mentions[each].clause == clause), None)


def _is_pattern(reading: Reading, mentions: Mapping[int, Mention], position: int, garment: int) -> bool:
    """Dinosaur pajamas, a police uniform: a living thing right before an English garment names its kind."""
    if reading.language != "en" or position != garment - 1 or position not in mentions:
        return False
    return mentions[position].slot in LIVING_SLOTS and mentions[garment].slot == "clothing"


def _done_to(reading: Reading, mentions: Mapping[int, Mention], index: int) -> str | None:
    """Return the deed done to a garment: knits a sweater, washes a shirt, sews a button onto a coat."""
    step = -1 if reading.language in ("zh", "en") else 1
    has_passed_thing = False
    for position in range(index + step, index + 7 * step, step):
        if not 0 <= position < len(reading.tokens) or reading.is_mark(position):
            return None
        if position not in mentions or mentions[position].slot in ATTRIBUTE_SLOTS:
            continue
        if mentions[position].slot == "thing" and not has_passed_thing:
            has_passed_thing = True
            continue
        return mentions[position].concept.id
    return None


def _wearer_after(
    reading: Reading, mentions: Mapping[int, Mention], index: int, slots: frozenset[str]
) -> int | None:
    """赤いマントの女, 穿风衣的人, 망토를 두른 여자, red-cloaked woman: the garment comes first."""
    if reading.language == "en":
        after = mentions.get(index + 1)
        return index + 1 if after is not None and after.slot in slots else None
    # 帽子から, 모자에서: what comes out of a garment does not wear it.
    if reading.tokens[index].tail.startswith("에서") or _text(reading, index + 1) == "から":
        return None
    for position in reading.window(index, 1):
        if position in mentions:
            slot = mentions[position].slot
            if slot in slots:
                return position
            if slot not in ATTRIBUTE_SLOTS | {"clothing", "body"}:
                return None
        elif reading.is_mark(position) or not reading.roles(position) & _WORN:
            return None
    return None


def _text(reading: Reading, index: int) -> str:
    return reading.tokens[index].text if index < len(reading.tokens) else ""
