import dataclasses

import cv2
import numpy as np
import pytest

from rushes.world.camera import camera_path
from rushes.world.cells import cells_of
from rushes.world.classes import CLASSES
from rushes.world.flow import movers_of
from rushes.world.motion import motion_of
from rushes.world.render import render, render_frames
from rushes.world.scene import Scene, sample_scene
from rushes.world.stage import stage_of

BASE = {
    "color": "red",
    "direction": "right",
    "weather": "clear",
    "time": "day",
    "style": "realistic",
    "seed": 2,
}
SHOTS = [
    ("warrior", "walk", "wall", "static"),
    ("fox", "run", "meadow", "track"),
    ("robot", "stand", "street", "pan_left"),
    ("car", "leap", "desert", "handheld"),
    ("alien", "fly", "forest", "push_in"),
    ("horse", "walk", "village", "tilt_up"),
]


def clip_of(subject, action, environment, camera, **changes):
    scene = Scene(
        **{
            **BASE,
            "subject": subject,
            "action": action,
            "environment": environment,
            "camera": camera,
            **changes,
        }
    )
    return scene, render(scene, 9)


def warped(frame, flow):
    rows, columns = np.mgrid[:160, :256].astype(np.float32)
    return cv2.remap(
        frame, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


@pytest.mark.parametrize("shot", SHOTS, ids="-".join)
def test_warping_back_restores_the_frame_where_parts_stay_on_top(shot):
    _, clip = clip_of(*shot)
    warped_error, still_error = [], []
    for frame in range(8):
        moved = clip.visible[frame] & (np.abs(clip.flow[frame]).max(axis=-1) > 0.3)
        target = clip.frames[frame].astype(float)
        warped_error.append(np.abs(warped(clip.frames[frame + 1], clip.flow[frame]) - target)[moved].mean())
        still_error.append(np.abs(clip.frames[frame + 1] - target)[moved].mean())
    assert np.mean(warped_error) < 0.45 * np.mean(still_error)


def test_most_pixels_stay_visible():
    _, clip = clip_of(*SHOTS[0])
    assert clip.visible.mean() > 0.93


def test_the_background_of_a_pan_moves_with_the_camera():
    scene, clip = clip_of("can", "stand", "wall", "pan_right")
    motion = motion_of(scene, 9)
    camera = camera_path(scene, motion.times, motion.seconds, motion.x)
    turned = -np.diff(camera.turn_x)
    for frame in range(8):
        sky = clip.flow[frame][clip.ids[frame] == 0]
        assert sky[:, 0] == pytest.approx(turned[frame], abs=1e-2)
        assert np.abs(sky[:, 1]).max() < 1e-4
        ground = clip.flow[frame][150, :, 0]
        assert ground.min() == pytest.approx(turned[frame] - np.diff(camera.truck)[frame], abs=1e-3)
        assert ground.min() < turned[frame] < 0


def test_nothing_moves_in_a_still_shot_but_the_subject():
    _, clip = clip_of("can", "stand", "desert", "static")
    background = clip.ids[:-1] < 6
    assert np.abs(clip.flow[background]).max() == 0
    assert clip.visible[background].mean() > 0.99


def test_particles_and_haze_are_transparent_to_flow():
    # A robot: cloth leans in the wind of a storm.
    _, clear = clip_of(*SHOTS[2])
    _, stormy = clip_of(*SHOTS[2], weather="sandstorm")
    assert (clear.flow == stormy.flow).all()
    assert (clear.ids == stormy.ids).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_clip_with_flow_has_the_same_pictures(seed):
    scene = dataclasses.replace(sample_scene(seed))
    clip = render(scene, 5)
    assert (clip.frames == render_frames(scene, 5)).all()
    assert clip.flow.shape == (4, 160, 256, 2)
    assert clip.flow.dtype == np.float32
    assert clip.visible.shape == (4, 160, 256)
    assert np.isfinite(clip.flow).all()


def test_a_single_frame_has_no_flow():
    assert render(sample_scene(0), 1).flow.shape == (0, 160, 256, 2)


def test_depth_and_classes_tell_what_is_where():
    scene, clip = clip_of("can", "stand", "wall", "static")
    kinds = {CLASSES[kind] for kind in np.unique(clip.classes)}
    assert kinds >= {"sky", "middle", "near", "ground", "subject"}
    first = len(movers_of(stage_of(scene, 9)).layers)
    assert ((clip.classes == CLASSES.index("subject")) == (clip.ids >= first)).all()
    assert (clip.depth[clip.classes == CLASSES.index("subject")] == 1.0).all()
    assert (clip.depth[clip.classes == CLASSES.index("sky")] == 1e4).all()
    assert clip.depth[0, 150].max() == 1.0


def test_a_dolly_brings_everything_nearer():
    _, clip = clip_of("can", "stand", "wall", "push_in")
    subject = clip.classes == CLASSES.index("subject")
    assert clip.depth[-1][subject[-1]].max() < clip.depth[0][subject[0]].min()


def test_cells_are_means_of_the_maps():
    _, clip = clip_of("fox", "run", "meadow", "track")
    cells = cells_of(clip.flow, clip.depth, clip.classes)
    patch = (slice(None), slice(64, 80), slice(96, 112))
    assert cells.flow[:, 4, 6] == pytest.approx(clip.flow[patch].mean(axis=(1, 2)), abs=1e-5)
    assert cells.nearness[:, 4, 6] == pytest.approx((1 / clip.depth[patch]).mean(axis=(1, 2)))
    subject = (clip.classes[patch] == CLASSES.index("subject")).mean(axis=(1, 2))
    assert cells.shares[:, 4, 6, CLASSES.index("subject")] == pytest.approx(subject)
