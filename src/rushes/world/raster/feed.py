"""Packs scenes in worker processes, so that a device need not wait for Python."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context

from rushes.world.raster.batch import Batch, pack
from rushes.world.scene import Scene


def batches(
    scenes: Sequence[Scene],
    num_frames: int,
    size: int,
    workers: int,
    drawn: Sequence[range] | None = None,
) -> Iterator[Batch]:
    """``pack`` of every ``size`` successive scenes in turn (the last may be fewer), two a worker ahead.

    Workers are started afresh, not forked: a process that uses a GPU cannot be forked.
    """
    chosen = [None if drawn is None else drawn[first : first + size] for first in range(0, len(scenes), size)]
    work = zip((scenes[first : first + size] for first in range(0, len(scenes), size)), chosen, strict=True)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        waiting: deque[Future[Batch]] = deque()
        for group, frames in islice(work, 2 * workers):
            waiting.append(pool.submit(pack, group, num_frames, frames))
        while waiting:
            done = waiting.popleft().result()
            for group, frames in islice(work, 1):
                waiting.append(pool.submit(pack, group, num_frames, frames))
            yield done
