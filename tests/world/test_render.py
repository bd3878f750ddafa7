import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from rushes.core.errors import UsageError
from rushes.core.vocabulary import SLOTS, VALID_ACTIONS
from rushes.world.canvas.layers import draw_layer
from rushes.world.canvas.stencil import id_pictures
from rushes.world.flow import movers_of
from rushes.world.palette import palette_of
from rushes.world.render import render_frames
from rushes.world.scene import Scene, is_valid, sample_scene
from rushes.world.stage import stage_of


def covering_scenes():
    """Every subject with each of its actions, and every pair of place, weather, hour, style somewhere."""
    pairs = [(s, a) for s, actions in VALID_ACTIONS.items() for a in actions]
    grid = [
        (e, w, t, y)
        for e in SLOTS["environment"]
        for w in SLOTS["weather"]
        for t in SLOTS["time"]
        for y in SLOTS["style"]
    ]
    for index, (environment, weather, time, style) in enumerate(grid[::7]):
        subject, action = pairs[index % len(pairs)]
        attributes = {
            "subject": subject,
            "color": SLOTS["color"][index % 6],
            "action": action,
            "direction": SLOTS["direction"][index % 2],
            "environment": environment,
            "weather": weather,
            "time": time,
            "style": style,
            "camera": SLOTS["camera"][index % len(SLOTS["camera"])],
            "sky": SLOTS["sky"][index % 4],
        }
        if not is_valid(attributes):
            attributes = {**attributes, "camera": "static", "sky": "plain"}
        yield Scene(**attributes, seed=index)


def test_covering_scenes_render_and_none_is_dark_or_flat():
    scenes = list(covering_scenes())
    assert {(s.subject, s.action) for s in scenes} == {
        (s, a) for s, actions in VALID_ACTIONS.items() for a in actions
    }
    for scene in scenes:
        (frame,) = render_frames(scene, 1)
        assert frame.shape == (160, 256, 3)
        assert frame.mean() > 45, scene
        assert frame.std() > 9, scene


def test_the_same_scene_gives_the_same_bytes_in_another_process():
    code = (
        "import hashlib\n"
        "from rushes.world.render import render_frames\n"
        "from rushes.world.scene import sample_scene\n"
        "clips = b''.join(render_frames(sample_scene(seed), 5).tobytes() for seed in range(4))\n"
        "print(hashlib.sha256(clips).hexdigest())\n"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout != b""
    assert (render_frames(sample_scene(1), 5) == render_frames(sample_scene(1), 5)).all()


@pytest.mark.parametrize("seed", range(12))
def test_a_frame_does_not_depend_on_which_others_are_drawn(seed):
    scene = sample_scene(seed)
    whole = render_frames(scene, 37)
    for frame in (36, 3):
        assert (render_frames(scene, 37, range(frame, frame + 1))[0] == whole[frame]).all()


@pytest.mark.parametrize(("num_frames", "drawn"), [(0, None), (5, range(3, 6)), (5, range(-1, 1))])
def test_frames_that_do_not_exist_are_refused(num_frames, drawn):
    with pytest.raises(UsageError, match=str(num_frames)):
        render_frames(sample_scene(0), num_frames, drawn)


@pytest.mark.parametrize("subject", SLOTS["subject"])
@pytest.mark.parametrize("camera", ["static", "push_in", "pull_out"])
def test_the_standing_subject_fills_two_to_three_quarters_of_the_height(subject, camera):
    scene = dataclasses.replace(sample_scene(3), subject=subject, action="stand", camera=camera)
    movers = movers_of(stage_of(scene, 17))
    first = len(movers.layers) + len(movers.props)
    for ids in id_pictures(movers, [draw_layer(layer) for layer in movers.layers])[::8]:
        rows = np.flatnonzero((ids >= first).any(axis=1))
        assert 0.4 <= (rows[-1] - rows[0] + 1) / 160 <= 0.77


def test_paints_stay_apart_in_every_style_and_hour():
    base = {**dataclasses.asdict(sample_scene(0)), "sky": "plain"}
    for style in SLOTS["style"]:
        for time in SLOTS["time"]:
            for weather in SLOTS["weather"]:
                seen = []
                for color in SLOTS["color"]:
                    palette = palette_of(
                        Scene(**{**base, "style": style, "time": time, "weather": weather, "color": color})
                    )
                    seen.append(palette.subject(palette.paint))
                gaps = np.linalg.norm(np.array(seen)[:, None] - np.array(seen)[None], axis=-1) + np.eye(6)
                assert gaps.min() > 0.13, (style, time, weather)


def test_weather_moves_and_clear_air_does_not():
    scene = dataclasses.replace(
        sample_scene(0), subject="can", action="stand", environment="desert", camera="static", sky="plain"
    )
    sky = (slice(None), slice(0, 30))
    for weather, moves in (("clear", False), ("rain", True), ("snow", True), ("sandstorm", True)):
        frames = render_frames(dataclasses.replace(scene, weather=weather), 5).astype(int)
        assert (np.abs(np.diff(frames, axis=0))[sky].mean() > 0.5) == moves


@pytest.mark.parametrize("seed", [3, 104, 118, 127])
def test_a_larger_picture_is_the_same_picture_drawn_finer(seed):
    """Its means over squares are the usual picture, edges apart; itself it is sharper than that enlarged."""
    usual = render_frames(sample_scene(seed), 13, range(6, 7)).astype(float)[0]
    large = render_frames(sample_scene(seed), 13, range(6, 7), scale=3).astype(float)[0]
    assert large.shape == (480, 768, 3)
    means = large.reshape(160, 3, 256, 3, 3).mean(axis=(1, 3))
    assert np.sqrt(np.square(means - usual).mean()) < 4.0
    assert np.abs(np.diff(large, axis=1)).max() > 0.8 * np.abs(np.diff(usual, axis=1)).max()
    assert np.square(large - usual.repeat(3, axis=0).repeat(3, axis=1)).mean() > 4.0
