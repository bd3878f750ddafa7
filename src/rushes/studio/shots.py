"""Shots and their revisions: what a shot says may change, what it said stays."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, String, bindparam, func, insert, select, update

from rushes.core.errors import ConflictError, MissingError, UsageError
from rushes.studio import schema
from rushes.studio.desk import TENANT, Desk
from rushes.studio.projects import sequence_id
from rushes.studio.schema import shot_revisions, shots
from rushes.studio.scripted import settle
from rushes.studio.store import new_id

FIRST_SEQUENCE = "SQ010"
# In tens, so that a shot fits between two.
_STEP = 10
_CODE = re.compile(r"([A-Z0-9][A-Z0-9-]{0,30})_([A-Z0-9][A-Z0-9-]{0,30})")
# Built once: every submit runs them.
_SHOT, _PROJECT = bindparam("a_shot", type_=String), bindparam("a_project", type_=String)
_ALL = (
    select(shots, shot_revisions.c.id.label("revision_id"), shot_revisions.c.text, shot_revisions.c.spec)
    .add_columns(shot_revisions.c.spans, shot_revisions.c.script_revision_id)
    .join(
        shot_revisions,
        (shot_revisions.c.shot_id == shots.c.id) & (shot_revisions.c.revision == shots.c.revision),
    )
)
_ONE = _ALL.where(shots.c.tenant_id == TENANT, shots.c.id == _SHOT)
_TAKEN = select(shots.c.id).where(shots.c.project_id == _PROJECT, shots.c.code == bindparam("a_code"))
_LAST = select(func.max(shots.c.position)).where(shots.c.project_id == _PROJECT)
_INSERT, _INSERT_WORDS = insert(shots), insert(shot_revisions)
_REVISE = update(shots).where(shots.c.id == _SHOT).values(revision=bindparam("newest"))


@dataclass(frozen=True)
class Words:
    """What one revision of a shot says: the text, the spec read from it, the words of the script it shows.

    ``spans`` are [start, end) in characters of the script revision.
    """

    text: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    spans: tuple[tuple[int, int], ...] = ()
    script_revision_id: str | None = None


@dataclass(frozen=True)
class Shot:
    """A shot at its newest revision. ``code`` is what people say, like SQ010_SH0030; ``id`` never changes."""

    id: str
    project_id: str
    code: str
    key: str
    scene_id: str | None
    position: int
    revision: int
    revision_id: str
    words: Words
    current_take_id: str | None


def new_shot(
    desk: Desk, project_id: str, words: Words, code: str = "", key: str = "", scene_id: str | None = None
) -> Shot:
    """Add a shot at the end. ``code`` is SEQUENCE_SHOT, by default the next ten of the first sequence.

    ``key`` ties it to the shot of a script breakdown. Raises UsageError for a code that is taken.
    """
    with desk.store.write() as connection:
        return add_shot(connection, desk, project_id, words, code, key, scene_id)


def add_shot(
    connection: Connection, desk: Desk, project_id: str, words: Words, code: str, key: str,
    scene_id: str | None = None,
) -> Shot:  # fmt: skip
    """:func:`new_shot` within a transaction."""
    desk.one(connection, schema.projects, project_id, "project")
    code = code or next(next_codes(connection, project_id))
    parts = _CODE.fullmatch(code)
    if parts is None:
        raise UsageError(f"shot code {code!r} is not SEQUENCE_SHOT: write it like SQ010_SH0030")
    if connection.scalar(_TAKEN, {"a_project": project_id, "a_code": code}):
        raise ConflictError(f"there is a shot {code} already: choose another code")
    last = connection.scalar(_LAST, {"a_project": project_id})
    shot_id = new_id("shot")
    row = {
        "id": shot_id, "tenant_id": desk.tenant_id, "project_id": project_id,
        "sequence_id": sequence_id(connection, desk, project_id, parts[1]), "scene_id": scene_id,
        "key": key, "code": code, "position": (last or 0) + 1,
    }  # fmt: skip
    connection.execute(_INSERT, row)
    desk.log(connection, shot_id, "shot made", {"code": code})
    insert_revisions(connection, desk, [(shot_id, 1, words)])
    return get_shot(connection, desk, shot_id)


def revise_shot(desk: Desk, shot_id: str, words: Words, expected: int | None = None) -> Shot:
    """Give a shot new words; UsageError when ``expected``, the revision the author saw, is not the newest.

    Takes keep the revision they were made of. A shot that was new or stale is so no more.
    """
    with desk.store.write() as connection:
        shot = get_shot(connection, desk, shot_id)
        if expected is not None and expected != shot.revision:
            raise ConflictError(
                f"{shot.code} is at revision {shot.revision}, you changed {expected}: look at it again first"
            )
        settle(connection, desk, shot_id)
        if words == shot.words:
            return shot
        insert_revisions(connection, desk, [(shot_id, shot.revision + 1, words)])
        return get_shot(connection, desk, shot_id)


def find_shot(desk: Desk, project_id: str, code: str) -> Shot:
    """A shot by id, by code, or by the end of its code where only one has it: SH0030 for SQ010_SH0030."""
    with desk.store.read() as connection:
        shots = [_shot(row) for row in connection.execute(_asked(desk, project_id)).mappings()]
    exact = [shot for shot in shots if code in (shot.code, shot.id)]
    found = exact or [shot for shot in shots if shot.code.endswith(f"_{code}")]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{code!r} is {', '.join(shot.code for shot in found)}: name one of them in full")
    raise MissingError(f"there is no shot {code!r} in this project: `rushes shots` lists those there are")


def list_shots(desk: Desk, project_id: str) -> tuple[Shot, ...]:
    """The shots of a project in their order."""
    with desk.store.read() as connection:
        return shots_in(connection, desk, project_id)


def shots_in(connection: Connection, desk: Desk, project_id: str) -> tuple[Shot, ...]:
    """:func:`list_shots` within a transaction."""
    return tuple(_shot(row) for row in connection.execute(_asked(desk, project_id)).mappings())


def shots_of_scene(desk: Desk, scene_id: str) -> tuple[Shot, ...]:
    """The shots of a scene in their order."""
    asked = _asked(desk).where(schema.shots.c.scene_id == scene_id)
    with desk.store.read() as connection:
        return tuple(_shot(row) for row in connection.execute(asked).mappings())


def get_shot(connection: Connection, desk: Desk, shot_id: str) -> Shot:
    """A shot by its id, within a transaction; UsageError where there is none."""
    this = {"a_tenant": desk.tenant_id, "a_shot": shot_id}
    row = connection.execute(_ONE, this).mappings().first()
    if row is None:
        raise MissingError(f"there is no shot {shot_id!r}: `rushes shots` lists those there are")
    return _shot(row)


def revisions_of(desk: Desk, shot_id: str) -> tuple[Words, ...]:
    """What a shot said, oldest first."""
    table = schema.shot_revisions
    asked = desk.only(table).where(table.c.shot_id == shot_id).order_by(table.c.revision)
    with desk.store.read() as connection:
        return tuple(_words(row) for row in connection.execute(asked).mappings())


def reorder_shots(desk: Desk, project_id: str, shot_ids: Sequence[str]) -> None:
    """Put all shots of a project into this order; UsageError when one is missing or foreign."""
    table = schema.shots
    with desk.store.write() as connection:
        known = set(
            connection.scalars(
                select(table.c.id).where(
                    table.c.tenant_id == desk.tenant_id, table.c.project_id == project_id
                )
            )
        )
        if known != set(shot_ids) or len(known) != len(shot_ids):
            raise UsageError(f"{len(shot_ids)} shots are not the {len(known)} of the project: name each once")
        for position, shot_id in enumerate(shot_ids, 1):
            connection.execute(update(table).where(table.c.id == shot_id).values(position=position))
        desk.log(connection, project_id, "shots reordered")


def next_codes(connection: Connection, project_id: str) -> Iterator[str]:
    """Free codes of the first sequence, ten apart, behind those there are now."""
    table = schema.shots
    ours = table.c.code.between(f"{FIRST_SEQUENCE}_SH", f"{FIRST_SEQUENCE}_SHZ")
    codes = connection.scalars(select(table.c.code).where(table.c.project_id == project_id, ours))
    pattern = re.compile(rf"{FIRST_SEQUENCE}_SH(\d+)")
    last = max((int(found[1]) for code in codes if (found := pattern.match(code))), default=0)
    return (f"{FIRST_SEQUENCE}_SH{number:04d}" for number in count(last // _STEP * _STEP + _STEP, _STEP))


def insert_revisions(connection: Connection, desk: Desk, new: Sequence[tuple[str, int, Words]]) -> None:
    """Write down the words of shots: id, number of the revision, what it says."""
    now = desk.store.now(connection)
    rows = [
        {
            "id": new_id("words"), "tenant_id": desk.tenant_id, "shot_id": shot_id, "revision": revision,
            "text": words.text, "spec": dict(words.spec), "spans": [list(span) for span in words.spans],
            "script_revision_id": words.script_revision_id, "person_id": desk.person_id, "created_at": now,
        }
        for shot_id, revision, words in new
    ]  # fmt: skip
    if rows:
        connection.execute(_INSERT_WORDS, rows)
    for shot_id, revision, _ in new:
        connection.execute(_REVISE, {"a_shot": shot_id, "newest": revision})
        desk.log(connection, shot_id, "shot revised", {"revision": revision})


def _asked(desk: Desk, project_id: str | None = None) -> Select[Any]:
    asked = _ALL.where(shots.c.tenant_id == desk.tenant_id)
    if project_id is not None:
        asked = asked.where(shots.c.project_id == project_id)
    return asked.order_by(shots.c.position, shots.c.code)


def _shot(row: RowMapping) -> Shot:
    plain = {name: row[name] for name in Shot.__annotations__ if name != "words"}
    return Shot(**plain, words=_words(row))


def _words(row: RowMapping) -> Words:
    spans = tuple((start, end) for start, end in row["spans"])
    return Words(row["text"], row["spec"], spans, row["script_revision_id"])
