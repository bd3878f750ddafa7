"""Who is in a script: people who speak, people of the cast list, and names that action lines introduce or
show acting."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, takewhile

from rushes.language.screenplay.acting import acting_names
from rushes.language.screenplay.element import Element, ElementKind
from rushes.language.screenplay.props import find_props
from rushes.language.screenplay.scene import ScenePart
from rushes.language.screenplay.words import fold, trade_words
from rushes.language.vocabulary import vocabulary

_BRACKETS = re.compile(r"[（(][^（）()]{0,60}[）)]")
_TOGETHER = re.compile(r" AND | & |、|・と|와 |과 |和|与|/")
_CAST_ENTRY = re.compile(
    r"([^\s：:（(，,、—–\-]{1,24}(?: [A-Z][\w'.-]{0,20}){0,3})\s*(?:[：:（(，,—–\-]|\s|$)(.*)$"
)
# `水島　凪（32）`: a space inside the name.
_NAME_APART = re.compile(
    r"([\u3400-\u9fff々]{1,3})[ \u3000]([\u3041-\u30ff\u3400-\u9fff々]{1,4})(?=[（(\s]|$)"
)
_ALIAS = re.compile(r"([^\s：:（(，,、]{2,24})[（(]([^（）()]{1,8})[）)]")
_BRACKET_END = re.compile(r"([）)])[\s：:、，,–—-]{0,8}")
# `MARA (40s)`, `RUTH, 60`, `BEN, a tall boy`; in `BOOM, the door flies open` nobody is introduced.
_INTRODUCED = re.compile(
    r"\b[A-Z][A-Z'.-]{1,30}(?: [A-Z][A-Z'.-]{1,30}){0,3}"
    r"(?=\s?\(\s?(?:\d|[a-z])|,\s?(?:\d|(?:an?|in|mid|late|early|barely|almost|his|her|our)\b))"
)
# `A WAITER`, `TWO COPS`: who is no more than what they are.
_EXTRA = re.compile(
    r"\b(?i:an?|the|another|some|several|few|two|three|four|five|six|ten|dozen|his|her|their)"
    r" ([A-Z][A-Z'-]{1,30}(?: [A-Z][A-Z'-]{1,30}){0,2})\b(?!['’])"
)
# Kana and particles are no part of a name here: `改札から駅員の佐伯健一（60）` introduces 佐伯健一.
_INTRODUCED_ASIAN = re.compile(
    r"(?:(?<![\u3400-\u9fff])([\u3400-\u9fff\u30a1-\u30fc]{2,5})|([\uac00-\ud7a3]{2,4}))"
    r"[（(]([0-9０-９]{1,3})[^（）()]{0,20}[）)]"
)
_ABOUT = re.compile(r"\s?(?:\(\s?([^()\n]{1,200})|,\s?([^()\n.]{1,200}))")
_MOST_WORDS_IN_A_NAME = 5
_LIST_OF_THINGS = re.compile(r",\s?an? [A-Z]{2}")
_VERB_OR_AND = re.compile(r"and\b|[a-z]{1,24}s\b")
_VOICE = re.compile(r"(?<=[^\x00-\x7f])(?:の声|の心の声|Ｎ|Ｍ|N|M|O\.?S\.?|V\.?O\.?)$")
_NOBODY = frozenset({"ALL", "EVERYONE", "众人", "众", "全员", "一同", "全員", "모두", "일동"})


@dataclass(frozen=True)
class Character:
    """`name` as speakers are called; `aliases` are longer or shorter names of the same person."""

    name: str
    aliases: tuple[str, ...]
    num_speeches: int
    scenes: tuple[str, ...] = ()
    description: str = ""


def speaker_names(words: str) -> tuple[str, ...]:
    """The people a character line names: `ANNA (V.O.)` -> ANNA, `RUTH AND TOM` -> RUTH, TOM."""
    name = _BRACKETS.sub("", words).strip(" ^\u3000：:")
    name = _VOICE.sub("", name) or name
    parts = [part.strip() for part in _TOGETHER.split(name) if part.strip()]
    return tuple(dict.fromkeys(parts)) or (name,)


def is_off_screen(words: str) -> bool:
    """Whether a character line says that the voice comes from elsewhere: (V.O.), 画外音, Ｎ, (소리)."""
    if _VOICE.search(_BRACKETS.sub("", words).strip()):
        return True
    return any(fold(found) in trade_words().off_screen for found in _BRACKETS.findall(words))


def is_narration(words: str) -> bool:
    """Whether a character line says that nobody in the scene hears it: (V.O.), 旁白, Ｎ, (내레이션)."""
    voice = _VOICE.search(_BRACKETS.sub("", words).strip())
    found = [*_BRACKETS.findall(words), *([voice.group()] if voice else [])]
    return any(fold(each) in trade_words().narrations for each in found)


def find_people(
    parts: tuple[ScenePart, ...], front: Iterable[Element], language: str
) -> tuple[Character, ...]:
    """Everybody, without scenes: who speaks or stands in a heading, who is introduced, who only acts."""
    speeches: Counter[str] = Counter()
    people: dict[str, None] = {}
    for part in parts:
        spoken = _speakers(part)
        speeches.update(spoken)
        people |= dict.fromkeys(name for name in (*part.heading.cast, *spoken) if name.upper() not in _NOBODY)
    notes = _introductions(parts, front)
    other_names: dict[str, list[str]] = defaultdict(list)
    for full, short in _full_names(list(people), list(notes)).items():
        if full != short:
            other_names[short].append(full)
    for short in list(other_names):
        for other in _shorter_forms(short, other_names[short]):
            if other in people:
                speeches[short] += speeches.pop(other)
                del people[other]
            other_names[short].append(other)
    aliases = {full for names in other_names.values() for full in names}
    people |= dict.fromkeys(name for name in notes if name not in aliases)
    for name, known in _who_acts(parts, language, {name: other_names[name] for name in people}).items():
        if name == known:
            people[name] = None
        else:
            other_names[known].append(name)
    found = []
    for name in people:
        about = max((notes.get(known, "") for known in (name, *other_names[name])), key=len)
        found.append(Character(name, tuple(other_names[name]), speeches[name], description=about))
    return tuple(found)


def _who_acts(parts: tuple[ScenePart, ...], language: str, known: dict[str, list[str]]) -> dict[str, str]:
    """Name found in action lines -> whom it means: themselves, or one of the ``known`` (name -> aliases)."""
    people: dict[str, str] = {}
    whole: dict[str, set[str]] = defaultdict(set)

    def note(name: str, person: str) -> None:
        people[name.upper()] = person
        for part in _parts_of(name):
            whole[part].add(person)

    for person, others in known.items():
        for name in (person, *others):
            note(name, person)
    actions = [e.words for part in parts for e in part.elements if e.kind is ElementKind.ACTION]
    names = [name for name in acting_names(actions, language) if name.upper() not in people]
    found: dict[str, str] = {}
    for name in sorted(names, key=len, reverse=True):
        related = whole[name.upper()] | {people[part] for part in _parts_of(name) if part in people}
        if len(related) < 2:
            found[name] = next(iter(related), name)
            note(name, found[name])
    return {name: found[name] for name in names if name in found}


def _parts_of(name: str) -> tuple[str, ...]:
    """What somebody of this name may be called: Mara of MARA KOVAC, 美咲 and 水野 of 水野美咲."""
    if " " in name or name.isascii():
        return tuple(name.upper().split())
    return (*(name[at:] for at in range(1, len(name))), *(name[:at] for at in range(2, len(name))))


def _speakers(part: ScenePart) -> list[str]:
    """Who speaks in a scene, once for each speech."""
    characters = (element for element in part.elements if element.kind is ElementKind.CHARACTER)
    return [name for element in characters for name in speaker_names(element.words)]


def _full_names(speakers: list[str], introduced: list[str]) -> dict[str, str]:
    """Introduced name -> the speaker it is another name of: 水野美咲 -> 美咲, MARA KOVAC -> MARA."""
    known = {speaker: speaker for speaker in speakers}
    by_upper = {speaker.upper(): speaker for speaker in reversed(speakers)}
    for full in introduced:
        if full in known:
            continue
        short = next((word for word in full.split() if word in known), None)
        if short is None and not full.isascii():
            parts = [
                *(full[at:] for at in range(1, len(full))),
                *(full[:at] for at in range(len(full) - 1, 1, -1)),
            ]
            short = next((part for part in parts if part in known), None)
        short = short or by_upper.get(full.upper())
        if short is not None:
            known[full] = short
    return known


def _shorter_forms(name: str, full_names: list[str]) -> list[str]:
    """What else somebody is called whose full name is known: MARCH, who is DEPUTY CAL MARCH, is DEPUTY MARCH
    and CAL MARCH."""
    forms: dict[str, None] = {}
    for full in full_names:
        words = full.split()[:_MOST_WORDS_IN_A_NAME]
        for count in range(2, len(words)):
            forms |= dict.fromkeys(" ".join(some) for some in combinations(words, count) if name in some)
    return list(forms)


def _introductions(parts: tuple[ScenePart, ...], front: Iterable[Element]) -> dict[str, str]:
    """Name -> what the script says of it where it is introduced; cast lists and headings first."""
    notes: dict[str, str] = {}
    for element in front:
        if element.kind is ElementKind.CAST_LIST:
            for line in element.words.split("\n")[1:]:
                name, about = _cast_entry(line.strip(" ・-*\t\u3000"))
                if name:
                    notes.setdefault(name, about)
    for part in parts:
        for element in part.elements:
            if element.kind is ElementKind.ACTION:
                _introduced_in(element.words, notes)
    return notes


def _cast_entry(line: str) -> tuple[str, str]:
    """A line of the cast list: `水島　凪（32）　漁師の娘` -> 水島凪, `32，漁師の娘`."""
    line = _NAME_APART.sub(r"\1\2", line, count=1) if _NAME_APART.match(line) else line
    alias = _ALIAS.match(line)
    if alias and alias.group(2) in alias.group(1):
        # 周海生（海生）: what he is called is part of his name already.
        line = alias.group(1) + line[alias.end() :]
    found = _CAST_ENTRY.match(line)
    if not found:
        return "", ""
    about = found.group(2)
    if line[found.end(1) :].lstrip()[:1] in ("（", "("):
        about = _BRACKET_END.sub(lambda end: "，" if end.group(1) == "）" else ", ", about, count=1)
    return found.group(1).strip(), about.strip(" \u3000.。：，,")


def _introduced_in(words: str, notes: dict[str, str]) -> None:
    for found in _INTRODUCED.finditer(words):
        if _is_thing(found.group()) or _LIST_OF_THINGS.match(words, found.end()):
            continue
        about = _ABOUT.match(words, found.end())
        notes[found.group()] = notes.get(found.group()) or (_looks(about) if about else "")
    for extra in _EXTRA.finditer(words):
        if _is_kind_of_person(extra.group(1)):
            notes.setdefault(extra.group(1), "")
    for asian in _INTRODUCED_ASIAN.finditer(words):
        notes.setdefault(asian.group(1) or asian.group(2), asian.group(3))


def _is_thing(name: str) -> bool:
    """Whether a name in capitals is a prop that the script points at: `a WATCH, a photograph`."""
    things = find_props(f"the {name.lower()}", "en")
    return any(thing.span.start == len("the ") and thing.span.end == len(f"the {name}") for thing in things)


def _is_kind_of_person(name: str) -> bool:
    """Whether the lexicon knows the words, or the last of them, as people: SECURITY GUARD, COPS."""
    words = vocabulary("en").concepts
    senses = words.get(name.lower()) or words.get(name.lower().split()[-1], ())
    return any(sense.concept.slot == "person" for sense in senses)


def _looks(about: re.Match[str]) -> str:
    """All of the brackets; behind a comma, what comes before the first verb: of `60, denim jacket, climbs
    out` the age and the jacket."""
    if about.group(1):
        return about.group(1).strip(" ,")
    pieces = [piece.strip() for piece in about.group(2).split(",")]
    looks = takewhile(lambda piece: not _VERB_OR_AND.match(piece), pieces)
    return ", ".join(looks).strip(" ,)")
