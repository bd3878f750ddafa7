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
    opacity: (T,) 0..1 times that of the shapes, None for 1; a part that has one is kept out of the id buffer.
    """

    shapes: tuple[Shape, ...]
    placement: Array
    order: Array | float = 0.0
    opacity: Array | None = None

    def under(self, parent: Array) -> "Part":
        """The same part seen through ``parent`` (T, 2, 3)."""
        return Part(self.shapes, compose(parent, self.placement), self.order, self.opacity)

    @property
    def solid(self) -> tuple[Outline, ...]:
        """The outlines that hide what is behind them and move as the part does."""
        if self.opacity is not None:
            return ()
        return tuple(shape.path for shape in self.shapes if shape.opacity == 1.0)


@dataclass(frozen=True)
class Prop:
    """A part in world space at the depth of a layer, which it is drawn over: flames, lightning, what flies
    by. Props of one depth are drawn in their sequence.
    """

    part: Part
    depth: float


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
