"""Readings: what model and judge both know counts, what is hidden does not; picking follows from it."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from rushes.core.errors import UsageError
from rushes.core.vocabulary import SLOTS
from rushes.evaluation import picking
from rushes.evaluation.picking import Picker
from rushes.evaluation.reading import Reading, features, read, shared, shrink, to_pixels, visible
from rushes.models.judge import ReadOut, ReadOutConfig, frame_pairs, save_judge

CONFIG = ReadOutConfig(SLOTS, (72, 128), 4, widths=(16, 24, 32), hidden_size=32)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return ReadOut(CONFIG).eval()


def clip(seed, frames=17):
    return np.random.default_rng(seed).integers(0, 255, (frames, 160, 256, 3)).astype(np.uint8)


@pytest.mark.parametrize("frames", [1, 17, 61])
def test_the_shrunk_frames_are_the_pairs_of_the_whole_clip(frames):
    whole = clip(0, frames)
    kept = to_pixels(shrink(whole, CONFIG)[None])
    for ours, expected in zip(
        frame_pairs(kept, CONFIG), frame_pairs(to_pixels(whole[None]), CONFIG), strict=True
    ):
        assert (ours - expected).abs().max() < 2 / 127.5  # one rounding to whole levels


def test_only_what_both_know_is_read(network):
    known = {"subject": ("fox", "dragon", "dog"), "camera": SLOTS["camera"], "smell": ("sweet",)}
    assert shared(known, CONFIG) == {"subject": ("fox", "dog"), "camera": SLOTS["camera"]}
    [reading] = read(network, [clip(1)], known)
    assert set(reading.odds["subject"]) == {"fox", "dog"}
    assert sum(map(math.exp, reading.odds["subject"].values())) == pytest.approx(1)
    assert set(reading.shown()) == {"subject", "camera"}


def test_a_turning_figure_has_no_direction():
    asked = {"subject": "robot", "action": "spin", "direction": "left"}
    assert visible(asked) == {"subject": "robot", "action": "spin"}
    assert visible({**asked, "action": "walk"}) == {**asked, "action": "walk"}


def test_agreement_is_the_sum_of_what_can_be_read():
    reading = Reading({"subject": {"fox": -0.1, "dog": -2.0}, "time": {"day": -1.0, "night": -0.5}})
    assert reading.agreement({"subject": "fox", "time": "day"}) == pytest.approx(-1.1)
    assert reading.agreement({"subject": "dragon", "time": "day", "sky": "aurora"}) == -1.0


def test_a_picker_is_deterministic_and_follows_its_network(network):
    picker = Picker(network, "digest", {"subject": "fox", "time": "night"}, SLOTS)
    clips = [clip(seed) for seed in range(4)]
    scores = [picker(each) for each in clips]
    assert scores == [picker(each) for each in clips]
    expected = [reading.agreement(picker.wanted) for reading in read(network, clips, SLOTS)]
    assert scores == pytest.approx(expected, abs=1e-5)
    assert len(set(scores)) == 4
    assert replace(picker, wanted={"subject": "dog"})(clips[0]) != scores[0]
    assert picker.settings() == {"judge": "digest", "wanted": {"subject": "fox", "time": "night"}}


def test_features_tell_clips_apart(network):
    rows = features(network, [clip(0), clip(1)])
    assert rows.shape == (2, 32)
    assert not np.allclose(rows[0], rows[1])


def test_words_that_nobody_can_see(network, tmp_path, monkeypatch):
    monkeypatch.setattr(picking, "judge_file", lambda role: tmp_path / f"{role}.safetensors")
    save_judge(network, tmp_path / "chooser.safetensors")
    assert picking.picker("a fox at night", {}).wanted == {"subject": "fox", "time": "night"}
    with pytest.raises(UsageError, match="known to the judge"):
        picking.picker("a quiet thought", {})
