"""A contact sheet of the world: many scenes side by side, for a person's eye."""

import numpy as np
from einops import rearrange
from numpy.typing import NDArray

from rushes.world.render import render_frames
from rushes.world.scene import sample_scene


def contact_sheet(seed: int, rows: int, columns: int) -> NDArray[np.uint8]:
    """One still each of the scenes ``seed``, ``seed + 1``, ...: uint8 RGB (rows * 160, columns * 256, 3)."""
    stills = np.concatenate([render_frames(sample_scene(seed + index), 1) for index in range(rows * columns)])
    return rearrange(stills, "(r c) h w rgb -> (r h) (c w) rgb", r=rows)
