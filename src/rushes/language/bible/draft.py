"""A first bible out of a breakdown: everybody and everything in it, described as far as the script does."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from rushes.language.bible.entry import Bible, Entry, EntryKind, SceneDescription
from rushes.language.bible.likely_pronouns import likely_pronouns
from rushes.language.bible.person_words import described
from rushes.language.screenplay.breakdown import Breakdown
from rushes.language.screenplay.element import ElementKind
from rushes.language.screenplay.names import NameFinder
from rushes.language.screenplay.words import AGE, fold

_AGED = re.compile(rf"\s?[（(]([^（）()\n]{{0,40}}?({AGE})[^（）()\n]{{0,80}})[）)]")
_AGE = re.compile(AGE)


def draft_bible(breakdown: Breakdown) -> Bible:
    """One entry for each person, prop and place; ids are made of names, so the same script gives the same."""
    pronouns = likely_pronouns(breakdown)
    changes = _other_ages(breakdown, pronouns)
    entries = [
        Entry(
            id=f"cast-{character.name}",
            kind=EntryKind.CAST,
            name=character.name,
            aliases=character.aliases,
            pronouns=pronouns.get(character.name, ()),
            description=described(
                character.name, character.description, pronouns.get(character.name, ()), breakdown.language
            ),
            changes=tuple(changes[character.name]),
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
    """What people wrote stays; the draft adds entries and names that are new, and says what nobody did."""
    known = ours.by_id()
    names = ours.names()
    entries = dict(known)
    for entry in draft.entries:
        if entry.id in known:
            old = known[entry.id]
            added = tuple(name for name in entry.aliases if name not in names)
            entries[entry.id] = replace(
                old,
                aliases=(*old.aliases, *added),
                pronouns=old.pronouns or entry.pronouns,
                description=old.description or entry.description,
                changes=old.changes or entry.changes,
            )
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


def _other_ages(
    breakdown: Breakdown, pronouns: Mapping[str, tuple[str, ...]]
) -> dict[str, list[SceneDescription]]:
    """By name, how somebody looks in a scene that gives them another age: `回想: 幼い美咲（8）`."""
    known = {
        name: character for character in breakdown.characters for name in (character.name, *character.aliases)
    }
    finder = NameFinder(known)
    changes: dict[str, list[SceneDescription]] = defaultdict(list)
    for scene in breakdown.scenes:
        for element in breakdown.elements:
            is_told = element.kind in (ElementKind.ACTION, ElementKind.SCENE_HEADING)
            if not (is_told and scene.start <= element.start < scene.end):
                continue
            for each, span in finder.find(element.words):
                found, character = _AGED.match(element.words, span.end), known[each]
                age = _AGE.search(character.description)
                if found and age and found[2] != age.group():
                    whose = pronouns.get(character.name, ())
                    looks = described(character.name, found[1].strip(), whose, breakdown.language)
                    changes[character.name].append(SceneDescription(scene.number, looks))
    return changes
