"""Submit: a job enters the ledger once, with its place in the queue and its budget."""

from dataclasses import asdict
from hashlib import sha256

from sqlalchemy import Connection, String, bindparam, case, func, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from rushes.core.errors import ConflictError, LimitError
from rushes.core.recipe import canonical_json
from rushes.studio.desk import TENANT, Desk
from rushes.studio.gate import waits
from rushes.studio.jobs.budget import reserve
from rushes.studio.jobs.cost import price_for
from rushes.studio.jobs.job import Job, JobState, Lane, NewJob, job_of, rank_of
from rushes.studio.schema import jobs, lanes, shares, tenants
from rushes.studio.store import new_id

_LANE = bindparam("a_lane", type_=String)
_CLOCK = select(lanes.c.clock).where(lanes.c.name == _LANE).scalar_subquery()
_LATER = case((shares.c.virtual_time > _CLOCK, shares.c.virtual_time), else_=_CLOCK)
_START = case((shares.c.is_waiting, shares.c.virtual_time), else_=_LATER)
# Built once: building them takes longer than running them.
_ENQUEUE = (
    update(shares)
    .where(shares.c.lane == _LANE, shares.c.tenant_id == TENANT)
    .values(virtual_time=_START, is_waiting=True)
)
_INSERT = insert(jobs)
_SUBMITTED = select(jobs).where(jobs.c.tenant_id == TENANT, jobs.c.submit_key == bindparam("a_key"))
_MOST = select(tenants.c.max_queued).where(tenants.c.id == TENANT)
# Written out, not as a parameter: the partial index applies only to these very words.
_IS_QUEUED = jobs.c.state == literal_column("'queued'")
_QUEUED = select(func.count()).where(jobs.c.tenant_id == TENANT, _IS_QUEUED)


def submitted(connection: Connection, desk: Desk, submit_key: str, digest: str) -> Job | None:
    """The job this key stands for already; ConflictError when it was submitted with other words."""
    this = {"a_tenant": desk.tenant_id, "a_key": submit_key}
    row = connection.execute(_SUBMITTED, this).mappings().one_or_none()
    if row is not None and row["digest"] != digest:
        raise ConflictError(
            "the key of this submit was used for another request: use a new key for each request"
        )
    return None if row is None else job_of(row)


def digest_of(request: object) -> str:
    """Tells one request from another."""
    return sha256(canonical_json(request).encode()).hexdigest()


def submit(connection: Connection, desk: Desk, new: NewJob, digest: str = "") -> Job:
    """Write a job down; when the transaction is kept it will be run. UsageError without the budget for it.

    A key that is there already fails with IntegrityError: ask :func:`submitted` first.
    """
    check_queue(connection, desk)
    reserve(connection, desk.tenant_id, new.project_id, new.estimate_s)
    enqueue(connection, desk.tenant_id, new.lane)
    now = desk.store.now(connection)
    job_id = new_id("job")
    is_held = new.is_held or (new.take_id is not None and waits(connection, desk, new.take_id))
    payload = {**new.payload, **price_for(connection, desk, new.project_id)}
    if desk.trace:
        payload["traceparent"] = desk.trace
    row = {
        **asdict(new), "id": job_id, "tenant_id": desk.tenant_id, "person_id": desk.person_id,
        "digest": digest, "created_at": now, "rank": rank_of(now, new.priority), "state": JobState.QUEUED,
        "reserved_s": new.estimate_s, "payload": payload, "is_held": is_held,
    }  # fmt: skip
    connection.execute(_INSERT, row)
    desk.log(connection, job_id, "job submitted", {"take": new.take_id, "lane": new.lane})
    return job_of(desk.one(connection, jobs, job_id, "job"))


def enqueue(connection: Connection, tenant_id: str, lane: Lane) -> None:
    """Tell the lane that the tenant has a job waiting. Locks the tenant's share until the transaction ends.

    A tenant that comes back starts at the lane's clock: idle time is not saved up (start-time fair queueing,
    Goyal, Vin and Cheng 1996).
    """
    told = connection.execute(_ENQUEUE, {"a_lane": lane, "a_tenant": tenant_id})
    if told.rowcount:
        return
    clock = select(lanes.c.clock).where(lanes.c.name == lane).scalar_subquery()
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(
        dialect.insert(shares)
        .values(lane=lane, tenant_id=tenant_id, virtual_time=clock, is_waiting=True)
        .on_conflict_do_update(index_elements=["lane", "tenant_id"], set_={"is_waiting": True})
    )


def check_queue(connection: Connection, desk: Desk, more: int = 1) -> None:
    """Raise LimitError where the tenant's queue has no room for so many more."""
    mine = {"a_tenant": desk.tenant_id}
    most = connection.scalar(_MOST, mine)
    if most is None:
        return
    queued = connection.scalar(_QUEUED, mine)
    if (queued or 0) + more > most:
        raise LimitError(f"{queued} jobs are queued and {most} is the limit: wait, or cancel some")
