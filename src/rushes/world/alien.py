"""The alien: one great eye in a bulb of a head, three stalk legs, tentacle arms, a glowing crest."""

from dataclasses import dataclass

import numpy as np

from rushes.world.affine import Array, bone, placed
from rushes.world.gait import Gait, foot_path, two_bones
from rushes.world.motion import FRAME_RATE, Motion
from rushes.world.outline import curve, ellipse, joined, limb
from rushes.world.palette import Palette, rgb
from rushes.world.part import Figure, Part, Shape
from rushes.world.paths import spring

_GAIT = Gait(stride=44.0, duty=0.64, lift=9.0)
_ANCHORS = (13.0, -13.0, 0.0)
"""Where the three feet stand, right of the middle."""


@dataclass(frozen=True)
class _Pose:
    hip: Array
    lean: Array
    feet: list[Array]
    spread: Array
    """Angle of the tentacles away from the body."""
    lifted: Array


def _hover(motion: Motion, height: float) -> Array:
    """Pixels above the ground of something that flies on the spot: ``height`` and a slow bob."""
    return height + 3.5 * np.sin(2 * np.pi * (0.55 * motion.tempo * motion.times + motion.phase))


def _pose(motion: Motion) -> _Pose:
    still = np.zeros_like(motion.times)
    breath = np.sin(2 * np.pi * (0.45 * motion.tempo * motion.times + motion.phase))
    lifted, lean, flight, rise = still, 0.03 * breath, still, still
    feet = [np.stack([still + anchor, still], -1) for anchor in _ANCHORS]
    if motion.action == "walk":
        feet = [
            foot_path(_GAIT, motion.travelled, motion.phase + offset) + np.array([anchor * 0.6, 0.0])
            for offset, anchor in zip((0.0, 1 / 3, 2 / 3), _ANCHORS, strict=True)
        ]
        lean = 0.1 + 0.05 * np.sin(2 * np.pi * motion.travelled / _GAIT.stride)
    elif motion.action == "leap":
        leap = motion.leap
        lifted, flight, rise = leap.soles, leap.air, leap.rise
        feet = [foot + np.stack([leap.stance, -lifted - 6.0 * flight], -1) for foot in feet]
        lean = 0.14 * leap.air + 0.14 * leap.tilt
    elif motion.action == "fly":
        lifted, flight, lean = _hover(motion, 20.0), still + 1.0, still + 0.42
        rise = lifted
        feet = [
            np.stack([still - 22.0 + anchor * 0.45, -lifted - 8.0 + 2.0 * breath], -1) for anchor in _ANCHORS
        ]
    hip = np.stack([still, -34.0 - rise + 0.6 * breath], -1)
    spread = spring(0.5 + 1.1 * flight + 0.15 * breath + 0.3 * motion.breeze, FRAME_RATE, 8.0)
    return _Pose(hip, lean, feet, spread, lifted)


def _limbs(pose: _Pose, palette: Palette) -> list[Part]:
    paint, shade = palette.subject(palette.paint), palette.subject(palette.paint, 0.62)
    parts = []
    for index, order in ((1, 10.0), (2, 12.0), (0, 24.0)):
        knee, foot = two_bones(pose.hip, pose.feet[index], 19.0, 19.0, 1.0 if index != 1 else -1.0)
        color = paint if index == 0 else shade
        parts += [
            Part((Shape(limb(19, 5.6, 4.0), color),), bone(pose.hip, knee, 19.0), order),
            Part((Shape(limb(19, 4.0, 5.4), color),), bone(knee, foot, 19.0), order),
        ]
    for side, order in ((-1.0, 14.0), (1.0, 26.0)):
        arm = placed(pose.hip + np.array([side * 9.0, -16.0]), -side * pose.spread + pose.lean)
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
    return parts


def _body(pose: _Pose, palette: Palette) -> list[Part]:
    paint = palette.subject(palette.paint)
    body = placed(pose.hip, pose.lean)
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
    return [
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


def alien_figure(motion: Motion, palette: Palette) -> Figure:
    """A strange creature over the frames of ``motion``."""
    pose = _pose(motion)
    return Figure((*_limbs(pose, palette), *_body(pose, palette)), 92.0, 20.0, pose.lifted)
