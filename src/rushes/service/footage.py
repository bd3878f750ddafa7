"""Takes as clients see them: with their newest job and finished clip, in pages, without what was deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    RowMapping,
    Select,
    String,
    bindparam,
    exists,
    func,
    select,
    tuple_,
)

from rushes.core.errors import MissingError
from rushes.service.tags import tag_of
from rushes.studio.desk import TENANT, Desk
from rushes.studio.files import FileStore
from rushes.studio.jobs.job import Job, JobState, job_of
from rushes.studio.retention import delete_take, expires_at, is_deleted
from rushes.studio.schema import jobs, renditions, takes
from rushes.studio.seen import Check, unseen
from rushes.studio.takes import Rendition, Take, get_take, take_of

CLIP, SHEET = "clip", "sheet"
# Statements are built once: these are asked for whenever somebody looks how far a clip is.
_JOB = {column.name: f"job_{column.name}" for column in jobs.c}
_NEWEST = (
    select(jobs.c.id)
    .where(jobs.c.take_id == takes.c.id)
    .order_by(jobs.c.created_at.desc())
    .limit(1)
    .correlate(takes)
    .scalar_subquery()
)
_WITH_JOBS = (
    select(takes, is_deleted().label("is_gone"), expires_at().label("expires_at"))
    .add_columns(*(jobs.c[name].label(_JOB[name]) for name in _JOB))
    .join(jobs, jobs.c.id == _NEWEST, isouter=True)
    .where(takes.c.tenant_id == TENANT)
)
_THIS = _WITH_JOBS.where(takes.c.id == bindparam("a_take", type_=String))
_BEGUN: BindParameter[Any] = bindparam("begun", expanding=True)
_FILES = (
    select(renditions)
    .where(renditions.c.tenant_id == TENANT, renditions.c.take_id.in_(_BEGUN))
    .order_by(renditions.c.made_at)
)
# What narrows a window, by the field that names it.
_NARROWED = {
    "project_id": takes.c.project_id == bindparam("project_id"),
    "shot_id": takes.c.shot_id == bindparam("shot_id"),
    "batch_id": takes.c.batch_id == bindparam("batch_id"),
    "model": takes.c.request["model"].as_string() == bindparam("model", type_=String),
    "states": exists()
    .where(jobs.c.take_id == takes.c.id, jobs.c.state.in_(bindparam("states", expanding=True)))
    .correlate(takes),
    "since": takes.c.created_at >= bindparam("since"),
    "until": takes.c.created_at <= bindparam("until"),
}


@dataclass(frozen=True)
class Footage:
    """A take, its newest job, its finished files by name, and when those go (None: they stay)."""

    take: Take
    job: Job | None
    files: dict[str, Rendition]
    expires_at: float | None

    @property
    def tag(self) -> str:
        """Its ETag: another one when its work or its files are."""
        files = sorted((file.name, file.sha256) for file in self.files.values())
        return tag_of(self.take.id, self.job and (self.job.state, self.job.attempt), files)


@dataclass(frozen=True)
class Window:
    """Which takes of a tenant, newest first or oldest: ``limit`` of them behind ``after`` (a take's id).

    Empty fields do not narrow; ``skip`` counts takes, ``since`` and ``until`` are seconds since 1970.
    """

    limit: int = 20
    after: str = ""
    is_ascending: bool = False
    skip: int = 0
    project_id: str = ""
    shot_id: str = ""
    batch_id: str = ""
    model: str = ""
    states: tuple[JobState, ...] = ()
    since: float = 0.0
    until: float = inf

    def narrows(self) -> dict[str, Any]:
        """The fields that narrow, and their values."""
        values = {name: getattr(self, name) for name in _NARROWED}
        return {name: value for name, value in values.items() if value and value != inf}


def video_id(take_id: str) -> str:
    """What a take is called by clients who see videos."""
    return take_id.replace("take_", "video_", 1)


def take_id(video_id: str) -> str:
    """The take behind a video's id. MissingError for what is no such id."""
    if not video_id.startswith("video_"):
        raise MissingError(f"there is no video {video_id[:64]!r}: GET /v1/videos lists those there are")
    return video_id.replace("video_", "take_", 1)


def find_footage(desk: Desk, take_id: str) -> Footage:
    """One take; MissingError where this tenant has none, or has deleted it."""
    with desk.store.read() as connection:
        return _footage(connection, desk, take_id)


def list_footage(desk: Desk, window: Window) -> tuple[tuple[Footage, ...], bool]:
    """A page of takes, and whether more follow. MissingError for an ``after`` that is not there."""
    narrows = window.narrows()
    page = _page(tuple(narrows), window.is_ascending, window.after != "")
    this = {**narrows, "a_tenant": desk.tenant_id, "skip": window.skip, "most": window.limit + 1}
    with desk.store.read() as connection:
        if window.after:
            last = get_take(connection, desk, window.after)
            this |= {"last_at": last.created_at, "last_id": last.id}
        rows = connection.execute(page, this).mappings().all()
        return tuple(_with_files(connection, desk, rows[: window.limit])), len(rows) > window.limit


def count_footage(desk: Desk, window: Window) -> int:
    """How many takes there are in all pages."""
    narrows = window.narrows()
    counted = _narrow(select(func.count()).select_from(takes), tuple(narrows))
    with desk.store.read() as connection:
        return connection.scalar(counted, {**narrows, "a_tenant": desk.tenant_id}) or 0


def delete_footage(desk: Desk, kept: FileStore, take_id: str, check: Check[Footage] = unseen) -> None:
    """Delete a take as ``check`` finds it at that moment. MissingError for one that is deleted already."""
    delete_take(desk, kept, take_id, lambda connection: check(_footage(connection, desk, take_id)))


def _footage(connection: Connection, desk: Desk, take_id: str) -> Footage:
    this = {"a_tenant": desk.tenant_id, "a_take": take_id}
    row = connection.execute(_THIS, this).mappings().first()
    if row is None:
        raise MissingError(f"there is no take {take_id!r}: `rushes show` names those there are")
    if row["is_gone"]:
        raise MissingError(f"there is no take {take_id!r} any more: it was deleted")
    return _with_files(connection, desk, [row])[0]


def _narrow(asked: Select[Any], narrowed: tuple[str, ...]) -> Select[Any]:
    ours = asked.where(takes.c.tenant_id == TENANT, ~is_deleted())
    return ours.where(*(_NARROWED[name] for name in narrowed))


@cache
def _page(narrowed: tuple[str, ...], is_ascending: bool, is_behind: bool) -> Select[Any]:
    """Built once for each kind of window: building takes longer than running."""
    asked, order = _narrow(_WITH_JOBS, narrowed), (takes.c.created_at, takes.c.id)
    if is_behind:
        place = tuple_(*order)
        last = tuple_(bindparam("last_at", type_=takes.c.created_at.type), bindparam("last_id", type_=String))
        asked = asked.where(place > last if is_ascending else place < last)
    asked = asked.order_by(*order if is_ascending else (column.desc() for column in order))
    return asked.offset(bindparam("skip", type_=Integer)).limit(bindparam("most", type_=Integer))


def _with_files(connection: Connection, desk: Desk, rows: Sequence[RowMapping]) -> list[Footage]:
    found = [(take_of(row), _job_in(row), row["expires_at"]) for row in rows]
    # Nothing is made before the first attempt.
    begun = [take.id for take, job, _ in found if job is None or job.attempt]
    files: dict[str, dict[str, Rendition]] = {take.id: {} for take, _, _ in found}
    these = {"a_tenant": desk.tenant_id, "begun": begun}
    for row in connection.execute(_FILES, these).mappings() if begun else ():
        made = Rendition(**{name: row[name] for name in Rendition.__annotations__})
        files[made.take_id][made.name] = made
    return [Footage(take, job, files[take.id], ends) for take, job, ends in found]


def _job_in(row: RowMapping) -> Job | None:
    return None if row["job_id"] is None else job_of({name: row[label] for name, label in _JOB.items()})
