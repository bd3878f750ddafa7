"""The process that makes takes for a worker, with the model kept warm. It dies with its parent.

What it does is told by messages over one pipe; the parent claims, beats and ends attempts, so that a child
that hangs, crashes or runs out of memory cannot keep its job.
"""

import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

from rushes.core.errors import LeaseLostError
from rushes.studio.desk import Desk
from rushes.studio.faults import fault_point
from rushes.studio.files import FileStore
from rushes.studio.jobs.classify import classify, describe
from rushes.studio.jobs.heartbeat import Progress
from rushes.studio.jobs.job import Claim, Failure, Job
from rushes.studio.jobs.queue import find_job
from rushes.studio.production import Production, Step
from rushes.studio.store import open_store_when_there
from rushes.studio.takes import Take, get_take
from rushes.studio.warming import take_ahead

# Linux: prctl(PR_SET_PDEATHSIG). Elsewhere the end of the pipe tells, at the next message.
_PR_SET_PDEATHSIG = 1

_LOADING = Progress(0.0, "loading the model")

Steps = Callable[[Take, Job], Sequence[Step]]
log = logging.getLogger("rushes.child")


@dataclass(frozen=True)
class Order:
    """Parent to child: make the take of this job; without a take, what is to be kept ahead of one."""

    claim: Claim
    tenant_id: str
    person_id: str
    take_id: str


@dataclass(frozen=True)
class Stop:
    """Parent to child: stop at the next event."""


@dataclass(frozen=True)
class Done:
    """Child to parent: published, and the job is ended."""


@dataclass(frozen=True)
class Stopped:
    """Child to parent: stopped as asked."""


@dataclass(frozen=True)
class Fenced:
    """Child to parent: the job belongs to another attempt."""


@dataclass(frozen=True)
class Failed:
    """Child to parent: the attempt failed."""

    failure: Failure
    message: str


Answer = Done | Stopped | Fenced | Failed


def serve(pipe: Connection, url: str, root: Path, build: Callable[[], Steps], parent: int) -> None:
    """Take orders until the parent is gone. ``build`` loads what makes takes, before anybody asks for one."""
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    store, files = open_store_when_there(url, log.warning), FileStore(root)
    files.sweep_scratch()
    inbox = _Inbox(pipe)
    steps = _built_ahead(build, pipe)
    while True:
        order = inbox.next_order()
        desk = Desk(store, order.tenant_id, order.person_id)
        try:
            fault_point("after claim")
            if steps is None:
                pipe.send(_LOADING)
                steps = build()
            answer = _make(desk, files, order, steps, inbox)
        except LeaseLostError:
            answer = Fenced()
        except Exception as error:
            # The one boundary of a job: the ledger keeps what went wrong.
            answer = Failed(classify(error), describe(error))
        pipe.send(answer)


def _built_ahead(build: Callable[[], Steps], pipe: Connection) -> Steps | None:
    """What makes takes; None where it cannot be built now: the first order tries again and is told why."""
    pipe.send(_LOADING)
    try:
        return build()
    except Exception as error:
        log.warning("what makes takes cannot be loaded ahead of them: %s", describe(error))
        return None


def _make(desk: Desk, files: FileStore, order: Order, steps: Steps, inbox: "_Inbox") -> Answer:
    job = find_job(desk, order.claim.job_id)
    if order.take_id:
        with desk.store.read() as connection:
            take = get_take(connection, desk, order.take_id)
    else:
        take = take_ahead(job)
    production = Production(desk, files, job, take, order.claim, publishes=bool(order.take_id))
    for event in production.run(steps(take, job)):
        if inbox.is_stopped.is_set():
            return Stopped()
        inbox.pipe.send(event)
    return Done()


class _Inbox:
    """Listens to the parent in a thread, so that a stop is seen while a take is made."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.is_stopped = threading.Event()
        self._orders: SimpleQueue[Order] = SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def next_order(self) -> Order:
        """Wait for the next order. A stop that was meant for the one before is forgotten."""
        order = self._orders.get()
        self.is_stopped.clear()
        return order

    def _listen(self) -> None:
        while True:
            try:
                message = self.pipe.recv()
            except (EOFError, OSError):
                # The parent is gone: nobody would answer for what is being made.
                os._exit(1)
            if isinstance(message, Order):
                self._orders.put(message)
            else:
                self.is_stopped.set()


def _die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent dies, also in the middle of a computation."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
