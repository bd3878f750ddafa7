"""What the upright subjects wear, distinct from afar: cloak, long coat and hat, boxes, balloon."""

from collections.abc import Callable

import numpy as np

from rushes.world.affine import apply, bone, placed
from rushes.world.body import arm_parts, girth, leg_parts, sides, signed
from rushes.world.motion import FRAME_RATE, Motion
from rushes.world.outline import box, curve, ellipse, joined, polygon
from rushes.world.palette import Palette, mix, rgb
from rushes.world.part import Figure, Part, Shape
from rushes.world.paths import spring
from rushes.world.people import Build, Pose, pose_of, upright
from rushes.world.woman import WOMAN, carried_child, dress_woman

_SKIN, _HAIR, _DARK, _STEEL = rgb(0xE2B48F), rgb(0x2A2026), rgb(0x34333C), rgb(0x9AA4B0)
_WARRIOR = Build(hip=43, thigh=23.5, shin=23.5, torso=26, upper_arm=14, forearm=13, stride=58)
_DETECTIVE = Build(hip=44, thigh=24, shin=24, torso=27, upper_arm=14.5, forearm=13.5, stride=58)
_ROBOT = Build(hip=38, thigh=20.5, shin=20.5, torso=29, upper_arm=14.5, forearm=14, stride=50)
_CHILD = Build(hip=27, thigh=15, shin=15, torso=22, upper_arm=10.5, forearm=10, stride=38)
_WARRIOR_HAIR = [(6, -16.5), (0, -19.5), (-8, -16), (-10, -8), (-6, -1), (-3, -6), (1, -12), (7, -12.5)]


def _warrior(pose: Pose, palette: Palette, motion: Motion) -> list[Part]:
    paint, dark_paint = palette.subject(palette.paint), palette.subject(palette.paint, 0.62)
    armor, leather, skin, hair, steel = (
        palette.subject(color) for color in (rgb(0x5B5560), rgb(0x453A3C), _SKIN, _HAIR, _STEEL)
    )
    near, far = sides(pose)
    torso = upright(pose, pose.hip, 1.0, girth(pose, 1.25))
    head = upright(pose, pose.neck, 0.5)
    profile = upright(pose, pose.neck, 0.5, signed(pose.turn))
    flare = 1.5 if motion.action == "spin" else 1.0
    cloak_angle = (pose.wind + pose.lean * 0.4) * pose.turn
    cloak = placed(pose.neck, cloak_angle, flare)
    behind = np.where(pose.side > 0, 24.0, 14.0)
    cape = curve([(-2, -3), (6, -2), (11, 14), (10, 38), (2, 42), (-14, 42), (-21, 34), (-11, 12)])
    fold = curve([(-3, 2), (3, 20), (-1, 40), (-10, 40), (-10, 26)])
    hem = placed(apply(cloak, (-4.0, 36.0)), cloak_angle + 1.3 * (pose.hem - pose.wind) * pose.turn, flare)
    train = curve([(15, -10), (15, 8), (9, 24), (-8, 28), (-25, 22), (-19, 0), (-14, -12), (0, -16)])
    crease = curve([(2, -8), (0, 20), (-10, 25), (-7, -2)])
    chest = curve([(-6.5, 2), (6.5, 2), (6, -10), (7.5, -20), (5, -27), (-5, -27), (-7, -18), (-5.5, -8)])
    belt = polygon([(-7, -1), (7, -1), (7, 3), (-7, 3)])
    skirt = polygon([(-8, -4), (8, -4), (11, 11), (4, 13), (-4, 13), (-11, 11)])
    tail = placed(apply(profile, (-6.0, -14.0)), (0.35 + 0.9 * pose.wind) * pose.turn, signed(pose.turn))
    sword = placed(pose.hip + np.array([-2.0, -6.0]), np.zeros_like(pose.lean), signed(pose.turn))
    return [
        *arm_parts(pose, _WARRIOR, 1, 4.2, (palette.subject(_STEEL, 0.7), skin), far),
        *leg_parts(pose, _WARRIOR, 1, (6.2, 5.0, 4.0), (leather, palette.subject(rgb(0x2C2A30))), far),
        Part((Shape(train, paint), Shape(crease, dark_paint)), hem, behind),
        Part((Shape(cape, paint), Shape(fold, dark_paint)), cloak, behind + 0.5),
        Part((Shape(polygon([(-4, -3), (-30, 14), (-31.5, 11), (-6, -7)]), steel),), sword, 12.0),
        *leg_parts(pose, _WARRIOR, 0, (6.2, 5.0, 4.0), (armor, palette.subject(rgb(0x3C383E))), near),
        Part((Shape(skirt, leather), Shape(chest, armor), Shape(belt, paint)), torso, 20.0),
        Part(
            (Shape(curve([(-7, 6), (0, 8), (8, 5), (6, -2), (0, -4), (-7, -2)]), paint),),
            upright(pose, pose.neck, 1.0, girth(pose, 1.3)),
            25.0,
        ),
        Part((Shape(curve([(0, 0), (-6, 2), (-9, 12), (-6, 25), (-1, 14), (2, 4)]), hair),), tail, 27.0),
        Part((Shape(ellipse(0, -9, 8, 8.8), skin),), head, 28.0),
        Part((Shape(curve(_WARRIOR_HAIR), hair),), profile, 29.0),
        *arm_parts(pose, _WARRIOR, 0, 4.2, (steel, skin), near + 1.0),
    ]


def _detective(pose: Pose, palette: Palette, motion: Motion) -> list[Part]:
    paint, dark_paint = palette.subject(palette.paint), palette.subject(palette.paint, 0.62)
    trousers, shoe, skin, hat = (
        palette.subject(color) for color in (_DARK, rgb(0x1E1C20), _SKIN, rgb(0x3A3438))
    )
    near, far = sides(pose)
    torso = upright(pose, pose.hip, 1.0, girth(pose, 1.25))
    head = upright(pose, pose.neck, 0.5)
    profile = upright(pose, pose.neck, 0.5, signed(pose.turn))
    flare = 1.45 if motion.action == "spin" else 1.0
    swing = (0.25 * pose.wind + 0.3 * pose.hem) * pose.turn
    skirt = placed(pose.hip + np.array([0.0, -3.0]), swing, flare * girth(pose, 1.15))
    coat = curve([(-8.5, 2), (8.5, 2), (9, -14), (8.5, -25), (4, -29), (-4, -29), (-8.5, -25), (-9, -12)])
    tails = curve([(-9, -2), (9, -2), (12, 14), (13, 30), (2, 32), (-14, 31), (-13, 14)])
    brim = curve([(-15, -14.5), (0, -17), (15, -15), (14, -12.2), (0, -13.4), (-14, -11.6)])
    crown = curve([(-9, -15), (-8.5, -22), (-3, -25), (1, -23.5), (6, -25), (9, -20), (9, -15)])
    return [
        *arm_parts(pose, _DETECTIVE, 1, 4.8, (dark_paint, skin), far),
        *leg_parts(pose, _DETECTIVE, 1, (5.8, 5.0, 4.2), (trousers, shoe), far),
        *leg_parts(
            pose, _DETECTIVE, 0, (5.8, 5.0, 4.2), (trousers, palette.subject(rgb(0x2A282E))), near - 12.0
        ),
        Part(
            (Shape(tails, paint), Shape(polygon([(2, 0), (5, 0), (6, 31), (3, 31)]), dark_paint)), skirt, 20.0
        ),
        Part(
            (
                Shape(coat, paint),
                Shape(box(-9, -5, 9, -1), dark_paint),
                Shape(polygon([(1, -27), (7, -26), (4, -12)]), dark_paint),
            ),
            torso,
            22.0,
        ),
        Part(
            (
                Shape(ellipse(0, -8.5, 7.4, 8.2), skin),
                Shape(polygon([(-8, -3), (8, -3), (10, 5), (-10, 5)]), paint),
            ),
            head,
            28.0,
        ),
        Part(
            (Shape(polygon([(6, -11), (9.6, -7.5), (6, -6)]), skin), Shape(joined(brim), hat)), profile, 29.0
        ),
        Part((Shape(crown, hat), Shape(box(-9.2, -17.5, 9.2, -15), dark_paint)), head, 30.0),
        *arm_parts(pose, _DETECTIVE, 0, 4.8, (mix(paint, dark_paint, 0.25), skin), near + 1.0),
    ]


def _robot(pose: Pose, palette: Palette, _: Motion) -> list[Part]:
    paint, dark_paint = palette.subject(palette.paint), palette.subject(palette.paint, 0.62)
    joint, glow = palette.subject(rgb(0x4A4E58)), palette.subject(rgb(0x8FFBFF))
    near, far = sides(pose)
    torso = upright(pose, pose.hip, 1.0, girth(pose, 1.15))
    head = upright(pose, pose.neck, 0.4, girth(pose, 1.1))
    profile = upright(pose, pose.neck, 0.4, signed(pose.turn))
    chest = joined(box(-13, -29, 13, -5, 3), box(-8, -6, 8, 4, 2))
    return [
        *arm_parts(pose, _ROBOT, 1, 5.0, (dark_paint, joint), far),
        *leg_parts(pose, _ROBOT, 1, (6.2, 6.0, 6.4), (joint, dark_paint), far),
        *leg_parts(pose, _ROBOT, 0, (6.4, 6.2, 6.6), (joint, paint), near - 12.0),
        Part(
            (
                Shape(chest, paint),
                Shape(box(-9, -25, 9, -14, 1.5), dark_paint),
                Shape(ellipse(0, -19.5, 3.6), glow),
            ),
            torso,
            22.0,
        ),
        Part(
            (
                Shape(box(-4, -4, 4, 2), joint),
                Shape(box(-11, -20, 11, -3, 3), paint),
                Shape(box(-1, -28, 1, -20), joint),
                Shape(ellipse(0, -28, 2.6), glow),
            ),
            head,
            28.0,
        ),
        Part(
            (Shape(box(0, -15.5, 11.5, -9, 2), rgb(0x15181E)), Shape(box(3, -14, 10.5, -10.5, 1.5), glow)),
            profile,
            np.where(pose.side > -0.3, 29.0, 27.0),
        ),
        *arm_parts(pose, _ROBOT, 0, 5.4, (paint, joint), near + 1.0),
    ]


def _child(pose: Pose, palette: Palette, motion: Motion) -> list[Part]:
    paint, dark_paint = palette.subject(palette.paint), palette.subject(palette.paint, 0.66)
    shorts, skin, hair = (palette.subject(color) for color in (rgb(0x4A5064), _SKIN, rgb(0x4A3226)))
    near, far = sides(pose)
    torso = upright(pose, pose.hip, 1.0, girth(pose, 1.15))
    head = upright(pose, pose.neck, 0.5)
    profile = upright(pose, pose.neck, 0.5, signed(pose.turn))
    shirt = curve([(-8.5, 4), (8.5, 4), (7.5, -10), (6, -21), (-6, -21), (-7.5, -10)])
    return [
        *arm_parts(pose, _CHILD, 1, 3.8, (dark_paint, skin), far),
        *leg_parts(pose, _CHILD, 1, (5.0, 4.4, 4.0), (shorts, palette.subject(_SKIN, 0.8)), far),
        *leg_parts(pose, _CHILD, 0, (5.0, 4.4, 4.0), (shorts, skin), near - 12.0),
        Part((Shape(shirt, paint),), torso, 22.0),
        Part((Shape(ellipse(0, -11, 12.2, 12.2), skin),), head, 28.0),
        Part(
            (
                Shape(
                    curve(
                        [
                            (10.5, -17),
                            (4, -25),
                            (-7, -23.5),
                            (-13.4, -13),
                            (-10, -3),
                            (-6, -9),
                            (0, -16),
                            (7, -16),
                        ]
                    ),
                    hair,
                ),
            ),
            profile,
            29.0,
        ),
        *arm_parts(pose, _CHILD, 0, 3.8, (paint, skin), near + 1.0),
        *_balloon(pose, palette, motion),
    ]


def _balloon(pose: Pose, palette: Palette, motion: Motion) -> list[Part]:
    """Trails the hand on a string; a spring lets it lag when the child hurries."""
    hand = pose.hands[1]
    drift = spring(-0.9 * np.minimum(np.maximum(pose.wind, 0.0), 0.9), FRAME_RATE, 4.0) + 0.06 * np.sin(
        2.2 * motion.times + 6.3 * motion.phase
    )
    length = 44.0
    anchor = np.stack(
        [spring(hand[:, 0], FRAME_RATE, 9.0), np.full_like(drift, -27.0) - 0.8 * pose.lifted], -1
    )
    knot = anchor + length * np.stack([np.sin(drift) - 0.1, -np.cos(drift)], -1)
    ball = placed(knot, 0.5 * drift)
    paint = palette.subject(palette.paint)
    outline = curve([(0, 0), (-9, -8), (-11.5, -18), (-7, -27), (0, -29), (7, -27), (11.5, -18), (9, -8)])
    shine = ellipse(-4, -21, 2.4, 3.6)
    string = bone(hand, knot, length)
    return [
        Part((Shape(box(0, -0.6, length, 0.6), palette.subject(rgb(0xE8E4DC))),), string, 5.0),
        Part((Shape(outline, paint), Shape(shine, mix(paint, (1.0, 1.0, 1.0), 0.6))), ball, 6.0),
    ]


_Dress = Callable[[Pose, Palette, Motion], list[Part]]
WARDROBE: dict[str, tuple[Build, _Dress, float]] = {
    "warrior": (_WARRIOR, _warrior, 88.0),
    "detective": (_DETECTIVE, _detective, 96.0),
    "robot": (_ROBOT, _robot, 96.0),
    "child": (_CHILD, _child, 84.0),
    "woman": (WOMAN, dress_woman, 95.0),
}


def upright_figure(subject: str, motion: Motion, palette: Palette) -> Figure:
    """Warrior, detective, robot, child or woman over the frames of ``motion``."""
    build, dress, height = WARDROBE[subject]
    pose = pose_of(build, motion)
    parts = dress(pose, palette, motion)
    if motion.action == "carry":
        parts += carried_child(pose, palette)
    return Figure(tuple(parts), height, 17.0, pose.lifted)
