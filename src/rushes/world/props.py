"""The other three subjects: alien, drinks can, car."""

import numpy as np

from rushes.world.affine import Array, bone, placed
from rushes.world.gait import Gait, foot_path, two_bones
from rushes.world.motion import FRAME_RATE, Motion
from rushes.world.outline import box, curve, ellipse, joined, limb, polygon
from rushes.world.palette import Palette, mix, rgb
from rushes.world.part import Figure, Part, Shape
from rushes.world.paths import bump, hop, minimum_jerk, spring
from rushes.world.people import yaw_of

WHEEL = 12.5


def _hover(motion: Motion, height: float) -> Array:
    return height + 3.5 * np.sin(2 * np.pi * (0.55 * motion.times + motion.phase))


def alien_figure(motion: Motion, palette: Palette) -> Figure:
    """A strange creature: one great eye in a bulb of a head, three stalk legs, tentacle arms, glowing
    crest.
    """
    paint, shade = palette.subject(palette.paint), palette.subject(palette.paint, 0.62)
    still = np.zeros_like(motion.times)
    breath = np.sin(2 * np.pi * (0.45 * motion.times + motion.phase))
    lifted, lean, flight = still, 0.03 * breath, still
    offsets = (0.0, 1 / 3, 2 / 3)
    anchors = (13.0, -13.0, 0.0)
    feet = [np.stack([still + anchor, still], -1) for anchor in anchors]
    if motion.action == "walk":
        gait = Gait(44.0, 0.64, 9.0)
        feet = [
            foot_path(gait, motion.travelled, motion.phase + offset) + np.array([anchor * 0.6, 0.0])
            for offset, anchor in zip(offsets, anchors, strict=True)
        ]
        lean = 0.1 + 0.05 * np.sin(2 * np.pi * motion.travelled / 44.0)
    elif motion.action == "leap":
        lifted = 26.0 * hop((motion.leap - 0.18) / 0.66)
        flight = minimum_jerk((motion.leap - 0.12) / 0.22) * (1 - minimum_jerk((motion.leap - 0.66) / 0.22))
        feet = [foot + np.stack([-10.0 * flight, -lifted - 6.0 * flight], -1) for foot in feet]
        lean = 0.2 * flight
    elif motion.action == "fly":
        lifted, flight, lean = _hover(motion, 20.0), still + 1.0, still + 0.42
        feet = [
            np.stack([still - 22.0 + anchor * 0.45, -lifted - 8.0 + 2.0 * breath], -1) for anchor in anchors
        ]
    crouch = (
        6.0 * (bump(motion.leap / 0.34) + bump((motion.leap - 0.72) / 0.28))
        if motion.action == "leap"
        else still
    )
    hip = np.stack([still, -34.0 - lifted + crouch + 0.6 * breath], -1)
    body = placed(hip, lean)
    spread = spring(0.5 + 1.1 * flight + 0.15 * breath, FRAME_RATE, 8.0)
    glow, dark, white = (
        palette.subject(rgb(0xB8FFD0)),
        palette.subject(rgb(0x1B1822)),
        palette.subject(rgb(0xF6F6F0)),
    )
    belly = curve([(-8, 6), (-14, -4), (-9, -18), (-4, -26), (5, -26), (10, -17), (14, -4), (8, 6)])
    bulb = curve([(-8, -22), (-22, -30), (-23, -44), (-10, -55), (8, -56), (23, -46), (23, -32), (10, -23)])
    crest = curve([(-20, -44), (-33, -58), (-14, -53)])
    crests = joined(crest, curve([(-8, -53), (-12, -68), (1, -55)]), curve([(8, -54), (15, -68), (17, -50)]))
    spots = joined(ellipse(-5, -6, 3.2), ellipse(4, -12, 2.6), ellipse(3, 0, 2.4))
    parts = []
    for index, order in ((1, 10.0), (2, 12.0), (0, 24.0)):
        knee, foot = two_bones(hip, feet[index], 19.0, 19.0, 1.0 if index != 1 else -1.0)
        color = paint if index == 0 else shade
        parts += [
            Part((Shape(limb(19, 5.6, 4.0), color),), bone(hip, knee, 19.0), order),
            Part((Shape(limb(19, 4.0, 5.4), color),), bone(knee, foot, 19.0), order),
        ]
    for side, order in ((-1.0, 14.0), (1.0, 26.0)):
        arm = placed(hip + np.array([side * 9.0, -16.0]), -side * spread + lean)
        tentacle = curve(
            [
                (-3.5, -2),
                (3.5, -2),
                (4 + side * 2, 14),
                (3 + side * 9, 27),
                (side * 9 - 3, 29),
                (side * 2 - 4, 15),
            ]
        )
        parts.append(Part((Shape(tentacle, paint if side > 0 else shade),), arm, order))
    parts += [
        Part((Shape(crests, glow), Shape(belly, paint), Shape(spots, glow), Shape(bulb, paint)), body, 22.0),
        Part(
            (
                Shape(ellipse(7, -40, 12, 11), white),
                Shape(ellipse(11, -40, 6.5, 7.5), dark),
                Shape(ellipse(13, -42.5, 2.2), white),
            ),
            body,
            27.0,
        ),
    ]
    return Figure(tuple(parts), 92.0, 20.0, lifted)


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
        lifted, tilt = _hover(motion, 22.0), 0.5 + 0.05 * sway
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
    if flying:
        flicker = 1.0 + 0.18 * np.sin(2 * np.pi * 2.3 * motion.times)
        jet = placed(body[..., 2], tilt, 1.0)
        jet = np.stack([jet[..., 0], jet[..., 1] * flicker[:, None], jet[..., 2]], -1)
        flame = curve([(-13, 2), (-9, 14), (0, 27), (9, 14), (13, 2)])
        core = curve([(-7, 2), (-4, 9), (0, 16), (4, 9), (7, 2)])
        parts.append(
            Part(
                (Shape(flame, palette.subject(rgb(0xFF9A2E))), Shape(core, palette.subject(rgb(0xFFF2B0)))),
                jet,
                5.0,
            )
        )
    return Figure(tuple(parts), 80.0, 25.0, lifted)


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
    shell = curve(
        [
            (-64, -2),
            (-66, -20),
            (-56, -29),
            (-38, -32),
            (-24, -50),
            (2, -53),
            (18, -48),
            (32, -31),
            (54, -26),
            (65, -18),
            (66, -3),
            (58, 3),
            (-58, 3),
        ]
    )
    panes = joined(
        curve([(-32, -32), (-21, -46), (-5, -48), (-5, -31)]),
        curve([(0, -31), (0, -48), (14, -45), (25, -31)]),
    )
    sill = curve([(-62, -4), (-20, -7), (20, -7), (62, -5), (58, 4), (-58, 4)])
    parts = [
        Part((Shape(shell, paint), Shape(sill, shade), Shape(panes, glass)), body, 10.0),
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
    return Figure(tuple(parts), 66.0, 62.0, lifted)
