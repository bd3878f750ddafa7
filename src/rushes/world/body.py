"""Legs, arms and proportions that every costume shares."""

import numpy as np

from rushes.world.affine import Array, placed
from rushes.world.outline import curve, ellipse, limb
from rushes.world.palette import Rgb
from rushes.world.part import Part, Shape
from rushes.world.people import Build, Pose, limb_placements


def leg_parts(
    pose: Pose,
    build: Build,
    index: int,
    radii: tuple[float, float, float],
    colors: tuple[Rgb, Rgb],
    order: Array,
) -> list[Part]:
    """Thigh, shin and shoe of one leg. radii: hip, knee, ankle. colors: thigh, the rest."""
    upper, lower = limb_placements(pose.hip, pose.knees[index], pose.feet[index], (build.thigh, build.shin))
    shoe = placed(
        pose.feet[index],
        np.zeros_like(pose.lean),
        np.where(np.abs(pose.turn) < 0.3, 0.3 * np.sign(pose.turn + 1e-9), pose.turn),
    )
    foot = curve(
        [
            (-radii[2] - 0.6, -5.0),
            (1.0, -5.0),
            (radii[2] + 6.0, -1.6),
            (radii[2] + 6.0, 0.4),
            (-radii[2] - 0.6, 0.4),
        ]
    )
    return [
        Part((Shape(limb(build.thigh, radii[0], radii[1]), colors[0]),), upper, order),
        Part((Shape(limb(build.shin - 2, radii[1], radii[2]), colors[1]),), lower, order),
        Part((Shape(foot, colors[1]),), shoe, order),
    ]


def arm_parts(
    pose: Pose, build: Build, index: int, radius: float, colors: tuple[Rgb, Rgb], order: Array
) -> list[Part]:
    """Upper arm, forearm and hand. colors: sleeve, skin."""
    shoulder = pose.neck + np.array([0.0, 4.0])
    upper, lower = limb_placements(
        shoulder, pose.elbows[index], pose.hands[index], (build.upper_arm, build.forearm)
    )
    hand = placed(pose.hands[index], np.zeros_like(pose.lean))
    return [
        Part((Shape(limb(build.upper_arm, radius, radius * 0.9), colors[0]),), upper, order),
        Part((Shape(limb(build.forearm, radius * 0.9, radius * 0.75), colors[0]),), lower, order),
        Part((Shape(ellipse(0, 0, radius * 0.85), colors[1]),), hand, order),
    ]


def sides(pose: Pose) -> tuple[Array, Array]:
    """Drawing order of the near and the far limbs; they trade places as the body turns."""
    near = np.where(pose.turn >= 0, 30.0, 10.0)
    return near, 40.0 - near


def girth(pose: Pose, front: float) -> Array:
    """Width of the trunk: 1 in profile, ``front`` when it faces the camera."""
    return np.sqrt(pose.turn**2 + (front * pose.side) ** 2)


def signed(turn: Array) -> Array:
    """Foreshortening that keeps its sign and never collapses to a line."""
    return np.where(turn >= 0, 1.0, -1.0) * np.maximum(np.abs(turn), 0.12)
