"""Claim: the next job for a free worker. Lanes in order; in a lane, the tenant served least; its job by rank.

A claim is one short transaction. PostgreSQL makes claims of one lane wait for each other at the lane's row,
SQLite has one writer anyway: fairness needs them in order, and a lane hands out hundreds a second.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Connection,
    Double,
    RowMapping,
    String,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)

from rushes.studio.jobs.ending import take_back
from rushes.studio.jobs.job import Claim, Job, JobState, Lane, job_of
from rushes.studio.schema import attempts, jobs, lanes, shares, tenants
from rushes.studio.store import Store

LEASE_S = 30.0
# No lease is longer, so one that seems to be was given before the clock was set back.
MAX_LEASE_S = 120.0
# Nor does any job wait longer before it is tried again.
MAX_WAIT_S = 600.0
# A job without an estimate counts as so long when its tenant's share is charged.
_LEAST_S = 1.0
_TENANTS_AT_ONCE = 50

# Written out, not as parameters: the partial indexes apply only to these very words.
_IS_QUEUED = jobs.c.state == literal_column("'queued'")
_IS_RUNNING = jobs.c.state == literal_column("'running'")
_TWIN = jobs.alias("twin")
_LANE = bindparam("a_lane", type_=String)
_TENANT = bindparam("a_tenant", type_=String)
_NOW = bindparam("now", type_=Double)

# Built once: building a statement takes longer than running it.
_RUNNING_BY_TENANT = select(jobs.c.tenant_id, func.count()).where(_IS_RUNNING).group_by(jobs.c.tenant_id)
_EXPIRED = (
    select(jobs)
    .where(_IS_RUNNING, (jobs.c.lease_until < _NOW) | (jobs.c.lease_until > _NOW + MAX_LEASE_S))
    .with_for_update(skip_locked=True)
)
_LOCK_LANE = select(lanes.c.is_paused).where(lanes.c.name == _LANE).with_for_update()
_WAITING = (
    select(shares, tenants.c.share, tenants.c.max_running)
    .join(tenants, tenants.c.id == shares.c.tenant_id)
    .where(shares.c.lane == _LANE, shares.c.is_waiting)
    .order_by(shares.c.virtual_time, shares.c.tenant_id)
    .limit(_TENANTS_AT_ONCE)
)
_WAITING_AFTER = _WAITING.where(
    tuple_(shares.c.virtual_time, shares.c.tenant_id) > tuple_(bindparam("last_time"), bindparam("last"))
)
_IS_IN_FLIGHT = exists().where(
    _TWIN.c.state == literal_column("'running'"),
    _TWIN.c.tenant_id == jobs.c.tenant_id,
    _TWIN.c.work_key == jobs.c.work_key,
    _TWIN.c.work_key != "",
)
_OF_TENANT = (_IS_QUEUED, jobs.c.tenant_id == _TENANT, jobs.c.lane == _LANE)
_HAS_WAITED = (jobs.c.not_before <= _NOW) | (jobs.c.not_before > _NOW + MAX_WAIT_S)
_FIRST_JOB = (
    select(jobs)
    .where(*_OF_TENANT, ~jobs.c.is_held, _HAS_WAITED, ~_IS_IN_FLIGHT)
    .order_by(jobs.c.rank, jobs.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_ANY_JOB = select(jobs.c.id).where(*_OF_TENANT).limit(1)
_THIS_SHARE = (shares.c.lane == _LANE) & (shares.c.tenant_id == _TENANT)
_LOCK_SHARE = select(shares.c.lane).where(_THIS_SHARE).with_for_update()
_REST = update(shares).where(_THIS_SHARE).values(is_waiting=False)
_CHARGE = update(shares).where(_THIS_SHARE).values(virtual_time=bindparam("until"))
_MOVE_CLOCK = (
    update(lanes)
    .where(lanes.c.name == _LANE, lanes.c.clock < bindparam("start"))
    .values(clock=bindparam("start"))
)
_START = (
    update(jobs)
    .where(jobs.c.id == bindparam("a_job"))
    .values(
        state=JobState.RUNNING, is_held=False, worker=bindparam("by"), lease_until=bindparam("until"),
        attempt=jobs.c.attempt + 1, strikes=jobs.c.strikes + 1, progress=0, doing="", failure="",
        message="", progress_at=_NOW, started_at=func.coalesce(jobs.c.started_at, _NOW),
    )
    .returning(*jobs.c)
)  # fmt: skip
_OPEN_ATTEMPT = insert(attempts)


@dataclass(frozen=True)
class Claimed:
    """A job and the right to it."""

    job: Job
    claim: Claim


def claim(
    store: Store, worker: str, served: Sequence[Lane] = tuple(Lane), lease_s: float = LEASE_S
) -> Claimed | None:
    """Take the next job for ``worker``; None where nothing may run now.

    First takes back the jobs of workers whose lease has run out. The attempt counts from here on.
    """
    take_back_expired(store)
    with store.write() as connection:
        now = store.now(connection)
        running = {row[0]: row[1] for row in connection.execute(_RUNNING_BY_TENANT)}
        for lane in served:
            found = _next(connection, lane, running, now)
            if found is not None:
                return _start(connection, found, worker, now, lease_s)
    return None


def claim_job(store: Store, job_id: str, worker: str, lease_s: float = LEASE_S) -> Claimed | None:
    """Take one queued job for a person who waits for it, held or not; None when somebody else has it."""
    mine = select(jobs).where(_IS_QUEUED, jobs.c.id == job_id).with_for_update(skip_locked=True)
    with store.write() as connection:
        job = connection.execute(mine).mappings().first()
        return None if job is None else _start(connection, job, worker, store.now(connection), lease_s)


def take_back_expired(store: Store) -> int:
    """Answer for all workers whose lease has run out; how many."""
    with store.read() as connection:
        if not _expired(connection, store.now(connection)):
            return 0
    with store.write() as connection:
        now = store.now(connection)
        rows = _expired(connection, now)
        for row in rows:
            take_back(connection, row, now)
    return len(rows)


def _expired(connection: Connection, now: float) -> Sequence[RowMapping]:
    return connection.execute(_EXPIRED, {"now": now}).mappings().all()


def _next(connection: Connection, lane: Lane, running: dict[str, int], now: float) -> RowMapping | None:
    """The job whose turn it is in a lane, charged to its tenant's share."""
    if connection.scalar(_LOCK_LANE, {"a_lane": lane}):
        return None
    for share in _waiting(connection, lane):
        if share["max_running"] is not None and running.get(share["tenant_id"], 0) >= share["max_running"]:
            continue
        this = {"a_lane": lane, "a_tenant": share["tenant_id"]}
        job = connection.execute(_FIRST_JOB, {**this, "now": now}).mappings().first()
        if job is not None:
            _charge(connection, this, share, job)
            return job
        _rest(connection, this)
    return None


def _waiting(connection: Connection, lane: Lane) -> Iterator[RowMapping]:
    """Shares with jobs, least served first; a few at a time, since the first will nearly always do."""
    rows = connection.execute(_WAITING, {"a_lane": lane}).mappings().all()
    while rows:
        yield from rows
        last = {"last_time": rows[-1]["virtual_time"], "last": rows[-1]["tenant_id"]}
        rows = connection.execute(_WAITING_AFTER, {"a_lane": lane, **last}).mappings().all()


def _charge(connection: Connection, this: dict[str, str], share: RowMapping, job: RowMapping) -> None:
    """Move the tenant's time on by what the job will take of its share, and the lane's clock to its start."""
    start = share["virtual_time"]
    cost = max(job["estimate_s"], _LEAST_S) / share["share"]
    connection.execute(_CHARGE, {**this, "until": start + cost})
    connection.execute(_MOVE_CLOCK, {"a_lane": this["a_lane"], "start": start})


def _rest(connection: Connection, this: dict[str, str]) -> None:
    """Stop looking at a tenant without jobs. A submit holds the share, so none can slip in between."""
    connection.execute(_LOCK_SHARE, this)
    if connection.scalar(_ANY_JOB, this) is None:
        connection.execute(_REST, this)


def _start(connection: Connection, job: RowMapping, worker: str, now: float, lease_s: float) -> Claimed:
    given = {"a_job": job["id"], "by": worker, "now": now, "until": now + lease_s}
    row = connection.execute(_START, given).mappings().one()
    attempt = {"job_id": row["id"], "attempt": row["attempt"], "tenant_id": row["tenant_id"]}
    connection.execute(_OPEN_ATTEMPT, {**attempt, "worker": worker, "started_at": now})
    return Claimed(job_of(row), Claim(row["id"], row["attempt"], worker))
