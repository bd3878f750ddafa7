"""A shot of the list, tied to the words it shows. Shots and words are many to many: a master and its singles
share words, an insert or an advert has none.
"""

from dataclasses import dataclass
from enum import StrEnum


class Coverage(StrEnum):
    MASTER = "master"  # everybody, over what the singles show one by one
    SINGLE = "single"  # who speaks
    REACTION = "reaction"  # who listens to a voice from elsewhere
    ACTION = "action"
    INSERT = "insert"  # a thing or a detail
    TITLE = "title"  # words on screen


class ShotStatus(StrEnum):
    NEW = "new"  # proposed by rule, nobody has looked at it
    KEPT = "kept"  # its words are as they were
    STALE = "stale"  # its words or its place changed since
    ORPHAN = "orphan"  # its words are gone; kept until a person lets it go


@dataclass(frozen=True)
class Span:
    """Characters of the script, `source[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True)
class Shot:
    """`id` never changes; `code` is what people say and may be changed.

    `text` is what the shot shows: the script's words, kept in `script_text` as well, until a person changes
    them. `reason` says why a shot is stale or an orphan.
    """

    id: str
    code: str
    scene_id: str
    coverage: Coverage
    size: str
    text: str
    characters: tuple[str, ...]
    duration_s: float
    spans: tuple[Span, ...]
    script_text: str
    status: ShotStatus = ShotStatus.NEW
    reason: str = ""
