"""Affine maps of the plane as arrays (T, 2, 3): one 2x3 matrix a frame, columns x axis, y axis, origin."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def affine(x_axis: Array, y_axis: Array, origin: Array) -> Array:
    """Stack three (T, 2) columns into (T, 2, 3)."""
    return np.stack([x_axis, y_axis, origin], axis=-1)


def placed(origin: Array, angle: Array, x_scale: Array | float = 1.0, shear: Array | float = 0.0) -> Array:
    """Scale x, shear x by ``shear`` per unit y, turn by ``angle`` (clockwise on screen, y down), move to
    ``origin`` (T, 2).
    """
    cos, sin = np.cos(angle), np.sin(angle)
    x_axis = np.stack([cos * x_scale, sin * x_scale], axis=-1)
    y_axis = np.stack([shear * cos - sin, shear * sin + cos], axis=-1)
    return affine(x_axis, y_axis, origin)


def bone(start: Array, end: Array, length: float) -> Array:
    """Map local (0, 0)-(length, 0) onto start-end, both (T, 2): rigid when they are ``length`` apart, else
    foreshortened.
    """
    x_axis = (end - start) / length
    unit = x_axis / np.maximum(np.linalg.norm(x_axis, axis=-1, keepdims=True), 1e-6)
    y_axis = np.stack([-unit[:, 1], unit[:, 0]], axis=-1)
    return affine(x_axis, y_axis, start)


def compose(outer: Array, inner: Array) -> Array:
    """outer after inner, both (..., 2, 3)."""
    linear = outer[..., :2] @ inner[..., :2]
    origin = outer[..., :2] @ inner[..., 2:] + outer[..., 2:]
    return np.concatenate([linear, origin], axis=-1)


def apply(matrix: Array, point: tuple[float, float]) -> Array:
    """Where ``matrix`` (T, 2, 3) takes one local point: (T, 2)."""
    moved: Array = matrix[..., :2] @ np.array(point) + matrix[..., 2]
    return moved


def invert(matrix: Array) -> Array:
    """The inverse map, (..., 2, 3)."""
    linear = np.linalg.inv(matrix[..., :2])
    return np.concatenate([linear, -linear @ matrix[..., 2:]], axis=-1)
