import dataclasses

import numpy as np
import pytest

from rushes.core.vocabulary import SLOTS
from rushes.diffusion.camera_path import camera_moves
from rushes.diffusion.camera_path import camera_path as path_of_moves
from rushes.world.affine import apply
from rushes.world.camera import WIDTH, camera_path, window_of
from rushes.world.motion import motion_at, motion_of
from rushes.world.scene import sample_scene

SUBJECT = (0.0, 100.0)


def shot(camera, num_frames=37):
    scene = dataclasses.replace(
        sample_scene(0), subject="fox", action="walk", direction="right", camera=camera, sweep=1.0
    )
    motion = motion_of(scene, num_frames)
    return motion, camera_path(scene, motion.times, motion.seconds, motion.x)


@pytest.mark.parametrize("camera", SLOTS["camera"])
def test_paths_have_no_jumps(camera):
    _, path = shot(camera, 97)
    for depth in (1.0, 3.0, 1e4):
        seen = apply(path.view(depth), SUBJECT)
        assert np.abs(np.diff(seen, 2, axis=0)).max() < 2.0
        assert np.abs(np.diff(seen, 3, axis=0)).max() < 1.5


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("camera", "action"), [("orbit", "stand"), ("track", "run"), ("track", "walk")])
def test_what_stands_twice_as_far_goes_past_as_the_sliders_say(camera, action, seed):
    scene = dataclasses.replace(sample_scene(seed), subject="fox", action=action, camera=camera)
    motion = motion_of(scene, 61)
    view = camera_path(scene, motion.times, motion.seconds, motion.x).view(2.0)
    moved = np.diff(apply(view, SUBJECT)[[0, -1], 0])[0] / WIDTH
    [path] = path_of_moves(camera_moves([scene.sliders()]), 16)
    assert moved == pytest.approx(-float(path[-1, 0] - path[0, 0]), rel=0.08)


@pytest.mark.parametrize(("camera", "sign"), [("pan_right", -1), ("pan_left", 1)])
def test_a_pan_moves_the_picture_a_quarter_to_two_fifths_in_three_seconds(camera, sign):
    _, path = shot(camera)
    moved = sign * np.diff(apply(path.view(1.0), SUBJECT)[[0, -1], 0])[0]
    assert 0.25 * WIDTH < moved < 0.4 * WIDTH
    far = sign * np.diff(apply(path.view(7.0), SUBJECT)[[0, -1], 0])[0]
    assert 0.5 * moved < far < 0.8 * moved


@pytest.mark.parametrize(("camera", "sign"), [("tilt_up", 1), ("tilt_down", -1)])
def test_a_tilt_moves_the_picture_by_a_quarter(camera, sign):
    _, path = shot(camera)
    assert sign * np.diff(apply(path.view(2.0), SUBJECT)[[0, -1], 1])[0] == pytest.approx(40.0)


@pytest.mark.parametrize(("camera", "grows"), [("push_in", True), ("pull_out", False)])
def test_a_push_magnifies_the_subject_more_than_the_distance(camera, grows):
    _, path = shot(camera)
    near, far = (path.view(depth)[:, 0, 0] for depth in (1.0, 7.0))
    ratio = near[-1] / near[0] if grows else near[0] / near[-1]
    assert ratio == pytest.approx(1.4, abs=0.05)
    assert 1.1 < (far[-1] / far[0] if grows else far[0] / far[-1]) < ratio


def test_tracking_holds_the_subject_and_lets_the_ground_stream():
    motion, path = shot("track")
    ground = path.view(1.0)
    on_screen = (
        np.einsum("tij,tj->ti", ground[..., :2], np.stack([motion.x, motion.x * 0], -1)) + ground[..., 2]
    )
    assert np.ptp(on_screen[:, 0]) < 1e-9
    assert np.ptp(apply(ground, SUBJECT)[:, 0]) > 0.5 * WIDTH


def test_hands_shake_but_a_tripod_does_not():
    assert np.ptp(apply(shot("static")[1].view(1.0), SUBJECT), axis=0).max() == 0
    assert np.ptp(apply(shot("handheld")[1].view(1.0), SUBJECT), axis=0).min() > 3


def test_the_window_covers_the_screen_in_every_frame():
    _, path = shot("handheld")
    window = window_of(path, 2.0)
    for x, y in ((window.left, window.top), (window.right, window.bottom)):
        seen = apply(path.view(2.0), (x, y))
        assert ((seen < 0) | (seen > (256, 160))).all()


def test_an_orbit_holds_the_subject_and_sweeps_what_stands_behind():
    _, path = shot("orbit")
    swept = [np.ptp(apply(path.view(depth), SUBJECT)[:, 0]) for depth in (1.0, 1.3, 3.5, 1e4)]
    assert swept[0] < 1e-9
    assert 10 < swept[1] < swept[2] < swept[3]
    assert swept[3] > 0.4 * WIDTH


@pytest.mark.parametrize("camera", SLOTS["camera"])
@pytest.mark.parametrize("depth", [1.0, 1.9, 1e4])
def test_every_move_is_twice_continuously_differentiable(camera, depth):
    scene = dataclasses.replace(
        sample_scene(0), subject="fox", action="run", direction="right", camera=camera, sweep=1.15
    )
    worst = []
    for count in (3001, 6001):
        times = np.linspace(0.0, 3.0, count)
        motion = motion_at(scene, 3.0, times)
        seen = apply(camera_path(scene, times, 3.0, motion.x).view(depth), SUBJECT)
        worst.append(np.abs(np.diff(seen, 3, axis=0)).max())
    assert worst[1] < 0.2 * worst[0] + 1e-9
