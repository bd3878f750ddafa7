"""The crew of a server: workers of the studio, each with a child that keeps a model warm."""

import logging
import threading
import time

from rushes.service.house import House
from rushes.studio.worker import PATIENCE, Patience, Worker

RESTART_S = 1.0
log = logging.getLogger("rushes.crew")


class Crew:
    """``size`` workers, each in a thread that lives as long as its child.

    A dead child is replaced by its worker at the next job, a worker that failed is begun anew.
    """

    def __init__(self, house: House, size: int, patience: Patience = PATIENCE) -> None:
        self._house, self._patience = house, patience
        self._over = threading.Event()
        self._workers: dict[int, Worker] = {}
        self._threads = [
            threading.Thread(target=self._work, args=(number,), name=f"worker-{number}", daemon=True)
            for number in range(size)
        ]

    def start(self) -> None:
        """Let them work."""
        for thread in self._threads:
            thread.start()

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
        house = self._house
        while not self._over.is_set():
            worker = Worker(house.store, house.files, house.engine.build(number), patience=self._patience)
            self._workers[number] = worker
            try:
                worker.run(self._over.is_set)
            except Exception:
                # The one boundary of a worker: jobs end with their lease, the next worker goes on.
                log.exception("worker %s failed and is begun anew", number)
                self._over.wait(RESTART_S)
