"""Latents and solver history of a run on disk: a killed run goes on and ends with the same bytes."""

import json
import shutil
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from torch import Tensor

from rushes.core.recipe import Recipe, Stage, canonical_json
from rushes.engine.events import StageName
from rushes.engine.tensor_file import TensorFile, read_tensor_file

SECONDS_BETWEEN = 60.0
_SOLVER = "solver."


@dataclass(frozen=True)
class Progress:
    """After ``step`` steps: latents (B, C, T, H, W) and what the solver remembers; ``scores`` of the
    candidates once they were halved."""

    step: int
    latents: Tensor
    solver: Mapping[str, Tensor]
    scores: tuple[float, ...] = ()


class SavedRun:
    """Where one run keeps its progress: a folder named after the recipe up to the latents.

    ``every`` steps, or when 60 seconds have passed since the last time, so that a short run never writes. A
    save is taken up again only under equal ``machine`` facts: other ones would end with other bytes.
    """

    def __init__(
        self,
        runs: Path,
        stages: tuple[Stage, ...],
        machine: Mapping[str, str | int],
        every: int | None = None,
    ) -> None:
        self.folder = runs / Recipe(stages, {}).key(StageName.DENOISE)
        self._machine = canonical_json(machine)
        self._every = every
        self._writes = True
        self._began = self._last = monotonic()

    def for_reading(self) -> "SavedRun":
        """The same for a process that makes the same latents as another one, which writes."""
        reader = copy(self)
        reader._writes = False
        return reader

    @property
    def _file(self) -> Path:
        return self.folder / "progress.safetensors"

    def after(self, progress: Progress, total: int) -> None:
        """Save where it is time to, and before the decoder of a long run begins."""
        if self._every is None:
            due = self._is_long if progress.step == total else monotonic() - self._last >= SECONDS_BETWEEN
        else:
            due = progress.step % self._every == 0 or progress.step == total
        if due:
            self.save(progress)

    def rescue(self, progress: Progress) -> None:
        """Save what there is of a run that breaks off, where it is worth it."""
        if progress.step and (self._is_long or self._every is not None):
            self.save(progress)

    @property
    def _is_long(self) -> bool:
        return monotonic() - self._began >= SECONDS_BETWEEN

    def save(self, progress: Progress) -> None:
        """Replace what was saved before."""
        if not self._writes:
            return
        solver = {_SOLVER + name: value for name, value in progress.solver.items()}
        scores = canonical_json(list(progress.scores))
        notes = {"step": str(progress.step), "scores": scores, "machine": self._machine}
        TensorFile({"latents": progress.latents, **solver}, notes).write(self._file)
        self._last = monotonic()

    def load(self) -> Progress | None:
        """What was saved by an equal run on an equal machine; None where there is nothing of use."""
        file = read_tensor_file(self._file)
        if file is None or file.notes.get("machine") != self._machine:
            return None
        tensors = dict(file.tensors)
        latents = tensors.pop("latents")
        solver = {name.removeprefix(_SOLVER): value for name, value in tensors.items()}
        scores = tuple(json.loads(file.notes.get("scores", "[]")))
        return Progress(int(file.notes["step"]), latents, solver, scores)

    def exists(self) -> bool:
        """Whether something is saved."""
        return self._file.exists()

    def remove(self) -> None:
        """Forget the run: its take is written."""
        shutil.rmtree(self.folder, ignore_errors=True)
