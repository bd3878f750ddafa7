"""Who is in a script: people who speak, people of the cast list, and names that action lines introduce or
show acting."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from rushes.language.screenplay.acting import acting_names
from rushes.language.screenplay.element import Element, ElementKind
from rushes.language.screenplay.introduction import introductions, introductions_in_small_letters
from rushes.language.screenplay.scene import ScenePart
from rushes.language.screenplay.words import fold, trade_words
from rushes.language.vocabulary import vocabulary

_BRACKETS = re.compile(r"[（(][^（）()]{0,60}[）)]")
_TOGETHER = re.compile(r" AND | & |、|・と|와 |과 |和|与|/")
_MOST_WORDS_IN_A_NAME = 5
# 奈緒Ｍ, 小敏VO, 하윤E; 小E is a name.
_VOICE = re.compile(
    r"(?:(?<=[^\x00-\x7f\u3000])[ \u3000]?(?:の声|の心の声|Ｎ|Ｍ|N|M|O\.?S\.?|V\.?O\.?|OFF|ＯＦＦ)"
    r"|(?<=[\uac00-\ud7a3]) ?(?:E|Ｅ|F|Ｆ))$"
)
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
    notes, small = introductions(parts, front), introductions_in_small_letters(parts)
    notes |= {name: about for name, about in small.items() if name not in notes and not _is_word(name)}
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
    notes |= {name: notes.get(name) or small.get(name, "") for name in people}
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


def _is_word(name: str) -> bool:
    known = vocabulary("en")
    return any(word.lower() in known.concepts or word.lower() in known.roles for word in name.split())
