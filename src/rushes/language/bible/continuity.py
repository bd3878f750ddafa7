"""Film grammar across the shots of a list, checked before anything is rendered.

Costume and prop colours that contradict one another or the bible, within a scene and from scene to scene,
screen direction that turns round in a cut, one size too many times in a row, people without a description.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from itertools import groupby, pairwise

from rushes.language.bible.entry import Bible, Entry, EntryKind, bible_words
from rushes.language.bible.resolve import Mention, Resolver
from rushes.language.concepts import Lexicon, plain
from rushes.language.parse import parse
from rushes.language.screenplay.breakdown import Breakdown
from rushes.language.screenplay.scene import Scene
from rushes.language.screenplay.shot import Shot, ShotStatus

_ALL_CLOTHES = "clothes"
_READ = 2000  # characters of a shot in which somebody may change clothes
MONOTONOUS = 5  # shots of one size in a row
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？\n]*")
# Words between a colour and what it colours: `a grey wool coat`, 红色的旧风衣.
_GAP = {
    "en": r"(?:[ -][a-z]+){0,2}[ -]",
    "zh": r"色?的?[\u4e00-\u9fff]{0,2}?",
    "ja": r".{0,3}?",
    "ko": r"색?\s?\S{0,4}?\s?",
}


class Rule(StrEnum):
    COSTUME = "costume"
    PROP = "prop"
    DIRECTION = "direction"
    SIZES = "sizes"
    DESCRIPTION = "description"


@dataclass(frozen=True)
class Finding:
    """What a rule found: the codes of the shots, a sentence, and the entry it is about."""

    rule: Rule
    codes: tuple[str, ...]
    message: str
    entry_id: str = ""


@dataclass(frozen=True, slots=True)
class _Colour:
    """Somebody's garment, or a prop, said to have a colour; no shot where the bible says it."""

    entry_id: str
    thing: str
    colour: str
    shot: Shot | None


def check_continuity(breakdown: Breakdown, bible: Bible) -> tuple[Finding, ...]:
    """All findings, in the order of the scenes. Orphans are not looked at."""
    resolver = Resolver(bible, breakdown.language)
    scenes = {scene.id: scene for scene in breakdown.scenes}
    findings: list[Finding] = []
    last: dict[tuple[str, str], _Colour] = {}
    shots = [shot for shot in breakdown.shots if shot.status is not ShotStatus.ORPHAN]
    for scene_id, group in groupby(shots, key=lambda shot: shot.scene_id):
        in_scene = list(group)
        resolver.start_scene()
        mentions = [resolver.read(shot.text) for shot in in_scene]
        findings += _colours(in_scene, mentions, scenes[scene_id], bible, breakdown.language, last)
        findings += _directions(in_scene, mentions, bible, breakdown.language)
        findings += _sizes(in_scene)
    findings += _undescribed(shots, bible)
    return tuple(findings)


def _colours(
    shots: Sequence[Shot],
    mentions: Sequence[tuple[Mention, ...]],
    scene: Scene,
    bible: Bible,
    language: str,
    last: dict[tuple[str, str], _Colour],
) -> Iterator[Finding]:
    """Two colours for one garment of one person, or for one prop: in a scene, against the bible, or against
    `last`, what scenes before said, which this scene brings up to date."""
    entries = bible.by_id()
    said: dict[tuple[str, str], _Colour] = {}
    told: set[tuple[str, str, str]] = set()
    people = {entry_id for found in mentions for entry_id in (m.entry_id for m in found)}
    for entry_id in sorted(people):
        for thing, colour, _ in _garments(entries[entry_id].described(scene.number), language):
            said.setdefault((entry_id, thing), _Colour(entry_id, thing, colour, None))
    for shot, found in zip(shots, mentions, strict=True):
        for now in (*_worn(shot, found, entries, language), *_coloured_props(shot, found, entries, language)):
            key = (now.entry_id, now.thing)
            earlier = last.get(key)
            if key not in said and earlier is not None and earlier.colour != now.colour:
                if not _dresses(shot, language):
                    yield _changed(earlier, now, entries[now.entry_id])
                # Said once; the rest of the scene is held against the new colour.
                last[key] = now
            before = said.setdefault(key, now)
            if before.colour != now.colour and (*key, now.colour) not in told:
                told.add((*key, now.colour))
                yield _contradiction(before, now, entries[now.entry_id])
    # A colour that the bible gives a scene is meant; the next scene is held against what comes after it.
    last.update((key, colour) for key, colour in said.items() if colour.shot is not None)
    for key in [key for key, colour in said.items() if colour.shot is None]:
        last.pop(key, None)


def _dresses(shot: Shot, language: str) -> bool:
    """Whether somebody changes in a shot: puts on a blue coat, 换上蓝色外套."""
    spec = parse(shot.text[:_READ], language)
    return any(beat.action.concept in ("wear", "take_off") for beat in spec.beats)


def _changed(before: _Colour, now: _Colour, entry: Entry) -> Finding:
    found = _contradiction(before, now, entry)
    place = "under changes" if entry.kind is EntryKind.CAST else "in another entry"
    return replace(found, message=f"{found.message}: if that is meant, say so in the bible {place}")


def _contradiction(before: _Colour, now: _Colour, entry: Entry) -> Finding:
    codes = tuple(dict.fromkeys(colour.shot.code for colour in (before, now) if colour.shot))
    source = f"in {before.shot.code}" if before.shot else "in the bible"
    is_person = entry.kind is EntryKind.CAST
    what = f"{entry.name}'s {_said(now.thing)}" if is_person else entry.name
    message = f"{what} is {_said(now.colour)} here and {_said(before.colour)} {source}"
    return Finding(Rule.COSTUME if is_person else Rule.PROP, codes, message, entry.id)


def _said(concept_id: str) -> str:
    return concept_id.replace("_", " ")


def _worn(
    shot: Shot, mentions: tuple[Mention, ...], entries: dict[str, Entry], language: str
) -> Iterator[_Colour]:
    """Garments of a sentence belong to the last person spoken of before them, else to the first after."""
    people = [m for m in mentions if entries[m.entry_id].kind is EntryKind.CAST and m.is_certain]
    for sentence in _SENTENCE.finditer(shot.text):
        within = [m for m in people if sentence.start() <= m.span.start < sentence.end()]
        for thing, colour, at in _garments(sentence.group(), language):
            position = sentence.start() + at
            before = [m for m in within if m.span.start <= position]
            # A sentence without a name goes on about the one before: `He stands up. A red scarf.`
            owner = before[-1:] or within[:1] or [m for m in people if m.span.start < position][-1:]
            if owner:
                yield _Colour(owner[0].entry_id, thing, colour, shot)


def _coloured_props(
    shot: Shot, mentions: tuple[Mention, ...], entries: dict[str, Entry], language: str
) -> Iterator[_Colour]:
    for mention in mentions:
        if entries[mention.entry_id].kind is EntryKind.PROP and not mention.is_pronoun:
            before = shot.text[max(0, mention.span.start - 24) : mention.span.start]
            found = _colour_before(language).search(before)
            if found:
                colour = _colour_ids(language)[found.group(1).lower()]
                yield _Colour(mention.entry_id, "", colour, shot)


def _garments(text: str, language: str) -> Iterator[tuple[str, str, int]]:
    """(garment, colour, offset) for each coloured garment of a text."""
    for found in _coloured_garment(language).finditer(text):
        garment = _garment_ids(language)[found.group(2).lower()]
        yield garment, _colour_ids(language)[found.group(1).lower()], found.start()


def _directions(
    shots: Sequence[Shot], mentions: Sequence[tuple[Mention, ...]], bible: Bible, language: str
) -> Iterator[Finding]:
    """Somebody who travels left in one shot and right in the next, with nothing neutral between."""
    entries = bible.by_id()
    travels = [_travel(shot.text, language) for shot in shots]
    for (first, second), (way, other), (who, whom) in zip(
        pairwise(shots), pairwise(travels), pairwise(mentions), strict=True
    ):
        shared = {m.entry_id for m in who} & {m.entry_id for m in whom}
        people = sorted(i for i in shared if entries[i].kind is EntryKind.CAST)
        if way and other and way != other and people:
            name = entries[people[0]].name
            message = (
                f"{name} travels {way} and then {other}: turn on screen, or cut to a neutral shot between"
            )
            yield Finding(Rule.DIRECTION, (first.code, second.code), message, people[0])


def _travel(text: str, language: str) -> str:
    """The way a text says somebody goes on screen, if it says one."""
    folded = text.casefold()
    ways = set()
    for phrase, way in _travel_phrases(language):
        if phrase in folded:
            ways.add(way)
            # `walks right to left` holds `walks right`.
            folded = folded.replace(phrase, " ")
    return ways.pop() if len(ways) == 1 else ""


def _sizes(shots: Sequence[Shot]) -> Iterator[Finding]:
    for size, group in groupby(shots, key=lambda shot: shot.size):
        run = list(group)
        if len(run) >= MONOTONOUS:
            codes = tuple(shot.code for shot in run)
            words = size.replace("_", " ")
            yield Finding(Rule.SIZES, codes, f"{len(run)} shots in a row are {words}: vary the size of one")


def _undescribed(shots: Sequence[Shot], bible: Bible) -> Iterator[Finding]:
    names = bible.names()
    entries = bible.by_id()
    codes: dict[str, list[str]] = {}
    for shot in shots:
        for name in shot.characters:
            entry_id = names.get(name, "")
            if entry_id and not entries[entry_id].description:
                codes.setdefault(entry_id, []).append(shot.code)
    for entry_id, in_shots in codes.items():
        message = f"{entries[entry_id].name} has no description: the name alone means nothing to a model"
        yield Finding(Rule.DESCRIPTION, tuple(in_shots), message, entry_id)


@cache
def _travel_phrases(language: str) -> tuple[tuple[str, str], ...]:
    """(phrase, way), the longest first."""
    ways = bible_words()["travel"].items()
    phrases = ((phrase, way) for way, words in ways for phrase in words[language])
    return tuple(sorted(phrases, key=lambda pair: -len(pair[0])))


@cache
def _colour_ids(language: str) -> dict[str, str]:
    concepts = Lexicon.load().concepts.values()
    return {
        plain(word).lower(): concept.id
        for concept in concepts
        if concept.slot == "colour"
        for word in concept.words[language]
    }


@cache
def _garment_ids(language: str) -> dict[str, str]:
    """Word -> the widest garment it is: a trench coat is a coat."""
    lexicon = Lexicon.load()
    words: dict[str, str] = {}
    for concept in lexicon.concepts.values():
        if concept.slot == "clothing" and concept.id != _ALL_CLOTHES:
            kinds = [concept.id, *lexicon.ancestors(concept.id)]
            widest = kinds[kinds.index(_ALL_CLOTHES) - 1] if _ALL_CLOTHES in kinds else concept.id
            words |= dict.fromkeys((plain(word).lower() for word in concept.words[language]), widest)
    return words


@cache
def _coloured_garment(language: str) -> re.Pattern[str]:
    edge = r"\b" if language == "en" else ""
    colours, garments = _alternatives(_colour_ids(language)), _alternatives(_garment_ids(language))
    return re.compile(f"{edge}({colours}){_GAP[language]}({garments}){edge}", re.IGNORECASE)


@cache
def _colour_before(language: str) -> re.Pattern[str]:
    edge = r"\b" if language == "en" else ""
    return re.compile(f"{edge}({_alternatives(_colour_ids(language))}){_GAP[language]}$", re.IGNORECASE)


def _alternatives(words: dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
