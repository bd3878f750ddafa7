"""What training asks of whoever draws the film world for it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from rushes.models.mini_codec import MiniCodec
from rushes.training.crops import CropShard
from rushes.training.shards import Shard, Shelves


class Filming(Protocol):
    """Draws scenes with skia on the CPU, or with torch on a ``device`` where skia need not be."""

    @property
    def device(self) -> torch.device:
        """Where it draws, and everything is trained."""

    def frames(self, shard: Shard) -> NDArray[np.uint8]:
        """Pictures (N, T, H, W, 3) of a shard."""

    def film(self, shards: Sequence[Shard], shelves: Shelves, codec: MiniCodec) -> Iterator[Shard]:
        """Put every one of ``shards`` on its shelves; yields each when it lies there."""

    def crops(self, folder: Path, scenes: int, codec: MiniCodec) -> Iterator[CropShard]:
        """What the upscaler learns from, kept in ``folder``."""
