"""Maps at the resolution of latents: one value a cell of 16x16 pixels. For arrays and tensors alike."""

from dataclasses import dataclass
from typing import Any

from einops import rearrange, reduce

from rushes.world.classes import CLASSES

CELL = 16


@dataclass(frozen=True)
class Cells:
    """Means over cells, arrays or tensors as the maps they come from; 10 rows of 16 cells.

    flow (..., T-1, 10, 16, 2): pixels (x, y). nearness (..., T, 10, 16): of 1 / depth, so that the endless
    sky counts as 0. shares (..., T, 10, 16, 7): of ``CLASSES``, summing to 1.
    """

    flow: Any
    nearness: Any
    shares: Any


def cells_of(flow: Any, depth: Any, classes: Any) -> Cells:
    """Cells of the maps of a ``Clip`` or of ``BatchMaps``: flow (..., T-1, 160, 256, 2), depth and classes
    (..., T, 160, 256).
    """
    shares = [cell_means(1.0 * (classes == kind)) for kind in range(len(CLASSES))]
    return Cells(
        reduce(flow, "... (r p) (c q) xy -> ... r c xy", "mean", p=CELL, q=CELL),
        cell_means(1.0 / depth),
        rearrange(shares, "k ... -> ... k"),
    )


def cell_means(values: Any) -> Any:
    """Means over cells: (..., 160, 256) -> (..., 10, 16)."""
    return reduce(values, "... (r p) (c q) -> ... r c", "mean", p=CELL, q=CELL)
