"""Takes: one immutable generation of a shot each, its master, and the finished files made of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, String, bindparam, insert, or_, select, update

from rushes.core.decision import Verdict
from rushes.core.errors import MissingError, UsageError
from rushes.core.request import check_prompt
from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.files import pin
from rushes.studio.gate import JUDGED, judge
from rushes.studio.reviews import NewNote, Source, add_note
from rushes.studio.shots import get_shot
from rushes.studio.store import new_id

# Built once: every submit runs them.
_NUMBER = (
    update(schema.shots)
    .where(schema.shots.c.id == bindparam("a_shot", type_=String))
    .values(takes_given=schema.shots.c.takes_given + 1)
    .returning(schema.shots.c.takes_given)
)
_INSERT = insert(schema.takes)


class Relation(StrEnum):
    """How a take came out of its parent; ``first`` has none."""

    FIRST = "first"
    RETAKE = "retake"
    EDIT = "edit"
    EXTEND = "extend"
    IN_BETWEEN = "in-between"
    REMIX = "remix"


@dataclass(frozen=True)
class TakeRequest:
    """What a take is asked to be; ``settings`` holds what the generator reads: length, size, steps."""

    prompt: str
    seed: int
    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise UsageError for a prompt that cannot be filmed."""
        check_prompt(self.prompt)


@dataclass(frozen=True)
class Input:
    """A picture or clip a take starts from, by hash; ``role`` such as ``first_frame``."""

    role: str
    sha256: str


@dataclass(frozen=True)
class Origin:
    """What a take comes from: the take before it, the note it answers, the batch it was submitted in."""

    relation: Relation = Relation.FIRST
    parent_id: str | None = None
    note_id: str | None = None
    batch_id: str | None = None


FIRST = Origin()


@dataclass(frozen=True)
class Take:
    """A take as it was submitted. ``code`` is what people say: SQ010_SH0030_v003."""

    id: str
    project_id: str
    shot_id: str
    shot_revision_id: str
    take: int
    code: str
    origin: Origin
    inputs: tuple[Input, ...]
    request: TakeRequest
    person_id: str
    created_at: float


@dataclass(frozen=True)
class Master:
    """The raw clip of a take at its native rate, by hash, with the recipe that makes it again."""

    take_id: str
    sha256: str
    recipe: Mapping[str, Any]
    job_id: str
    attempt: int
    made_at: float


@dataclass(frozen=True)
class Rendition:
    """A finished file of a take, by hash; a take has one under each name and key."""

    id: str
    take_id: str
    name: str
    sha256: str
    media_type: str
    key: str
    recipe: Mapping[str, Any]
    made_at: float


def add_take(
    connection: Connection, desk: Desk, shot_id: str, request: TakeRequest,
    origin: Origin = FIRST, inputs: tuple[Input, ...] = (),
) -> Take:  # fmt: skip
    """Add a take of a shot's newest revision. Its number is given here and never again.

    Raises RefusedError where the desk's gate says no; what it puts before a person waits in review.
    """
    shot = get_shot(connection, desk, shot_id)
    decision = judge(connection, desk, shot.project_id, request.prompt, dict(request.settings))
    number = connection.scalar(_NUMBER, {"a_shot": shot_id})
    take_id = new_id("take")
    row = {
        "id": take_id, "tenant_id": desk.tenant_id, "project_id": shot.project_id, "shot_id": shot_id,
        "shot_revision_id": shot.revision_id, "take": number, "code": f"{shot.code}_v{number:03d}",
        **asdict(origin), "inputs": [asdict(each) for each in inputs], "request": asdict(request),
        "person_id": desk.person_id, "created_at": desk.store.now(connection),
    }  # fmt: skip
    connection.execute(_INSERT, row)
    for each in inputs:
        _check_file(connection, desk, each)
        pin(connection, desk.tenant_id, each.sha256, f"{take_id} {each.role}")
    desk.log(connection, take_id, "take submitted", {"code": f"{shot.code}_v{number:03d}"})
    if decision is not None:
        desk.log(connection, take_id, JUDGED, asdict(decision))
    if decision is not None and decision.decision is Verdict.REVIEW:
        add_note(connection, desk, take_id, NewNote(decision.sentence(), Source.GATE, decision.rule))
    return take_of(desk.one(connection, schema.takes, take_id, "take"))


def find_take(desk: Desk, code: str, project_id: str | None = None) -> Take:
    """A take by id or code, in any case; UsageError where there is none, or several projects have one."""
    table = schema.takes
    asked = desk.only(table).where((table.c.code == code.upper().replace("_V", "_v")) | (table.c.id == code))
    if project_id is not None:
        asked = asked.where(table.c.project_id == project_id)
    with desk.store.read() as connection:
        rows = connection.execute(asked).mappings().all()
        if len(rows) > 1:
            table = schema.projects
            named = desk.only(table).where(table.c.id.in_([row["project_id"] for row in rows]))
            codes = sorted(row["code"] for row in connection.execute(named).mappings())
            raise UsageError(f"projects {', '.join(codes)} have a take {code}: add --project")
    if rows:
        return take_of(rows[0])
    raise MissingError(f"there is no take {code!r}: `rushes show --project CODE` lists those there are")


def takes_of(desk: Desk, shot_id: str) -> tuple[Take, ...]:
    """The takes of a shot by number."""
    return _listed(desk, schema.takes.c.shot_id == shot_id)


def take_of_file(desk: Desk, sha256: str) -> Take | None:
    """The newest take whose master or rendition these bytes are; None for a file from elsewhere."""
    takes = schema.takes
    kept = [
        select(each.c.take_id).where(each.c.tenant_id == desk.tenant_id, each.c.sha256 == sha256)
        for each in (schema.masters, schema.renditions)
    ]
    is_kept = or_(*(takes.c.id.in_(each) for each in kept))
    asked = desk.only(takes).where(is_kept).order_by(takes.c.created_at.desc()).limit(1)
    with desk.store.read() as connection:
        row = connection.execute(asked).mappings().first()
    return None if row is None else take_of(row)


def children_of(desk: Desk, take_id: str) -> tuple[Take, ...]:
    """Takes that came out of this one."""
    return _listed(desk, schema.takes.c.parent_id == take_id)


def takes_in(desk: Desk, project_id: str) -> tuple[Take, ...]:
    """All takes of a project by code."""
    return _listed(desk, schema.takes.c.project_id == project_id)


def get_take(connection: Connection, desk: Desk, take_id: str) -> Take:
    """A take by its id, within a transaction."""
    return take_of(desk.one(connection, schema.takes, take_id, "take"))


def add_master(connection: Connection, desk: Desk, master: Master) -> None:
    """Publish a take's master. A second one fails: a take is one clip for ever."""
    connection.execute(insert(schema.masters).values(tenant_id=desk.tenant_id, **asdict(master)))
    desk.log(connection, master.take_id, "take made", {"sha256": master.sha256, "attempt": master.attempt})


def master_of(desk: Desk, take_id: str) -> Master | None:
    """The take's raw clip, None while it is not made."""
    with desk.store.read() as connection:
        return master_in(connection, desk, take_id)


def master_in(connection: Connection, desk: Desk, take_id: str) -> Master | None:
    """:func:`master_of` within a transaction."""
    table = schema.masters
    row = connection.execute(desk.only(table).where(table.c.take_id == take_id)).mappings().first()
    return None if row is None else Master(**{name: row[name] for name in Master.__annotations__})


def add_rendition(connection: Connection, desk: Desk, rendition: Rendition) -> None:
    """Publish a finished file; one that is there already under its name and key stays as it is."""
    table = schema.renditions
    known = (
        (table.c.take_id == rendition.take_id)
        & (table.c.name == rendition.name)
        & (table.c.key == rendition.key)
    )
    if connection.scalar(select(table.c.id).where(known)) is not None:
        return
    connection.execute(insert(table).values(tenant_id=desk.tenant_id, **asdict(rendition)))
    desk.log(connection, rendition.take_id, "rendition made", {"name": rendition.name})


def renditions_of(desk: Desk, take_id: str) -> tuple[Rendition, ...]:
    """The finished files of a take, oldest first."""
    table = schema.renditions
    asked = desk.only(table).where(table.c.take_id == take_id).order_by(table.c.made_at, table.c.name)
    with desk.store.read() as connection:
        rows = connection.execute(asked).mappings()
        return tuple(Rendition(**{name: row[name] for name in Rendition.__annotations__}) for row in rows)


def _check_file(connection: Connection, desk: Desk, given: Input) -> None:
    """Raise MissingError for a file that is not there; its row is locked, so it stays until it is pinned."""
    table = schema.files
    asked = desk.only(table).where(table.c.sha256 == given.sha256).with_for_update()
    if connection.execute(asked).first() is None:
        raise MissingError(f"there is no file {given.sha256[:64]!r} for {given.role}: send it first")


def _listed(desk: Desk, which: Any) -> tuple[Take, ...]:
    asked: Select[Any] = desk.only(schema.takes).where(which)
    with desk.store.read() as connection:
        rows = connection.execute(asked.order_by(schema.takes.c.code)).mappings()
        return tuple(take_of(row) for row in rows)


def take_of(row: RowMapping) -> Take:
    """A row of the table as a value."""
    origin = Origin(Relation(row["relation"]), row["parent_id"], row["note_id"], row["batch_id"])
    plain = ("id", "project_id", "shot_id", "shot_revision_id", "take", "code", "person_id", "created_at")
    return Take(
        **{name: row[name] for name in plain},
        origin=origin,
        inputs=tuple(Input(**each) for each in row["inputs"]),
        request=TakeRequest(**row["request"]),
    )
