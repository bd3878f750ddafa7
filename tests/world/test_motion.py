import dataclasses

import numpy as np
import pytest

from rushes.core.vocabulary import SLOTS, VALID_ACTIONS
from rushes.world.affine import apply
from rushes.world.camera import WIDTH
from rushes.world.motion import GROUND, motion_of
from rushes.world.scene import Scene, sample_scene
from rushes.world.stage import stage_of

PAIRS = [(subject, action) for subject, actions in VALID_ACTIONS.items() for action in actions]
BASE = {
    "color": "red",
    "direction": "left",
    "environment": "desert",
    "weather": "clear",
    "time": "day",
    "style": "noir",
}


def scene_of(subject, action, camera="static", seed=5, **changes):
    return Scene(**{**BASE, "subject": subject, "action": action, "camera": camera, "seed": seed, **changes})


@pytest.mark.parametrize("num_frames", [1, 5, 17, 37, 97])
def test_a_shot_has_its_frames_a_twelfth_apart(num_frames):
    motion = motion_of(scene_of("fox", "run"), num_frames)
    assert np.diff(motion.times) == pytest.approx(1 / 12)
    assert motion.times[0] >= 0
    assert motion.times[-1] <= motion.seconds + 1e-9


@pytest.mark.parametrize("action", ["walk", "run"])
@pytest.mark.parametrize("subject", ["warrior", "dog", "horse"])
@pytest.mark.parametrize("num_frames", [37, 97])
def test_a_static_camera_sees_the_subject_cross_part_of_the_frame(subject, action, num_frames):
    motion = motion_of(scene_of(subject, action), num_frames)
    assert 0.35 * WIDTH <= abs(motion.x[-1] - motion.x[0]) <= 0.62 * WIDTH
    assert np.sign(motion.x[-1] - motion.x[0]) == -1


@pytest.mark.parametrize(("subject", "action"), PAIRS)
def test_parts_move_without_jumps(subject, action):
    stage = stage_of(scene_of(subject, action), 97)
    placed = [part.under(stage.placement) for part in stage.figure.parts]
    for part in placed:
        jolts = np.abs(np.diff(apply(part.placement, (0.0, 0.0)), 2, axis=0)).max()
        # A swinging foot brakes within two frames of 1/12 s; a teleport would be tens of pixels more.
        assert jolts < (24.0 if action == "run" else 16.0)


@pytest.mark.parametrize(
    ("subject", "action"), [(s, a) for s, a in PAIRS if a in ("walk", "run") and s not in ("car", "alien")]
)
def test_planted_feet_do_not_slide(subject, action):
    """Some foot rests on the ground in most walking frames, and in a good part of running ones."""
    stage = stage_of(scene_of(subject, action), 61)
    soles = [
        apply(part.under(stage.placement).placement, (0.0, 0.0))
        for part in stage.figure.parts
        if len(part.shapes) == 1 and np.abs(apply(part.placement, (0.0, 0.0))[:, 1]).min() < 8.0
    ]
    assert len(soles) >= 2
    speeds = np.stack([np.abs(np.diff(sole[:, 0])) for sole in soles])
    low = np.stack([sole[1:, 1] > GROUND - 8.0 for sole in soles])
    resting = ((speeds < 0.3) & low).any(axis=0).mean()
    assert resting > (0.75 if action == "walk" else 0.25)


@pytest.mark.parametrize("camera", SLOTS["camera"])
@pytest.mark.parametrize("num_frames", [1, 17, 97])
def test_the_subject_stays_in_the_frame(camera, num_frames):
    for seed, (subject, action) in enumerate(PAIRS):
        if camera == "track" and action in ("stand", "spin"):
            continue
        stage = stage_of(scene_of(subject, action, camera, seed), num_frames)
        low, high = subject_bounds(stage)
        inside = (np.minimum(high[:, 0], WIDTH) - np.maximum(low[:, 0], 0)) / (high - low)[:, 0]
        central = (np.minimum(high[:, 1], 152) - np.maximum(low[:, 1], 8)) / (high - low)[:, 1]
        assert inside.min() > 0.75, (subject, action)
        assert central.min() > 0.75, (subject, action)


def subject_bounds(stage):
    """Screen bounds (T, 2) and (T, 2) of the subject, from the corners of its shapes."""
    view = stage.camera.view(1.0)
    corners = []
    for part in stage.figure.parts:
        placement = part.under(stage.placement).under(view).placement
        for shape in part.shapes:
            left, top, right, bottom = shape.path.bounds
            corners += [apply(placement, (x, y)) for x in (left, right) for y in (top, bottom)]
    return np.min(corners, axis=0), np.max(corners, axis=0)


def test_leaps_leave_the_ground_and_come_back():
    stage = stage_of(scene_of("warrior", "leap"), 37)
    lifted = stage.figure.lifted
    assert lifted.max() > 20
    assert lifted[[0, -1]] == pytest.approx(0.0, abs=1e-6)
    assert np.abs(np.diff(lifted, 2)).max() < 6


def test_two_shots_of_one_scene_differ_only_by_seed():
    first, second = (sample_scene(7), dataclasses.replace(sample_scene(7), seed=8))
    assert first.attributes() == second.attributes()
    assert motion_of(first, 5).phase != motion_of(second, 5).phase
