"""Processes that work together as ranks of one group, and the caller that watches them from outside.

The caller is no rank: whatever a rank is stuck in, the caller hears that another one died or failed, ends all
of them and says so once. Ranks end when their caller does.
"""

import multiprocessing
import os
import pickle
import platform
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, NoReturn

import torch
import torch.distributed as dist

from rushes.core.errors import GenerationError, RushesError, UsageError

GRACE = 5.0
"""Seconds in which ranks may still say what they saw, and keep what they have, before they are ended."""

# Nothing waits this long: the caller notices what is wrong. A pause between two events is nothing wrong.
PATIENCE = timedelta(days=1)


@dataclass(frozen=True)
class Site:
    """Where ranks run: on one GPU each (``cuda``), or on the CPU with so many threads each."""

    kind: str
    size: int
    threads: int


def site_for(size: int) -> Site:
    """GPUs where there are any, else the CPU, its threads divided evenly.

    Raises UsageError for fewer than one rank, or more than there are GPUs.
    """
    if size < 1:
        raise UsageError(f"{size} devices cannot work: use 1 or more")
    gpus = torch.cuda.device_count()
    if gpus and size > gpus:
        raise UsageError(f"{size} devices are more than the {gpus} GPUs of this machine: use at most {gpus}")
    return Site("cuda" if gpus else "cpu", size, max(1, torch.get_num_threads() // size))


@dataclass(frozen=True)
class _Said:
    what: Any


@dataclass(frozen=True)
class _Failed:
    """Why a rank ends; ``error`` where it is meant for a person."""

    error: RushesError | None
    summary: str
    trace: str
    at: float


class Rank:
    """A rank's own end, inside its process. ``index`` counts from 0."""

    def __init__(self, index: int, site: Site, line: Connection) -> None:
        self.index = index
        self.device = torch.device(site.kind, index) if site.kind == "cuda" else torch.device("cpu")
        self._line = line

    def say(self, what: Any) -> None:
        """Tell the caller."""
        _put(self._line, _Said(what))

    def orders(self) -> Iterator[Any]:
        """What the caller says to all ranks, until it lets them go."""
        while True:
            try:
                yield _take(self._line)
            except EOFError:
                return

    def is_called(self) -> bool:
        """Whether the caller wants something; between two orders that can only be that this one stops."""
        return self._line.poll()


Work = Callable[[Rank, Any], None]


class Ranks:
    """Processes that each run ``work(rank, order)``, a function of a module, in one process group.

    They start at once. Whatever goes wrong in one of them ends all, and is raised where the caller next
    speaks or listens: a RushesError as it is, anything else as GenerationError.
    """

    def __init__(self, work: Work, order: Any, site: Site) -> None:
        self._folder = TemporaryDirectory(prefix="rushes_")
        self._lines: list[Connection] = []
        self._processes: list[SpawnProcess] = []
        # a signal from the terminal goes to the whole family; what becomes of the ranks the caller decides.
        # Python starts its tracker with the first process, and then unblocks what was blocked: so, before
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            try:
                for index in range(site.size):
                    self._start(work, order, index, site)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        except BaseException:
            self.end()
            raise

    def _start(self, work: Work, order: Any, index: int, site: Site) -> None:
        context = multiprocessing.get_context("spawn")
        line, end = context.Pipe()
        self._lines.append(line)
        meeting = Path(self._folder.name) / "group"
        process = context.Process(
            target=_live, args=(work, order, index, site, meeting, end), daemon=True,
            name=f"rushes device {index + 1}",
        )  # fmt: skip
        process.start()
        self._processes.append(process)
        end.close()

    def say(self, what: Any) -> None:
        """Give all ranks an order."""
        for line in self._lines:
            try:
                _put(line, what)
            except OSError:
                self._collapse()

    def hear(self, timeout: float | None = None) -> tuple[int, Any] | None:
        """Which rank said what; None when none did in time (seconds)."""
        for line in wait(self._lines, timeout):
            assert isinstance(line, Connection)
            try:
                message = _take(line)
            except (EOFError, OSError):
                message = None
            index = self._lines.index(line)
            if isinstance(message, _Said):
                return index, message.what
            self._collapse({index: message})
        return None

    def hear_all(self) -> list[Any]:
        """What each rank says next, in order."""
        said: dict[int, Any] = {}
        while len(said) < len(self._lines):
            heard = self.hear()
            assert heard is not None
            said[heard[0]] = heard[1]
        return [said[index] for index in sorted(said)]

    def call_off(self) -> None:
        """Ask the first rank to stop what it does, and keep what it has; then end all.

        What it still says is not read as messages: the last one may have been broken off by Ctrl-C.
        """
        try:
            _put(self._lines[0], None)
            _drain(self._lines[0], GRACE)
        except OSError:
            pass  # it is gone already
        finally:
            self.end()

    def close(self) -> None:
        """Let the ranks go when they are between orders."""
        for line in self._lines:
            line.close()
        deadline = monotonic() + GRACE
        for process in self._processes:
            process.join(max(0.0, deadline - monotonic()))
        self.end()

    def end(self) -> None:
        """End all ranks at once, whatever they do."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()
        for line in self._lines:
            line.close()
        self._folder.cleanup()

    def _listen(self, known: dict[int, _Failed | None], wanted: set[int]) -> None:
        """Wait, not for ever, for the last words of the ``wanted`` ranks; None for one that died silent."""
        deadline = monotonic() + GRACE
        while (missing := wanted - known.keys()) and (left := deadline - monotonic()) > 0:
            for line in wait([self._lines[index] for index in missing], left):
                assert isinstance(line, Connection)
                try:
                    message = _take(line)
                except (EOFError, OSError):
                    message = None
                if not isinstance(message, _Said):
                    known[self._lines.index(line)] = message

    def _collapse(self, known: dict[int, _Failed | None] | None = None) -> NoReturn:
        """End all and raise the cause: a rank that died without a word, else the first that failed."""
        last_words = dict(known or {})
        try:
            self._listen(last_words, set(range(len(self._lines))))
        finally:
            self.end()
        size = len(self._lines)
        for index, word in last_words.items():
            if word is None:
                raise GenerationError(
                    f"device {index + 1} of {size} {_end_of(self._processes[index].exitcode)}, "
                    "so all were stopped: shoot again, with fewer devices if memory is short"
                )
        failures = {index: word for index, word in last_words.items() if word is not None}
        index = min(failures, key=lambda index: failures[index].at)
        failure = failures[index]
        origin = RuntimeError(failure.trace)
        if failure.error is not None:
            raise failure.error from origin
        raise GenerationError(
            f"device {index + 1} of {size} failed, so all were stopped: {failure.summary}"
        ) from origin


def _end_of(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"was killed ({signal.Signals(-exit_code).name})"
    return f"ended by itself (exit code {exit_code})"


def _live(work: Work, order: Any, index: int, site: Site, meeting: Path, line: Connection) -> None:
    """The life of one rank."""
    threading.Thread(target=_end_with_caller, daemon=True).start()
    try:
        torch.set_num_threads(site.threads)
        rank = Rank(index, site, line)
        if rank.device.type == "cuda":
            torch.cuda.set_device(rank.device)
        elif platform.system() == "Linux":
            # else gloo looks for the address of the machine's name, which not every machine has
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        dist.init_process_group(
            "nccl" if rank.device.type == "cuda" else "gloo",
            init_method=meeting.as_uri(),
            rank=index,
            world_size=site.size,
            timeout=PATIENCE,
        )
        work(rank, order)
        dist.destroy_process_group()
    except BaseException as error:
        meant = error if isinstance(error, RushesError) else None
        summary = f"{type(error).__name__}: {error}"
        _put(line, _Failed(meant, summary, traceback.format_exc(), monotonic()))
        # at once: taking down a broken group may wait for the others
        os._exit(1)


def _end_with_caller() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _put(line: Connection, message: Any) -> None:
    # by value: torch would share memory with a process that may be gone before it is read
    line.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))


def _take(line: Connection) -> Any:
    return pickle.loads(line.recv_bytes())


def _drain(line: Connection, seconds: float) -> None:
    """Read bytes away until the other side closes, for so long at most."""
    deadline = monotonic() + seconds
    while (left := deadline - monotonic()) > 0 and wait([line], left):
        if not os.read(line.fileno(), 1 << 16):
            return
