"""The burning house of the village: flames that lick on a fixed rhythm, and smoke."""

import numpy as np

from rushes.world.affine import Array, placed
from rushes.world.outline import curve
from rushes.world.palette import Palette, mix, rgb
from rushes.world.part import Part, Shape
from rushes.world.scene import Scene
from rushes.world.site import fire_color

_HEARTH_X = -84.0
_TONGUES = (
    (-26, 92, 0.85, 0.0),
    (0, 62, 1.25, 2.1),
    (24, 90, 0.95, 4.0),
    (-8, 118, 0.55, 1.0),
    (36, 118, 0.5, 3.0),
)


def fire_parts(scene: Scene, palette: Palette, times: Array, offset: float) -> list[Part]:
    """Flames and smoke as parts in world space at depth NEAR; none outside the village."""
    if scene.environment != "village":
        return []
    outer, inner, core = (fire_color(palette, rgb(code)) for code in (0xFF6A1E, 0xFFAE30, 0xFFF0A0))
    smoke = mix(palette.material(rgb(0x3A3438), 0.2), palette.horizon, 0.15)
    still = np.zeros_like(times)
    parts = []
    for index in range(3):
        drift = 3.0 * np.sin(2 * np.pi * (0.2 * times + index / 3))
        place = np.stack([still + _HEARTH_X + offset + 10 + 13 * index + drift, still + 42 - 27 * index], -1)
        parts.append(
            Part(
                (
                    Shape(
                        curve([(-22, 4), (-16, -13), (2, -19), (20, -12), (24, 5), (6, 14), (-12, 13)]),
                        smoke,
                        0.75,
                    ),
                ),
                placed(place, 0.2 * drift / 3, 1.0 + 0.25 * index),
            )
        )
    tongue = curve(
        [(-13, 0), (-15, -14), (-7, -26), (-8, -38), (3, -50), (5, -34), (13, -22), (14, -8), (11, 1)]
    )
    middle = curve([(-8, 0), (-9, -11), (-3, -22), (2, -34), (4, -20), (9, -10), (7, 1)])
    heart = curve([(-4, 0), (-4, -8), (1, -18), (4, -8), (4, 1)])
    for x, y, size, phase in _TONGUES:
        lick = np.sin(2 * np.pi * 1.1 * times + phase)
        place = np.stack([still + _HEARTH_X + offset + x, still + y], -1)
        matrix = placed(place, 0.09 * np.sin(2 * np.pi * 0.7 * times + phase), size, 0.12 * lick)
        matrix[..., 1] *= (size * (1.0 + 0.16 * lick))[:, None]
        parts.append(Part((Shape(tongue, outer), Shape(middle, inner), Shape(heart, core)), matrix))
    return parts
