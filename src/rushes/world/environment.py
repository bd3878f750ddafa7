"""The eight places. Each is a fixed layout of few prototypes on five parallax layers."""

from collections.abc import Callable

import numpy as np

from rushes.world.camera import CameraPath
from rushes.world.landscape import desert, forest, meadow, snowfield
from rushes.world.layer import Layer
from rushes.world.palette import Palette
from rushes.world.scene import Scene
from rushes.world.settlement import platform, street, village, wall
from rushes.world.site import BACK_GROUND, FAR, GROUND_DEPTH, MIDDLE, NEAR, Site

_PLACES: dict[str, Callable[[Site], None]] = {
    "wall": wall,
    "snowfield": snowfield,
    "platform": platform,
    "desert": desert,
    "street": street,
    "meadow": meadow,
    "forest": forest,
    "village": village,
}


def environment_layers(scene: Scene, palette: Palette, camera: CameraPath) -> list[Layer]:
    """The layers of a scene's place, from far to near; the seed shifts each by a few pixels."""
    shifts = scene.random("layers").uniform(-1.0, 1.0, 5)
    widths = np.array([14.0, 14.0, 12.0, 16.0, 16.0]) * shifts
    depths = (FAR, MIDDLE, NEAR, BACK_GROUND, GROUND_DEPTH)
    site = Site(palette, camera, dict(zip(depths, widths.tolist(), strict=True)))
    _PLACES[scene.environment](site)
    return site.layers
