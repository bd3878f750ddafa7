"""A part: rigid shapes drawn together under one affine map a frame. What the flow is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rushes.world.affine import Array, compose
from rushes.world.outline import Outline
from rushes.world.palette import Rgb


@dataclass(frozen=True)
class Shape:
    """An outline filled with one colour; ``opacity`` below 1 keeps it out of the id buffer."""

    path: Outline
    color: Rgb
    opacity: float = 1.0


@dataclass(frozen=True)
class Part:
    """Shapes in their own coordinates, and where they are.

    placement: (T, 2, 3), local -> parent. order: (T,) or a constant; higher is nearer to the camera.
    """

    shapes: tuple[Shape, ...]
    placement: Array
    order: Array | float = 0.0

    def under(self, parent: Array) -> "Part":
        """The same part seen through ``parent`` (T, 2, 3)."""
        return Part(self.shapes, compose(parent, self.placement), self.order)


@dataclass(frozen=True)
class Figure:
    """A subject in its own space: feet at (0, 0), facing +x, y down, pixels at the subject's depth.

    height: standing height in pixels. shadow: half width of the contact shadow.
    """

    parts: tuple[Part, ...]
    height: float
    shadow: float
    lifted: Array
    """(T,) pixels between the ground and the lowest point of the body."""


def drawing_order(parts: Sequence[Part], num_frames: int) -> NDArray[np.int64]:
    """(T, P) indices of the parts from back to front; equal orders keep the given sequence."""
    orders = np.stack(
        [np.broadcast_to(np.asarray(part.order, dtype=np.float64), (num_frames,)) for part in parts], axis=1
    )
    return np.argsort(orders, axis=1, kind="stable")
