"""Drinks can and car: hard bodies that are thrown, hop and roll."""

import numpy as np

from rushes.world.affine import Array, apply, placed
from rushes.world.flight import GRAVITY, Toss, tosses
from rushes.world.motion import Motion
from rushes.world.outline import Outline, box, curve, ellipse, joined, polygon
from rushes.world.palette import Palette, Rgb, mix, rgb
from rushes.world.part import Figure, Part, Shape
from rushes.world.paths import minimum_jerk
from rushes.world.people import yaw_of

WHEEL = 12.5
_TOSS, _BOUNCE = 30.0, 0.16
"""Pixels a flying can rises, and seconds between two flights."""
_FLYING_SIZE = 0.8
_NUM_DROPS = 9
_WATER = rgb(0xCFE8F6)
_WET = (
    (-17, -52, 2.2),
    (-9, -16, 1.8),
    (18, -44, 2.0),
    (-19, -30, 1.6),
    (11, -66, 1.7),
    (17, -20, 2.3),
    (-6, -67, 1.5),
)
"""x, y and radius of the drops on the can."""

# fmt: off
_CAR_SHELL = [
    (-64, -2), (-66, -20), (-56, -29), (-38, -32), (-24, -50),
    (2, -53), (18, -48), (32, -31), (54, -26), (65, -18), (66, -3), (58, 3), (-58, 3),
]
# fmt: on


def can_figure(motion: Motion, palette: Palette) -> Figure:
    """A drinks can, huge in the frame: painted body wet with drops, silver lid and foot, a band and a round
    emblem that turns with it. Flying, it is thrown up again and again, and drops fly off it.
    """
    still = np.zeros_like(motion.times)
    sway = np.sin(2 * np.pi * (0.4 * motion.tempo * motion.times + motion.phase))
    body, lifted = placed(np.stack([still, still], -1), 0.012 * sway), still
    drops: list[Part] = []
    if motion.action == "fly":
        toss = tosses(motion.times, motion.phase, _TOSS, _BOUNCE)
        lifted = toss.height / motion.scale + 5.0
        tilt = 0.45 + 2 * np.pi * 0.4 * motion.tempo * (motion.times - motion.seconds / 2)
        centre = placed(np.stack([still, -40.0 - lifted], -1), tilt)
        shrunk = np.concatenate([_FLYING_SIZE * centre[..., :2], centre[..., 2:]], -1)
        body = np.concatenate([shrunk[..., :2], apply(shrunk, (0.0, 39.0))[..., None]], -1)
        drops = _flung_drops(motion, toss, palette)
    yaw = yaw_of(motion) + (0.35 if motion.action != "spin" else 0.0)
    return Figure((*_can_body(body, yaw, palette), *drops), 80.0, 25.0, lifted)


def _can_body(body: Array, yaw: Array, palette: Palette) -> list[Part]:
    paint, shade = palette.subject(palette.paint), palette.subject(palette.paint, 0.6)
    silver, dim, white = (palette.subject(rgb(code)) for code in (0xD8DDE2, 0x868E98, 0xF8F8F2))
    shell = curve([(-19, -2), (-24, -9), (-24, -68), (-18, -77), (18, -77), (24, -68), (24, -9), (19, -2)])
    lids = joined(ellipse(0, -78, 18.5, 4.4), polygon([(-18, -1), (18, -1), (15, 2), (-15, 2)]))
    wet = joined(*(_drop(x, y, size) for x, y, size in _WET))
    shine = joined(*(ellipse(x - 0.8 * size, y - size, 0.7 * size) for x, y, size in _WET))
    return [
        Part(
            (
                Shape(shell, paint),
                Shape(box(14, -66, 24, -10), shade, 0.75),
                Shape(box(-20, -66, -15, -10, 2), white, 0.5),
            ),
            body,
            10.0,
        ),
        *_emblems(body, yaw, shade, white),
        Part((Shape(wet, mix(paint, _WATER, 0.55), 0.85), Shape(shine, white, 0.95)), body, 12.0),
        Part(
            (
                Shape(lids, silver),
                Shape(ellipse(0, -78.6, 12, 2.6), dim),
                Shape(ellipse(3, -80, 4.5, 1.6), silver),
            ),
            body,
            13.0,
        ),
    ]


def _drop(x: float, y: float, size: float) -> Outline:
    """A drop that hangs from a point."""
    return curve(
        [
            (x, y - 2.2 * size),
            (x + size, y),
            (x + 0.6 * size, y + size),
            (x - 0.6 * size, y + size),
            (x - size, y),
        ]
    )


def _flung_drops(motion: Motion, toss: Toss, palette: Palette) -> list[Part]:
    """Drops that leave with every throw and fall by the same gravity, in figure units."""
    water = palette.subject(mix(_WATER, (1.0, 1.0, 1.0), 0.3))
    parts = []
    for index in range(_NUM_DROPS):
        aside = (index / (_NUM_DROPS - 1) - 0.5) * 2.0
        rising = 140.0 + 60.0 * ((index * 5) % _NUM_DROPS) / _NUM_DROPS
        since = toss.since
        # Beside the can: a drop keeps the course it was thrown off from.
        x = 22.0 * aside + 90.0 * aside / motion.scale * since
        y = -34.0 + (-rising * since + GRAVITY / 2 * since**2) / motion.scale
        shown = minimum_jerk(since / 0.12) * minimum_jerk((toss.period - since) / 0.12)
        size = (2.0 + 1.4 * ((index * 3) % 4) / 3) * np.where(y < -2.0, shown, 0.0)
        spot = placed(np.stack([x, y], -1), np.zeros_like(x))
        parts.append(
            Part(
                (Shape(ellipse(0, 0, 1.0, 1.25), water),),
                np.concatenate([spot[..., :2] * size[:, None, None], spot[..., 2:]], -1),
                14.0 if index % 2 else 5.0,
            )
        )
    return parts


def _emblems(body: Array, yaw: Array, shade: Rgb, white: Rgb) -> list[Part]:
    """A bolt on the front and a label on the back, foreshortened as the can turns."""
    parts = []
    for index in range(2):
        angle = yaw + np.pi * index
        facing, aside = np.cos(angle), np.sin(angle)
        origin = body[..., 2] + body[..., 0] * (19.0 * aside)[:, None] + body[..., 1] * -39.0
        squeezed = np.stack([body[..., 0] * np.maximum(facing, 0.02)[:, None], body[..., 1], origin], -1)
        bolt = polygon([(4, -18), (-9, 3), (-1, 3), (-5, 18), (9, -4), (1, -4)])
        emblem = (
            (Shape(ellipse(0, 0, 15, 21), white), Shape(bolt, shade))
            if index == 0
            else (Shape(box(-10, -20, 10, 20, 4), shade), Shape(box(-6, -3, 6, 3), white))
        )
        parts.append(Part(emblem, squeezed, np.where(facing > 0.03, 11.0, 0.0)))
    return parts


def car_figure(motion: Motion, palette: Palette) -> Figure:
    """A tall coupe seen from the side."""
    paint, shade = palette.subject(palette.paint), palette.subject(palette.paint, 0.6)
    glass, tyre, rim, lamp = (palette.subject(rgb(code)) for code in (0x9CC4D8, 0x22222A, 0xC4CAD0, 0xFFF4B8))
    still = np.zeros_like(motion.times)
    lifted, pitch = still, 0.004 * np.sin(2 * np.pi * 1.3 * motion.times)
    bob = 0.7 * np.sin(2 * np.pi * 1.9 * motion.times) if motion.action == "run" else still
    if motion.action == "leap":
        lifted, pitch = motion.leap.soles, 0.24 * motion.leap.tilt
        # The springs give: down under the push, up when the wheels hang.
        bob = -0.2 * (motion.leap.rise - lifted)
    body = placed(np.stack([still, -lifted - WHEEL + bob], -1), pitch)
    axle = placed(np.stack([still, -lifted - WHEEL], -1), pitch)
    panes = joined(
        curve([(-32, -32), (-21, -46), (-5, -48), (-5, -31)]),
        curve([(0, -31), (0, -48), (14, -45), (25, -31)]),
    )
    sill = curve([(-62, -4), (-20, -7), (20, -7), (62, -5), (58, 4), (-58, 4)])
    parts = [
        Part((Shape(curve(_CAR_SHELL), paint), Shape(sill, shade), Shape(panes, glass)), body, 10.0),
        Part(
            (
                Shape(ellipse(61, -15, 4.5, 4), lamp),
                Shape(box(-65, -21, -60, -12, 2), palette.subject(rgb(0xFF4030))),
                Shape(box(-3, -28, -2, -8), shade),
            ),
            body,
            11.0,
        ),
    ]
    parts += _wheels(axle, motion, (tyre, rim))
    return Figure(tuple(parts), 66.0, 62.0, lifted)


def _wheels(axle: Array, motion: Motion, colors: tuple[Rgb, Rgb]) -> list[Part]:
    """Two wheels that roll without slipping."""
    tyre, rim = colors
    parts = []
    rolled = motion.travelled / WHEEL
    for x in (-38.0, 38.0):
        hub = axle[..., 2] + axle[..., 0] * x
        spokes = joined(box(-9, -1.6, 9, 1.6), box(-1.6, -9, 1.6, 9))
        parts.append(
            Part(
                (
                    Shape(ellipse(0, 0, WHEEL), tyre),
                    Shape(ellipse(0, 0, 7.5), rim),
                    Shape(spokes, mix(rim, tyre, 0.6)),
                ),
                placed(hub, rolled),
                12.0,
            )
        )
    return parts
