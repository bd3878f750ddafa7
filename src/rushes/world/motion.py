"""Where the subject is at every frame: how far it has come, how high it is, how it has turned."""

from dataclasses import dataclass

import numpy as np

from rushes.world.affine import Array
from rushes.world.camera import WIDTH, pan_travel
from rushes.world.paths import minimum_jerk
from rushes.world.scene import Scene

FRAME_RATE = 12
GROUND = 137.0
"""World y of the ground under the subject."""

_SHORTEST = 4.0 / 3.0
_NATURAL_SPEED = {"walk": 66.0, "run": 135.0, "leap": 100.0, "fly": 95.0}
_SIZE = {
    "alien": 0.86,
    "horse": 0.88,
    "fox": 1.12,
    "dog": 1.08,
    "car": 1.06,
    "robot": 0.91,
    "detective": 0.95,
    "child": 0.93,
}
"""Pixels a figure unit: standing subjects fill 0.4 to 0.75 of the frame under every camera."""

_HALF_WIDTH = {"fox": 60.0, "dog": 54.0, "horse": 58.0, "car": 64.0}


@dataclass(frozen=True)
class Motion:
    """The subject's course over T frames.

    times: seconds since the start of the shot (a shot is at least 4/3 s; a shorter clip is a window of it).
    x: world pixels of the point on the ground under the subject. travelled: pixels walked along
    ``facing``, from 0. facing: 1 right, -1 left. seconds: length of the shot. phase: 0..1, where this take
    starts in its cycles.
    """

    action: str
    times: Array
    seconds: float
    x: Array
    facing: float
    phase: float
    scale: float
    """Pixels per unit of the figure's own space."""
    leap: Array
    """(T,) 0..1 through the current leap: crouch to 0.2, flight to 0.82, landing; all zero for other
    actions.
    """

    @property
    def travelled(self) -> Array:
        """Figure units along ``facing``."""
        return self.facing * self.x / self.scale

    @property
    def speed(self) -> Array:
        """Figure units a second along ``facing``."""
        if len(self.times) < 2:
            return np.zeros_like(self.times)
        return np.gradient(self.travelled, 1.0 / FRAME_RATE)


def _screen_span(scene: Scene, reach: float) -> float:
    """How much of the frame the subject may cross, in pixels, leaving its own half width inside."""
    room = WIDTH / 2 - 0.92 * _HALF_WIDTH.get(scene.subject, 24.0)
    # A zoom magnifies the course as well.
    zoomed = 0.72 if scene.camera in ("push_in", "pull_out") else 0.94 if scene.camera == "handheld" else 1.0
    return min(2 * room, WIDTH * reach) * zoomed


def _distance(scene: Scene, seconds: float) -> float:
    """World pixels the subject travels along its facing over the whole shot."""
    natural = _NATURAL_SPEED[scene.action] * seconds
    if scene.camera == "track":
        return natural
    reach = {"walk": 0.46, "run": 0.6, "leap": 0.52, "fly": 0.56}[scene.action]
    span = min(natural, _screen_span(scene, reach))
    if scene.camera not in ("pan_left", "pan_right"):
        return span
    followed = pan_travel(seconds)
    if (scene.camera == "pan_right") == (scene.direction == "right"):
        # With the pan: faster than the camera, so that it is not mistaken for tracking.
        return followed + 0.8 * span
    return max(span - followed, 0.2 * span)


def motion_of(scene: Scene, num_frames: int) -> Motion:
    """The course of a scene's subject over ``num_frames`` frames at 12 a second."""
    generator = scene.random("motion")
    length = (num_frames - 1) / FRAME_RATE
    seconds = max(length, _SHORTEST)
    start = float(generator.uniform(0.0, 1.0)) * (seconds - length)
    times = start + np.arange(num_frames) / FRAME_RATE
    facing = 1.0 if scene.direction == "right" else -1.0
    offset = float(generator.uniform(-10.0, 10.0))
    phase = float(generator.uniform(0.0, 1.0))
    x = np.full(num_frames, offset)
    leap = np.zeros(num_frames)
    if scene.action in _NATURAL_SPEED:
        distance = _distance(scene, seconds)
        progress = times / seconds
        if scene.action == "leap":
            leaps = max(1, round(seconds / 2.0))
            leap, progress = _leaps(progress, leaps)
        x = 0.4 * offset + facing * distance * (progress - 0.5)
    scale = _SIZE.get(scene.subject, 1.0) * float(generator.uniform(0.97, 1.04))
    return Motion(scene.action, times, seconds, x, facing, phase, scale, leap)


def _leaps(progress: Array, leaps: int) -> tuple[Array, Array]:
    """(place within the leap, course 0..1): the body stands still while it is on the ground."""
    count = np.minimum(np.floor(progress * leaps), leaps - 1)
    within = progress * leaps - count
    return within, (count + minimum_jerk((within - 0.14) / 0.74)) / leaps
