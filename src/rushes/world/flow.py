"""Exact optical flow: which rigid part is on top of each pixel, and where its affine map takes it next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rushes.world.affine import Array, compose, invert
from rushes.world.camera import HEIGHT, WIDTH
from rushes.world.layer import Layer
from rushes.world.part import Part
from rushes.world.stage import Stage

_FLAT = 1e-3
"""A part seen edge on (its area below this share) has no flow."""


@dataclass(frozen=True)
class Movers:
    """Everything rigid on a stage; a mover's id is its index in ``to_screen``.

    to_screen: (P, T, 2, 3), local -> screen. Layers come first, then props, then the subject's parts.
    over: the layer that each prop is drawn over.
    """

    to_screen: Array
    layers: tuple[Layer, ...]
    props: tuple[Part, ...]
    over: tuple[int, ...]
    subject: tuple[Part, ...]


def movers_of(stage: Stage) -> Movers:
    """List the rigid things of a stage with their maps."""
    props = tuple(prop.part.under(stage.camera.view(prop.depth)) for prop in stage.props)
    body = stage.camera.view(1.0)
    subject = tuple(part.under(stage.placement).under(body) for part in stage.figure.parts)
    views = [stage.camera.view(layer.depth) for layer in stage.layers]
    return Movers(
        np.stack([*views, *(part.placement for part in (*props, *subject))]),
        stage.layers,
        props,
        tuple(stage.layer_of(prop.depth) for prop in stage.props),
        subject,
    )


def mover_steps(to_screen: Array) -> tuple[Array, NDArray[np.bool_]]:
    """((P, T-1, 2, 3), (P, T-1)): maps from a screen pixel to its place in the next frame, M_{k+1} M_k^-1,
    and whether they are known; a mover seen edge on has none.
    """
    solid = np.abs(np.linalg.det(to_screen[..., :2])) > _FLAT
    safe = np.where(solid[..., None, None], to_screen, np.eye(2, 3))
    return compose(safe[:, 1:], invert(safe[:, :-1])), solid[:, 1:] & solid[:, :-1]


def exact_flow(ids: NDArray[np.uint8], movers: Movers) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(flow (T-1, H, W, 2) in pixels, visible (T-1, H, W)): M_{k+1} M_k^-1 p - p at every pixel centre p."""
    steps, moving = mover_steps(movers.to_screen)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    here = np.stack([columns, rows], -1)
    flow = np.zeros((len(ids) - 1, HEIGHT, WIDTH, 2), np.float32)
    visible = np.zeros((len(ids) - 1, HEIGHT, WIDTH), np.bool_)
    for frame in range(len(ids) - 1):
        step = steps[ids[frame], frame]
        there = np.einsum("hwij,hwj->hwi", step[..., :2], here) + step[..., 2]
        column, row = np.floor(there[..., 0]).astype(np.int64), np.floor(there[..., 1]).astype(np.int64)
        inside = (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
        landed = ids[frame + 1][row.clip(0, HEIGHT - 1), column.clip(0, WIDTH - 1)]
        flow[frame] = there - here
        visible[frame] = inside & (landed == ids[frame]) & moving[ids[frame], frame]
    return flow, visible
