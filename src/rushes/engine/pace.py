"""How long a whole take will still take, from how long its forwards took."""

from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter


class Pace:
    """Seconds left of a run of ``forwards`` network passes per step, and a decoder after them.

    Before the decoder has been timed it counts as ``decode_forwards`` passes. Time the caller spends between
    events counts: what it does with this clip it will do with the rest.
    """

    def __init__(
        self, forwards: Sequence[int], decode_forwards: float, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._forwards = forwards
        self._decode_forwards = decode_forwards
        self._clock = clock
        # an average over few steps: the first ones are slow, and the machine may have become busy
        self._recent: deque[tuple[float, int]] = deque(maxlen=5)
        self._since = clock()
        self._first_chunk: tuple[float, int] | None = None

    def start(self) -> None:
        """The next step or the decoder begins now."""
        self._since = self._clock()

    def after_step(self, step: int) -> float:
        """Seconds left after ``step`` (from 1)."""
        now = self._clock()
        self._recent.append((now - self._since, self._forwards[step - 1]))
        self._since = now
        return self._per_forward() * (sum(self._forwards[step:]) + self._decode_forwards)

    def after_frames(self, done: int, total: int) -> float | None:
        """Seconds left after ``done`` of ``total`` frames are decoded; None when nothing is known yet."""
        now = self._clock()
        if self._first_chunk is None:
            self._first_chunk = now, done
        first_time, first_done = self._first_chunk
        if done > first_done:
            # later chunks alone: the first one holds fewer frames
            return (total - done) * (now - first_time) / (done - first_done)
        if not self._recent:
            return None
        return max(0.0, self._per_forward() * self._decode_forwards - (now - self._since))

    def _per_forward(self) -> float:
        return sum(seconds for seconds, _ in self._recent) / sum(count for _, count in self._recent)
