"""What the command line asks of training: start or go on, pause, ship."""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from rushes.core.errors import UsageError
from rushes.core.settings import Settings
from rushes.training.filming import Filming
from rushes.training.loop import PAUSE_FILE, StopSignal
from rushes.training.mini import STAGES, MiniTraining
from rushes.training.recipes import mini, mini_continued, mini_on_gpu
from rushes.training.ship import packaged_mini, ship

PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class Effort:
    """How hard to train: ``threads`` of the CPU (0: as torch likes), niceness, ``minutes`` (0: no limit)."""

    threads: int
    nice: int
    minutes: float


def train_mini(settings: Settings, filming: Filming, stages: tuple[str, ...], effort: Effort) -> bool:
    """Train until finished, paused, interrupted or out of time; True when finished.

    Fresh state starts from the shipped weights when there are any, otherwise from nothing.
    """
    unknown = [stage for stage in stages if stage not in STAGES]
    if unknown:
        raise UsageError(f"stage {unknown[0]!r} is unknown: choose from {', '.join(STAGES)}")
    if effort.threads:
        torch.set_num_threads(effort.threads)
    os.nice(effort.nice)
    folder = settings.training / "mini"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAUSE_FILE).unlink(missing_ok=True)
    deadline = time.monotonic() + 60 * effort.minutes if effort.minutes else None
    shipped = packaged_mini()
    recipe = mini_on_gpu() if filming.device.type == "cuda" else mini_continued() if shipped else mini()
    return MiniTraining(recipe, folder, StopSignal(folder, deadline), shipped, filming).run(stages or STAGES)


def ship_mini(settings: Settings, filming: Filming, folder: Path) -> None:
    """Save the averaged weights of the training state as a model in ``folder``."""
    state = settings.training / "mini"
    ship(MiniTraining(mini(), state, StopSignal(state), packaged_mini(), filming), folder)


def pause_mini(settings: Settings) -> None:
    """Ask the trainer to save and stop, and wait until it has. Raises UsageError when it does not answer."""
    folder = settings.training / "mini"
    if not folder.exists():
        raise UsageError(f"no training state in {folder}: nothing to pause")
    (folder / PAUSE_FILE).touch()
    patience = time.monotonic() + PAUSE_SECONDS
    while any(_is_held(path) for path in folder.glob("*.lock")):
        if time.monotonic() > patience:
            raise UsageError(
                f"the trainer in {folder} did not stop within {PAUSE_SECONDS:g} s: stop its process"
            )
        time.sleep(0.2)


def _is_held(path: Path) -> bool:
    with path.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
