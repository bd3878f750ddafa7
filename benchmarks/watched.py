"""The most anonymous memory a process holds at any time, which the kernel itself does not record."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from paired import status

MIB = 1 << 20


class Peak:
    """``bytes`` so far."""

    bytes = 0.0


@contextmanager
def watched(interval: float = 0.003) -> Iterator[Peak]:
    """Look every ``interval`` seconds, from a thread of its own."""
    peak, done = Peak(), threading.Event()

    def watch() -> None:
        while not done.wait(interval):
            peak.bytes = max(peak.bytes, status("RssAnon") * MIB)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()
