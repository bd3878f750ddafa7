"""How the subject meets light and ground: its edge, its contact shadow, its reflection in the wet."""

from dataclasses import dataclass

import numpy as np

from rushes.world.affine import Array, affine, compose
from rushes.world.motion import GROUND
from rushes.world.palette import Rgb, mix
from rushes.world.stage import Stage

SHADOW: Rgb = (0.03, 0.03, 0.06)
MIRRORED = 96 / 255
"""Opacity of a reflection."""

_SQUEEZE = 0.6
"""Height of a reflection: the low angle of view."""


@dataclass(frozen=True)
class Footing:
    """edge: colour of the silhouettes under the body, one at each of ``edge_offsets`` (x, y pixels).

    shadow: (T, 2, 3), the disc of radius 1 -> screen, drawn with shadow_opacity (T,). mirror: (T, 2, 3), the
    body's picture -> its reflection on screen; None on dry ground.
    """

    edge: Rgb
    edge_offsets: tuple[tuple[int, int], ...]
    shadow: Array
    shadow_opacity: Array
    mirror: Array | None


def footing_of(stage: Stage) -> Footing:
    """The footing of a stage's subject over all frames."""
    palette, motion, view = stage.palette, stage.motion, stage.camera.view(1.0)
    # Drawn styles have a contour; the others light the edge that faces the sun.
    outlined = palette.style in ("animation", "ink")
    side = int(palette.sun_side)
    zeros, ones = np.zeros_like(motion.times), np.ones_like(motion.times)
    height = stage.figure.lifted * motion.scale
    spread = stage.figure.shadow * motion.scale * (1.15 - 0.007 * height)
    disc = affine(
        np.stack([spread, zeros], -1),
        np.stack([zeros, 3.6 * ones], -1),
        np.stack([motion.x, zeros + GROUND + 0.4], -1),
    )
    mirror = None
    if stage.scene.weather == "rain":
        # Mirrored about the ground line on screen.
        line = view[:, 1, 0] * motion.x + view[:, 1, 1] * GROUND + view[:, 1, 2]
        mirror = affine(
            np.stack([ones, zeros], -1),
            np.stack([zeros, -_SQUEEZE * ones], -1),
            np.stack([zeros, (1.0 + _SQUEEZE) * line], -1),
        )
    return Footing(
        mix((0.07, 0.06, 0.1), palette.horizon, 0.1) if outlined else palette.rim,
        ((-1, 0), (1, 0), (0, -1), (0, 1)) if outlined else ((side, 0), (2 * side, -1)),
        compose(view, disc),
        np.maximum(0.16, 0.42 - 0.007 * height),
        mirror,
    )
