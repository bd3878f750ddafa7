"""A job as kept in the ledger, and the closed lists of what it can be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping

from rushes.core.errors import UsageError
from rushes.core.price import Cost

MAX_PRIORITY = 9
# A job that waits gains one level of priority in so many seconds.
AGEING_S = 300.0
# Attempts that ended badly before a job is set aside.
MAX_STRIKES = 3


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class Lane(StrEnum):
    """Where a job queues; workers look into them in this order.

    ``hosted``: made elsewhere and only waited for here, so by workers of its own.
    """

    INTERACTIVE = "interactive"
    BATCH = "batch"
    NIGHT = "night"
    HOSTED = "hosted"


HERE = (Lane.INTERACTIVE, Lane.BATCH, Lane.NIGHT)


class Failure(StrEnum):
    """Why an attempt ended without a result; ``rushes.studio.jobs.ending`` holds the answer to each."""

    USER = "user"
    REFUSED = "refused"
    OUT_OF_MEMORY = "out of memory"
    TRANSIENT = "transient"
    HOST = "host"
    LOST = "lost"
    HUNG = "hung"
    STOPPED = "stopped"
    BUDGET = "budget"


@dataclass(frozen=True)
class NewJob:
    """What is submitted.

    ``submit_key``: two submits with one key are one job. ``work_key``: of two jobs with one key only one runs
    at a time, so that the second finds the first one's results; empty for none. ``payload`` is what the
    worker reads; ``estimate_s`` machine seconds it may take, put aside from the budget.
    """

    project_id: str
    take_id: str | None
    submit_key: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    work_key: str = ""
    lane: Lane = Lane.INTERACTIVE
    priority: int = 5
    estimate_s: float = 0.0
    not_before: float = 0.0
    is_held: bool = False

    def __post_init__(self) -> None:
        """Raise UsageError for a priority that does not exist."""
        if not 0 <= self.priority <= MAX_PRIORITY:
            raise UsageError(f"priority {self.priority} is out of range: use 0 to {MAX_PRIORITY}")


@dataclass(frozen=True)
class Job:
    """A job as it stands. Times are seconds since 1970; ``progress`` runs from 0 to 1."""

    id: str
    tenant_id: str
    project_id: str
    take_id: str | None
    person_id: str
    submit_key: str
    payload: Mapping[str, Any]
    lane: Lane
    priority: int
    rank: float
    is_held: bool
    not_before: float
    state: JobState
    is_cancelled: bool
    attempt: int
    strikes: int
    is_degraded: bool
    worker: str
    lease_until: float | None
    progress: float
    doing: str
    failure: str
    message: str
    estimate_s: float
    reserved_s: float
    spent_s: float
    created_at: float
    started_at: float | None
    ended_at: float | None

    @property
    def cost(self) -> Cost | None:
        """What all its attempts cost, at the price of the day it was submitted; None without one."""
        price = self.payload.get("price")
        return None if price is None else Cost(self.spent_s * price["per_second"], price["currency"])

    @property
    def is_quarantined(self) -> bool:
        """Whether it was set aside because its attempts kept ending badly."""
        is_repeated = self.failure in (Failure.TRANSIENT, Failure.LOST, Failure.HUNG)
        return self.state is JobState.FAILED and is_repeated and self.strikes >= MAX_STRIKES


@dataclass(frozen=True)
class Claim:
    """One attempt's right to a job. All it writes counts only while the job still belongs to it."""

    job_id: str
    attempt: int
    worker: str


def job_of(row: Mapping[str, Any] | RowMapping) -> Job:
    """A row of the table as a value."""
    values = {name: row[name] for name in Job.__annotations__}
    values.update(lane=Lane(row["lane"]), state=JobState(row["state"]))
    return Job(**values)


def rank_of(created_at: float, priority: int) -> float:
    """Lowest runs first.

    Everybody who waits gains priority equally fast, so the order of two jobs never changes and can be
    indexed: a priority is worth a constant head start.
    """
    return created_at - priority * AGEING_S
