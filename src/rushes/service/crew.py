"""The crew of a server: workers of the studio, each with a child that keeps a model warm."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rushes.service.house import House
from rushes.studio.child import Steps
from rushes.studio.happening import Happening, Tell, tell_log
from rushes.studio.jobs.job import HERE, Failure, Lane
from rushes.studio.worker import PATIENCE, Patience, Worker

# A worker whose child died, or that failed itself, waits before it goes on: each time twice as long.
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
# So many failures in a row, and a worker counts as down until it has made something.
_MANY = 3
# Takes of hosted models that are waited for at once: so many tasks the vendor gives a key.
_HOSTED = 2
log = logging.getLogger("rushes.crew")


@dataclass
class _Post:
    """One worker's place: how often in a row it failed, until when it waits, whether it has a job."""

    failures: int = 0
    not_before: float = 0.0
    is_busy: bool = False

    def failed(self) -> float:
        """Note a failure; how long to wait now, in seconds."""
        self.failures += 1
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (self.failures - 1))
        self.not_before = time.monotonic() + wait_s
        return wait_s


class Crew:
    """``size`` workers, each in a thread that lives as long as its child.

    A dead child is replaced by its worker at the next job, a worker that failed is begun anew, both after a
    while that grows: a broken machine must not burn the attempts of a whole queue. Beside them a few wait for
    hosted models, where there are any, so that nothing made here waits for what is made elsewhere.
    ``listeners`` hear what the workers do.
    """

    def __init__(self, house: House, size: int, patience: Patience = PATIENCE) -> None:
        self._house, self._patience = house, patience
        self.listeners: list[Tell] = [tell_log, house.spans.tell]
        self._over = threading.Event()
        self._workers: dict[int, Worker] = {}
        self._size = size
        hosted = _HOSTED if size and house.engine.hosted_models else 0
        self._posts = tuple(_Post() for _ in range(size + hosted))
        self._threads = [
            threading.Thread(target=self._work, args=(number,), name=f"worker-{number}", daemon=True)
            for number in range(len(self._posts))
        ]

    def start(self) -> None:
        """Let them work."""
        for thread in self._threads:
            thread.start()

    def states(self) -> Mapping[str, int]:
        """How many of those that make takes here are idle, busy, and down: failing again and again."""
        posts = self._posts[: self._size]
        found = Counter("busy" if post.is_busy else "idle" for post in posts if post.failures < _MANY)
        return {"idle": found["idle"], "busy": found["busy"], "down": len(posts) - found.total()}

    def stop(self, wait_s: float) -> None:
        """Take nothing new; what runs may end within ``wait_s``, then it goes back into the queue."""
        self._over.set()
        ends = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))
        for worker in tuple(self._workers.values()):
            # Only its own thread may close it: two that close one pipe may close a stranger's.
            worker.interrupt()
        for thread in self._threads:
            thread.join(self._patience.grace_s)

    def _work(self, number: int) -> None:
        house, post = self._house, self._posts[number]

        def tell(happening: Happening) -> None:
            self._note(number, happening)
            for listener in self.listeners:
                listener(happening)

        def is_over() -> bool:
            """Asked between jobs; sits out what is to be waited."""
            self._over.wait(max(0.0, post.not_before - time.monotonic()))
            return self._over.is_set()

        while not is_over():
            build, lanes = self._duty(number)
            worker = Worker(house.store, house.files, build, lanes, self._patience, tell)
            self._workers[number] = worker
            try:
                worker.run(is_over)
            except Exception:
                # The one boundary of a worker: jobs end with their lease, the next worker goes on.
                log.exception("worker %s failed and is begun anew in %.0f s", number, post.failed())
                post.is_busy = False

    def _duty(self, number: int) -> tuple[Callable[[], Steps], Sequence[Lane]]:
        engine = self._house.engine
        if number < self._size:
            return engine.build(number), HERE
        assert engine.build_hosted is not None
        return engine.build_hosted, (Lane.HOSTED,)

    def _note(self, number: int, happening: Happening) -> None:
        post = self._posts[number]
        if happening.kind == "claimed":
            post.is_busy = True
        elif happening.kind == "ended":
            post.is_busy = False
            if happening.outcome in (Failure.LOST, Failure.HUNG):
                log.warning("the child of worker %s died: the next in %.0f s", number, post.failed())
            elif happening.outcome == "done":
                post.failures = 0
