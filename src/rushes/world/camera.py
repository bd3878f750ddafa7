"""Camera moves as one affine map a frame and a depth."""

from dataclasses import dataclass

import numpy as np

from rushes.world.affine import Array, apply, invert
from rushes.world.layer import Window
from rushes.world.paths import glide, smooth_noise
from rushes.world.scene import Scene

WIDTH, HEIGHT = 256, 160
CENTER_X, CENTER_Y = 128.0, 100.0
"""Screen point that zoom and roll leave alone; world x = 0 is at CENTER_X, world y is screen y."""

PAN_SPEED = 29.0
PAN_LIMIT = 116.0
TILT_TRAVEL = 40.0


@dataclass(frozen=True)
class CameraPath:
    """A camera over T frames. World pixels at the subject's depth unless said.

    turn_x, turn_y: the whole picture shifts alike (pan, tilt, hands). truck: moves the camera sideways, so
    that a layer at depth d shifts by truck / d. lens: magnification of everything; dolly: distance moved
    towards the subject in units of the subject's distance. roll in radians.
    """

    turn_x: Array
    turn_y: Array
    truck: Array
    lens: Array
    dolly: Array
    roll: Array

    def view(self, depth: float) -> Array:
        """World -> screen for a layer at ``depth`` (1 the subject's, larger is farther): (T, 2, 3)."""
        scale = self.lens * depth / (depth - self.dolly)
        cos, sin = np.cos(self.roll) * scale, np.sin(self.roll) * scale
        shift_x = -self.turn_x - self.truck / depth
        shift_y = -self.turn_y - CENTER_Y
        origin_x = CENTER_X + cos * shift_x - sin * shift_y
        origin_y = CENTER_Y + sin * shift_x + cos * shift_y
        return np.stack([np.stack([cos, -sin, origin_x], -1), np.stack([sin, cos, origin_y], -1)], axis=-2)


def pan_travel(seconds: float) -> float:
    """Pixels the picture moves in a pan of that length at the subject's depth: 0.34 of the width in 3 s,
    bounded.
    """
    return min(PAN_SPEED * seconds, PAN_LIMIT)


def camera_path(scene: Scene, times: Array, seconds: float, subject_x: Array) -> CameraPath:
    """The camera of a scene at ``times`` within a shot of ``seconds``; ``track`` keeps ``subject_x`` at
    its place.
    """
    still = np.zeros_like(times)
    eased = glide(times / seconds)
    turn_x, turn_y, truck, lens, dolly, roll = still, still, still, still + 1.0, still, still
    move = scene.camera
    if move in ("pan_left", "pan_right"):
        travel = scene.sweep * pan_travel(seconds) * (eased - 0.5) * (1.0 if move == "pan_right" else -1.0)
        turn_x, truck = 0.6 * travel, 0.4 * travel
    elif move in ("tilt_up", "tilt_down"):
        climbed = eased if move == "tilt_up" else 1.0 - eased
        turn_y = 24.0 - TILT_TRAVEL * (0.5 + scene.sweep * (climbed - 0.5))
    elif move in ("push_in", "pull_out"):
        near = eased if move == "push_in" else 1.0 - eased
        near = 0.5 + scene.sweep * (near - 0.5)
        lens = 0.92 * (1.09 / 0.92) ** near
        dolly = -0.045 + 0.15 * near
    elif move == "track":
        truck = subject_x
    elif move == "orbit":
        # The camera slides round the subject and turns back to it: what stands behind sweeps past.
        truck = scene.orbit_side * scene.sweep * 1.5 * pan_travel(seconds) * (eased - 0.5)
        turn_x = -truck
    elif move == "handheld":
        phases = scene.random("handheld").uniform(0.0, 2 * np.pi, (3, 5))
        turn_x = 7.0 * smooth_noise(times, phases[0])
        turn_y = 5.0 * smooth_noise(times, phases[1])
        roll = 0.016 * smooth_noise(times, phases[2])
    return CameraPath(turn_x, turn_y, truck, lens, dolly, roll)


def window_of(camera: CameraPath, depth: float) -> Window:
    """The world rectangle that the screen covers at ``depth`` over the whole clip, with a margin for
    filtering.
    """
    inverse = invert(camera.view(depth))
    corners = np.stack(
        [apply(inverse, corner) for corner in ((0, 0), (WIDTH, 0), (0, HEIGHT), (WIDTH, HEIGHT))]
    )
    (left, top), (right, bottom) = corners.min(axis=(0, 1)) - 4.0, corners.max(axis=(0, 1)) + 4.0
    return Window(depth, float(left), float(top), float(right), float(bottom))
