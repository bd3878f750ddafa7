"""Weather before the camera: a fixed set of particle tiles at constant velocity, and drifting haze."""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import skia

from rushes.world.affine import Array
from rushes.world.camera import CameraPath
from rushes.world.outline import ellipse, polygon, shifted
from rushes.world.palette import Palette, Rgb, mix
from rushes.world.scene import Scene

TILE = 128
_PARTICLES = 14


@dataclass(frozen=True)
class Veil:
    """One sheet of particles: a square tile, moving by ``velocity`` (pixels a second), nearer sheets
    follow the camera more.
    """

    image: skia.Image
    velocity: tuple[float, float]
    depth: float
    start: tuple[float, float]


@cache
def _tile(seed: int, color: Rgb, opacity: float, particle: tuple[float, float, float]) -> skia.Image:
    """A tileable sheet of equal particles; ``particle``: half width, extent across, extent down."""
    generator = np.random.default_rng(seed)
    # Stratified places: evenly spread, the same in every clip.
    index = np.arange(_PARTICLES)
    lattice = np.stack([index / _PARTICLES, (index * 5 % _PARTICLES + 0.5) / _PARTICLES], -1)
    places = (lattice + generator.uniform(0, 0.05, lattice.shape)) * TILE
    surface = skia.Surface.MakeRaster(skia.ImageInfo.MakeN32Premul(TILE, TILE))
    canvas = surface.getCanvas()
    paint = skia.Paint(Color4f=skia.Color4f(*color, opacity), AntiAlias=True)
    outline = _particle(*particle)
    for x, y in places.tolist():
        for wrapped_x, wrapped_y in product((x - TILE, x, x + TILE), (y - TILE, y, y + TILE)):
            canvas.drawPath(shifted(outline, wrapped_x, wrapped_y), paint)
    return surface.makeImageSnapshot()


def _particle(half: float, across: float, down: float) -> skia.Path:
    """A flake when it has no extent, else a streak from (0, 0) to (across, down)."""
    if across == down == 0.0:
        return ellipse(0.0, 0.0, half)
    tilt = half * 0.4
    return polygon([(-half, 0.0), (half, tilt), (across + half, down), (across - half, down - tilt)])


def veils_of(scene: Scene, palette: Palette) -> list[Veil]:
    """The particle sheets of a scene, far to near. Wind blows to the left, always."""
    if scene.weather in ("clear", "fog"):
        return []
    starts = scene.random("weather").uniform(0.0, TILE, (3, 2)).tolist()
    white = mix(palette.horizon, (1.0, 1.0, 1.0), 0.75)
    if scene.weather == "rain":
        color = mix(white, palette.zenith, 0.15)
        sheets = [
            ((0.55, -3.0, 15.0), 0.5, (-66.0, 330.0), 2.0),
            ((0.85, -5.2, 26.0), 0.6, (-102.0, 510.0), 0.9),
        ]
    elif scene.weather == "snow":
        color = mix(white, (1.0, 1.0, 1.0), 0.5)
        if scene.style == "ink":
            color = mix(palette.zenith, (1.0, 1.0, 1.0), 0.9)
        sheets = [
            ((1.3, 0.0, 0.0), 0.75, (-12.0, 34.0), 2.2),
            ((2.1, 0.0, 0.0), 0.9, (-20.0, 52.0), 1.2),
            ((3.0, 0.0, 0.0), 0.9, (-30.0, 78.0), 0.8),
        ]
    else:
        color = mix(palette.horizon, (1.0, 0.93, 0.78), 0.45)
        sheets = [
            ((0.9, -30.0, 1.2), 0.45, (-210.0, 26.0), 2.0),
            ((1.5, -46.0, 1.84), 0.5, (-340.0, 40.0), 0.9),
        ]
    return [
        Veil(_tile(index + 11, color, opacity, particle), velocity, depth, (start[0], start[1]))
        for index, ((particle, opacity, velocity, depth), start) in enumerate(
            zip(sheets, starts[: len(sheets)], strict=True)
        )
    ]


def draw_veil(canvas: skia.Canvas, veil: Veil, camera: CameraPath, frame: int, seconds: float) -> None:
    """Draw one sheet over the frame."""
    follow = min(1.0, 1.0 / veil.depth)
    x = (
        veil.start[0]
        + veil.velocity[0] * seconds
        - float(camera.turn_x[frame] + camera.truck[frame] * follow)
    )
    y = veil.start[1] + veil.velocity[1] * seconds - float(camera.turn_y[frame])
    canvas.resetMatrix()
    left, top = x % TILE - TILE, y % TILE - TILE
    sampling = skia.SamplingOptions(skia.FilterMode.kLinear)
    row = top
    while row < 160:
        column = left
        while column < 256:
            canvas.drawImage(veil.image, column, row, sampling, None)
            column += TILE
        row += TILE


def haze_image(scene: Scene, palette: Palette) -> tuple[skia.Image, float] | None:
    """(a soft band picture 512 wide, its speed in pixels a second) for fog and sand; None in other
    weathers.
    """
    if scene.weather not in ("fog", "sandstorm"):
        return None
    width, height = 512, 110
    surface = skia.Surface.MakeRaster(skia.ImageInfo.MakeN32Premul(width, height))
    canvas = surface.getCanvas()
    color = palette.horizon
    blobs = ((40, 52, 96, 22), (200, 66, 120, 26), (340, 46, 90, 20), (470, 70, 110, 24))
    for x, y, half_x, half_y in blobs:
        for shift in (-width, 0, width):
            ends = [
                skia.Color4f(*color, 0.62).toColor(),
                skia.Color4f(*color, 0.3).toColor(),
                skia.Color4f(*color, 0.0).toColor(),
            ]
            shader = skia.GradientShader.MakeRadial(skia.Point(0, 0), 1.0, ends)
            canvas.save()
            canvas.translate(x + shift, y)
            canvas.scale(half_x, half_y)
            canvas.drawCircle(0, 0, 1, skia.Paint(Shader=shader))
            canvas.restore()
    return surface.makeImageSnapshot(), -14.0 if scene.weather == "fog" else -90.0


def draw_haze(
    canvas: skia.Canvas, haze: tuple[skia.Image, float], view: Array, seconds: float, start: float
) -> None:
    """Draw the drifting band at the depth whose ``view`` (2, 3) is given."""
    image, speed = haze
    scale = float(view[0, 0])
    canvas.resetMatrix()
    canvas.translate(0.0, float(view[1, 2]))
    canvas.scale(scale, scale)
    x = (float(view[0, 2]) / scale + start + speed * seconds) % 512.0 - 512.0
    while x < 256.0 / scale:
        canvas.drawImage(image, x, 62.0, skia.SamplingOptions(skia.FilterMode.kLinear), None)
        x += 512.0
