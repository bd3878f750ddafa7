"""Where the subject is at every frame: how far it has come, how high it is, how it has turned."""

import math
from dataclasses import dataclass

import numpy as np

from rushes.world.affine import Array
from rushes.world.camera import WIDTH, pan_travel
from rushes.world.flight import SHORTEST_LEAP, Leap, leaps, on_the_ground
from rushes.world.scene import TRAVELLING, Scene

FRAME_RATE = 12
GROUND = 137.0
"""World y of the ground under the subject."""

_SHORTEST = 4.0 / 3.0
_NATURAL_SPEED = {"walk": 66.0, "carry": 58.0, "run": 135.0, "fly": 95.0}
_SECONDS_A_LEAP, _PIXELS_A_LEAP = 1.9, 112.0
_SIZE = {
    "alien": 0.86,
    "horse": 0.88,
    "fox": 1.12,
    "dog": 1.08,
    "car": 1.1,
    "robot": 0.91,
    "detective": 0.95,
    "child": 0.93,
}
"""Pixels a figure unit: standing subjects fill 0.4 to 0.75 of the frame under every camera."""

_LEAP_HEIGHT = {"child": 21.0, "fox": 25.0, "dog": 22.0, "horse": 24.0, "alien": 26.0, "car": 20.0}
_BREEZE = {"clear": 0.08, "rain": 0.12, "snow": 0.1, "sandstorm": 0.25, "fog": 0.03}
_GUST = {"rain": 0.34, "snow": 0.3, "sandstorm": 0.4}
"""Radians that a hanging cloth leans in the wind of a weather, and as much more at full strength."""

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
    tempo: float
    """The speed slider: how fast everything is that the body does, 0.5 to 2."""
    breeze: float
    """Radians that the wind, which always blows to the left, makes cloth lean against ``facing``."""
    leap: Leap
    """In figure units."""

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


def _distance(scene: Scene, seconds: float, leap_count: int) -> float:
    """World pixels the subject travels along its facing over the whole shot."""
    if scene.action == "leap":
        natural = _PIXELS_A_LEAP * leap_count
    else:
        natural = _NATURAL_SPEED[scene.action] * scene.speed * seconds
    if scene.camera == "track":
        return natural
    reach = {"walk": 0.62, "carry": 0.6, "run": 0.76, "leap": 0.6, "fly": 0.7}[scene.action]
    # A long shot cannot show a natural speed without losing the subject: the slider then shares out the room.
    span = min(natural, _screen_span(scene, reach) * math.pow(scene.speed / 2.0, 0.4))
    if scene.camera not in ("pan_left", "pan_right"):
        return span
    followed = pan_travel(seconds) * scene.sweep
    if (scene.camera == "pan_right") == (scene.direction == "right"):
        # With the pan: faster than the camera, so that it is not mistaken for tracking.
        return followed + 0.8 * span
    return max(span - followed, 0.2 * span)


def _leap_count(scene: Scene, seconds: float) -> int:
    wanted = round(seconds * math.pow(scene.speed, 0.7) / _SECONDS_A_LEAP)
    return max(1, min(wanted, int(seconds / SHORTEST_LEAP)))


def motion_of(scene: Scene, num_frames: int) -> Motion:
    """The course of a scene's subject over ``num_frames`` frames at 12 a second."""
    length = (num_frames - 1) / FRAME_RATE
    seconds = max(length, _SHORTEST)
    start = float(scene.random("start").uniform(0.0, 1.0)) * (seconds - length)
    return motion_at(scene, seconds, start + np.arange(num_frames) / FRAME_RATE)


def motion_at(scene: Scene, seconds: float, times: Array) -> Motion:
    """The course at any ``times`` of a shot of ``seconds``."""
    generator = scene.random("motion")
    facing = 1.0 if scene.direction == "right" else -1.0
    offset = float(generator.uniform(-10.0, 10.0))
    phase = float(generator.uniform(0.0, 1.0))
    scale = _SIZE.get(scene.subject, 1.0) * float(generator.uniform(0.97, 1.04))
    x, leap = np.full_like(times, offset), on_the_ground(times)
    if scene.action in TRAVELLING:
        count = _leap_count(scene, seconds)
        distance = _distance(scene, seconds, count)
        course = distance * times / seconds
        if scene.action == "leap":
            leap, course = leaps(times, seconds, count, distance, _LEAP_HEIGHT.get(scene.subject, 30.0))
        x = 0.4 * offset + facing * (course - 0.5 * distance)
    own = Leap(leap.rise / scale, leap.soles / scale, leap.stance / scale, leap.air, leap.tilt)
    breeze = facing * (_BREEZE[scene.weather] + _GUST.get(scene.weather, 0.0) * scene.strength)
    return Motion(scene.action, times, seconds, x, facing, phase, scale, scene.speed, breeze, own)
