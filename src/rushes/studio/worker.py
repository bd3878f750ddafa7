"""A worker: claims jobs and has a child process make their takes; beats, listens and ends attempts for it.

PDEATHSIG follows the thread that started the child: run a worker in a thread that lives as long as it does.
"""

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from pathlib import Path
from time import monotonic, sleep
from types import MappingProxyType

from sqlalchemy.exc import DBAPIError

from rushes.core.errors import LeaseLostError, StoreAwayError, StoreError
from rushes.studio.cache import evict
from rushes.studio.child import Answer, Done, Failed, Fenced, Order, Steps, Stop, Stopped, serve
from rushes.studio.files import FileStore
from rushes.studio.foreground import worker_name
from rushes.studio.happening import Happening, Tell, tell_log
from rushes.studio.jobs.claim import LEASE_S, Claimed, claim
from rushes.studio.jobs.classify import describe
from rushes.studio.jobs.ending import fail, give_up
from rushes.studio.jobs.heartbeat import Progress, Word, heartbeat
from rushes.studio.jobs.job import Claim, Failure, Lane
from rushes.studio.production import StageEvent
from rushes.studio.store import AWAY_S, Store, is_away

IDLE_S = 0.5
_STOPPED = "its worker was stopped"
EVICT_EVERY_S = 60.0
VMSTAT = Path("/proc/vmstat")
log = logging.getLogger("rushes.crew")


@dataclass(frozen=True)
class Patience:
    """Seconds. ``hang_s``: without progress until the child is killed; ``grace_s``: after a stop."""

    lease_s: float = LEASE_S
    beat_s: float = 2.0
    hang_s: float = 600.0
    grace_s: float = 5.0


PATIENCE = Patience()


class Worker:
    """One child and its jobs, one after another. ``build`` runs in the child and loads the model.

    ``tell`` hears what happens, in the worker's thread.
    """

    def __init__(
        self, store: Store, files: FileStore, build: Callable[[], Steps],
        lanes: Sequence[Lane] = tuple(Lane), patience: Patience = PATIENCE, tell: Tell = tell_log,
    ) -> None:  # fmt: skip
        self._tell = tell
        self._store, self._files, self._build = store, files, build
        self._lanes, self._patience = lanes, patience
        self._child: Child | None = None
        self._evicts_at, self._is_stopped = 0.0, False
        # How the last attempt ended, until the ledger knows.
        self._untold: tuple[Claim, Answer] | None = None

    def run(self, until: Callable[[], bool]) -> None:
        """Work until ``until`` says so, asked between jobs. The child is there before the first of them.

        What keeps it from working, such as a database that is away or a full disk, is waited for and told.
        """
        trouble, is_busy = "", True
        try:
            while not until():
                try:
                    # One that dies while nothing is to be done is replaced when something is.
                    if is_busy:
                        self._the_child()
                    is_busy = self.run_one()
                    if not is_busy:
                        sleep(IDLE_S)
                    if trouble:
                        log.warning("worker %s goes on", worker_name())
                    trouble = ""
                except (DBAPIError, StoreError, OSError) as error:
                    if describe(error) != trouble:
                        trouble = describe(error)
                        log.warning("worker %s waits: %s", worker_name(), trouble)
                    sleep(IDLE_S)
        finally:
            self.close()

    def work_off(self, say: Callable[[str], None]) -> None:
        """Work until nothing is left that may run now. A database that is away is waited for.

        Raises what else keeps it from working.
        """
        said = ""
        try:
            while True:
                try:
                    if not self.run_one():
                        return
                    said = ""
                except (DBAPIError, StoreAwayError) as error:
                    if not is_away(error):
                        raise
                    if describe(error) != said:
                        said = describe(error)
                        say(f"{said}; waiting for it")
                    sleep(AWAY_S)
        finally:
            self.close()

    def run_one(self) -> bool:
        """Take one job and see it to its end; False where there is none."""
        self._settle()
        self._files.check_room()
        claimed = claim(self._store, worker_name(), self._lanes, self._patience.lease_s)
        if claimed is None:
            return False
        child, job, began = self._the_child(), claimed.job, monotonic()
        self._tell(Happening("claimed", job, claimed.claim.attempt, claimed.claim.worker))
        child.send(Order(claimed.claim, job.tenant_id, job.person_id, job.take_id or ""))
        if self._is_stopped:
            # Whoever stopped it came too early to see this child.
            child.process.kill()
        try:
            answer = self._watch(child, claimed)
        except KeyboardInterrupt:
            # Not the job's fault: somebody else, or this machine later, makes it.
            child.kill()
            with suppress(DBAPIError, StoreError):
                fail(self._store, claimed.claim, Failure.STOPPED, _STOPPED)
            raise
        if self._is_stopped and isinstance(answer, Failed) and answer.failure is Failure.LOST:
            answer = Failed(Failure.STOPPED, _STOPPED)
        self._untold = claimed.claim, answer
        outcome = answer.failure if isinstance(answer, Failed) else type(answer).__name__.lower()
        try:
            self._settle()
        finally:
            self._tell(
                Happening(
                    "ended", job, claimed.claim.attempt, claimed.claim.worker, outcome=str(outcome),
                    seconds=monotonic() - began,
                )
            )  # fmt: skip
        # Looking takes longer the more there is, and nothing used within the hour is taken away.
        if monotonic() >= self._evicts_at:
            evict(self._store, self._files)
            self._evicts_at = monotonic() + EVICT_EVERY_S
        return True

    def interrupt(self) -> None:
        """From another thread: kill what is being made. :meth:`run` gives the job back, uncounted."""
        self._is_stopped = True
        if self._child is not None:
            self._child.process.kill()

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _the_child(self) -> "Child":
        """The process that makes takes; a new one where there is none or it died."""
        if self._child is None or not self._child.is_alive():
            self._child = Child(self._store, self._files.root, self._build)
        return self._child

    def _watch(self, child: "Child", claimed: Claimed) -> Answer:
        """Beat until the child answers, or has to be killed."""
        patience = self._patience
        began = moved = monotonic()
        next_beat, stop_at = began + patience.beat_s, inf
        progress = Progress()
        verdict: Answer | None = None
        while True:
            message = child.receive(min(next_beat, stop_at) - monotonic())
            now = monotonic()
            if isinstance(message, Progress):
                moved = now if message != progress else moved
                progress = message
            elif isinstance(message, StageEvent):
                self._tell_stage(claimed, message)
            elif message is not None:
                return message if isinstance(message, Done) else verdict or message
            if verdict is not None and now >= stop_at:
                child.kill()
                return verdict
            if now - moved > patience.hang_s:
                child.kill()
                return Failed(Failure.HUNG, f"no progress for {now - moved:.0f} s in {progress.doing!r}")
            if now >= next_beat:
                next_beat = now + patience.beat_s
                word = self._beat(claimed.claim, progress, now - began)
                if word is None:
                    return self._last_word(child, claimed)
                if verdict is None and word in _VERDICTS:
                    verdict, stop_at = _VERDICTS[word], now + patience.grace_s
                    child.send(Stop())

    def _tell_stage(self, claimed: Claimed, event: StageEvent) -> None:
        number, worker = claimed.claim.attempt, claimed.claim.worker
        self._tell(Happening("stage", claimed.job, number, worker, event.step, event.outcome, event.seconds))

    def _last_word(self, child: "Child", claimed: Claimed) -> Answer:
        """What a child says whose job is no longer this attempt's: it may just have ended it itself.

        One that answers is kept, with its model; one that does not is killed.
        """
        ends = monotonic() + self._patience.grace_s
        while (left := ends - monotonic()) > 0:
            message = child.receive(left)
            if isinstance(message, StageEvent):
                self._tell_stage(claimed, message)
            elif isinstance(message, Answer):
                return message if isinstance(message, Done) else Fenced()
        child.kill()
        return Fenced()

    def _beat(self, claim: Claim, progress: Progress, attempt_s: float) -> Word | None:
        """What the ledger says; None when the job has gone to another attempt."""
        try:
            return heartbeat(self._store, claim, progress, attempt_s, self._patience.lease_s)
        except LeaseLostError:
            return None
        except (DBAPIError, StoreAwayError):
            # Busy or restarting: the lease holds a while yet, and the fence is checked at every write.
            return Word.GO_ON

    def _settle(self) -> None:
        """Tell the ledger how the last attempt ended. While that is away it is kept for the next call."""
        if self._untold is None:
            return
        claim, answer = self._untold
        with suppress(LeaseLostError):
            if isinstance(answer, Stopped):
                give_up(self._store, claim)
            elif isinstance(answer, Failed):
                fail(self._store, claim, answer.failure, answer.message)
        self._untold = None


_VERDICTS: Mapping[Word, Answer] = MappingProxyType(
    {
        Word.CANCEL: Stopped(),
        Word.OUT_OF_BUDGET: Failed(
            Failure.BUDGET, "the budget ran out while the take was made: raise it and try again"
        ),
    }
)


def _killed_for_memory() -> int:
    """How many processes Linux has killed since it started because memory ran out; 0 elsewhere.

    On CPUs allocating hardly ever fails: the system promises more than it has, and kills whoever asks for it.
    """
    try:
        lines = VMSTAT.read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


class Child:
    """The process at the other end of the pipe. Spawned, not forked: a fork cannot use a GPU."""

    def __init__(self, store: Store, root: Path, build: Callable[[], Steps]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        url = store.engine.url.render_as_string(hide_password=False)
        self.process = context.Process(target=serve, args=(theirs, url, root, build, os.getpid()))
        self._killed_before = _killed_for_memory()
        self.process.start()
        theirs.close()

    def is_alive(self) -> bool:
        """Whether it can take an order."""
        return self.process.is_alive()

    def send(self, message: Order | Stop) -> None:
        """Tell it something; a dead one is noticed when it should answer."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._pipe.send(message)

    def receive(self, wait_s: float) -> Progress | StageEvent | Answer | None:
        """What it says within ``wait_s``, None for nothing; its death is an answer too."""
        try:
            if not self._pipe.poll(max(0.0, wait_s)):
                return None
            message: Progress | StageEvent | Answer = self._pipe.recv()
            return message
        except (EOFError, OSError):
            self.kill()
            code = self.process.exitcode
            if code == -signal.SIGKILL and _killed_for_memory() > self._killed_before:
                return Failed(Failure.OUT_OF_MEMORY, "memory ran out and the system killed the process")
            return Failed(Failure.LOST, f"the process that made the take died (exit code {code})")

    def kill(self) -> None:
        """End it whatever it does, also when it is stopped or hangs."""
        self.process.kill()
        self.process.join()
        self._pipe.close()
