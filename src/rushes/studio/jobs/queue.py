"""What people do with the queue: look, cancel, hold, reorder, pause, try again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update

from rushes.core.errors import ConflictError, MissingError, UsageError
from rushes.studio.desk import Desk
from rushes.studio.gate import waits
from rushes.studio.jobs.budget import release, reserve
from rushes.studio.jobs.job import ENDED, Job, JobState, Lane, job_of, rank_of
from rushes.studio.jobs.submit import enqueue
from rushes.studio.outbox import post
from rushes.studio.schema import events, jobs, lanes
from rushes.studio.seen import Check, unseen

NO_STATES: tuple[JobState, ...] = ()
_HELD = {True: "job held", False: "job let go"}


@dataclass(frozen=True)
class JobTerms:
    """How a queued job is to wait from now on; None: stays."""

    priority: int | None = None
    lane: Lane | None = None
    is_held: bool | None = None


def find_job(desk: Desk, job_id: str) -> Job:
    """A job by its id."""
    with desk.store.read() as connection:
        return job_of(desk.one(connection, jobs, job_id, "job"))


def job_of_take(desk: Desk, take_id: str) -> Job | None:
    """The newest job of a take."""
    asked = desk.only(jobs).where(jobs.c.take_id == take_id).order_by(jobs.c.created_at.desc()).limit(1)
    with desk.store.read() as connection:
        row = connection.execute(asked).mappings().first()
    return None if row is None else job_of(row)


def list_jobs(
    desk: Desk, states: Sequence[JobState] = NO_STATES, project_id: str = "", limit: int = 100
) -> tuple[Job, ...]:
    """Jobs of some states (none: all): running ones first, then queued in their order, then the newest."""
    asked = desk.only(jobs)
    if states:
        asked = asked.where(jobs.c.state.in_(states))
    if project_id:
        asked = asked.where(jobs.c.project_id == project_id)
    newest = asked.order_by(jobs.c.ended_at.desc().nulls_first(), jobs.c.rank).limit(limit)
    with desk.store.read() as connection:
        found = [job_of(row) for row in connection.execute(newest).mappings()]
    place = {state: number for number, state in enumerate((JobState.RUNNING, JobState.QUEUED))}
    return tuple(sorted(found, key=lambda job: place.get(job.state, len(place))))


def cancel(desk: Desk, job_id: str) -> JobState:
    """Stop a job: at once while queued; a running one is told at its next heartbeat."""
    with desk.store.write() as connection:
        return _cancel(connection, desk, _open(connection, desk, job_id))


def lock_jobs(connection: Connection, desk: Desk, take_id: str) -> Sequence[RowMapping]:
    """A take's jobs, which no worker takes, ends or publishes for until the transaction ends."""
    mine = desk.only(jobs).where(jobs.c.take_id == take_id).order_by(jobs.c.id)
    return connection.execute(mine.with_for_update()).mappings().all()


def cancel_locked(connection: Connection, desk: Desk, rows: Sequence[RowMapping]) -> None:
    """:func:`cancel` those of :func:`lock_jobs` that have not ended."""
    for row in rows:
        if row["state"] not in ENDED:
            _cancel(connection, desk, row)


def change_job(desk: Desk, job_id: str, terms: JobTerms, check: Check[Job] = unseen) -> Job:
    """Change a queued job; what ``check`` or one of the terms raises leaves all as it was."""
    with desk.store.write() as connection:
        check(job_of(_locked(connection, desk, job_id)))
        if terms.priority is not None:
            _set_priority(connection, desk, job_id, terms.priority)
        if terms.lane is not None:
            _set_lane(connection, desk, job_id, terms.lane)
        if terms.is_held is not None:
            _hold(connection, desk, job_id, terms.is_held)
        return job_of(desk.one(connection, jobs, job_id, "job"))


def hold(desk: Desk, job_id: str, is_held: bool) -> None:
    """Keep a queued job from running, or let it."""
    change_job(desk, job_id, JobTerms(is_held=is_held))


def set_priority(desk: Desk, job_id: str, priority: int) -> None:
    """Change the priority of a queued job, 0 to 9; its waiting time counts on."""
    change_job(desk, job_id, JobTerms(priority=priority))


def set_lane(desk: Desk, job_id: str, lane: Lane) -> None:
    """Move a queued job to another lane."""
    change_job(desk, job_id, JobTerms(lane=lane))


def hold_all(connection: Connection, desk: Desk, job_ids: Select[Any], is_held: bool) -> None:
    """:func:`hold` all of these that are queued, but let go of none that waits for a person."""
    asked = desk.only(jobs).where(jobs.c.id.in_(job_ids), jobs.c.state == JobState.QUEUED)
    # All are locked before any share is: a worker locks a job before its share.
    rows = connection.execute(asked.order_by(jobs.c.id).with_for_update()).mappings().all()
    if not is_held:
        rows = [row for row in rows if not (row["take_id"] and waits(connection, desk, row["take_id"]))]
    if not rows:
        return
    # Others wait meanwhile, so a thousand are changed by two statements.
    now, kind = desk.store.now(connection), _HELD[is_held]
    said = {"tenant_id": desk.tenant_id, "person_id": desk.person_id, "kind": kind, "created_at": now}
    connection.execute(update(jobs).where(jobs.c.id.in_([row["id"] for row in rows])).values(is_held=is_held))
    connection.execute(insert(events), [{**said, "subject": row["id"], "detail": {}} for row in rows])
    for lane in sorted({Lane(row["lane"]) for row in rows}):
        enqueue(connection, desk.tenant_id, lane)


def move_first(desk: Desk, job_id: str) -> None:
    """Put a queued job before all others this tenant has in its lane."""
    with desk.store.write() as connection:
        row = _queued(connection, desk, job_id)
        first = connection.scalar(
            select(func.min(jobs.c.rank)).where(
                jobs.c.tenant_id == desk.tenant_id,
                jobs.c.lane == row["lane"],
                jobs.c.state == JobState.QUEUED,
            )
        )
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(rank=(first or 0) - 1))
        desk.log(connection, job_id, "job moved first")


def reorder(desk: Desk, job_ids: Sequence[str]) -> None:
    """Run these queued jobs in this order, in the places they now have between them."""
    with desk.store.write() as connection:
        # In one order whoever asks: two that lock the same jobs in two orders would wait for each other.
        these = desk.only(jobs).where(jobs.c.id.in_(job_ids)).order_by(jobs.c.id)
        connection.execute(these.with_for_update())
        ranks = sorted(_queued(connection, desk, job_id)["rank"] for job_id in job_ids)
        for job_id, rank in zip(job_ids, ranks, strict=True):
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(rank=rank))
        desk.log(connection, job_ids[0], "jobs reordered", {"jobs": list(job_ids)})


def pause(desk: Desk, lane: Lane, is_paused: bool, check: Check[bool] = unseen) -> None:
    """Let nothing new start in a lane, or go on. What runs, runs on. ``check`` gets whether it is paused."""
    with desk.store.write() as connection:
        was_paused = select(lanes.c.is_paused).where(lanes.c.name == lane).with_for_update()
        check(bool(connection.scalar(was_paused)))
        connection.execute(update(lanes).where(lanes.c.name == lane).values(is_paused=is_paused))
        desk.log(connection, f"lane_{lane}", "lane paused" if is_paused else "lane resumed")


def paused_lanes(desk: Desk) -> tuple[Lane, ...]:
    """The lanes nothing new starts in."""
    with desk.store.read() as connection:
        return tuple(Lane(name) for name in connection.scalars(select(lanes.c.name).where(lanes.c.is_paused)))


def try_again(desk: Desk, job_id: str) -> None:
    """Queue a failed or cancelled job anew, with no strikes against it."""
    with desk.store.write() as connection:
        row = _locked(connection, desk, job_id)
        if row["state"] not in (JobState.FAILED, JobState.CANCELLED):
            raise ConflictError(
                f"{job_id} is {row['state']}: only failed and cancelled jobs can be tried again"
            )
        reserve(connection, desk.tenant_id, row["project_id"], row["estimate_s"])
        enqueue(connection, desk.tenant_id, Lane(row["lane"]))
        is_held = bool(row["take_id"]) and waits(connection, desk, row["take_id"])
        connection.execute(
            update(jobs)
            .where(jobs.c.id == job_id)
            .values(
                state=JobState.QUEUED, is_cancelled=False, is_held=is_held, is_degraded=False, strikes=0,
                failure="", message="", ended_at=None, not_before=0, reserved_s=row["estimate_s"],
            )
        )  # fmt: skip
        desk.log(connection, job_id, "job tried again")


def _cancel(connection: Connection, desk: Desk, row: RowMapping) -> JobState:
    """Stop a job that is locked and has not ended."""
    job_id = row["id"]
    this = update(jobs).where(jobs.c.id == job_id)
    desk.log(connection, job_id, "cancel asked")
    if row["state"] == JobState.RUNNING:
        connection.execute(this.values(is_cancelled=True))
        return JobState.RUNNING
    now = desk.store.now(connection)
    connection.execute(this.values(state=JobState.CANCELLED, is_cancelled=True, ended_at=now))
    release(connection, job_id)
    post(connection, desk.tenant_id, row["take_id"], JobState.CANCELLED, now)
    return JobState.CANCELLED


def _hold(connection: Connection, desk: Desk, job_id: str, is_held: bool) -> None:
    row = _queued(connection, desk, job_id)
    if not is_held and row["take_id"] and waits(connection, desk, row["take_id"]):
        raise ConflictError(f"{job_id} waits for a person: `rushes review TAKE --allow` lets it go")
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(is_held=is_held))
    enqueue(connection, desk.tenant_id, Lane(row["lane"]))
    desk.log(connection, job_id, _HELD[is_held])


def _set_priority(connection: Connection, desk: Desk, job_id: str, priority: int) -> None:
    if not 0 <= priority <= 9:
        raise UsageError(f"priority {priority} is out of range: use 0 to 9")
    rank = rank_of(_queued(connection, desk, job_id)["created_at"], priority)
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(priority=priority, rank=rank))
    desk.log(connection, job_id, "priority set", {"priority": priority})


def _set_lane(connection: Connection, desk: Desk, job_id: str, lane: Lane) -> None:
    before = _queued(connection, desk, job_id)["lane"]
    if before != lane and Lane.HOSTED in (before, lane):
        raise UsageError(f"{job_id} cannot move from {before} to {lane}: takes wait where they are made")
    enqueue(connection, desk.tenant_id, lane)
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(lane=lane))
    desk.log(connection, job_id, "lane set", {"lane": lane})


def _queued(connection: Connection, desk: Desk, job_id: str) -> RowMapping:
    row = _open(connection, desk, job_id)
    if row["state"] != JobState.QUEUED:
        raise ConflictError(f"{job_id} is running already: only queued jobs can be changed, or cancel it")
    return row


def _open(connection: Connection, desk: Desk, job_id: str) -> RowMapping:
    """The job, locked; ConflictError when it has ended."""
    row = _locked(connection, desk, job_id)
    if row["state"] in ENDED:
        raise ConflictError(f"{job_id} has ended ({row['state']}): `rushes queue` lists what has not")
    return row


def _locked(connection: Connection, desk: Desk, job_id: str) -> RowMapping:
    """The job, locked so that no worker takes it meanwhile."""
    asked = desk.only(jobs).where(jobs.c.id == job_id).with_for_update()
    row = connection.execute(asked).mappings().first()
    if row is None:
        raise MissingError(f"there is no job {job_id!r}: `rushes queue` lists those there are")
    return row
