import dataclasses

import numpy as np
import pytest

from rushes.core.vocabulary import SLOTS, VALID_ACTIONS
from rushes.world.affine import apply
from rushes.world.camera import WIDTH
from rushes.world.costume import WARDROBE
from rushes.world.flight import GRAVITY, tosses
from rushes.world.motion import GROUND, motion_at, motion_of
from rushes.world.palette import palette_of
from rushes.world.people import pose_of
from rushes.world.scene import Scene, sample_scene
from rushes.world.stage import figure_of, stage_of

PAIRS = [(subject, action) for subject, actions in VALID_ACTIONS.items() for action in actions]
PEOPLE = ("warrior", "detective", "robot", "child", "woman")
BUILDS = {subject: WARDROBE[subject][0] for subject in PEOPLE}
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
        if np.abs(np.linalg.det(part.placement[..., :2])).min() < 1e-6:
            continue  # a flung drop starts anew while it has no size
        jolts = np.abs(np.diff(apply(part.placement, (0.0, 0.0)), 2, axis=0)).max()
        # A foot brakes, a can bounces within two frames of 1/12 s; a teleport would be tens of pixels more.
        assert jolts < {"walk": 16.0, "carry": 16.0, "run": 24.0}.get(action, 30.0)


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


@pytest.mark.parametrize("subject", ["warrior", "child", "fox", "horse", "alien"])
def test_a_leap_is_a_parabola_of_the_one_gravity_between_rests(subject):
    scene = scene_of(subject, "leap")
    times = np.linspace(0.0, 5.0, 5001)
    motion = motion_at(scene, 5.0, times)
    pull = np.diff(motion.leap.rise * motion.scale, 2) * 1e6
    flying = (motion.leap.soles > 0)[1:-1]
    assert flying.mean() > 0.2
    assert np.median(pull[flying]) == pytest.approx(-GRAVITY, rel=1e-3)
    assert (np.abs(pull[flying] + GRAVITY) < 1.0).mean() > 0.98
    course = np.diff(motion.x)[:-1][flying]
    assert np.median(course) == pytest.approx(course.mean(), rel=0.02)
    assert motion.leap.soles[[0, -1]] == pytest.approx(0.0)
    assert motion.leap.rise.min() * motion.scale > -22


def test_a_thrown_can_falls_by_the_same_gravity():
    times = np.linspace(0.0, 3.0, 3001)
    toss = tosses(times, 0.3, 30.0, 0.16)
    pull = np.diff(toss.height, 2) * 1e6
    falling = (toss.height > 0.5)[1:-1]
    assert falling.mean() > 0.7
    assert pull[falling] == pytest.approx(-GRAVITY, abs=1.0)
    lifted = stage_of(scene_of("can", "fly"), 37).figure.lifted
    assert np.ptp(lifted) > 20


@pytest.mark.parametrize(("subject", "action"), PAIRS)
@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_paths_of_the_body_are_twice_continuously_differentiable(subject, action, speed):
    """Third differences shrink with the cube of the step; a jump in place, speed or pull would not."""
    scene = scene_of(subject, action, speed=speed)
    worst = []
    for count in (4001, 8001):
        motion = motion_at(scene, 4.0, np.linspace(0.0, 4.0, count))
        paths = [motion.x, motion.leap.rise, motion.leap.soles, motion.leap.stance, motion.leap.air]
        paths += [motion.leap.tilt, figure_of(scene, motion, palette_of(scene)).lifted]
        worst.append(max(np.abs(np.diff(path, 3)).max() for path in paths))
    assert worst[1] < 0.2 * worst[0] + 1e-9


@pytest.mark.parametrize(
    ("subject", "action"), [(s, a) for s, a in PAIRS if a in ("walk", "run", "leap", "carry") and s in PEOPLE]
)
@pytest.mark.parametrize("camera", ["static", "track"])
@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_no_planted_foot_slides_by_half_a_pixel_a_frame(subject, action, camera, speed):
    scene = scene_of(subject, action, camera, speed=speed)
    motion = motion_of(scene, 61)
    pose = pose_of(BUILDS[subject], motion)
    for foot in pose.feet:
        ground = (foot[:, 0] + motion.travelled) * motion.scale
        planted = foot[:, 1] > -0.05
        both = planted[1:] & planted[:-1]
        assert both.mean() > 0.02
        assert np.abs(np.diff(ground))[both].max() < 0.5


def test_a_fast_action_is_faster_and_a_slow_one_slower():
    slow, usual, fast = (
        motion_of(scene_of("woman", "walk", "track", speed=speed), 61).x for speed in (0.5, 1.0, 2.0)
    )
    assert np.ptp(slow) == pytest.approx(0.5 * np.ptp(usual))
    assert np.ptp(fast) == pytest.approx(2 * np.ptp(usual))
    crossed = [np.ptp(motion_of(scene_of("woman", "run", speed=speed), 61).x) for speed in (0.5, 1.0, 2.0)]
    assert crossed[0] < 0.8 * crossed[1] < 0.64 * crossed[2]


def test_cloth_leans_with_the_wind_which_blows_to_the_left():
    def skirt(direction, strength):
        scene = scene_of("woman", "stand", weather="sandstorm", direction=direction, strength=strength)
        return pose_of(BUILDS["woman"], motion_of(scene, 17)).wind.mean()

    assert skirt("right", 1.0) > skirt("right", 0.0) > 0.2 > -0.1 > skirt("left", 0.0) > skirt("left", 1.0)


def test_hems_follow_their_cloth_later():
    pose = pose_of(BUILDS["warrior"], motion_of(scene_of("warrior", "leap"), 61))
    lags = [np.corrcoef(pose.wind[: 60 - lag], pose.hem[lag:60])[0, 1] for lag in range(6)]
    assert 1 <= int(np.argmax(lags)) <= 4


def test_two_shots_of_one_scene_differ_only_by_seed():
    first, second = (sample_scene(7), dataclasses.replace(sample_scene(7), seed=8))
    assert first.attributes() == second.attributes()
    assert motion_of(first, 5).phase != motion_of(second, 5).phase
