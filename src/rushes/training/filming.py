"""What training asks of whoever draws the film world for it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from rushes.models.mini_codec import MiniCodec
from rushes.training.crops import CropShard
from rushes.training.shards import Shard, Shelves


class Footage(NamedTuple):
    """Pictures (N, T, H, W, 3) uint8, and the share of each 16x16 cell under the subject, (N, T, H/16, W/16)
    float16 in 0..1."""

    frames: NDArray[np.uint8]
    presence: NDArray[np.float16]


class Filming(Protocol):
    """Draws scenes with skia on the CPU, or with torch on a ``device`` where skia need not be."""

    @property
    def device(self) -> torch.device:
        """Where it draws, and everything is trained."""

    def footage(self, shard: Shard) -> Footage:
        """Pictures of a shard, and where the subject is in them."""

    def film(self, shards: Sequence[Shard], shelves: Shelves, codec: MiniCodec) -> Iterator[Shard]:
        """Put every one of ``shards`` on its shelves; yields each when it lies there."""

    def crops(self, folder: Path, scenes: int, codec: MiniCodec) -> Iterator[CropShard]:
        """What the upscaler learns from, kept in ``folder``."""
