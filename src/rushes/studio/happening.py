"""What workers do, told as it happens: to logs, and to whoever traces. Never a word of a prompt."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from rushes.studio.jobs.job import Job

log = logging.getLogger("rushes.worker")


@dataclass(frozen=True)
class Happening:
    """A worker claimed a job, a stage of it ended (``made``, ``reused``, ``absent``), or its attempt did."""

    kind: Literal["claimed", "stage", "ended"]
    job: Job
    attempt: int
    worker: str
    stage: str = ""
    outcome: str = ""
    seconds: float = 0.0

    def fields(self) -> dict[str, Any]:
        """For a line of a log."""
        line = {
            "event": self.kind, "job_id": self.job.id, "take_id": self.job.take_id, "attempt": self.attempt,
            "tenant": self.job.tenant_id, "worker": self.worker,
            "trace_id": self.job.payload.get("traceparent", "").partition("-")[2].partition("-")[0],
        }  # fmt: skip
        if self.kind != "claimed":
            line |= {"outcome": self.outcome, "seconds": round(self.seconds, 3)}
        return {name: value for name, value in {**line, "stage": self.stage}.items() if value != ""}


Tell = Callable[[Happening], None]


def tell_log(happening: Happening) -> None:
    """One line."""
    log.info("%(event)s %(job_id)s", happening.fields())
