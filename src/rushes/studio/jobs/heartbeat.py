"""Heartbeat: a worker says that it lives and how far it is, and hears whether it should stop."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import update

from rushes.studio.jobs.budget import spend
from rushes.studio.jobs.claim import LEASE_S
from rushes.studio.jobs.ending import fenced
from rushes.studio.jobs.job import Claim
from rushes.studio.schema import jobs
from rushes.studio.store import Store


class Word(StrEnum):
    """What the worker hears."""

    GO_ON = "go on"
    CANCEL = "cancel"
    OUT_OF_BUDGET = "out of budget"


@dataclass(frozen=True)
class Progress:
    """How far a job is, 0 to 1, and what it is doing, for people."""

    done: float = 0.0
    doing: str = ""


def heartbeat(
    store: Store, claim: Claim, progress: Progress, attempt_s: float, lease_s: float = LEASE_S
) -> Word:
    """Prolong the lease and charge the time; ``attempt_s`` is the attempt's time so far.

    Raises LeaseLostError when the job was given to another attempt in the meantime.
    """
    with store.write() as connection:
        row = fenced(connection, claim)
        now = store.now(connection)
        is_within = spend(connection, row, attempt_s)
        is_new = (progress.done, progress.doing) != (row["progress"], row["doing"])
        connection.execute(
            update(jobs)
            .where(jobs.c.id == claim.job_id)
            .values(
                lease_until=now + lease_s, progress=progress.done, doing=progress.doing,
                progress_at=now if is_new else row["progress_at"],
            )
        )  # fmt: skip
    if row["is_cancelled"]:
        return Word.CANCEL
    return Word.GO_ON if is_within else Word.OUT_OF_BUDGET
