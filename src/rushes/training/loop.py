"""The one training loop: step, log, checkpoint, stop at any moment and go on from there."""

import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch

from rushes.core.errors import UsageError

CHECKPOINT_SECONDS = 120.0
PAUSE_FILE = "PAUSE"


class Stage(Protocol):
    """A part of training: a step counter, a step, and a state that can be saved."""

    name: str
    steps: int
    step: int

    def train_step(self) -> Mapping[str, float]:
        """One optimiser step; returns figures for the log. The loop counts the steps."""

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""


@dataclass
class StopSignal:
    """Set by Ctrl-C, SIGTERM, the pause file or the end of the allotted time."""

    folder: Path
    deadline: float | None = None
    raised: bool = False

    def is_set(self) -> bool:
        """Whether training should stop after the current step."""
        late = self.deadline is not None and time.monotonic() > self.deadline
        return self.raised or late or (self.folder / PAUSE_FILE).exists()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Turn SIGINT and SIGTERM into a clean stop while the block runs."""

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self.raised = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def run_stage(stage: Stage, folder: Path, stop: StopSignal) -> bool:
    """Train ``stage`` from its checkpoint to its last step; True when it is finished.

    State lies in ``folder/<name>.pt``, the log in ``folder/<name>.jsonl``. Raises UsageError when another
    process trains the same stage.
    """
    checkpoint = folder / f"{stage.name}.pt"
    with lock(folder / f"{stage.name}.lock"):
        if checkpoint.exists():
            stage.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True))
        progress = Progress(stage, folder / f"{stage.name}.jsonl")
        saved = time.monotonic()
        while stage.step < stage.steps and not stop.is_set():
            figures = stage.train_step()
            stage.step += 1
            progress.update(figures)
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                save(stage.state_dict(), checkpoint)
                saved = time.monotonic()
        save(stage.state_dict(), checkpoint)
        progress.close()
    return stage.step >= stage.steps


def save(state: dict[str, Any], path: Path) -> None:
    """Write ``state`` beside ``path`` and rename, so that a kill leaves the old file whole."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold ``path`` for this process; UsageError when another one has it."""
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{path.stem} is being trained by another process: pause it first") from None
        handle.write(str(os.getpid()))
        handle.flush()
        yield


class Progress:
    """A line on standard error and a JSON line in the log, each a mean over the steps since the last."""

    def __init__(self, stage: Stage, log: Path, every_seconds: float = 10.0) -> None:
        self._stage = stage
        self._log = log.open("a", encoding="utf-8")
        self._every = every_seconds
        self._reset()

    def _reset(self) -> None:
        self._since = time.monotonic()
        self._from_step = self._stage.step
        self._sums: dict[str, tuple[float, int]] = {}

    def update(self, figures: Mapping[str, float]) -> None:
        """Count one step's figures."""
        for name, value in figures.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + value, count + 1)
        if time.monotonic() - self._since >= self._every:
            self._report()

    def _report(self) -> None:
        steps = self._stage.step - self._from_step
        if not steps:
            return
        pace = (time.monotonic() - self._since) / steps
        means = {name: round(total / count, 5) for name, (total, count) in self._sums.items()}
        record = {"step": self._stage.step, "time": round(time.time()), "pace_s": round(pace, 4), **means}
        self._log.write(json.dumps(record) + "\n")
        self._log.flush()
        left = (self._stage.steps - self._stage.step) * pace
        shown = "  ".join(f"{name} {value:.4g}" for name, value in means.items())
        line = f"{self._stage.name} {self._stage.step}/{self._stage.steps}  {shown}  {pace:.2f} s/step"
        sys.stderr.write(f"{line}  {left / 60:.0f} min left\n")
        self._reset()

    def close(self) -> None:
        """Report what is left and close the log."""
        self._report()
        self._log.close()
