"""Entries of the bible: who and what a film shows, described once."""

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from rushes.language.screenplay.words import fold


class EntryKind(StrEnum):
    CAST = "cast"
    PROP = "prop"
    LOCATION = "location"


@dataclass(frozen=True)
class SceneDescription:
    """How somebody or something looks in one scene: `"2A"`, "a woman of forty in a soaked grey coat"."""

    scene: str
    description: str


@dataclass(frozen=True)
class Entry:
    """`description` is what a picture shows: "a woman of forty in a grey wool coat".

    `changes` holds the description for scenes where it differs. `short` is for the second
    mention in one shot: "the woman". `pronouns` are she, he, it, they.
    """

    id: str
    kind: EntryKind
    name: str
    aliases: tuple[str, ...] = ()
    pronouns: tuple[str, ...] = ()
    description: str = ""
    short: str = ""
    changes: tuple[SceneDescription, ...] = ()

    def described(self, scene_number: str) -> str:
        """The description for one scene."""
        changed = (change.description for change in self.changes if change.scene == scene_number)
        return next(changed, self.description)


@dataclass(frozen=True)
class Bible:
    """All entries; ids and names are each used once."""

    entries: tuple[Entry, ...]

    def entry(self, entry_id: str) -> Entry:
        """The entry with an id; KeyError where there is none."""
        return self.by_id()[entry_id]

    def by_id(self) -> dict[str, Entry]:
        """Every entry by its id."""
        return {entry.id: entry for entry in self.entries}

    def names(self) -> dict[str, str]:
        """Every name and alias -> entry id; the first entry with a name has it."""
        names: dict[str, str] = {}
        for entry in self.entries:
            for name in (entry.name, *entry.aliases):
                names.setdefault(name, entry.id)
        return names

    def folded_names(self) -> dict[str, str]:
        """`names`, folded as speakers and places are typed in many ways."""
        return {fold(name): entry_id for name, entry_id in reversed(self.names().items())}

    def places(self) -> dict[str, Entry]:
        """Folded names of locations -> the entry; a truck may be a prop as well."""
        places = [entry for entry in self.entries if entry.kind is EntryKind.LOCATION]
        return {
            fold(name): entry for entry in reversed(places) for name in reversed((entry.name, *entry.aliases))
        }


@cache
def bible_words() -> dict[str, Any]:
    """`data/bible.json`: pronouns, columns of the asset list and directions in four languages."""
    text = resources.files("rushes.language").joinpath("data/bible.json").read_text(encoding="utf-8")
    words: dict[str, Any] = json.loads(text)
    return words
