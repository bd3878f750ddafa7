"""Which tokens of a training clip are known: what sampling will give a model beside the words.

Mini draws a still first and starts the clip from it, so that is what most clips practise: 55 % give the
first latent frame, 12 % the first few, 8 % the first and the last, 10 % all but a box, 15 % nothing. Stills
give all but a box or nothing.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Cumulative from the most likely: nothing, first, first few, first and last; a box is the rest.
NOTHING, FIRST, FIRST_FEW, BOTH_ENDS = 0.15, 0.70, 0.82, 0.90
BOX_SIDE = (0.25, 0.75)


def draw_known(
    batch: int, cells: Sequence[int], patch_size: Sequence[int], random: np.random.Generator
) -> Tensor:
    """Which latent cells are known, bool (batch, 1, T, H, W), whole tokens of ``patch_size``.

    ``cells``: latent frames, height and width. Every clip keeps tokens that are not known.
    """
    grid = [size // patch for size, patch in zip(cells, patch_size, strict=True)]
    tokens = np.stack([_of_clip((grid[0], grid[1], grid[2]), random) for _ in range(batch)])
    for axis, patch in enumerate(patch_size, start=1):
        tokens = tokens.repeat(patch, axis)
    return torch.from_numpy(tokens[:, None])


def _of_clip(grid: tuple[int, int, int], random: np.random.Generator) -> NDArray[np.bool_]:
    known = np.zeros(grid, dtype=np.bool_)
    draw, length = float(random.random()), grid[0]
    if draw >= BOTH_ENDS:
        known[:] = True
        known[:, _side(grid[1], random), _side(grid[2], random)] = False
    elif draw < NOTHING or length == 1:
        pass
    elif draw < FIRST or length == 2:
        known[0] = True
    elif draw < FIRST_FEW:
        known[: int(random.integers(2, length))] = True
    else:
        known[[0, -1]] = True
    return known


def _side(length: int, random: np.random.Generator) -> slice:
    size = max(1, min(length - 1, round(length * float(random.uniform(*BOX_SIDE)))))
    start = int(random.integers(length - size + 1))
    return slice(start, start + size)
