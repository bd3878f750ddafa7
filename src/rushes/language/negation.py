"""What a negation rules out: its scope over mentions, from function words and word order.

Chinese and English negate forward ("no rain or snow", 没有雨和雪), Japanese and Korean backward
(雨も雪もない, 비도 눈도 없이). A scope is the next concept with its attributes, and what is joined to it.
"""

from collections.abc import Iterator
from dataclasses import replace

from rushes.language.passage import ATTRIBUTE_SLOTS, CAMERA_SLOTS, PLACE_SLOTS, SUBJECT_SLOTS, Mention
from rushes.language.reading import Reading

# Characters of words without meaning or role that may stand between a negation and what it negates.
_REACH = {"zh": 4, "en": 18, "ja": 6, "ko": 6}
_HOLDING = frozenset(("hold", "carry", "look", "appear", "wear", "raise", "reveal"))
_CLEARING = frozenset(("rain", "heavy_rain", "thunderstorm", "storm"))
_IN_LISTS = frozenset(("determiner", "classifier", "light_verb"))
_ARTICLES = frozenset(("a", "an", "the"))
_JOINING_TAILS = ("도", "와", "과", "나", "이나", "랑", "이랑", "이며")


def negated_mentions(reading: Reading, mentions: dict[int, Mention]) -> set[int]:
    """Return the token numbers of the mentions that the text rules out."""
    found: set[int] = set()
    for index in range(len(reading.tokens)):
        roles = reading.roles(index)
        if "ceased" in roles and not _is_denied(reading, index):
            found.update(_ceased(reading, mentions, index))
        if reading.language == "ja" and _clears_up(mentions, index):
            found.update((index, index - 2))
        if index in mentions and mentions[index].concept.id == "stop":
            found.update(_stopped(reading, mentions, index))
        if "not_negation" in roles:
            continue
        if "nobody" in roles and reading.language in ("ja", "ko"):
            found.update(_of_whom_none(reading, mentions, index))
        if "negation" in roles or "nobody" in roles:
            # "Not without rain": two in a row make a presence of it.
            is_double = "negation" in reading.roles(index - 1)
            scope = set(_forward(reading, mentions, index))
            found = found - scope if is_double else found | scope
        if "negation_after" in roles and not (index and "ceased" in reading.roles(index - 1)):
            found.update(_backward(reading, mentions, index))
    return found


def _group(mention: Mention) -> str:
    """What may be joined in one negation: things with things, camera words with camera words."""
    if mention.slot in SUBJECT_SLOTS | PLACE_SLOTS | {"clothing", "body"}:
        return "thing"
    if mention.slot in CAMERA_SLOTS:
        return "camera"
    return "air" if mention.slot in ("weather", "light", "time") else mention.slot


def _forward(reading: Reading, mentions: dict[int, Mention], start: int) -> Iterator[int]:
    head = None if "nobody" in reading.roles(start) else _head(reading, mentions, start + 1)
    if head is None:
        if "nobody" in reading.roles(start):
            yield from _action_of_nobody(reading, mentions, start, start)
        return
    yield from _with_attributes(mentions, start, head)
    last = head
    if _is_view_of(mentions, head):
        last = head + 1
        yield last
    if mentions[head].concept.id in _HOLDING:
        thing = _head(reading, mentions, head + 1)
        if thing is not None:
            yield thing
            last = thing
    while (joined := _joined(reading, mentions, last)) is not None:
        yield from _with_attributes(mentions, last, joined)
        last = joined
    if mentions[head].slot == "person" and reading.language in ("en", "zh"):
        yield from _action_of_nobody(reading, mentions, start, last)


def _is_view_of(mentions: dict[int, Mention], head: int) -> bool:
    """不要人脸特写, no face close-up: a size right behind a thing is what is ruled out with it."""
    after = mentions.get(head + 1)
    is_thing = _group(mentions[head]) == "thing"
    return is_thing and after is not None and after.slot == "shot_size"


def _with_attributes(mentions: dict[int, Mention], after: int, head: int) -> Iterator[int]:
    yield head
    for index in range(after + 1, head):
        if index in mentions and mentions[index].slot in ATTRIBUTE_SLOTS:
            yield index


def _head(reading: Reading, mentions: dict[int, Mention], start: int) -> int | None:
    """Return the first mention from `start` on that is no attribute of a later one, within reach."""
    reach, attribute = _REACH[reading.language], None
    for index in range(start, len(reading.tokens)):
        roles = reading.roles(index)
        if reading.is_mark(index) or roles & {"stop_negation", "negation", "clause"}:
            break
        if index in mentions:
            if mentions[index].slot not in ATTRIBUTE_SLOTS:
                return index
            attribute = index
        elif not roles:
            reach -= len(reading.tokens[index].text)
            # "Without a word she leaves": an unknown noun is what is ruled out.
            is_noun = reading.language == "en" and not _begins_noun(reading, mentions, index + 1)
            if reach < 0 or is_noun:
                break
    return attribute


def _begins_noun(reading: Reading, mentions: dict[int, Mention], index: int) -> bool:
    """Whether a known word other than a pronoun stands here."""
    return index in mentions and not reading.tokens[index].roles & {"he", "she"}


def _joined(reading: Reading, mentions: dict[int, Mention], last: int) -> int | None:
    """Return the mention joined to `last` as its equal: "or snow", 和雪, ", snow or fog"."""
    index, joiner = last + 1, ""
    while index < len(reading.tokens) and index not in mentions:
        roles, text = reading.roles(index), reading.tokens[index].text
        if "and" in roles:
            joiner = text if text not in (",",) or not joiner else joiner
        elif not (joiner and roles & _IN_LISTS) or text in _ARTICLES:
            return None
        index += 1
    if index >= len(reading.tokens) or not joiner:
        return None
    if mentions[index].slot in ATTRIBUTE_SLOTS:
        head = _head(reading, mentions, index + 1)
        index = index if head is None else head
    if _group(mentions[index]) != _group(mentions[last]):
        return None
    return None if joiner == "," and not _list_goes_on(reading, mentions, index) else index


def _list_goes_on(reading: Reading, mentions: dict[int, Mention], index: int) -> bool:
    """Whether a comma list ends in "or" or "and": only then do its members share the negation."""
    if reading.language != "en":
        return False
    for position in range(index + 1, min(index + 8, len(reading.tokens))):
        if reading.tokens[position].text in ("or", "nor", "and"):
            return position + 1 in mentions
        if position not in mentions and reading.tokens[position].text != ",":
            return False
    return False


def _action_of_nobody(reading: Reading, mentions: dict[int, Mention], start: int, last: int) -> Iterator[int]:
    """Nobody runs: what nobody does is not done. `start` and `last`: the negation and who is ruled out.

    A horse without a rider trots: who is only missing from something else does nothing but what ends in -ing.
    """
    is_missing = "missing" in reading.roles(start) or "preposition" in reading.roles(start - 1)
    for position in range(last + 1, len(reading.tokens)):
        if reading.is_mark(position) or reading.roles(position) & {"stop_negation", "link"}:
            return
        if position in mentions:
            is_action = mentions[position].slot == "action"
            if is_action and (not is_missing or reading.tokens[position].text.endswith("ing")):
                yield position
            return


def _of_whom_none(reading: Reading, mentions: dict[int, Mention], index: int) -> Iterator[int]:
    """사람은 아무도 없다, 人は誰もいない: people right before; but 少年が誰もいない道を走る has a boy."""
    for position in (index - 1, index - 2):
        if reading.is_mark(position):
            return
        if position in mentions:
            if mentions[position].concept.id == "person":
                yield position
            return


def _ceased(reading: Reading, mentions: dict[int, Mention], index: int) -> Iterator[int]:
    """The rain has stopped, it has stopped raining, 泣き止んで: what stands right beside it is over."""
    if _is_gerund(reading, mentions, index + 1):
        yield index + 1
        return
    for position in range(index - 1, max(index - 3, -1), -1):
        if position in mentions:
            if mentions[position].slot in ("weather", "action"):
                yield position
            return


def _is_gerund(reading: Reading, mentions: dict[int, Mention], index: int) -> bool:
    """Whether a known English word, or the first of several, ends in -ing: raining, running at."""
    if index not in mentions or reading.language != "en":
        return False
    return reading.tokens[index].text.split()[0].endswith("ing")


def _clears_up(mentions: dict[int, Mention], index: int) -> bool:
    """雨が上がる: where rain goes up, it is over; smoke that goes up is there."""
    action, weather = mentions.get(index), mentions.get(index - 2)
    if action is None or weather is None or action.concept.id != "rise":
        return False
    return weather.concept.id in _CLEARING


def _is_denied(reading: Reading, index: int) -> bool:
    """The rain has not stopped yet."""
    return "negation_after" in reading.roles(index + 1)


def _stopped(reading: Reading, mentions: dict[int, Mention], index: int) -> Iterator[int]:
    """It stopped raining, 달리기를 멈추고: what is stopped goes on no longer."""
    before = mentions.get(index - 1)
    if _is_gerund(reading, mentions, index + 1):
        yield index + 1
    if before is not None and before.slot == "action" and reading.tokens[index - 1].tail.startswith("기를"):
        yield index - 1


def _backward(reading: Reading, mentions: dict[int, Mention], start: int) -> Iterator[int]:
    """Japanese and Korean: the predicate right before; else what is said not to be there."""
    head = _head_before(reading, mentions, start)
    if head is None:
        return
    yield head
    # 血は出ない: a verb that only says that something is there.
    is_light = mentions[head].concept.id in _HOLDING or "light_verb" in reading.tokens[head].roles
    if mentions[head].slot == "action" and not is_light:
        return
    if is_light and mentions[head].slot == "action":
        thing = _head_before(reading, mentions, head)
        if thing is not None and _group(mentions[thing]) == "thing":
            yield thing
            head = thing
    yield from _attributes_before(mentions, head)
    last = head
    while (joined := _joined_before(reading, mentions, last)) is not None:
        yield joined
        yield from _attributes_before(mentions, joined)
        last = joined


def _attributes_before(mentions: dict[int, Mention], head: int) -> Iterator[int]:
    index = head - 1
    while index in mentions and mentions[index].slot in ATTRIBUTE_SLOTS:
        yield index
        index -= 1


def _head_before(reading: Reading, mentions: dict[int, Mention], start: int) -> int | None:
    reach = _REACH[reading.language]
    for index in range(start - 1, -1, -1):
        if index in mentions:
            is_adverb = mentions[index].slot in ("speed", "direction", "count")
            if not is_adverb:
                return index
            continue
        roles = reading.roles(index)
        if reading.is_mark(index) or roles & {"negation_after", "stop_negation"}:
            return None
        if not roles & {"light_verb", "filler", "subject", "object", "goal", "passive", "link", "and"}:
            reach -= len(reading.tokens[index].text)
            if reach < 0:
                return None
    return None


def _joined_before(reading: Reading, mentions: dict[int, Mention], last: int) -> int | None:
    # 雪、雨もない: a comma joins only where も shows that more than one is meant.
    joiner = reading.language == "ja" and reading.tail(last).startswith("も")
    index = last - 1
    while index >= 0 and (index not in mentions or mentions[index].slot in ATTRIBUTE_SLOTS):
        if index not in mentions:
            roles = reading.roles(index)
            if "and" not in roles:
                return None
            joiner = joiner or reading.tokens[index].text not in (",", "、")
        index -= 1
    if index < 0:
        return None
    if reading.language == "ko":
        joiner = joiner or reading.tokens[index].tail.endswith(_JOINING_TAILS)
    return index if joiner and _group(mentions[index]) == _group(mentions[last]) else None


def negate(mentions: dict[int, Mention], negated: set[int]) -> dict[int, Mention]:
    """Return the mentions with those at `negated` marked."""
    return {
        index: replace(mention, negated=True) if index in negated else mention
        for index, mention in mentions.items()
    }
