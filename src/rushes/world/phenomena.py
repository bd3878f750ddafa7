"""What happens in the sky: lightning with its flashes, the aurora's curtains, the rainbow."""

import math

import numpy as np

from rushes.world.affine import Array, placed
from rushes.world.layer import LayerPainter
from rushes.world.outline import Outline, ellipse, joined, polygon
from rushes.world.palette import Palette, mix, rgb
from rushes.world.part import Part, Prop, Shape
from rushes.world.paths import bump
from rushes.world.scene import Scene
from rushes.world.site import MIDDLE, fire_color
from rushes.world.weather import Flash

_SECONDS_A_STRIKE = 1.5
_AFTERGLOW = 0.2
# fmt: off
_BOLTS = (
    ((0, -30), (-9, -4), (3, 6), (-12, 34), (-3, 40), (-20, 74), (-12, 80), (-22, 112)),
    ((0, -30), (10, 2), (0, 12), (16, 38), (6, 46), (18, 76), (12, 84), (22, 112)),
)
_FORKS = (((-12, 34), (-32, 52), (-28, 60), (-44, 82)), ((16, 38), (36, 56), (31, 66), (46, 84)))
_BANDS = (0xE8483A, 0xF39A3C, 0xF7DE58, 0x62C064, 0x4A90E0, 0x8A5AC8)
_CURTAINS = (
    (-70.0, 62.0, 0x58F0B0, 0.0), (20.0, 46.0, 0x70F5D0, 2.1), (96.0, 66.0, 0xA080F0, 4.0),
)
# fmt: on


def sky_props(scene: Scene, palette: Palette, times: Array) -> list[Prop]:
    """Bolts or curtains; nothing for other skies."""
    if scene.sky == "lightning":
        return _lightning(scene, palette, times)
    return (
        _aurora(palette, times, scene.random("aurora").uniform(0, 2 * np.pi)) if scene.sky == "aurora" else []
    )


def flash_of(scene: Scene, palette: Palette, times: Array) -> Flash | None:
    """The light of the bolts on everything behind the subject."""
    if scene.sky != "lightning":
        return None
    white = mix(palette.grade((0.86, 0.9, 1.0)), (0.9, 0.93, 1.0), 0.5)
    return Flash(white, (0.3 + 0.3 * scene.strength) * _strikes(scene, times).max(axis=0))


def _strikes(scene: Scene, times: Array) -> Array:
    """(2, T): brightness 0..1 of either bolt; they take turns, and every strike flickers once more (C2)."""
    start = float(scene.random("lightning").uniform(0.0, 2 * _SECONDS_A_STRIKE))
    glow = []
    for turn in (0.0, _SECONDS_A_STRIKE):
        since = (times + start + turn) % (2 * _SECONDS_A_STRIKE)
        glow.append(np.maximum(bump(since / 0.5), 0.0) + 0.55 * bump((since - 0.42) / 0.6))
    return np.minimum(np.stack(glow), 1.0)


def _lightning(scene: Scene, palette: Palette, times: Array) -> list[Prop]:
    core, halo = (1.0, 0.99, 0.9), mix(palette.zenith, (0.75, 0.82, 1.0), 0.75)
    props = []
    for index, (x, brightness) in enumerate(zip((-52.0, 54.0), _strikes(scene, times), strict=True)):
        bolt = joined(_jagged(_BOLTS[index], 5.6), _jagged(_FORKS[index], 3.6))
        around = joined(_jagged(_BOLTS[index], 15.0), _jagged(_FORKS[index], 9.0))
        place = placed(np.stack([np.full_like(times, x), np.zeros_like(times)], -1), np.zeros_like(times))
        shown = _AFTERGLOW + (1.0 - _AFTERGLOW) * brightness
        props.append(
            Prop(Part((Shape(around, halo, 0.3), Shape(bolt, core, 0.95)), place, opacity=shown), _SKY)
        )
    return props


_SKY = 2.0 * MIDDLE + 1.0
"""Behind the skyline, with hardly any parallax."""


def _jagged(points: tuple[tuple[float, float], ...], width: float) -> Outline:
    """A zigzag that tapers to its end."""
    count = len(points)
    left = [(x - width * (1 - index / count) / 2, y) for index, (x, y) in enumerate(points)]
    right = [(x + width * (1 - index / count) / 2, y) for index, (x, y) in enumerate(points)]
    return polygon([*left, *reversed(right)])


def _aurora(palette: Palette, times: Array, turn: float) -> list[Prop]:
    props = []
    for x, foot, code, phase in _CURTAINS:
        sway = np.sin(2 * np.pi * 0.11 * times + phase + turn)
        swing = np.sin(2 * np.pi * 0.17 * times + 1.3 * phase + turn)
        origin = np.stack([x + 9.0 * sway, np.full_like(times, foot)], -1)
        place = placed(origin, np.zeros_like(times), 1.0 + 0.06 * swing, 0.16 * swing)
        color = fire_color(palette, rgb(code))
        shapes = tuple(
            Shape(_curtain(height, phase), mix(color, (1.0, 1.0, 1.0), 0.25 * (height < 30)), opacity)
            for height, opacity in ((84.0, 0.16), (62.0, 0.2), (42.0, 0.24), (22.0, 0.3))
        )
        props.append(Prop(Part(shapes, place, opacity=0.85 + 0.15 * sway), _SKY))
    return props


def _curtain(height: float, phase: float) -> Outline:
    """A hanging band, ``height`` tall, that waves along its foot and thins towards its sides."""
    spots = [index / 16 for index in range(17)]
    foot, top = [], []
    for s in spots:
        x = 150.0 * (s - 0.5)
        fold = 9.0 * math.sin(7.0 * s + phase) + 4.0 * math.sin(15.0 * s)
        foot.append((x, fold))
        top.append(
            (
                x + 10.0,
                fold - height * (0.35 + 0.65 * math.sin(math.pi * s)) * (0.85 + 0.15 * math.sin(21 * s)),
            )
        )
    return polygon([*foot, *reversed(top)])


def paint_rainbow(painter: LayerPainter, palette: Palette, offset: float) -> None:
    """A bow opposite the sun."""
    x = offset - 62.0 * palette.sun_side
    for index, code in enumerate(_BANDS):
        color = mix(fire_color(palette, rgb(code)), palette.horizon, 0.12)
        painter.flat(_bow(x, 132.0, 128.0 - 4.6 * index, 5.0), color, 0.62)


def _bow(x: float, y: float, radius: float, width: float) -> Outline:
    angles = [math.pi * index / 36 for index in range(37)]
    outer = [(x - radius * math.cos(a), y - 0.96 * radius * math.sin(a)) for a in angles]
    inner = [(x - (radius - width) * math.cos(a), y - 0.96 * (radius - width) * math.sin(a)) for a in angles]
    return polygon([*outer, *reversed(inner)])


def paint_thunderhead(painter: LayerPainter, palette: Palette) -> None:
    """A dark bank of clouds over the whole top."""
    dark = palette.grade((0.1, 0.11, 0.18))
    for drop, share, opacity in ((16.0, 0.45, 0.8), (0.0, 0.75, 0.9)):
        puffs = [
            ellipse(x, -14.0 + drop + 7.0 * math.sin(0.9 * x), 40.0, 24.0 + 6.0 * math.sin(0.37 * x))
            for x in range(-256, 257, 32)
        ]
        painter.flat(joined(*puffs), mix(palette.zenith, dark, share), opacity)
