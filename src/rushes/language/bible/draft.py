"""A first bible out of a breakdown: everybody and everything in it, described as far as the script does."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from rushes.language.bible.entry import Bible, Entry, EntryKind, SceneDescription, bible_words
from rushes.language.bible.resolve import pronouns_in
from rushes.language.screenplay.breakdown import Breakdown
from rushes.language.screenplay.element import ElementKind
from rushes.language.screenplay.names import NameFinder
from rushes.language.screenplay.words import fold

# A cast list says it outright: `女，32岁`, `(32세, 여)`.
_STATED = re.compile(
    r"(?:^|[\s，,、/／])"
    r"(?:(女性?|여성?|여자|female|woman)|(?:男性?|남성?|남자|male|man))(?=$|[\s，,、/／])"
)


def draft_bible(breakdown: Breakdown) -> Bible:
    """One entry for each person, prop and place; ids are made of names, so the same script gives the same."""
    pronouns = _likely_pronouns(breakdown)
    entries = [
        Entry(
            id=f"cast-{character.name}",
            kind=EntryKind.CAST,
            name=character.name,
            aliases=character.aliases,
            pronouns=pronouns.get(character.name, ()),
            description=_described(
                character.description, pronouns.get(character.name, ()), breakdown.language
            ),
        )
        for character in breakdown.characters
    ]
    entries += [
        Entry(f"prop-{prop.id}", EntryKind.PROP, prop.words[0], aliases=prop.words[1:])
        for prop in breakdown.props
    ]
    places: dict[str, str] = {}
    for scene in breakdown.scenes:
        if scene.location:
            places.setdefault(fold(scene.location), scene.location)
    entries += [Entry(f"location-{place}", EntryKind.LOCATION, place) for place in places.values()]
    return Bible(tuple(entries))


def merge_bibles(ours: Bible, draft: Bible) -> Bible:
    """What people wrote stays; the draft adds the entries and names that are new."""
    known = ours.by_id()
    names = ours.names()
    entries = dict(known)
    for entry in draft.entries:
        if entry.id in known:
            old = known[entry.id]
            added = tuple(name for name in entry.aliases if name not in names)
            entries[entry.id] = replace(old, aliases=(*old.aliases, *added))
        elif entry.name not in names:
            entries[entry.id] = entry
    return Bible(tuple(entries.values()))


def follow_scenes(bible: Bible, heirs: Mapping[str, tuple[str, ...]]) -> Bible:
    """The bible of a newer script: how somebody looks in a scene goes with it to its new numbers. ``heirs``
    maps each old number to those the scene has now."""
    return Bible(tuple(replace(entry, changes=_moved(entry.changes, heirs)) for entry in bible.entries))


def _moved(
    changes: tuple[SceneDescription, ...], heirs: Mapping[str, tuple[str, ...]]
) -> tuple[SceneDescription, ...]:
    moved = (
        replace(each, scene=scene) for each in changes for scene in heirs.get(each.scene) or (each.scene,)
    )
    return tuple({change.scene: change for change in reversed(list(moved))}.values())[::-1]


def _described(facts: str, pronouns: tuple[str, ...], language: str) -> str:
    """What the script says of somebody, as words that can stand where the name stood."""
    if not facts or facts.lower().startswith(("a ", "an ")):
        return facts
    person: str = bible_words()["person"][pronouns[0] if pronouns else "anybody"][language]
    if language == "en":
        return f"{person}, {facts}"
    return f"{person}({facts})" if language == "ko" else f"{person}（{facts}）"


def _likely_pronouns(breakdown: Breakdown) -> dict[str, tuple[str, ...]]:
    """Paragraphs that name one person and use one pronoun tell which pronoun is theirs."""
    canonical = {
        name: character.name
        for character in breakdown.characters
        for name in (character.name, *character.aliases)
    }
    finder = NameFinder(canonical)
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for element in breakdown.elements:
        if element.kind is not ElementKind.ACTION:
            continue
        named = {canonical[name] for name, _ in finder.find(element.words)}
        used = {kind for kind in pronouns_in(element.words, breakdown.language) if kind in ("she", "he")}
        if len(named) == 1 and len(used) == 1:
            votes[named.pop()][used.pop()] += 1
    likely: dict[str, tuple[str, ...]] = {
        name: (counts.most_common(1)[0][0],) for name, counts in votes.items() if _is_clear(counts)
    }
    stated = {each.name: _STATED.search(each.description) for each in breakdown.characters}
    return likely | {name: ("she" if found[1] else "he",) for name, found in stated.items() if found}


def _is_clear(counts: Counter[str]) -> bool:
    first = counts.most_common(2)
    return len(first) == 1 or first[0][1] > first[1][1]
