"""Time that grows with the size of a text, compared on one machine: how long either takes does not matter."""

import time
from collections.abc import Callable

SHARE = 8


def assert_linear(work: Callable[[str], object], text: str) -> None:
    """Fail if ``work`` on all of ``text`` takes far more than eight times as long as on an eighth of it.

    Quadratic work would take 64 times as long; three times the linear share leaves room for a busy machine.
    """
    part = text[: len(text) // SHARE]
    short = max(min(_seconds(work, part) for _ in range(3)), 0.002)
    whole = min(_seconds(work, text) for _ in range(2))
    assert whole < 3 * SHARE * short, f"{whole:.3f} s for a text, {short:.3f} s for an eighth of it"


def _seconds(work: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    work(text)
    return time.process_time() - started
