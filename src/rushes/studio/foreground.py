"""Run one job here and now, for a person who waits: the same ledger and production as in a worker."""

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from sqlalchemy.exc import DBAPIError

from rushes.core.errors import CancelledError, LeaseLostError, RefusedError, StoreAwayError, UsageError
from rushes.studio.cache import evict
from rushes.studio.desk import Desk
from rushes.studio.files import FileStore
from rushes.studio.gate import waits
from rushes.studio.jobs.claim import LEASE_S, claim_job
from rushes.studio.jobs.classify import classify, describe
from rushes.studio.jobs.ending import fail, give_up
from rushes.studio.jobs.heartbeat import Progress, Word, heartbeat
from rushes.studio.jobs.job import Claim, Failure, Job
from rushes.studio.production import Production, StageEvent, Step
from rushes.studio.store import Store
from rushes.studio.takes import get_take

BEAT_S = 2.0


def run_now(desk: Desk, files: FileStore, job: Job, steps: Sequence[Step]) -> Iterator[Progress | StageEvent]:
    """Make the take of a queued job, event by event; not asking for the next one cancels it.

    Raises what the stage raised, CancelledError when somebody cancelled the job, RefusedError while the gate
    has put it before a person, UsageError when a worker has it.
    """
    if job.take_id is not None:
        with desk.store.read() as connection:
            if waits(connection, desk, job.take_id):
                code = get_take(connection, desk, job.take_id).code
                raise RefusedError(f"{code} waits for a person: `rushes review {code} --allow` lets it go")
    claimed = claim_job(desk.store, job.id, worker_name())
    if claimed is None or job.take_id is None:
        raise UsageError(f"{job.id} runs elsewhere already: `rushes queue` shows how far it is")
    with desk.store.read() as connection:
        take = get_take(connection, desk, job.take_id)
    production = Production(desk, files, claimed.job, take, claimed.claim)
    with _settling(desk.store, claimed.claim), Beating(desk.store, claimed.claim) as beating:
        for event in production.run(steps):
            beating.check()
            if isinstance(event, Progress):
                beating.progress = event
            yield event
    evict(desk.store, files)


def worker_name() -> str:
    """Machine and process, for people who look at the queue."""
    return f"{socket.gethostname()}/{os.getpid()}"


@contextmanager
def _settling(store: Store, claim: Claim) -> Iterator[None]:
    """Tell the ledger how the attempt ended, whichever way."""
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit, CancelledError):
        give_up(store, claim)
        raise
    except LeaseLostError:
        raise
    except _OutOfBudgetError as error:
        fail(store, claim, Failure.BUDGET, str(error), is_final=True)
        raise
    except Exception as error:
        fail(store, claim, classify(error), describe(error), is_final=True)
        raise


class _OutOfBudgetError(UsageError):
    """The budget ran out while the job ran."""


class Beating:
    """Heartbeats from a thread while the block runs. What the ledger answers is raised by :meth:`check`."""

    def __init__(self, store: Store, claim: Claim, lease_s: float = LEASE_S) -> None:
        self.progress = Progress()
        self._store, self._claim, self._lease_s = store, claim, lease_s
        self._began = monotonic()
        self._over = threading.Event()
        self._answer: Word | Exception = Word.GO_ON
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Beating":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def check(self) -> None:
        """Raise when the job was cancelled, lost, or has no budget left."""
        if isinstance(self._answer, Exception):
            raise self._answer
        if self._answer is Word.CANCEL:
            raise CancelledError("the job was cancelled")
        if self._answer is Word.OUT_OF_BUDGET:
            raise _OutOfBudgetError("the budget ran out while the take was made: raise it and try again")

    def _beat(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                taken = monotonic() - self._began
                self._answer = heartbeat(self._store, self._claim, self.progress, taken, self._lease_s)
            except LeaseLostError as error:
                self._answer = error
                return
            except (DBAPIError, StoreAwayError):
                # Busy or restarting: the lease holds a while yet.
                continue
