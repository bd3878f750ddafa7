"""Who is in a script: people who speak, people of the cast list, and names that action lines introduce."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from rushes.language.screenplay.element import Element, ElementKind
from rushes.language.screenplay.scene import ScenePart
from rushes.language.screenplay.words import fold, trade_words

_BRACKETS = re.compile(r"[（(][^（）()]{0,60}[）)]")
_TOGETHER = re.compile(r" AND | & |、|・と|와 |과 |和|与|/")
_CAST_ENTRY = re.compile(
    r"([^\s：:（(，,、—–\-]{1,24}(?: [A-Z][\w'.-]{0,20}){0,3})\s*(?:[：:（(，,—–\-]|\s|$)(.*)$"
)
# `MARA (40s)`, `RUTH, 60`, `BEN, a tall boy`; in `BOOM, the door flies open` nobody is introduced.
_INTRODUCED = re.compile(
    r"\b[A-Z][A-Z'.-]{1,30}(?: [A-Z][A-Z'.-]{1,30}){0,3}"
    r"(?=\s?\(\s?(?:\d|[a-z])|,\s?(?:\d|(?:an?|in|mid|late|early|barely|almost|his|her|our)\b))"
)
# Kana and particles are no part of a name here: `改札から駅員の佐伯健一（60）` introduces 佐伯健一.
_INTRODUCED_ASIAN = re.compile(
    r"(?:(?<![\u3400-\u9fff])([\u3400-\u9fff\u30a1-\u30fc]{2,5})|([\uac00-\ud7a3]{2,4}))"
    r"[（(]([0-9０-９]{1,3})[^（）()]{0,20}[）)]"
)
_ABOUT = re.compile(r"\s?[(,]\s?([^()\n.]{1,80})")
_VERB_OR_AND = re.compile(r"and\b|[a-z]{1,24}s\b")
_VOICE = re.compile(r"(?<=[^\x00-\x7f])(?:の声|の心の声|Ｎ|Ｍ|N|M|O\.?S\.?|V\.?O\.?)$")
_NOBODY = frozenset({"ALL", "EVERYONE", "众人", "众", "全员", "一同", "全員", "모두", "일동"})


@dataclass(frozen=True)
class Character:
    """`name` as speakers are called; `aliases` are longer or shorter names of the same person."""

    name: str
    aliases: tuple[str, ...]
    num_speeches: int
    scenes: tuple[str, ...]
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


def find_people(
    parts: tuple[ScenePart, ...], scene_ids: tuple[str, ...], front: Iterable[Element]
) -> tuple[Character, ...]:
    """Everybody, in the order of their first appearance in scenes; then those only the cast list knows."""
    speeches: Counter[str] = Counter()
    scenes: dict[str, dict[str, None]] = {}
    for part, scene_id in zip(parts, scene_ids, strict=True):
        spoken = _speakers(part)
        speeches.update(spoken)
        for name in (*part.heading.cast, *spoken):
            if name.upper() not in _NOBODY:
                scenes.setdefault(name, {})[scene_id] = None
    notes = _introductions(parts, front)
    other_names: dict[str, list[str]] = defaultdict(list)
    for full, short in _full_names(list(scenes), list(notes)).items():
        if full != short:
            other_names[short].append(full)
    aliases = {full for names in other_names.values() for full in names}
    for name in notes:
        if name not in aliases:
            scenes.setdefault(name, {})
    found = []
    for name, where in scenes.items():
        about = next((notes[known] for known in (name, *other_names[name]) if notes.get(known)), "")
        found.append(Character(name, tuple(other_names[name]), speeches[name], tuple(where), about))
    return tuple(found)


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


def _introductions(parts: tuple[ScenePart, ...], front: Iterable[Element]) -> dict[str, str]:
    """Name -> what the script says of it where it is introduced; cast lists and headings first."""
    notes: dict[str, str] = {}
    for element in front:
        if element.kind is ElementKind.CAST_LIST:
            for line in element.words.split("\n")[1:]:
                found = _CAST_ENTRY.match(line.strip(" ・-*\t\u3000"))
                if found:
                    notes.setdefault(
                        found.group(1).strip(),
                        found.group(2).strip(" 。：").replace("）", "，", 1).strip("，"),
                    )
    for part in parts:
        for element in part.elements:
            if element.kind is ElementKind.ACTION:
                _introduced_in(element.words, notes)
    return notes


def _introduced_in(words: str, notes: dict[str, str]) -> None:
    for found in _INTRODUCED.finditer(words):
        about = _ABOUT.match(words, found.end())
        notes.setdefault(found.group(), _looks(about.group(1)) if about else "")
    for asian in _INTRODUCED_ASIAN.finditer(words):
        notes.setdefault(asian.group(1) or asian.group(2), asian.group(3))


def _looks(about: str) -> str:
    """What comes before the first verb: of `60, denim jacket, climbs out` the age and the jacket."""
    pieces = [piece.strip() for piece in about.split(",")]
    looks = itertools.takewhile(lambda piece: not _VERB_OR_AND.match(piece), pieces)
    return ", ".join(looks).strip(" ,)")
