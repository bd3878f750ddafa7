"""What the upscaler learns from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TARGET_FRAMES = 5
SIDE = 64
GRID = 8
"""Crops begin on multiples of so many pixels, where codec and network see them alike."""


@dataclass(frozen=True)
class CropShard:
    """inputs: (N, TARGET_FRAMES + 2, SIDE, SIDE, 3), a frame more at either end (at a clip's end the last
    one again); targets: (N, TARGET_FRAMES, 5 SIDE, 5 SIDE, 3); uint8 RGB.
    """

    inputs: NDArray[np.uint8]
    targets: NDArray[np.uint8]
