import numpy as np
import pytest
import torch
from tests.tiny_model import tiny_bundle

from rushes.core.errors import WeightsError
from rushes.core.vocabulary import SLOTS
from rushes.evaluation.readout import (
    CONFIG,
    FIRST_SCENE_SEED,
    NUM_FRAMES,
    load_read_out,
    read,
    reconstruct,
    render_clips,
    save_read_out,
    shrink,
    to_pixels,
    train_read_out,
)
from rushes.models.judge import ReadOut, frame_pairs
from rushes.world.render import render_frames
from rushes.world.scene import sample_scene


@pytest.fixture(scope="module")
def clips():
    return render_clips(FIRST_SCENE_SEED, 6, tiny_bundle().codec, coded_every=3)


def test_it_learns_the_clips_it_is_shown(clips, tmp_path):
    torch.manual_seed(0)
    network = ReadOut(CONFIG)
    losses = list(train_read_out(network, clips, steps=12, batch=6))
    assert np.mean(losses[-3:]) < 0.9 * np.mean(losses[:3])
    save_read_out(network, tmp_path / "readout.safetensors")
    loaded = load_read_out(tmp_path / "readout.safetensors")
    shown = [np.repeat(np.repeat(clip, 2, axis=1), 2, axis=2) for clip in clips.frames[:2]]
    assert [set(reading) for reading in read(loaded, shown)] == [set(SLOTS)] * 2


def test_the_kept_frames_are_the_pairs_of_the_whole_clip(clips):
    scene = sample_scene(FIRST_SCENE_SEED + 1)
    whole = to_pixels(shrink(render_frames(scene, NUM_FRAMES))[None])
    kept, _ = clips.draw(np.array([1]), mirrored=False)
    for ours, expected in zip(frame_pairs(kept), frame_pairs(whole), strict=True):
        assert torch.equal(ours, expected)


def test_a_mirrored_clip_has_mirrored_words(clips):
    chosen = np.arange(6)
    plain, labels = clips.draw(chosen, mirrored=False)
    turned, turned_labels = clips.draw(chosen, mirrored=True)
    assert torch.equal(turned, plain.flip(-1))
    assert torch.equal(turned_labels["direction"], 1 - labels["direction"])
    assert torch.equal(turned_labels["subject"], labels["subject"])
    left, right = (SLOTS["camera"].index(name) for name in ("pan_left", "pan_right"))
    swap = {left: right, right: left}
    assert turned_labels["camera"].tolist() == [swap.get(value, value) for value in labels["camera"].tolist()]


def test_every_third_clip_went_through_the_codec(clips):
    plain = render_clips(FIRST_SCENE_SEED, 6, None, coded_every=3)
    changed = [not np.array_equal(a, b) for a, b in zip(clips.frames, plain.frames, strict=True)]
    assert changed == [True, False, False, True, False, False]
    assert all(torch.equal(plain.labels[slot], clips.labels[slot]) for slot in SLOTS)


def test_reconstruction_keeps_the_shape():
    frames = np.random.default_rng(0).integers(0, 255, (5, 160, 256, 3)).astype(np.uint8)
    assert reconstruct(tiny_bundle().codec, frames).shape == frames.shape


def test_a_missing_judge_says_what_to_do(tmp_path):
    with pytest.raises(WeightsError, match="is missing: train the judge"):
        load_read_out(tmp_path / "none.safetensors")
