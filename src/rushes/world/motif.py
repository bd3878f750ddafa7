"""Prototypes the environments are built from: hills, trees, houses, walls, lamps. Few on purpose."""

import math

from rushes.world.layer import PERIOD, LayerPainter
from rushes.world.outline import Outline, box, curve, ellipse, joined, polygon, strokes
from rushes.world.palette import Rgb, mix, rgb

_BARK = rgb(0x4A3A30)


def ridge(base: float, waves: tuple[tuple[int, float, float], ...], sharp: bool = False) -> Outline:
    """A skyline that repeats with the layer: sum of (periods, height, phase); ``sharp`` folds it into
    peaks.
    """
    points = []
    for x in range(-PERIOD // 2, PERIOD // 2 + 1, 8):
        lift = 0.0
        for count, height, phase in waves:
            wave = math.sin(2 * math.pi * count * x / PERIOD + phase)
            lift += height * ((1 - abs(wave)) * 2 - 1 if sharp else wave)
        points.append((float(x), base - lift))
    return polygon([(-PERIOD / 2, 260.0), *points, (PERIOD / 2, 260.0)])


def round_tree(painter: LayerPainter, x: float, foot: float, size: float, leaf: Rgb) -> None:
    """A broad crown on a short trunk."""
    painter.fill(box(x - 3 * size, foot - 26 * size, x + 3 * size, foot), _BARK)
    crown = joined(
        ellipse(x, foot - 42 * size, 20 * size),
        ellipse(x - 15 * size, foot - 32 * size, 14 * size),
        ellipse(x + 15 * size, foot - 32 * size, 14 * size),
    )
    painter.fill(crown, leaf)
    painter.fill(
        ellipse(x + 7 * size * painter.palette.sun_side, foot - 46 * size, 11 * size),
        mix(leaf, (1.0, 1.0, 0.8), 0.22),
    )


def pine(painter: LayerPainter, x: float, foot: float, size: float, leaf: Rgb) -> None:
    """Three stacked skirts."""
    painter.fill(box(x - 2 * size, foot - 12 * size, x + 2 * size, foot), _BARK)
    for lift, half in ((8, 17), (24, 13), (38, 9)):
        painter.fill(
            polygon(
                [
                    (x - half * size, foot - lift * size),
                    (x + half * size, foot - lift * size),
                    (x, foot - (lift + 24) * size),
                ]
            ),
            leaf,
        )


def trunk(painter: LayerPainter, x: float, foot: float, half: float, bark: Rgb) -> None:
    """A tall trunk that leaves the picture at the top."""
    painter.fill(
        curve(
            [
                (x - half * 1.9, foot),
                (x - half, foot - 14),
                (x - half * 0.9, -70),
                (x + half * 0.9, -70),
                (x + half, foot - 14),
                (x + half * 1.9, foot),
            ]
        ),
        bark,
    )
    side = painter.palette.sun_side
    painter.fill(
        box(
            min(x + side * half * 0.3, x + side * half * 0.85),
            -70,
            max(x + side * half * 0.3, x + side * half * 0.85),
            foot - 8,
        ),
        mix(bark, (1.0, 0.95, 0.8), 0.2),
    )


def roof(x: float, base: float, half: float, rise: float) -> Outline:
    """A curved eastern roof with upturned eaves."""
    return strokes(
        (x - half, base - 3),
        [(x - half * 0.45, base - 3), (x - half * 0.38, base - rise)],
        [(x + half * 0.38, base - rise)],
        [(x + half * 0.45, base - 3), (x + half, base - 3)],
        [(x + half * 0.6, base + 2), (x, base + 2)],
        [(x - half * 0.6, base + 2), (x - half, base - 3)],
    )


def battlement(top: float, bottom: float, left: float, right: float, tooth: float) -> Outline:
    """A wall with crenels: teeth ``tooth`` wide and as high above ``top``."""
    teeth = []
    x = left
    while x + tooth <= right:
        teeth.append(box(x, top - tooth * 0.8, x + tooth, top + 1))
        x += 1.8 * tooth
    return joined(box(left, top, right, bottom), *teeth)


def house(painter: LayerPainter, x: float, foot: float, size: float, lit: Rgb | None) -> None:
    """A gabled house with a door and two windows; the windows shine when ``lit``."""
    wall, tile = rgb(0xA08468), rgb(0x6A4438)
    painter.fill(box(x - 30 * size, foot - 34 * size, x + 30 * size, foot), wall)
    painter.fill(
        polygon(
            [(x - 38 * size, foot - 32 * size), (x, foot - 66 * size), (x + 38 * size, foot - 32 * size)]
        ),
        tile,
    )
    openings = joined(
        box(x - 22 * size, foot - 26 * size, x - 9 * size, foot - 13 * size),
        box(x + 9 * size, foot - 26 * size, x + 22 * size, foot - 13 * size),
    )
    door = box(x - 6 * size, foot - 20 * size, x + 6 * size, foot)
    painter.fill(door, rgb(0x3C2A24))
    if lit is None:
        painter.fill(openings, rgb(0x3C2A24))
    else:
        painter.flat(openings, lit)


def tower_block(
    painter: LayerPainter, bounds: tuple[float, float, float, float], wall: Rgb, lit: Rgb, share: int
) -> None:
    """A city block with rows of windows; two of every ``share`` are lit."""
    left, top, right, bottom = bounds
    painter.fill(box(left, top, right, bottom), wall)
    dark = mix(wall, (0.05, 0.06, 0.12), 0.45)
    row = 0
    y = top + 7
    while y + 6 < bottom - 6:
        column = 0
        x = left + 5
        while x + 6 < right - 2:
            bright = (row * 3 + column * 2) % share < 2
            if bright:
                painter.flat(box(x, y, x + 6, y + 6), lit)
            else:
                painter.fill(box(x, y, x + 6, y + 6), dark)
            x, column = x + 11, column + 1
        y, row = y + 12, row + 1


def lamp_post(painter: LayerPainter, x: float, foot: float, height: float, light: Rgb, glow: float) -> None:
    """A post with a hanging lamp."""
    painter.fill(
        joined(
            box(x - 2, foot - height, x + 2, foot),
            box(x - 2, foot - height, x + 16, foot - height + 3),
            box(x - 5, foot - 4, x + 5, foot),
        ),
        rgb(0x2E3038),
    )
    painter.flat(
        curve(
            [
                (x + 9, foot - height + 3),
                (x + 21, foot - height + 3),
                (x + 18, foot - height + 9),
                (x + 12, foot - height + 9),
            ]
        ),
        light,
    )
    if glow > 0:
        painter.glow(x + 15, foot - height + 7, 34, light, glow)


def dome(x: float, foot: float, radius: float) -> Outline:
    """A half round on the ground."""
    angles = [math.pi * index / 12 for index in range(13)]
    return polygon([(x - radius * math.cos(a), foot - radius * math.sin(a)) for a in angles])


def outpost(painter: LayerPainter, lit: Rgb, beacon: Rgb) -> None:
    """A base far from anywhere: domes, a tube between them, a mast with a dish and a lamp."""
    hull, dark = rgb(0xC8C4BC), rgb(0x6E6A68)
    for x, radius in ((22.0, 17.0), (58.0, 24.0), (92.0, 13.0), (-214.0, 16.0), (-186.0, 11.0)):
        painter.fill(dome(x, 101.0, radius), hull)
        painter.fill(dome(x + 0.4 * radius, 101.0, 0.55 * radius), mix(hull, dark, 0.3))
        for step in (-0.5, 0.0, 0.5):
            painter.flat(box(x + step * radius - 2, 90, x + step * radius + 2, 95, 1), lit)
    painter.fill(joined(box(22, 92, 92, 101), box(-214, 94, -186, 101)), dark)
    painter.fill(joined(box(75.4, 52, 77.6, 100), polygon([(66, 54), (77, 62), (80, 50)])), dark)
    painter.flat(ellipse(76.5, 51, 2.6), beacon)
    painter.glow(76.5, 51, 16, beacon, 0.6)
    painter.glow(58, 92, 44, lit, 0.35)


def fern(painter: LayerPainter, x: float, foot: float, leaf: Rgb) -> None:
    """A low bush of pointed leaves."""
    blades = [
        polygon([(x - 4, foot), (x + 4, foot), (x + spread, foot - rise)])
        for spread, rise in ((-26, 12), (-15, 22), (0, 27), (15, 22), (26, 12))
    ]
    painter.fill(joined(*blades, ellipse(x, foot, 22, 6)), leaf)


def puddles(painter: LayerPainter, seed: int) -> None:
    """Wet ground: long bright patches of mirrored sky, and ripples of light in them."""
    shine = mix(painter.palette.horizon, painter.palette.zenith, 0.3)
    for index in range(9):
        x = -236.0 + 57.0 * index + 13.0 * ((index * seed) % 4)
        y = 131.0 + (index * 7) % 24
        painter.flat(ellipse(x, y, 24.0 + 5.0 * (index % 3), 2.6), shine, 0.5)
        painter.flat(ellipse(x + 6.0, y + 0.6, 11.0, 1.0), mix(shine, (1.0, 1.0, 1.0), 0.4), 0.6)


def mirrored_light(painter: LayerPainter, x: float, color: Rgb, reach: float, strength: float) -> None:
    """A lamp on wet ground: a streak that breaks up into ripples towards the camera."""
    steps = 9
    for index in range(steps):
        share = index / (steps - 1)
        half = 10.0 - 4.5 * share + 3.0 * math.sin(5.1 * index)
        painter.flat(
            ellipse(x + 2.0 * math.sin(2.3 * index), 124.0 + reach * share, half, 1.9 + 0.8 * share),
            color,
            strength * (1.0 - 0.75 * share),
        )
