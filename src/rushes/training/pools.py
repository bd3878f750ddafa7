"""Coded scenes as training draws them; what a GPU machine without the film world's renderer can do too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rushes.core.vocabulary import MOMENT


class LatentBatch(NamedTuple):
    """Clips as training sees them: clean latents (B, C, T', H', W'), where the subject is
    (B, 1, T', H', W') in 0..1, how the picture moves (B, 3, T', H', W') where that is trained, and what every
    scene shows and how much of it."""

    clean: Tensor
    presence: Tensor
    motion: Tensor | None
    attributes: list[Mapping[str, str]]
    sliders: list[Mapping[str, float]]

    def first_frames(self) -> "LatentBatch":
        """The stills these clips begin with."""
        begin: list[Mapping[str, float]] = [{**told, MOMENT: 0.0} for told in self.sliders]
        motion = None if self.motion is None else torch.zeros_like(self.motion[:, :, :1])
        return LatentBatch(self.clean[:, :, :1], self.presence[:, :, :1], motion, self.attributes, begin)


@dataclass(frozen=True)
class LatentPool:
    """Latents, presence, motion, attributes and sliders of all scenes of one clip length, shard by shard.

    ``motion`` is empty where it is not trained.
    """

    latents: tuple[NDArray[np.float16], ...]
    presence: tuple[NDArray[np.float16], ...]
    motion: tuple[NDArray[np.float16], ...]
    attributes: tuple[Mapping[str, str], ...]
    sliders: tuple[Mapping[str, float], ...]

    def __len__(self) -> int:
        return len(self.attributes)

    def draw(self, batch: int, generator: np.random.Generator) -> LatentBatch:
        """``batch`` clips with replacement, float32."""
        return self.take(generator.integers(len(self), size=batch))

    def take(self, picks: NDArray[np.int64]) -> LatentBatch:
        """The clips of these numbers, float32."""
        return LatentBatch(
            self._rows(self.latents, picks),
            self._rows(self.presence, picks).unsqueeze(1),
            self._rows(self.motion, picks) if self.motion else None,
            [self.attributes[pick] for pick in picks],
            [self.sliders[pick] for pick in picks],
        )

    def _rows(self, parts: tuple[NDArray[np.float16], ...], picks: NDArray[np.int64]) -> Tensor:
        bounds = np.cumsum([len(part) for part in parts])
        owners = np.searchsorted(bounds, picks, side="right")
        rows = [parts[owner][pick - bounds[owner]] for owner, pick in zip(owners, picks, strict=True)]
        return torch.from_numpy(np.stack(rows)).float()
