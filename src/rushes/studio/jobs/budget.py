"""Machine seconds: put aside at submit, used while running, given back at the end. Limits are hard."""

from functools import cache

from sqlalchemy import Connection, RowMapping, String, Table, Update, bindparam, case, select, update

from rushes.core.errors import LimitError
from rushes.studio.schema import attempts, jobs, projects, tenants

# What an attempt may be charged behind its last heartbeat, a lease: no jump of the clock costs more.
LONGEST_SILENCE_S = 30.0


def reserve(connection: Connection, tenant_id: str, project_id: str, seconds: float) -> None:
    """Put ``seconds`` aside; UsageError where the project or the tenant has not so much left."""
    for table, row_id in ((projects, project_id), (tenants, tenant_id)):
        held = connection.execute(_aside(table), {"a_row": row_id, "more": seconds})
        if held.rowcount == 0:
            raise LimitError(_too_little(connection, table, row_id, seconds))


def check_fits(connection: Connection, tenant_id: str, project_id: str, seconds: float) -> None:
    """Raise LimitError where so much is not left: asked before the first of several jobs is submitted."""
    for table, row_id in ((projects, project_id), (tenants, tenant_id)):
        row = connection.execute(select(table).where(table.c.id == row_id)).mappings().one()
        if row["budget_s"] is not None and row["spent_s"] + row["reserved_s"] + seconds > row["budget_s"]:
            raise LimitError(_too_little(connection, table, row_id, seconds))


@cache
def _aside(table: Table) -> Update:
    more = bindparam("more", type_=table.c.reserved_s.type)
    fits = table.c.budget_s.is_(None) | (table.c.spent_s + table.c.reserved_s + more <= table.c.budget_s)
    this = update(table).where(table.c.id == bindparam("a_row", type_=String), fits)
    return this.values(reserved_s=table.c.reserved_s + more)


def spend(connection: Connection, job: RowMapping, attempt_s: float) -> bool:
    """Charge what this attempt has used since the last time; whether that is still within all budgets.

    ``attempt_s`` is the attempt's time in all. What was put aside for the job is used first.
    """
    this = (attempts.c.job_id == job["id"]) & (attempts.c.attempt == job["attempt"])
    before = connection.scalar(select(attempts.c.spent_s).where(this)) or 0.0
    spent = max(0.0, attempt_s - before)
    aside = min(spent, job["reserved_s"])
    connection.execute(update(attempts).where(this).values(spent_s=before + spent))
    connection.execute(
        update(jobs)
        .where(jobs.c.id == job["id"])
        .values(spent_s=jobs.c.spent_s + spent, reserved_s=jobs.c.reserved_s - aside)
    )
    is_within = True
    for table, row_id in ((projects, job["project_id"]), (tenants, job["tenant_id"])):
        left = connection.execute(
            update(table)
            .where(table.c.id == row_id)
            .values(spent_s=table.c.spent_s + spent, reserved_s=_less(table, aside))
            .returning(table.c.budget_s, table.c.spent_s, table.c.reserved_s)
        ).one()
        is_within &= left.budget_s is None or left.spent_s + left.reserved_s <= left.budget_s
    return is_within


def settle(connection: Connection, job: RowMapping, now: float) -> None:
    """Charge the rest of an attempt that ends now, behind its last heartbeat."""
    this = (attempts.c.job_id == job["id"]) & (attempts.c.attempt == job["attempt"])
    found = connection.execute(select(attempts.c.started_at, attempts.c.spent_s).where(this)).first()
    if found is not None:
        spend(connection, job, min(now - found.started_at, found.spent_s + LONGEST_SILENCE_S))


def release(connection: Connection, job_id: str) -> None:
    """Give back what an ended job did not use."""
    job = connection.execute(
        select(jobs.c.tenant_id, jobs.c.project_id, jobs.c.reserved_s).where(jobs.c.id == job_id)
    ).one()
    for table, row_id in ((projects, job.project_id), (tenants, job.tenant_id)):
        connection.execute(
            update(table).where(table.c.id == row_id).values(reserved_s=_less(table, job.reserved_s))
        )
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(reserved_s=0))


def _less(table: Table, seconds: float) -> object:
    """What stays aside; sums of fractions may end a hair below nothing."""
    left = table.c.reserved_s - seconds
    return case((left > 0, left), else_=0)


def _too_little(connection: Connection, table: Table, row_id: str, seconds: float) -> str:
    row = connection.execute(select(table).where(table.c.id == row_id)).mappings().one()
    left = row["budget_s"] - row["spent_s"] - row["reserved_s"]
    name = f"project {row['code']}" if table is projects else f"tenant {row['name']}"
    return (
        f"this needs {seconds:.0f} s of machine time, {name} has {max(0, left):.0f} s of "
        f"{row['budget_s']:.0f} s left: raise its budget or ask for less"
    )
