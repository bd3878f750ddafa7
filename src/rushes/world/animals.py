"""Fox, dog and horse: one four-legged skeleton, three bodies."""

import math
from dataclasses import dataclass

import numpy as np

from rushes.world.affine import Array, apply, bone, placed
from rushes.world.gait import Gait, foot_path, two_bones
from rushes.world.motion import FRAME_RATE, Motion
from rushes.world.outline import curve, ellipse, limb
from rushes.world.palette import PAINTS, Palette, Rgb, mix, rgb
from rushes.world.part import Figure, Part, Shape
from rushes.world.paths import spring


@dataclass(frozen=True)
class _Build:
    """Measures in pixels: height of hip and shoulder, half the trunk's length, bones, leg radii (top,
    knee, foot).
    """

    leg: float
    half: float
    bone: float
    radii: tuple[float, float, float]
    stride: float
    height: float


_BUILDS = {
    "fox": _Build(leg=28, half=23, bone=15.5, radii=(6.5, 4.2, 3.2), stride=38, height=66),
    "dog": _Build(leg=31, half=22, bone=17, radii=(7.5, 5.2, 4.4), stride=40, height=72),
    "horse": _Build(leg=44, half=27, bone=24, radii=(8.5, 5.2, 4.0), stride=58, height=98),
}


@dataclass(frozen=True)
class _Pose:
    body: Array
    """(T, 2, 3) placement of the trunk; its centre at (0, 0), height ``leg`` above ground."""
    feet: tuple[Array, Array, Array, Array]
    """Near fore, near hind, far fore, far hind, in figure space."""
    nod: Array
    wave: Array
    lifted: Array


def _pace(build: _Build, motion: Motion, natural: float) -> float:
    speed = abs(float(np.mean(motion.speed))) / natural if len(motion.times) > 1 else 1.0
    return build.stride * math.sqrt(min(max(speed, 0.3), 1.1))


def _pose(build: _Build, motion: Motion) -> _Pose:
    still = np.zeros_like(motion.times)
    anchors = (build.half, -build.half, build.half, -build.half)
    height, pitch, nod, wave, lifted = still + build.leg, still, still, still, still
    slow = np.sin(2 * np.pi * (0.4 * motion.tempo * motion.times + motion.phase))
    if motion.action in ("walk", "run"):
        running = motion.action == "run"
        stride = _pace(build, motion, 135.0 if running else 66.0) * (2.0 if running else 1.0)
        gait = Gait(stride, 0.36 if running else 0.64, (0.34 if running else 0.22) * build.leg)
        offsets = (0.5, 0.0, 0.6, 0.12) if running else (0.75, 0.0, 0.25, 0.5)
        feet = [foot_path(gait, motion.travelled, motion.phase + offset) for offset in offsets]
        cycle = 2 * np.pi * (motion.travelled / gait.stride + motion.phase)
        if running:
            pitch, nod, wave = 0.13 * np.sin(cycle + 0.9), 0.1 * np.sin(cycle), 0.75 + 0.25 * np.sin(cycle)
            height = build.leg * (0.97 + 0.04 * np.cos(cycle - 0.6))
        else:
            nod, wave = 0.07 * np.sin(2 * cycle), 0.2 + 0.25 * np.sin(cycle)
            height = build.leg * (0.985 + 0.012 * np.cos(2 * cycle))
    elif motion.action == "leap":
        leap = motion.leap
        lifted, height, pitch = leap.soles, build.leg + leap.rise, 0.3 * leap.tilt
        wave, nod = 0.3 + 0.6 * leap.air - 0.3 * leap.tilt, -0.15 * leap.air
        stretch = build.leg / 28 * leap.air
        feet = [
            np.stack([leap.stance + fore * stretch, -lifted - 8.0 * stretch], -1)
            for fore in (21.0, -23.0, 18.0, -19.0)
        ]
    else:
        feet = [np.stack([still + shift, still], -1) for shift in (1.0, -3.0, -4.0, 4.0)]
        height, nod, wave = height + 0.4 * slow, 0.05 * slow, 0.15 + 0.3 * slow
    feet = [foot + np.array([anchor, 0.0]) for foot, anchor in zip(feet, anchors, strict=True)]
    wave = wave + 0.6 * motion.breeze
    body = placed(np.stack([still, -height], -1), pitch)
    return _Pose(body, (feet[0], feet[1], feet[2], feet[3]), nod, spring(wave, FRAME_RATE, 9.0), lifted)


def _leg(build: _Build, pose: _Pose, index: int, colors: tuple[Rgb, Rgb]) -> list[Part]:
    root = apply(pose.body, (build.half if index % 2 == 0 else -build.half, 0.0))
    bend = -1.0 if index % 2 else 0.9
    joint, foot = two_bones(
        root, pose.feet[index] - np.array([0.0, build.radii[2] * 0.6]), build.bone, build.bone, bend
    )
    paw = curve(
        [
            (-build.radii[2], -2.5),
            (build.radii[2] * 0.6, -3.5),
            (build.radii[2] * 1.9, 0.0),
            (build.radii[2] * 1.6, 2.2),
            (-build.radii[2], 2.2),
        ]
    )
    top, knee, ankle = build.radii
    order = 30.0 if index < 2 else 10.0
    return [
        Part((Shape(limb(build.bone, top, knee), colors[0]),), bone(root, joint, build.bone), order),
        Part((Shape(limb(build.bone, knee, ankle), colors[1]),), bone(joint, foot, build.bone), order),
        Part((Shape(paw, colors[1]),), placed(foot, np.zeros_like(pose.nod)), order),
    ]


def _fox(build: _Build, pose: _Pose, palette: Palette) -> list[Part]:
    fur, shade = palette.subject(palette.paint), palette.subject(palette.paint, 0.66)
    white, dark = palette.subject(rgb(0xF6F0E6)), palette.subject(rgb(0x2A2226))
    trunk = curve(
        [(-29, -4), (-22, -12), (0, -10), (20, -13), (31, -8), (29, 5), (16, 9), (0, 5), (-20, 7), (-29, 4)]
    )
    belly = curve([(30, -2), (27, 6), (14, 9.5), (4, 6), (16, 4)])
    head = placed(apply(pose.body, (33.0, -16.0)), pose.nod)
    skull = curve([(-9, -2), (-6, -10), (3, -12), (10, -7), (24, 1.5), (23, 4.5), (10, 7), (-2, 9), (-9, 5)])
    cheek = curve([(23, 4), (10, 7.5), (-3, 9.5), (3, 3), (12, 1.5)])
    ears = [curve([(-8, -8), (-7.5, -23), (0.5, -11)]), curve([(0, -11), (3.5, -23), (7.5, -9)])]
    tail = placed(apply(pose.body, (-27.0, -5.0)), 0.75 - 0.9 * pose.wave)
    brush = curve([(3, -3), (-8, -9), (-24, -13), (-40, -10), (-49, -1), (-38, 8), (-20, 8), (-6, 5)])
    tip = curve([(-37, -11), (-42, -10), (-50, -1), (-39, 8), (-35, 7), (-39, 0)])
    return [
        *_leg(build, pose, 2, (shade, dark)),
        *_leg(build, pose, 3, (shade, dark)),
        Part((Shape(brush, fur), Shape(tip, white)), tail, 15.0),
        Part((Shape(trunk, fur), Shape(belly, white)), pose.body, 20.0),
        *_leg(build, pose, 0, (fur, dark)),
        *_leg(build, pose, 1, (fur, dark)),
        Part(
            (Shape(limb(18, 9.5, 8.5), fur),),
            bone(apply(pose.body, (24.0, -4.0)), apply(head, (0.0, 0.0)), 18.0),
            31.0,
        ),
        Part(
            (
                Shape(ears[1], shade),
                Shape(skull, fur),
                Shape(cheek, white),
                Shape(ears[0], fur),
                Shape(ellipse(24, 2.6, 2.2), dark),
                Shape(ellipse(8, -2.5, 1.7), dark),
            ),
            head,
            32.0,
        ),
    ]


def _dog(build: _Build, pose: _Pose, palette: Palette) -> list[Part]:
    fur, shade = palette.subject(palette.paint), palette.subject(palette.paint, 0.66)
    if palette.paint == rgb(PAINTS["yellow"]):
        fur, shade = palette.subject(rgb(0xE8A845)), palette.subject(rgb(0xE8A845), 0.72)
    pale, dark = mix(fur, palette.subject(rgb(0xFFF4E0)), 0.35), palette.subject(rgb(0x2A2226))
    trunk = curve(
        [(-29, -8), (-20, -14), (2, -13), (22, -15), (32, -7), (31, 8), (18, 13), (0, 10), (-20, 9), (-29, 4)]
    )
    chest = curve([(31, -10), (35, 0), (31, 10), (27, 15), (22, 12), (18, 16), (15, 10), (24, 0)])
    head = placed(apply(pose.body, (35.0, -25.0)), pose.nod)
    skull = curve(
        [(-10, 0), (-8, -10), (2, -13), (10, -8), (13, -4), (22, -3), (24, 3), (20, 8), (8, 9), (-4, 9)]
    )
    muzzle = curve([(13, 2), (22, 0.5), (24, 4), (20, 8), (11, 8.6)])
    ear = curve([(-7, -9), (0, -9), (2, 2), (-2, 12), (-9, 10), (-10, -2)])
    tail = placed(apply(pose.body, (-27.0, -8.0)), 0.7 + 0.5 * np.sin(3.1 * pose.wave))
    plume = curve(
        [(3, -2), (-10, -6), (-26, -9), (-40, -6), (-36, 1), (-30, 9), (-24, 8), (-16, 13), (-6, 6)]
    )
    fringe = curve([(-24, 6), (-8, 11), (10, 12), (2, 15), (-6, 13.5), (-14, 14.5)])
    return [
        *_leg(build, pose, 2, (shade, shade)),
        *_leg(build, pose, 3, (shade, shade)),
        Part((Shape(plume, fur),), tail, 15.0),
        Part((Shape(fringe, pale), Shape(trunk, fur), Shape(chest, pale)), pose.body, 20.0),
        *_leg(build, pose, 0, (fur, pale)),
        *_leg(build, pose, 1, (fur, pale)),
        Part(
            (Shape(limb(22, 12, 9.5), fur),),
            bone(apply(pose.body, (23.0, -6.0)), apply(head, (0.0, 0.0)), 22.0),
            31.0,
        ),
        Part(
            (
                Shape(skull, fur),
                Shape(muzzle, pale),
                Shape(ear, shade),
                Shape(ellipse(23.5, -1.5, 2.8), dark),
                Shape(ellipse(8, -3.5, 1.8), dark),
            ),
            head,
            32.0,
        ),
    ]


def _horse(build: _Build, pose: _Pose, palette: Palette) -> list[Part]:
    coat, shade = palette.subject(palette.paint), palette.subject(palette.paint, 0.66)
    mane, hoof = palette.subject(rgb(0x2A2226)), palette.subject(rgb(0x3A3034))
    trunk = curve(
        [
            (-35, -6),
            (-26, -15),
            (-6, -12),
            (14, -15),
            (30, -14),
            (36, -4),
            (30, 9),
            (8, 12),
            (-16, 9),
            (-32, 7),
        ]
    )
    head = placed(apply(pose.body, (45.0, -43.0)), pose.nod)
    skull = curve([(-8, 0), (-5, -8), (4, -9), (10, -4), (22, 11), (23, 17), (16, 20), (9, 14), (0, 9)])
    ears = curve([(-4, -7), (-3, -17), (3, -8)])
    neck = curve([(-14, 3), (-6, -12), (10, -9), (42, -7), (50, -3), (48, 7), (24, 12), (2, 16)])
    crest = curve([(-8, -9), (10, -13), (34, -13), (52, -7), (40, -3), (20, -4), (4, -5)])
    tail = placed(apply(pose.body, (-33.0, -8.0)), 0.15 + 0.95 * pose.wave)
    hair = curve([(3, -4), (-6, -2), (-12, 14), (-11, 34), (-4, 44), (0, 26), (3, 8)])
    spine = bone(apply(pose.body, (24.0, -5.0)), apply(head, (0.0, 0.0)), 43.4)
    return [
        *_leg(build, pose, 2, (shade, shade)),
        *_leg(build, pose, 3, (shade, shade)),
        Part((Shape(hair, mane),), tail, 15.0),
        Part((Shape(trunk, coat),), pose.body, 20.0),
        *_leg(build, pose, 0, (coat, mix(coat, hoof, 0.35))),
        *_leg(build, pose, 1, (coat, mix(coat, hoof, 0.35))),
        Part((Shape(neck, coat), Shape(crest, mane)), spine, 31.0),
        Part((Shape(skull, coat), Shape(ears, coat), Shape(ellipse(6, -1, 1.7), mane)), head, 32.0),
    ]


def animal_figure(subject: str, motion: Motion, palette: Palette) -> Figure:
    """Fox, dog or horse over the frames of ``motion``."""
    build = _BUILDS[subject]
    pose = _pose(build, motion)
    dress = {"fox": _fox, "dog": _dog, "horse": _horse}[subject]
    return Figure(tuple(dress(build, pose, palette)), build.height, build.half + 14.0, pose.lifted)
