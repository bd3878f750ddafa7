"""Weather before the camera: a fixed set of particle tiles at constant velocity, and drifting haze."""

from dataclasses import dataclass

import numpy as np

from rushes.world.affine import Array
from rushes.world.camera import CameraPath
from rushes.world.outline import Outline, ellipse, polygon
from rushes.world.palette import Palette, Rgb, mix
from rushes.world.scene import Scene

TILE = 128
_PARTICLES = 14

HAZE_PERIOD, HAZE_DEPTH = 512, 1.6
HAZE_TOP, HAZE_HEIGHT = 62.0, 110
HAZE_BLOBS = ((40, 52, 96, 22), (200, 66, 120, 26), (340, 46, 90, 20), (470, 70, 110, 24))
"""x, y from the band's top, half width, half height."""
HAZE_SHARES = (0.62, 0.3, 0.0)
"""Opacity of a blob at its centre, half way, and at its border."""


@dataclass(frozen=True)
class Tile:
    """A tileable square sheet of equal particles: flakes when they have no extent, else streaks from (0, 0)
    to (across, down).
    """

    seed: int
    color: Rgb
    opacity: float
    half: float
    across: float
    down: float

    @property
    def outline(self) -> Outline:
        """One particle around (0, 0)."""
        half, across, down = self.half, self.across, self.down
        if across == down == 0.0:
            return ellipse(0.0, 0.0, half)
        tilt = half * 0.4
        return polygon([(-half, 0.0), (half, tilt), (across + half, down), (across - half, down - tilt)])

    @property
    def places(self) -> Array:
        """(N, 2) in 0..TILE: evenly spread, the same in every clip."""
        index = np.arange(_PARTICLES)
        lattice = np.stack([index / _PARTICLES, (index * 5 % _PARTICLES + 0.5) / _PARTICLES], -1)
        spots: Array = (lattice + np.random.default_rng(self.seed).uniform(0, 0.05, lattice.shape)) * TILE
        return spots


@dataclass(frozen=True)
class Veil:
    """One sheet of particles: a square tile, moving by ``velocity`` (pixels a second), nearer sheets
    follow the camera more.
    """

    tile: Tile
    velocity: tuple[float, float]
    depth: float
    start: tuple[float, float]

    def places(self, camera: CameraPath, times: Array) -> Array:
        """(T, 2): the screen pixel of the tile's corner, 0..TILE, at each of ``times`` (seconds)."""
        follow = min(1.0, 1.0 / self.depth)
        x = self.start[0] + self.velocity[0] * times - (camera.turn_x + camera.truck * follow)
        y = self.start[1] + self.velocity[1] * times - camera.turn_y
        return np.stack([x % TILE, y % TILE], -1)


@dataclass(frozen=True)
class Haze:
    """A soft band HAZE_PERIOD wide that drifts by ``speed`` pixels a second."""

    color: Rgb
    speed: float
    start: float

    def places(self, view: Array, times: Array) -> Array:
        """(T,): world pixels right of the screen's left border at which a copy of the band begins,
        0..HAZE_PERIOD; ``view`` (T, 2, 3).
        """
        begin: Array = (view[:, 0, 2] / view[:, 0, 0] + self.start + self.speed * times) % HAZE_PERIOD
        return begin


@dataclass(frozen=True)
class Flash:
    """Lightning on everything behind the subject. strength: (T,) share of ``color``, 0..1."""

    color: Rgb
    strength: Array


def veils_of(scene: Scene, palette: Palette) -> list[Veil]:
    """The particle sheets of a scene, far to near; a strong weather has one more, and larger and faster
    particles. Wind blows to the left, always.
    """
    if scene.weather in ("clear", "fog"):
        return []
    starts = scene.random("weather").uniform(0.0, TILE, (4, 2)).tolist()
    color, sheets = _sheets(scene, palette)
    size, cover = 0.65 + 0.6 * palette.strength, 0.7 + 0.4 * palette.strength
    haste = 0.7 + 0.6 * scene.strength
    if palette.strength >= 0.5:
        (half, across, down), opacity, (x, y), depth = sheets[-1]
        sheets = [*sheets, ((half, across, down), 0.7 * opacity, (1.3 * x, 1.3 * y), 0.7 * depth)]
    return [
        Veil(
            Tile(index + 11, color, min(0.95, opacity * cover), half * size**0.5, across * size, down * size),
            (haste * x, haste * y),
            depth,
            (start[0], start[1]),
        )
        for index, (((half, across, down), opacity, (x, y), depth), start) in enumerate(
            zip(sheets, starts[: len(sheets)], strict=True)
        )
    ]


_Sheet = tuple[tuple[float, float, float], float, tuple[float, float], float]


def _sheets(scene: Scene, palette: Palette) -> tuple[Rgb, list[_Sheet]]:
    """The colour, and of every sheet: half width, extent across and down; opacity; velocity; depth."""
    white = mix(palette.horizon, (1.0, 1.0, 1.0), 0.75)
    if scene.weather == "rain":
        return mix(white, palette.zenith, 0.15), [
            ((0.55, -3.0, 15.0), 0.5, (-66.0, 330.0), 2.0),
            ((0.85, -5.2, 26.0), 0.6, (-102.0, 510.0), 0.9),
        ]
    if scene.weather == "snow":
        bright = (
            mix(palette.zenith, (1.0, 1.0, 1.0), 0.9) if scene.style == "ink" else mix(white, (1, 1, 1), 0.5)
        )
        return bright, [
            ((1.3, 0.0, 0.0), 0.75, (-12.0, 34.0), 2.2),
            ((2.1, 0.0, 0.0), 0.9, (-20.0, 52.0), 1.2),
            ((3.0, 0.0, 0.0), 0.9, (-30.0, 78.0), 0.8),
        ]
    return mix(palette.horizon, (1.0, 0.93, 0.78), 0.45), [
        ((0.9, -30.0, 1.2), 0.45, (-210.0, 26.0), 2.0),
        ((1.5, -46.0, 1.84), 0.5, (-340.0, 40.0), 0.9),
    ]


def haze_of(scene: Scene, palette: Palette, start: float) -> Haze | None:
    """Drifting bands for fog and sand, ``start`` pixels along; None in other weathers."""
    if scene.weather not in ("fog", "sandstorm"):
        return None
    speed = -14.0 if scene.weather == "fog" else -90.0
    return Haze(palette.horizon, speed * (0.6 + 0.8 * scene.strength), start)
