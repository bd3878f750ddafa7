"""Motion whose acceleration never jumps (C2 in time): easings, bumps, springs, slow noise."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def minimum_jerk(progress: Array) -> Array:
    """0 to 1 with zero velocity and acceleration at both ends: 10s^3 - 15s^4 + 6s^5 (Flash and Hogan
    1985).
    """
    s = np.clip(progress, 0.0, 1.0)
    eased: Array = s**3 * (10.0 - 15.0 * s + 6.0 * s**2)
    return eased


def glide(progress: Array) -> Array:
    """0 to 1, half uniform, half minimum jerk: a move already under way when the clip starts and when it
    ends.
    """
    return 0.5 * np.clip(progress, 0.0, 1.0) + 0.5 * minimum_jerk(progress)


def bump(progress: Array) -> Array:
    """0 to 1 to 0 over progress 0..1, with zero velocity and acceleration at both ends: (4s(1-s))^3."""
    s = np.clip(progress, 0.0, 1.0)
    raised: Array = (4.0 * s * (1.0 - s)) ** 3
    return raised


def smooth_noise(times: Array, phases: Array) -> Array:
    """Band-limited hand tremor at ``times`` (seconds): five incommensurate sines below 1.7 Hz; rms about 0.6.

    ``phases`` are five angles in radians.
    """
    hertz = np.array([0.31, 0.53, 0.83, 1.19, 1.63])
    weights = np.array([0.55, 0.5, 0.4, 0.22, 0.12])
    waves: Array = (weights * np.sin(2 * np.pi * times[:, None] * hertz + phases)).sum(axis=1)
    return waves


def spring(target: Array, frame_rate: float, stiffness: float) -> Array:
    """Follow ``target`` (one value a frame) like a critically damped spring of ``stiffness`` 1/s, starting
    at rest.

    The exact solution of x'' = k^2 (u - x) - 2 k x' for a target that is constant within each frame.
    """
    step = 1.0 / frame_rate
    decay = np.exp(-stiffness * step)
    followed = np.empty_like(target)
    position, velocity = float(target[0]), 0.0
    for index, goal in enumerate(target):
        offset = position - goal
        pull = (velocity + stiffness * offset) * step
        position = float(goal + (offset + pull) * decay)
        velocity = float((velocity - stiffness * pull) * decay)
        followed[index] = position
    return followed


def hermite(
    progress: Array, seconds: float, start: tuple[float, float, float], end: tuple[float, float, float]
) -> Array:
    """The quintic over progress 0..1 (``seconds`` long) with those positions, velocities and accelerations at
    its ends; outside it stays where it ends.
    """
    s = np.clip(progress, 0.0, 1.0)
    x0, v0, a0 = start[0], start[1] * seconds, start[2] * seconds**2
    x1, v1, a1 = end[0], end[1] * seconds, end[2] * seconds**2
    rest, speed, pull = x1 - x0 - v0 - a0 / 2, v1 - v0 - a0, a1 - a0
    cubic = 10 * rest - 4 * speed + pull / 2
    quartic = -15 * rest + 7 * speed - pull
    fifth = 6 * rest - 3 * speed + pull / 2
    reached: Array = x0 + v0 * s + a0 / 2 * s**2 + cubic * s**3 + quartic * s**4 + fifth * s**5
    return reached
