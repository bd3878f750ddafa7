"""Drinks can and car: hard bodies that hop, hover and roll."""

import numpy as np

from rushes.world.affine import Array, placed
from rushes.world.alien import hover
from rushes.world.motion import Motion
from rushes.world.outline import box, curve, ellipse, joined, polygon
from rushes.world.palette import Palette, Rgb, mix, rgb
from rushes.world.part import Figure, Part, Shape
from rushes.world.paths import hop, minimum_jerk
from rushes.world.people import yaw_of

WHEEL = 12.5
# fmt: off
_CAR_SHELL = [
    (-64, -2), (-66, -20), (-56, -29), (-38, -32), (-24, -50),
    (2, -53), (18, -48), (32, -31), (54, -26), (65, -18), (66, -3), (58, 3), (-58, 3),
]
# fmt: on


def can_figure(motion: Motion, palette: Palette) -> Figure:
    """A drinks can, huge in the frame: painted body, silver lid and foot, a band and a round emblem that
    turns with it.
    """
    paint, shade = palette.subject(palette.paint), palette.subject(palette.paint, 0.6)
    silver, dim, white = (palette.subject(rgb(code)) for code in (0xD8DDE2, 0x868E98, 0xF8F8F2))
    still = np.zeros_like(motion.times)
    sway = np.sin(2 * np.pi * (0.4 * motion.times + motion.phase))
    lifted, tilt = still, 0.012 * sway
    flying = motion.action == "fly"
    if flying:
        lifted, tilt = hover(motion, 22.0), 0.5 + 0.05 * sway
    body = placed(np.stack([still, -lifted - (8.0 if flying else 0.0)], -1), tilt)
    yaw = yaw_of(motion) + (0.35 if motion.action != "spin" else 0.0)
    shell = curve([(-19, -2), (-24, -9), (-24, -68), (-18, -77), (18, -77), (24, -68), (24, -9), (19, -2)])
    lids = joined(ellipse(0, -78, 18.5, 4.4), polygon([(-18, -1), (18, -1), (15, 2), (-15, 2)]))
    parts = [
        Part(
            (
                Shape(shell, paint),
                Shape(box(14, -66, 24, -10), shade, 0.75),
                Shape(box(-20, -66, -15, -10, 2), white, 0.5),
            ),
            body,
            10.0,
        ),
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
    parts += _emblems(body, yaw, shade, white)
    if flying:
        parts.append(_jet(motion, body, tilt, palette))
    return Figure(tuple(parts), 80.0, 25.0, lifted)


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


def _jet(motion: Motion, body: Array, tilt: Array, palette: Palette) -> Part:
    flicker = 1.0 + 0.18 * np.sin(2 * np.pi * 2.3 * motion.times)
    jet = placed(body[..., 2], tilt, 1.0)
    jet = np.stack([jet[..., 0], jet[..., 1] * flicker[:, None], jet[..., 2]], -1)
    flame = curve([(-13, 2), (-9, 14), (0, 27), (9, 14), (13, 2)])
    core = curve([(-7, 2), (-4, 9), (0, 16), (4, 9), (7, 2)])
    return Part(
        (Shape(flame, palette.subject(rgb(0xFF9A2E))), Shape(core, palette.subject(rgb(0xFFF2B0)))),
        jet,
        5.0,
    )


def car_figure(motion: Motion, palette: Palette) -> Figure:
    """A tall coupe seen from the side."""
    paint, shade = palette.subject(palette.paint), palette.subject(palette.paint, 0.6)
    glass, tyre, rim, lamp = (palette.subject(rgb(code)) for code in (0x9CC4D8, 0x22222A, 0xC4CAD0, 0xFFF4B8))
    still = np.zeros_like(motion.times)
    lifted, pitch = still, 0.004 * np.sin(2 * np.pi * 1.3 * motion.times)
    if motion.action == "leap":
        place = motion.leap
        lifted = 24.0 * hop((place - 0.18) / 0.66)
        pitch = -0.26 * (
            minimum_jerk((place - 0.08) / 0.2)
            - 2 * minimum_jerk((place - 0.3) / 0.4)
            + minimum_jerk((place - 0.74) / 0.2)
        )
    bob = 0.7 * np.sin(2 * np.pi * 1.9 * motion.times) if motion.action == "run" else still
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
