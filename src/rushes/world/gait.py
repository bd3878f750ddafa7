"""Feet that do not slide: planted while the body passes, carried by minimum jerk, knees by two-bone IK."""

from dataclasses import dataclass

import numpy as np

from rushes.world.affine import Array
from rushes.world.paths import bump, minimum_jerk


@dataclass(frozen=True)
class Gait:
    """stride: pixels one full cycle carries the body. duty: share of the cycle a foot stays planted. lift:
    swing height.
    """

    stride: float
    duty: float
    lift: float


def foot_path(gait: Gait, travelled: Array, offset: float) -> Array:
    """Foot (T, 2) relative to the point under the hip, y negative upward; ``offset`` is the leg's place in
    the cycle.

    The foot's place on the ground is a function of distance, so a planted foot stands still whatever the
    speed does.
    """
    cycle = travelled / gait.stride + offset
    count = np.floor(cycle)
    within = cycle - count
    swing = np.clip((within - gait.duty) / (1.0 - gait.duty), 0.0, 1.0)
    planted = (count - offset + gait.duty / 2.0 + minimum_jerk(swing)) * gait.stride
    return np.stack([planted - travelled, -gait.lift * bump(swing)], -1)


def two_bones(root: Array, target: Array, upper: float, lower: float, bend: float) -> tuple[Array, Array]:
    """(joint, reached end), both (T, 2), of two bones from ``root`` towards ``target``; ``bend`` +1 or -1
    picks the side.

    A target out of reach is pulled in to 99.5 % of the chain, so lengths never change.
    """
    offset = target - root
    distance = np.linalg.norm(offset, axis=-1)
    reach = np.clip(distance, abs(upper - lower) + 0.5, 0.995 * (upper + lower))
    unit = offset / np.maximum(distance, 1e-6)[:, None]
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    aside = np.sqrt(np.maximum(upper**2 - along**2, 0.0))
    normal = np.stack([unit[:, 1], -unit[:, 0]], axis=-1)
    joint = root + unit * along[:, None] + bend * normal * aside[:, None]
    return joint, root + unit * reach[:, None]


def polar(root: Array, angle: Array, length: float) -> Array:
    """The end (T, 2) of a bone that hangs down at angle 0 and swings forward (+x) for positive angles."""
    return root + length * np.stack([np.sin(angle), np.cos(angle)], axis=-1)
