"""The four upright subjects: warrior, detective, robot, child. One skeleton, four costumes."""

import math
from dataclasses import dataclass, replace

import numpy as np

from rushes.world.affine import Array, bone, placed
from rushes.world.gait import Gait, foot_path, polar, two_bones
from rushes.world.motion import FRAME_RATE, Motion
from rushes.world.paths import spring


@dataclass(frozen=True)
class Build:
    """Body measures in pixels."""

    hip: float
    thigh: float
    shin: float
    torso: float
    upper_arm: float
    forearm: float
    stride: float


@dataclass(frozen=True)
class Pose:
    """Joints over T frames in figure space (feet at the origin, facing +x, y down); near side first in pairs.

    turn: cosine of the body's yaw, 1 in profile. side: its sine. wind: angle cloth streams backwards,
    radians; hem: the same for what hangs from that cloth, later.
    """

    hip: Array
    neck: Array
    lean: Array
    knees: tuple[Array, Array]
    feet: tuple[Array, Array]
    elbows: tuple[Array, Array]
    hands: tuple[Array, Array]
    turn: Array
    side: Array
    wind: Array
    hem: Array
    lifted: Array


@dataclass(frozen=True)
class _Plan:
    """What an action asks of the body before the joints are solved."""

    hip_height: Array
    lean: Array
    feet: tuple[Array, Array]
    arms: tuple[tuple[Array, Array], tuple[Array, Array]]
    wind: Array
    lifted: Array


SPIN_RATE = 2 * np.pi * 0.6
"""Radians a second of a turning subject."""


def yaw_of(motion: Motion) -> Array:
    """Heading about the vertical axis, radians; zero unless the action is spin."""
    if motion.action != "spin":
        return np.zeros_like(motion.times)
    return SPIN_RATE * motion.tempo * motion.times + 2 * np.pi * motion.phase


def pose_of(build: Build, motion: Motion) -> Pose:
    """Solve the skeleton for every frame."""
    plans = {"walk": _walk, "carry": _carry, "run": _run, "leap": _leap, "spin": _spin}
    plan = plans.get(motion.action, _stand)(build, motion)
    yaw = yaw_of(motion)
    turn, side = np.cos(yaw), np.sin(yaw)
    hip = np.stack([np.zeros_like(plan.lean), -plan.hip_height], -1)
    neck = hip + build.torso * np.stack([np.sin(plan.lean), -np.cos(plan.lean)], -1)
    knees, feet, elbows, hands = [], [], [], []
    for index in (0, 1):
        knee, foot = two_bones(hip, plan.feet[index], build.thigh, build.shin, 1.0)
        shoulder = neck + np.array([0.0, 4.0])
        raised, bent = plan.arms[index]
        elbow = polar(shoulder, raised, build.upper_arm)
        hand = polar(elbow, raised + bent, build.forearm)
        knees.append(_turned(knee, turn))
        feet.append(_turned(foot, turn))
        elbows.append(_turned(elbow, turn))
        hands.append(_turned(hand, turn))
    blown = 0.0 if motion.action == "spin" else motion.breeze
    wind = spring(plan.wind + blown, FRAME_RATE, 7.0)
    return Pose(
        hip,
        neck,
        plan.lean,
        (knees[0], knees[1]),
        (feet[0], feet[1]),
        (elbows[0], elbows[1]),
        (hands[0], hands[1]),
        turn,
        side,
        wind,
        spring(wind, FRAME_RATE, 6.0),
        plan.lifted,
    )


def _turned(point: Array, turn: Array) -> Array:
    """The body's forward axis foreshortened by its yaw."""
    return np.stack([point[:, 0] * turn, point[:, 1]], -1)


def _breath(motion: Motion) -> Array:
    return np.sin(2 * np.pi * (0.35 * motion.tempo * motion.times + motion.phase))


def _stand(build: Build, motion: Motion) -> _Plan:
    breath = _breath(motion)
    still = np.zeros_like(breath)
    feet = (np.stack([still + 5.0, still], -1), np.stack([still - 5.0, still], -1))
    arms = ((0.06 + 0.05 * breath, still + 0.22), (-0.06 - 0.05 * breath, still + 0.22))
    return _Plan(
        build.hip + 0.9 * build.hip / 42 + 0.5 * breath,
        0.02 * breath,
        feet,
        arms,
        0.10 + 0.12 * breath,
        still,
    )


def _cycle(gait: Gait, motion: Motion) -> Array:
    return 2 * np.pi * (motion.travelled / gait.stride + motion.phase)


def _paced(stride: float, motion: Motion, natural: float) -> float:
    """Shorter steps at a slow pace: stride grows with the square root of speed, as people's does."""
    pace = abs(float(np.mean(motion.speed))) / natural if len(motion.times) > 1 else 1.0
    return stride * math.sqrt(min(max(pace, 0.3), 1.1))


def _walk(build: Build, motion: Motion) -> _Plan:
    gait = Gait(_paced(build.stride, motion, 66.0), 0.62, 0.2 * build.hip)
    cycle = _cycle(gait, motion)
    feet = (
        foot_path(gait, motion.travelled, motion.phase),
        foot_path(gait, motion.travelled, motion.phase + 0.5),
    )
    # At cycle 0 the near foot lands in front: its arm is then at the back.
    swing = 0.55 * np.cos(cycle - 0.6)
    arms = ((-swing, 0.3 + 0.12 * np.sin(cycle)), (swing, 0.3 - 0.12 * np.sin(cycle)))
    height = build.hip - 0.012 * build.hip * np.cos(2 * cycle)
    still = np.zeros_like(cycle)
    return _Plan(height, still + 0.07, feet, arms, 0.34 + 0.06 * np.sin(2 * cycle), still)


def _carry(build: Build, motion: Motion) -> _Plan:
    """A walk with both arms before the chest, leaning back against the load."""
    plan = _walk(build, motion)
    still = np.zeros_like(plan.lean)
    arms = ((still + 0.32, still + 1.35), (still + 0.6, still + 1.2))
    return replace(plan, arms=arms, lean=still - 0.05)


def _run(build: Build, motion: Motion) -> _Plan:
    gait = Gait(1.9 * _paced(build.stride, motion, 135.0), 0.34, 0.42 * build.hip)
    cycle = _cycle(gait, motion)
    feet = (
        foot_path(gait, motion.travelled, motion.phase),
        foot_path(gait, motion.travelled, motion.phase + 0.5),
    )
    swing = 0.95 * np.cos(cycle - 0.5)
    arms = ((-swing - 0.1, 1.5 + 0.25 * np.sin(cycle)), (swing - 0.1, 1.5 - 0.25 * np.sin(cycle)))
    height = build.hip * (0.93 + 0.035 * np.cos(2 * cycle - 2.6))
    still = np.zeros_like(cycle)
    return _Plan(height, still + 0.34, feet, arms, 0.95 + 0.12 * np.sin(2 * cycle), still)


def _leap(build: Build, motion: Motion) -> _Plan:
    leap = motion.leap
    split = 0.52 * build.hip * leap.air
    front = np.stack([4.0 + split + leap.stance, -leap.soles - 0.55 * split], -1)
    back = np.stack([-4.0 - split + leap.stance, -leap.soles - 0.35 * split], -1)
    arms = ((2.2 * leap.air, 0.3 + 0.3 * leap.air), (-1.4 * leap.air, 0.3 + 0.2 * leap.air))
    # Cloth lags behind the fall and the rise of what it hangs from.
    wind = 0.15 + 0.7 * leap.air + 0.35 * leap.tilt
    lean = 0.12 + 0.16 * leap.air + 0.1 * leap.tilt
    return _Plan(build.hip + leap.rise, lean, (front, back), arms, wind, leap.soles)


def _spin(build: Build, motion: Motion) -> _Plan:
    still = np.zeros_like(motion.times)
    raised = np.stack([still + 0.28 * build.hip, still - 0.42 * build.hip], -1)
    planted = np.stack([still, still], -1)
    arms = ((still + 1.62, still + 0.05), (still - 1.62, still - 0.05))
    return _Plan(build.hip + 1.5 * build.hip / 42 + still, still, (raised, planted), arms, still + 0.0, still)


def limb_placements(
    start: Array, joint: Array, end: Array, lengths: tuple[float, float]
) -> tuple[Array, Array]:
    """Where the two bones of a limb are."""
    return bone(start, joint, lengths[0]), bone(joint, end, lengths[1])


def upright(pose: Pose, at: Array, lean_share: float = 1.0, x_scale: Array | float = 1.0) -> Array:
    """A placement at a point of the body that leans with the torso."""
    return placed(at, pose.lean * lean_share, x_scale)
