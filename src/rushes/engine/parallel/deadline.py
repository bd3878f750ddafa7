"""When silence of all devices means that one of them hangs: it is alive, but does nothing any more."""

from collections.abc import Callable
from time import monotonic

LEAST = 60.0
"""Seconds of silence that are always allowed: words, files and pictures take a while too."""

TIMES = 10.0
"""So many times the slowest step is still no hanging: a machine may have become busy."""

AWAY = 5.0
"""Seconds between two questions after which the caller itself was stopped, and the ranks with it."""


class Deadline:
    """Of one clip, from what a step is expected to take (seconds) and then from what steps took."""

    def __init__(self, expected: float, clock: Callable[[], float] = monotonic) -> None:
        self._slowest = expected
        self._clock = clock
        self._heard = self._asked = clock()

    def heard(self) -> None:
        """Something was said: the gap before it counts as a step."""
        now = self._clock()
        self._slowest = max(self._slowest, now - self._heard)
        self._heard = self._asked = now

    def resume(self) -> None:
        """The caller has done something of its own, for however long."""
        self._heard = self._asked = self._clock()

    def overdue(self) -> float:
        """Seconds of silence when they are too many, else 0; to be asked often."""
        now = self._clock()
        if now - self._asked > AWAY:
            self._heard += now - self._asked
        self._asked = now
        silence = now - self._heard
        return silence if silence > max(LEAST, TIMES * self._slowest) else 0.0
