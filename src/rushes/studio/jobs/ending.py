"""How attempts end, and what becomes of their jobs. Everything here is fenced by the attempt's number."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from rushes.core.errors import LeaseLostError
from rushes.studio.jobs.budget import release, settle
from rushes.studio.jobs.job import MAX_STRIKES, Claim, Failure, JobState, Lane
from rushes.studio.jobs.submit import enqueue
from rushes.studio.outbox import post
from rushes.studio.schema import attempts, events, jobs
from rushes.studio.store import Store


@dataclass(frozen=True)
class Answer:
    """What follows a failure. ``wait_s``: before the next attempt, growing fourfold; None: there is none.

    ``keeps_strike``: whether the attempt counts against the job.
    """

    wait_s: float | None
    keeps_strike: bool = True
    degrades: bool = False


ANSWERS: Mapping[Failure, Answer] = MappingProxyType(
    {
        Failure.USER: Answer(None),
        Failure.REFUSED: Answer(None),
        Failure.BUDGET: Answer(None),
        # Once more with less memory; the same again would end the same way.
        Failure.OUT_OF_MEMORY: Answer(0.0, degrades=True),
        Failure.TRANSIENT: Answer(5.0),
        # The machine's fault, such as a full disk: no reason to give up the job.
        Failure.HOST: Answer(30.0, keeps_strike=False),
        Failure.LOST: Answer(0.0),
        Failure.HUNG: Answer(0.0),
        # Somebody ended its worker: whoever starts another one goes on at once.
        Failure.STOPPED: Answer(0.0, keeps_strike=False),
    }
)


def fenced(connection: Connection, claim: Claim) -> RowMapping:
    """The job, locked, if it still belongs to this attempt; else LeaseLostError. Asked before every write."""
    asked = select(jobs).where(jobs.c.id == claim.job_id).with_for_update()
    row = connection.execute(asked).mappings().first()
    if row is None or row["attempt"] != claim.attempt or row["state"] != JobState.RUNNING:
        raise LeaseLostError(f"{claim.job_id} no longer belongs to attempt {claim.attempt}")
    return row


def succeed(connection: Connection, claim: Claim, now: float) -> None:
    """End the job well, in the transaction that publishes its result."""
    row = fenced(connection, claim)
    settle(connection, row, now)
    _end(connection, row, JobState.SUCCEEDED, now, "succeeded")


def fail(store: Store, claim: Claim, failure: Failure, message: str, is_final: bool = False) -> JobState:
    """End the attempt; returns what became of the job: queued again, failed, or cancelled as it was asked.

    ``is_final``: somebody waited for it and is told, so there is no other attempt.
    """
    with store.write() as connection:
        row, now = fenced(connection, claim), store.now(connection)
        settle(connection, row, now)
        if is_final:
            return _end(connection, row, JobState.FAILED, now, failure, message)
        return _answer(connection, row, failure, message, now)


def give_up(store: Store, claim: Claim) -> None:
    """End the job as cancelled, which its worker has seen."""
    with store.write() as connection:
        row, now = fenced(connection, claim), store.now(connection)
        settle(connection, row, now)
        _end(connection, row, JobState.CANCELLED, now, "cancelled")


def take_back(connection: Connection, row: RowMapping, now: float) -> None:
    """Answer for a worker that let its lease run out."""
    _answer(connection, row, Failure.LOST, f"worker {row['worker']} stopped answering", now)


def _answer(connection: Connection, row: RowMapping, failure: Failure, message: str, now: float) -> JobState:
    if row["is_cancelled"]:
        return _end(connection, row, JobState.CANCELLED, now, "cancelled")
    answer = ANSWERS[failure]
    strikes = row["strikes"] - (0 if answer.keeps_strike else 1)
    is_hopeless = answer.wait_s is None or strikes >= MAX_STRIKES or (answer.degrades and row["is_degraded"])
    if is_hopeless:
        return _end(connection, row, JobState.FAILED, now, failure, message)
    _close_attempt(connection, row, failure, message, now)
    connection.execute(
        update(jobs)
        .where(jobs.c.id == row["id"])
        .values(
            state=JobState.QUEUED, worker="", lease_until=None, strikes=strikes, failure=failure,
            message=message, not_before=now + (answer.wait_s or 0) * 4 ** (row["strikes"] - 1),
            is_degraded=row["is_degraded"] or answer.degrades,
        )
    )  # fmt: skip
    enqueue(connection, row["tenant_id"], Lane(row["lane"]))
    _log(connection, row, "attempt failed", now, {"failure": failure, "message": message})
    return JobState.QUEUED


def _end(
    connection: Connection, row: RowMapping, state: JobState, now: float, outcome: str, message: str = ""
) -> JobState:
    _close_attempt(connection, row, outcome, message, now)
    connection.execute(
        update(jobs)
        .where(jobs.c.id == row["id"])
        .values(
            state=state, worker="", lease_until=None, ended_at=now, message=message,
            failure=outcome if state is JobState.FAILED else "",
            progress=1.0 if state is JobState.SUCCEEDED else row["progress"],
        )
    )  # fmt: skip
    release(connection, row["id"])
    _log(connection, row, f"job {state}", now, {"outcome": outcome, "message": message})
    post(connection, row["tenant_id"], row["take_id"], state, now)
    return state


def _close_attempt(connection: Connection, row: RowMapping, outcome: str, message: str, now: float) -> None:
    this = (attempts.c.job_id == row["id"]) & (attempts.c.attempt == row["attempt"])
    values = {"ended_at": now, "outcome": outcome, "message": message}
    connection.execute(update(attempts).where(this).values(**values))


def _log(connection: Connection, row: RowMapping, kind: str, now: float, detail: Mapping[str, Any]) -> None:
    """The journal, written by the ledger itself: no person did it."""
    connection.execute(
        insert(events).values(
            tenant_id=row["tenant_id"], subject=row["id"], kind=kind, created_at=now,
            detail={"attempt": row["attempt"], **detail},
        )
    )  # fmt: skip
