"""The woman: long hair and a dress that swing on springs. And the child a grown person carries to safety."""

import numpy as np

from rushes.world.affine import Array, apply, placed
from rushes.world.body import arm_parts, girth, leg_parts, sides, signed
from rushes.world.motion import FRAME_RATE, Motion
from rushes.world.outline import curve, ellipse, limb, polygon
from rushes.world.palette import Palette, rgb
from rushes.world.part import Part, Shape
from rushes.world.paths import spring
from rushes.world.people import Build, Pose, upright

WOMAN = Build(hip=45, thigh=24.5, shin=24.5, torso=25, upper_arm=13.5, forearm=12.5, stride=58)
_SKIN, _HAIR = rgb(0xEBC0A0), rgb(0x6A3520)

_BODICE = [(-5.5, 3), (6, 3), (5.2, -7), (7, -17), (4.5, -25), (-4.5, -25), (-6.5, -17), (-4.8, -8)]
_SKIRT = [(-6, -5), (6, -5), (10, 8), (13, 22), (3, 25), (-8, 25), (-14, 21), (-10, 6)]
_FLOUNCE = [
    (-12, -9),
    (11, -9),
    (15, 2),
    (17, 13),
    (9, 11),
    (3, 15),
    (-5, 12),
    (-11, 15),
    (-18, 11),
    (-15, 0),
]
_FRINGE = [(7.6, -12), (4, -18.8), (-3, -19.6), (-8.6, -15), (-9, -6), (-5.5, 1), (-3.6, -7), (1.5, -13.6)]
_MANE = [(4, -4), (-4, -6), (-8, 4), (-10, 16), (-7, 27), (0, 28), (4, 18), (5, 6)]
_ENDS = [(-6, -5), (-8, 5), (-6, 16), (-1, 21), (4, 12), (5, 0), (1, -7)]


def dress_woman(pose: Pose, palette: Palette, motion: Motion) -> list[Part]:
    """A bodice, a skirt with a flounce, boots, and hair down to the waist."""
    paint, dark_paint = palette.subject(palette.paint), palette.subject(palette.paint, 0.66)
    skin, hair, boot = (palette.subject(color) for color in (_SKIN, _HAIR, rgb(0x38303C)))
    near, far = sides(pose)
    torso = upright(pose, pose.hip, 1.0, girth(pose, 1.15))
    head = upright(pose, pose.neck, 0.5)
    profile = upright(pose, pose.neck, 0.5, signed(pose.turn))
    flare = (1.4 if motion.action == "spin" else 1.0) * girth(pose, 1.1)
    waist = pose.hip + np.array([0.0, -3.0])
    skirt = placed(waist, 0.5 * pose.wind * pose.turn, flare)
    lag = 0.8 * (pose.hem - pose.wind)
    flounce = placed(apply(skirt, (0.0, 23.0)), (0.6 * pose.wind + lag) * pose.turn, flare)
    # Both legs stay under the skirt, whichever is nearer.
    parts = [
        *arm_parts(pose, WOMAN, 1, 3.4, (dark_paint, skin), far),
        *leg_parts(pose, WOMAN, 1, (5.2, 4.4, 3.6), (palette.subject(_SKIN, 0.8), boot), 0.5 * far),
        *leg_parts(pose, WOMAN, 0, (5.2, 4.4, 3.6), (skin, boot), 0.5 * near),
        Part((Shape(curve(_FLOUNCE), dark_paint),), flounce, 20.0),
        Part((Shape(curve(_SKIRT), paint),), skirt, 21.0),
        Part(
            (
                Shape(curve(_BODICE), paint),
                Shape(polygon([(-5.2, -4), (5.6, -4), (5.8, 0), (-5.4, 0)]), dark_paint),
            ),
            torso,
            22.0,
        ),
        Part((Shape(ellipse(0.4, -9.4, 7.6, 8.6), skin),), head, 28.0),
        Part((Shape(curve(_FRINGE), hair),), profile, 29.0),
        *arm_parts(pose, WOMAN, 0, 3.4, (paint, skin), near + 1.0),
    ]
    return parts + _hair(pose, palette)


def _hair(pose: Pose, palette: Palette) -> list[Part]:
    """Two locks on springs: the ends follow the rest."""
    hair, shade = palette.subject(_HAIR), palette.subject(_HAIR, 0.8)
    profile = upright(pose, pose.neck, 0.5, signed(pose.turn))
    swing = (0.12 + 0.75 * pose.wind) * pose.turn
    fall = placed(apply(profile, (-4.5, -11.0)), swing, signed(pose.turn))
    trailing = spring(swing, FRAME_RATE, 6.0)
    tips = placed(apply(fall, (-3.0, 24.0)), trailing + 0.8 * (trailing - swing), signed(pose.turn))
    behind = np.where(pose.side > 0.1, 30.0, 26.5)
    return [
        Part((Shape(curve(_ENDS), shade),), tips, behind),
        Part((Shape(curve(_MANE), hair),), fall, behind + 0.2),
    ]


def carried_child(pose: Pose, palette: Palette) -> list[Part]:
    """A child held against the chest, arms around the neck; its legs dangle on a spring."""
    coat, shade, trousers = (palette.subject(rgb(code)) for code in (0xF2A93C, 0xC98328, 0x3C4A6A))
    skin, hair = palette.subject(_SKIN), palette.subject(rgb(0x4A3226))
    hold = upright(pose, pose.neck + np.array([0.0, 3.0]), 1.0)
    step = spring(pose.hip[:, 1] + 0.8 * pose.feet[0][:, 0], FRAME_RATE, 7.0)
    dangle = placed(apply(hold, (13.0, 15.0)), 0.35 - 0.012 * step)
    trunk = curve([(6, -2), (15, -3), (20, 4), (20, 15), (15, 19), (8, 18), (5, 8)])
    arm = curve([(14, 0), (4, -5), (-3, -3), (-3, 1), (5, 1), (13, 5)])
    fringe = curve([(6, -8), (8, -15), (15, -17), (20, -12), (20, -6), (17, -10), (11, -11)])
    return [
        Part(
            (Shape(limb(13, 4.4, 3.4), trousers), Shape(ellipse(14, 1, 4.4, 3.2), shade)), _down(dangle), 30.2
        ),
        Part((Shape(trunk, coat),), hold, 30.4),
        Part((Shape(ellipse(13, -7, 6.8, 7.2), skin), Shape(fringe, hair)), hold, 30.6),
        Part((Shape(arm, shade),), hold, 30.7),
    ]


def _down(placement: Array) -> Array:
    """The same place for shapes drawn along x that hang down."""
    return np.stack([placement[..., 1], -placement[..., 0], placement[..., 2]], -1)
