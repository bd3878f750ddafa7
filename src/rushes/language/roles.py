"""Who does what to whom, and in which order: the grammar of beats.

Chinese and English go by position (subject, verb, object), Japanese and Korean by particles; a noun that a
verb qualifies (走る女, 달리는 여자, 追气球的孩子) is its subject.
"""

from collections.abc import Iterator, Mapping, Sequence

from rushes.language.concepts import Lexicon
from rushes.language.morphology.korean import split
from rushes.language.reading import ATTRIBUTE_SLOTS, PLACE_SLOTS, SUBJECT_SLOTS, Mention, Reading
from rushes.language.script import Script

_WHOLE = SUBJECT_SLOTS
# Tokens on each side that may matter for one beat; bounded, so that time stays linear in the text.
_NEAR = 60
# What moves crosses or enters its object; a place is done something to only by other verbs.
_MOTION = frozenset(
    (
        "walk",
        "run",
        "leap",
        "climb",
        "fly",
        "swim",
        "float",
        "slide",
        "rise",
        "fall",
        "drive",
        "ride",
        "sail",
        "arrive",
        "weave",
        "land",
        "look",
    )
)
# What is done at a place, not to it.
_STAYING = frozenset(
    ("stand", "sit", "lie", "kneel", "squat", "perch", "sleep", "lean", "hide", "wait", "hang")
)
# What happens to one thing alone: a noun right after such a verb is what it happens to (枯れた花, 枯萎的花).
_ALONE = _MOTION | frozenset(
    (
        "wither",
        "die",
        "sleep",
        "drown",
        "bloom",
        "shine",
        "cry",
        "smile",
        "laugh",
        "collapse",
        "sink",
        "freeze",
        "melt",
        "spin",
        "stand",
        "sit",
        "squat",
        "kneel",
        "lie",
        "shake",
        "tremble",
        "sway",
        "burn",
        "explode",
        "appear",
        "flutter",
        "hover",
        "gallop",
        "glow",
        "roar",
        "howl",
        "bark",
        "grow",
        "crawl",
        "hang",
    )
)
# What can do something without being a subject of the spec: wind blows, light falls in.
_ELEMENTS = frozenset(("weather", "light", "sky"))
# With what, for whom, from where: a noun under one of these does not act.
# What may stand between a verb and the noun or the conjunction before it.
_SAYING_HOW = frozenset(("speed", "direction", "mood", "count"))
# Places that do something themselves, and what any place may do.
_MOVING = frozenset(
    (
        "bunker",
        "car_door",
        "curtain",
        "door",
        "elevator",
        "fountain",
        "gate",
        "ground",
        "hatch",
        "meteor",
        "river",
        "sea_wave",
        "stream",
        "swing",
        "tree",
        "volcano",
        "waterfall",
        "window",
    )
)
_DESTROYING = frozenset(("burn", "explode", "collapse", "shake", "tremble", "sink"))
_SIDES = tuple("上下里中内外前后边旁口间")
_ELEMENT_TAILS = ("が", "이", "가")
_OBLIQUE = frozenset(("用", "给", "向", "朝", "对", "从", "以", "跟", "在", "往", "为", "透过", "随"))
_SUBJECT_TAILS = ("が", "は", "も", "이", "가", "은", "는", "도", "께서", "들이", "들은")
_OBJECT_TAILS = ("を", "을", "를", "들을")
_GOAL_TAILS = ("に", "へ", "에게", "한테", "에", "들에게", "들한테")
_ATTRIBUTIVE_ENDS = tuple("るただうくぐすつぬぶむい")
_QUALIFYING_FINALS = (4, 8)  # ㄴ and ㄹ among the final consonants of a syllable
_QUALIFYING_TAILS = ("는", "ㄴ", "은", "던", "ㄹ", "을")


def participants(
    reading: Reading, mentions: Mapping[int, Mention], beats: Sequence[int]
) -> Iterator[tuple[int | None, int | None]]:
    """Yield for each beat (token number) the mention that does it and the one it is done to."""
    before: int | None = None
    last = -1
    for beat in beats:
        near = {index: mentions[index] for index in range(beat - _NEAR, beat + _NEAR) if index in mentions}
        is_done = not mentions[beat].negated
        slots = _WHOLE if reading.language in ("zh", "en") else _WHOLE | PLACE_SLOTS
        things = [
            index
            for index, mention in near.items()
            if mention.slot in slots and not (mention.negated and is_done)
        ]
        carried = before if last >= _sentence(reading, beat)[0] else None
        last = beat
        if reading.language in ("zh", "en"):
            who, whom = _by_position(reading, near, things, beat, carried)
        else:
            who, whom = _by_particle(reading, near, things, beat)
        acting = _element_acting(reading, near, beat)
        if acting is not None:
            acts = near[acting].slot in PLACE_SLOTS
            before = acting if acts else before
            yield (acting if acts else None), whom if whom != acting else None
            continue
        who = who if who is not None else before
        if who is not None and who == whom:
            whom = None
        before = who if who is not None else before
        yield who, whom


def _element_acting(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> int | None:
    """Wind blows, 光が差す, a door opens: what is no subject of the spec but does what the verb says."""
    clause = reading.clauses[beat]
    before = [index for index in mentions if index < beat and reading.clauses[index] == clause]
    before = [index for index in before if mentions[index].slot not in _SAYING_HOW]
    if reading.language in ("zh", "en"):
        if not before or any(mentions[index].slot in _WHOLE | {"action"} for index in before):
            return None
        nearest = before[-1]
        is_free = not _marker_before(reading, mentions, nearest) and not _is_under(reading, nearest)
        acts = is_free and not _is_where(reading, nearest)
        return nearest if acts and _is_element(mentions[nearest], mentions[beat]) else None
    for index in reversed(before):
        if mentions[index].slot == "action":
            return None
        tails = _ELEMENT_TAILS if mentions[index].slot in PLACE_SLOTS else _SUBJECT_TAILS
        if reading.tail(index).startswith(tails):
            return index if _is_element(mentions[index], mentions[beat]) else None
    return None


def _is_element(thing: Mention, action: Mention) -> bool:
    if thing.slot in _ELEMENTS and thing.concept.id not in _MOVING:
        return True
    return thing.slot in PLACE_SLOTS and (thing.concept.id in _MOVING or action.concept.id in _DESTROYING)


def _is_under(reading: Reading, index: int) -> bool:
    """Whether an English noun stands under a preposition, past its article."""
    return any(
        "preposition" in reading.roles(position) or "to" in reading.roles(position)
        for position in range(max(0, index - 3), index)
    )


def _is_where(reading: Reading, index: int) -> bool:
    """门口, 窗前, 树上: a place with a word for its side is where something happens."""
    is_side = reading.tokens[index].text.endswith(_SIDES) or _text(reading, index + 1).startswith(_SIDES)
    return reading.language == "zh" and is_side


def _text(reading: Reading, index: int) -> str:
    return reading.tokens[index].text if index < len(reading.tokens) else ""


def _sentence(reading: Reading, index: int) -> tuple[int, int]:
    start = end = index
    while start > max(0, index - _NEAR) and not reading.ends_sentence(start - 1):
        start -= 1
    while end < index + _NEAR and not reading.ends_sentence(end):
        end += 1
    return start, end


def _by_position(
    reading: Reading, mentions: Mapping[int, Mention], things: list[int], beat: int, carried: int | None
) -> tuple[int | None, int | None]:
    start, end = _sentence(reading, beat)
    after = _object(reading, mentions, beat, end)
    if (after == beat + 1 and _qualifies_object(reading, beat)) or _is_qualifier(reading, mentions, beat):
        noun = after if reading.language == "en" else _qualified_noun(reading, mentions, beat, end)
        return noun, None
    before = [index for index in things if start <= index < beat]
    goes_on = carried is not None and _goes_on(reading, mentions, beat)
    carried = carried if carried is not None else _subject_before(reading, before, beat)
    marked = _by_marker(reading, mentions, before, beat)
    plain = marked.pop("", [])
    if "passive" in marked and reading.language == "zh":
        return marked["passive"][-1], plain[0] if plain else carried
    is_passive = after is not None and _marker_before(reading, mentions, after) == "passive"
    if is_passive and reading.language == "en":
        return after, plain[-1] if plain else carried
    whom = marked["object"][-1] if "object" in marked else after
    if whom is None:
        whom = _given_to(reading, mentions, before, beat)
    if goes_on or ("object" in marked and not plain):
        return carried, whom
    if "object" in marked:
        return plain[0], whom
    who = _grammatical_subject(reading, mentions, plain, beat)
    if who is None and reading.language == "zh":
        who = _qualified_noun(reading, mentions, beat, end)
    if who is None:
        who = carried if carried is not None else _subject_after(reading, things, beat, end)
    return who, whom


def _by_marker(
    reading: Reading, mentions: Mapping[int, Mention], before: list[int], beat: int
) -> dict[str, list[int]]:
    """The things of the clause before a verb by what they stand under: object, passive, oblique, nothing."""
    found: dict[str, list[int]] = {}
    for index in before:
        # 他的狗, the man's dog: who has something does not do what it does.
        has_next = _links(reading, index + 1) and index + 2 in before
        if reading.clauses[index] == reading.clauses[beat] and not has_next:
            found.setdefault(_marker_before(reading, mentions, index), []).append(index)
    return found


def _goes_on(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    """Takes the letter and rides away, 抓起兔子，飞回: right behind "and" or a comma the subject stays."""
    for index in range(beat - 1, max(-1, beat - 5), -1):
        roles = reading.roles(index)
        if reading.is_mark(index) or roles & {"and", "clause"}:
            return not reading.ends_sentence(index) and "while" not in reading.tokens[index].text
        if index in mentions and mentions[index].slot not in _SAYING_HOW:
            return False
        if not roles & {"auxiliary", "to", "filler", "stop_negation"} and index not in mentions:
            return False
    return False


def _is_qualifier(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    """枯萎的花: a verb that has no object, and 的 right after it."""
    if reading.language != "zh" or mentions[beat].concept.id not in _ALONE:
        return False
    return beat + 2 < len(reading.tokens) and _links(reading, beat + 1) and beat + 2 in mentions


def _given_to(reading: Reading, mentions: Mapping[int, Mention], before: list[int], beat: int) -> int | None:
    """给花浇水: whom something is done for, where nothing else is said."""
    for index in reversed(before):
        if reading.clauses[index] == reading.clauses[beat] and _preposition(reading, mentions, index) == "给":
            return index
    return None


def _grammatical_subject(
    reading: Reading, mentions: Mapping[int, Mention], plain: list[int], beat: int
) -> int | None:
    """The first thing of the clause, unless a verb stands between that has it as its object.

    What stands right before the verb does it: "watches the ship burn".
    """
    if not plain:
        return None
    if plain[-1] == beat - 1:
        return plain[-1]
    verbs = [index for index, mention in mentions.items() if mention.slot == "action" and index < beat]
    earlier = [verb for verb in verbs if reading.clauses[verb] == reading.clauses[beat]]
    for index in plain:
        if not earlier or index < earlier[0]:
            return index
    return plain[-1] if reading.language == "en" else None


def _subject_before(reading: Reading, before: list[int], beat: int) -> int | None:
    """The subject carried on from earlier clauses of the sentence: the first thing of the nearest one."""
    clauses = sorted(
        {reading.clauses[index] for index in before if reading.clauses[index] != reading.clauses[beat]}
    )
    if not clauses:
        return None
    return next(index for index in before if reading.clauses[index] == clauses[-1])


def _qualifies_object(reading: Reading, beat: int) -> bool:
    """A burning village, the sleeping woman: the participle says what its noun does."""
    if reading.language != "en" or not reading.tokens[beat].text.endswith("ing"):
        return False
    return bool(reading.roles(beat - 1) & {"determiner", "preposition"})


def _subject_after(reading: Reading, things: list[int], beat: int, end: int) -> int | None:
    """ "Before jumping, the thief looks back": the subject of the clause that follows."""
    later = [
        index for index in things if beat < index < end and reading.clauses[index] > reading.clauses[beat]
    ]
    return later[0] if later else None


def _object(reading: Reading, mentions: Mapping[int, Mention], beat: int, end: int) -> int | None:
    for index in range(beat + 1, end):
        if reading.is_mark(index):
            return None
        roles = reading.roles(index)
        if roles & {"preposition", "clause", "stop_negation", "and"} and "passive" not in roles:
            return None
        if index in mentions:
            if "link" in reading.roles(index + 1) and reading.language == "en":
                continue
            if reading.language == "zh" and _text(reading, index + 1).startswith(_SIDES):
                return None
            if mentions[index].slot in _WHOLE or _may_suffer(mentions[index], mentions[beat]):
                return None if reading.language == "zh" and _links(reading, index - 1) else index
            if mentions[index].slot == "action":
                return None
    return None


def _may_suffer(thing: Mention, action: Mention) -> bool:
    """Whether a place is what is acted on: "burns the village", "opens the door"; motion only passes it."""
    if thing.slot not in PLACE_SLOTS or action.concept.id in _MOTION | _STAYING:
        return False
    return not _MOTION.intersection(Lexicon.load().ancestors(action.concept.id))


def _links(reading: Reading, index: int) -> bool:
    return reading.language == "zh" and _text(reading, index) == "的"


def _qualified_noun(reading: Reading, mentions: Mapping[int, Mention], beat: int, end: int) -> int | None:
    """追逐气球的孩子: the noun after 的."""
    for index in range(beat + 1, min(end, beat + 6)):
        if reading.is_mark(index):
            return None
        if _links(reading, index):
            for later in range(index + 1, min(end, index + 5)):
                if later in mentions and mentions[later].slot in _WHOLE:
                    return later
            return None
    return None


def _preposition(reading: Reading, mentions: Mapping[int, Mention], index: int) -> str:
    """Return the function word that a noun stands under, past its attributes and article, or nothing."""
    for position in range(index - 1, max(index - 6, -1), -1):
        if reading.tokens[position].text in _OBLIQUE:
            return reading.tokens[position].text
        qualifies = position in mentions and _links(reading, position + 1)
        in_phrase = position not in mentions or qualifies or mentions[position].slot in ATTRIBUTE_SLOTS
        if reading.is_mark(position) or not in_phrase or reading.roles(position) & {"object", "passive"}:
            return ""
    return ""


def _marker_before(reading: Reading, mentions: Mapping[int, Mention], index: int) -> str:
    """把, 被, by, 用: the function word of a noun, past its attributes and article."""
    if reading.language == "zh" and _preposition(reading, mentions, index):
        return "oblique"
    for position in range(index - 1, max(index - 5, -1), -1):
        roles = reading.roles(position)
        if roles & {"object"} and reading.tokens[position].text in ("把", "将"):
            return "object"
        if "passive" in roles:
            return "passive"
        if position in mentions and mentions[position].slot in _WHOLE | {"action"}:
            return ""
    return ""


def _by_particle(
    reading: Reading, mentions: Mapping[int, Mention], things: list[int], beat: int
) -> tuple[int | None, int | None]:
    who, whom, goal = _marked(reading, mentions, things, beat)
    after = _noun_after(reading, mentions, beat)
    if after is not None and mentions[after].slot in _WHOLE:
        if mentions[beat].concept.id in _ALONE or whom is not None:
            return after, whom
        who = after if who is None else who
    elif after is not None and _is_element(mentions[after], mentions[beat]):
        return after, whom
    if _is_passive(reading, beat) and goal is not None:
        return goal, who
    return who, whom if whom is not None else goal


def _noun_after(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> int | None:
    """走っている女, 우는 어린 소년: the noun a verb qualifies, past its other attributes."""
    for index in range(beat + 1, min(beat + 6, len(reading.tokens))):
        if index in mentions and mentions[index].slot not in ATTRIBUTE_SLOTS:
            return index if _qualifies(reading, mentions, beat) else None
        if index not in mentions and (reading.language == "ko" or not _is_ending(reading, index)):
            return None
    return None


def _is_ending(reading: Reading, index: int) -> bool:
    """What a Japanese verb ends in: ている, た."""
    if reading.is_mark(index) or reading.roles(index) & {"subject", "object", "and", "clause"}:
        return False
    return reading.tokens[index].script is Script.HIRAGANA


def _marked(
    reading: Reading, mentions: Mapping[int, Mention], things: list[int], beat: int
) -> tuple[int | None, int | None, int | None]:
    """Return the subject, the object and the goal that particles mark before a verb."""
    start, _ = _sentence(reading, beat)
    who = whom = goal = None
    for index in things:
        if not start <= index < beat:
            continue
        tail = reading.tail(index)
        if mentions[index].slot in PLACE_SLOTS:
            if tail.startswith(_OBJECT_TAILS) and index == _last_place(mentions, beat):
                whom = index if _may_suffer(mentions[index], mentions[beat]) else whom
            continue
        fresh = not any(
            mentions[other].slot == "action" for other in range(index + 1, beat) if other in mentions
        )
        if tail.startswith(_OBJECT_TAILS) and fresh:
            whom = index if reading.clauses[index] == reading.clauses[beat] else None
        elif tail.endswith(_SUBJECT_TAILS) or tail.startswith(_SUBJECT_TAILS):
            who = index
        elif tail.startswith(_GOAL_TAILS) and fresh and mentions[index].slot in ("person", "animal"):
            goal = index
    return who, whom, goal


def _last_place(mentions: Mapping[int, Mention], beat: int) -> int:
    before = [index for index in mentions if index < beat]
    return before[-1] if before else -1


def _qualifies(reading: Reading, mentions: Mapping[int, Mention], beat: int) -> bool:
    """Whether a verb ends as it does before a noun; て, and a stem before a comma, go on instead."""
    if reading.language == "ja":
        last = beat
        while last + 1 < len(reading.tokens) and last + 1 not in mentions and _is_ending(reading, last + 1):
            last += 1
        return reading.tokens[last].text.endswith(_ATTRIBUTIVE_ENDS)
    token = reading.tokens[beat]
    if token.tail:
        return token.tail.endswith(_QUALIFYING_TAILS)
    return "가" <= token.text[-1] <= "힣" and split(token.text[-1])[2] in _QUALIFYING_FINALS


def _is_passive(reading: Reading, beat: int) -> bool:
    if reading.language == "ja":
        return "passive" in reading.roles(beat + 1)
    return (
        reading.tokens[beat].text.endswith(("쫓기", "쫓긴", "잡히", "잡힌"))
        or "당하" in reading.tokens[beat].tail
    )


def in_time(reading: Reading, beats: list[int]) -> list[int]:
    """Return the beats in the order in which they happen: "before leaping, she looks back"."""
    ordered = list(beats)
    for index in range(len(reading.tokens)):
        roles = reading.roles(index)
        if "before" in roles and _follows_nominal(reading, index):
            _swap(reading, ordered, index, is_before=True)
        elif "after" in roles and reading.language == "en":
            _swap(reading, ordered, index, is_before=False)
    return ordered


def _follows_nominal(reading: Reading, index: int) -> bool:
    """전에 means "before" after a verb in 기; elsewhere it may be "at the front"."""
    return reading.language != "ko" or (index > 0 and reading.tokens[index - 1].tail.endswith("기"))


def _swap(reading: Reading, beats: list[int], marker: int, is_before: bool) -> None:
    """Put the beats on both sides of a marker into the order of time, within its sentence."""
    start, end = _sentence(reading, marker)
    places = [place for place, beat in enumerate(beats) if start <= beat < end]
    here = [beats[place] for place in places]
    if reading.language == "en":
        leads = all(beat > marker for beat in here)
        comma = next(
            (i for i in range(marker, min(end, len(reading.tokens))) if reading.tokens[i].text == ","), end
        )
        inside = [beat for beat in here if marker < beat < comma]
        other = [beat for beat in here if beat not in inside]
        # "Before X, Y" and "Y after X" are told in the other order than they happen.
        if leads == is_before and inside and other:
            here = other + inside if is_before else inside + other
    else:
        earlier = [beat for beat in here if beat < marker]
        later = [beat for beat in here if beat > marker]
        if earlier and later:
            here = [*earlier[:-1], *later, earlier[-1]]
    for place, beat in zip(places, here, strict=True):
        beats[place] = beat
