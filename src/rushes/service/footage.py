"""Takes as clients see them: with their newest job and finished clip, in pages, without what was deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, exists, func, select, tuple_

from rushes.core.errors import MissingError
from rushes.studio.desk import TENANT, Desk
from rushes.studio.files import FileStore
from rushes.studio.jobs.job import ENDED, Job, JobState, job_of
from rushes.studio.jobs.queue import cancel
from rushes.studio.retention import delete_take, is_deleted
from rushes.studio.schema import jobs, renditions, takes
from rushes.studio.takes import Rendition, Take, get_take, take_of

CLIP, SHEET = "clip", "sheet"
_TAKES: BindParameter[Any] = bindparam("some_takes", expanding=True)
# Built once: these are asked for whenever somebody looks how far a clip is.
_THIS = select(takes, is_deleted().label("is_gone")).where(
    takes.c.tenant_id == TENANT, takes.c.id == bindparam("a_take")
)
_JOBS = select(jobs).where(jobs.c.tenant_id == TENANT, jobs.c.take_id.in_(_TAKES)).order_by(jobs.c.created_at)
_FILES = (
    select(renditions)
    .where(renditions.c.tenant_id == TENANT, renditions.c.take_id.in_(_TAKES))
    .order_by(renditions.c.made_at)
)


@dataclass(frozen=True)
class Footage:
    """A take, its newest job, and its finished files by name."""

    take: Take
    job: Job | None
    files: dict[str, Rendition]


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
        this = {"a_tenant": desk.tenant_id, "a_take": take_id}
        row = connection.execute(_THIS, this).mappings().first()
        if row is None:
            raise MissingError(f"there is no take {take_id!r}: `rushes show` lists what there is")
        if row["is_gone"]:
            raise MissingError(f"there is no take {take_id!r} any more: it was deleted")
        return _with_jobs(connection, desk, [take_of(row)])[0]


def list_footage(desk: Desk, window: Window) -> tuple[tuple[Footage, ...], bool]:
    """A page of takes, and whether more follow. MissingError for an ``after`` that is not there."""
    asked = _asked(desk, window)
    place = tuple_(takes.c.created_at, takes.c.id)
    order = (takes.c.created_at, takes.c.id)
    with desk.store.read() as connection:
        if window.after:
            last = get_take(connection, desk, window.after)
            here = (last.created_at, last.id)
            asked = asked.where(place > here if window.is_ascending else place < here)
        sorted_by = order if window.is_ascending else tuple(column.desc() for column in order)
        page = asked.order_by(*sorted_by).offset(window.skip).limit(window.limit + 1)
        rows = connection.execute(page).mappings().all()
        found = [take_of(row) for row in rows[: window.limit]]
        return tuple(_with_jobs(connection, desk, found)), len(rows) > window.limit


def count_footage(desk: Desk, window: Window) -> int:
    """How many takes there are in all pages."""
    with desk.store.read() as connection:
        ids = _asked(desk, window).with_only_columns(takes.c.id).subquery()
        return connection.scalar(select(func.count()).select_from(ids)) or 0


def delete_footage(desk: Desk, kept: FileStore, take_id: str) -> None:
    """Stop its job, show it no longer, and free its files; its record stays, as of all takes.

    A worker that publishes before it hears of it leaves files for the next housekeeping.
    """
    footage = find_footage(desk, take_id)
    if footage.job is not None and footage.job.state not in ENDED:
        cancel(desk, footage.job.id)
    delete_take(desk, kept, take_id)


def _asked(desk: Desk, window: Window) -> Select[Any]:
    wanted = (
        (window.project_id, takes.c.project_id == window.project_id),
        (window.shot_id, takes.c.shot_id == window.shot_id),
        (window.batch_id, takes.c.batch_id == window.batch_id),
        (window.model, takes.c.request["model"].as_string() == window.model),
        (window.states, exists().where(jobs.c.take_id == takes.c.id, jobs.c.state.in_(window.states))),
        (window.since, takes.c.created_at >= window.since),
        (window.until < inf, takes.c.created_at <= window.until),
    )
    asked = desk.only(takes).where(~is_deleted())
    return asked.where(*(clause for is_asked, clause in wanted if is_asked))


def _with_jobs(connection: Connection, desk: Desk, found: Sequence[Take]) -> list[Footage]:
    ids = [take.id for take in found]
    by_take: dict[str, Job] = {}
    these = {"a_tenant": desk.tenant_id, "some_takes": ids}
    for row in connection.execute(_JOBS, these).mappings():
        by_take[row["take_id"]] = job_of(row)
    files: dict[str, dict[str, Rendition]] = {take_id: {} for take_id in ids}
    for row in connection.execute(_FILES, these).mappings():
        made = Rendition(**{name: row[name] for name in Rendition.__annotations__})
        files[made.take_id][made.name] = made
    return [Footage(take, by_take.get(take.id), files[take.id]) for take in found]
