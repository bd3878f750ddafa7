"""Flow sees the camera and the subject as they are: right and wrong pans, zooms, frozen and jittery clips."""

import cv2
import numpy as np
import pytest

from rushes.core.vocabulary import SLOTS
from rushes.evaluation.motion import camera_motion, flows, jerkiness

FRAMES = 14


def texture(height, width, seed):
    noise = np.random.default_rng(seed).random((height // 8, width // 8, 3)).astype(np.float32)
    return (cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1) * 255).astype(
        np.uint8
    )


WIDE = texture(480, 768, seed=1)
DISC = texture(64, 64, seed=2)


def view(left, top, zoom=1.0):
    """160x256 of a large picture, ``left`` and ``top`` of its middle."""
    shift = np.array([[zoom, 0, 128 - zoom * (384 + left)], [0, zoom, 80 - zoom * (240 + top)]])
    return cv2.warpAffine(WIDE, shift, (256, 160), flags=cv2.INTER_LINEAR)


def shot(move, subject=None):
    """A clip whose background follows ``move(k) -> view arguments``; ``subject(k)`` is where a disc is."""
    frames = []
    for k in range(FRAMES):
        frame = view(*move(k))
        if subject:
            x = round(128 + subject(k))
            frame[60:124, x - 32 : x + 32] = DISC
        frames.append(frame)
    return np.stack(frames)


MOVES = {
    "static": lambda _: (0, 0),
    "pan_right": lambda k: (3 * k, 0),
    "pan_left": lambda k: (-3 * k, 0),
    "tilt_up": lambda k: (0, -3 * k),
    "tilt_down": lambda k: (0, 3 * k),
    "push_in": lambda k: (0, 0, 1.012**k),
    "pull_out": lambda k: (0, 0, 1.3 / 1.012**k),
    "handheld": lambda k: (3 * np.sin(1.9 * k), 2 * np.cos(2.3 * k)),
}
OPPOSITE = {"pan_left": "pan_right", "tilt_up": "tilt_down", "push_in": "pull_out"}
OPPOSITE |= {b: a for a, b in OPPOSITE.items()}


@pytest.mark.parametrize("move", MOVES)
def test_a_move_is_seen_and_no_other(move):
    motion = camera_motion(flows(shot(MOVES[move], subject=lambda k: 1.5 * k), calmed=True))
    assert motion.shows(move)
    others = {"static", "pan_left", "pan_right", "tilt_up", "tilt_down", "push_in", "pull_out"} - {move}
    assert not [other for other in others if motion.shows(other) and move != "handheld"]
    if move in OPPOSITE:
        assert not motion.shows(OPPOSITE[move])


def test_a_follow_shot_is_told_by_the_subject():
    followed = camera_motion(flows(shot(MOVES["pan_right"], subject=lambda _: 0), calmed=True))
    assert followed.shows("track")
    left_behind = camera_motion(flows(shot(MOVES["pan_right"], subject=lambda k: -3 * k), calmed=True))
    assert not left_behind.shows("track")
    assert left_behind.shows("pan_right")


def test_an_orbit_keeps_the_ground_in_place():
    clip = shot(MOVES["pan_right"], subject=lambda k: 2 * k)
    clip[:, 128:] = clip[0, 128:]
    assert camera_motion(flows(clip, calmed=True)).shows("orbit")
    assert not camera_motion(flows(shot(MOVES["pan_right"]), calmed=True)).shows("orbit")


def test_snow_does_not_hide_a_still_camera():
    random = np.random.default_rng(0)
    clip = shot(MOVES["static"])
    flakes = random.integers((160, 256), size=(60, 2))
    for k, frame in enumerate(clip):
        rows, columns = (flakes[:, 0] + 5 * k) % 160, flakes[:, 1]
        frame[rows, columns] = 255
    assert camera_motion(flows(clip, calmed=True)).shows("static")


def test_every_move_of_the_vocabulary_has_a_rule():
    motion = camera_motion(flows(shot(MOVES["static"]), calmed=True))
    assert [move for move in SLOTS["camera"] if motion.shows(move)] == ["static"]


def test_jerkiness_sees_frozen_and_jittery_clips():
    def course(k):
        return 20 * np.sin(0.5 * k)

    smooth, frozen, jittery = (
        jerkiness(flows(shot(MOVES["static"], subject=path), calmed=False))
        for path in (course, lambda _: 0, lambda k: course(k) + 3 * (-1) ** k)
    )
    assert frozen < 0.6 * smooth
    assert jittery > 1.5 * smooth
