"""Which thing an attribute belongs to: neighbours within a clause, by word order."""

from collections.abc import Mapping

from rushes.language.garments import wearer
from rushes.language.passage import ATTRIBUTE_SLOTS, LIVING_SLOTS, PLACE_SLOTS, SUBJECT_SLOTS, Mention
from rushes.language.reading import Reading

# What may stand between an attribute and its noun.
_GLUE = frozenset(("link", "classifier", "filler", "light_verb", "determiner", "and", "wear"))
_HEADS = SUBJECT_SLOTS | PLACE_SLOTS | {"clothing", "body"}


def owners(reading: Reading, mentions: Mapping[int, Mention]) -> dict[int, int]:
    """Return, for each attribute, garment and body part (by token number), the thing it belongs to."""
    found: dict[int, int] = {}
    for index, mention in mentions.items():
        owner = None
        if mention.slot in ATTRIBUTE_SLOTS:
            owner = _qualified(reading, mentions, index)
        elif mention.slot in ("clothing", "body"):
            owner = wearer(reading, mentions, index)
        elif mention.slot == "direction" or mention.concept.id in ("slow", "fast"):
            owner = _nearest_action(reading, mentions, index)
            if owner is None and mention.slot == "direction":
                owner = _next_head(reading, mentions, index) or _previous_head(reading, mentions, index)
        if owner is not None:
            found[index] = owner
    return found


def _nearest_action(reading: Reading, mentions: Mapping[int, Mention], index: int) -> int | None:
    """Where something goes and how fast belongs to the action next to it in its clause."""
    clause = reading.clauses[index]
    near = [
        (abs(other - index), other)
        for other in (*reading.window(index, -1), *reading.window(index, 1))
        if other in mentions and mentions[other].slot == "action" and reading.clauses[other] == clause
    ]
    return min(near)[1] if near else None


def _qualified(reading: Reading, mentions: Mapping[int, Mention], index: int) -> int | None:
    if _is_said_of_nothing(reading, mentions, index):
        return None
    is_count = mentions[index].slot == "count"
    after = _next_head(reading, mentions, index)
    before = _previous_head(reading, mentions, index)
    if is_count and before is not None and _follows(reading, mentions, before, index):
        return before
    if is_count and after is not None and mentions[after].slot == "clothing":
        # 两名黑衣剑客: two swordsmen, not two garments.
        who = _next_head(reading, mentions, after)
        return who if who is not None and mentions[who].slot in LIVING_SLOTS else after
    if after is not None:
        return after
    # An audience of three; but "one last time", "in two", "one by one" count nothing before them.
    counts_nothing = is_count and reading.language == "en" and reading.tokens[index - 1].text != "of"
    return None if counts_nothing and mentions[index].concept.id != "group" else before


def _is_said_of_nothing(reading: Reading, mentions: Mapping[int, Mention], index: int) -> bool:
    """A red subject, 赤い被写体: a word that stands for whatever is filmed has the attribute."""
    for position in range(index + 1, min(index + 4, len(reading.tokens))):
        if position in mentions and mentions[position].slot not in ATTRIBUTE_SLOTS:
            return False
        if "dummy" in reading.roles(position):
            return True
    return False


def _follows(reading: Reading, mentions: Mapping[int, Mention], head: int, count: int) -> bool:
    """늑대 세 마리, 家族四人, 狼の群れ: Korean and Japanese may count after the noun."""
    if reading.language in ("zh", "en"):
        # 狼群, a wolf pack, but "a boy, three dogs".
        return head == count - 1 and mentions[count].concept.id == "group"
    if reading.language == "ko":
        return head == count - 1
    between = [reading.tokens[index].text for index in range(head + 1, count)]
    # 浴衣の二人: two people, not two garments.
    is_joined = not between or (between == ["の"] and mentions[head].slot != "clothing")
    return reading.language == "ja" and is_joined and "classifier" not in reading.roles(count)


def _next_head(reading: Reading, mentions: Mapping[int, Mention], index: int) -> int | None:
    """Return the thing right after, past further attributes; a verb or a comma ends the search."""
    for position in reading.window(index, 1):
        if position in mentions:
            slot = mentions[position].slot
            # Green smoke, 緑の煙.
            if slot in _HEADS or (slot == "weather" and mentions[index].slot == "colour"):
                return position
            if slot not in ATTRIBUTE_SLOTS and slot not in ("light", "mood", "style"):
                return None
        elif _lists_attributes(reading, mentions, position):
            continue
        elif reading.is_mark(position) or not _is_glue(reading, position) or _ends_phrase(reading, position):
            return None
    return None


def _ends_phrase(reading: Reading, position: int) -> bool:
    """瓶が十本 and 魚を何匹も桶に: what stands behind a Japanese particle is another phrase."""
    return reading.language == "ja" and bool(reading.roles(position) & {"subject", "object", "goal"})


def _lists_attributes(reading: Reading, mentions: Mapping[int, Mention], comma: int) -> bool:
    """An empty, ruined theater: a comma between two attributes of one noun."""
    before, after = mentions.get(comma - 1), mentions.get(comma + 1)
    if reading.tokens[comma].text != "," or before is None or after is None:
        return False
    return before.slot in ATTRIBUTE_SLOTS and after.slot in ATTRIBUTE_SLOTS


def _is_glue(reading: Reading, position: int) -> bool:
    """Whether a word may stand between an attribute and its noun; an unknown one only in English."""
    roles = reading.roles(position)
    return bool(roles & _GLUE) if roles else reading.language == "en"


def _previous_head(reading: Reading, mentions: Mapping[int, Mention], index: int) -> int | None:
    """ "The dress is red", 늑대 세 마리: the thing before in the same clause."""
    for position in reading.window(index, -1):
        if reading.clauses[position] != reading.clauses[index]:
            return None
        if position in mentions:
            if mentions[position].slot in _HEADS:
                return position
            if mentions[position].slot not in ATTRIBUTE_SLOTS:
                return None
    return None
