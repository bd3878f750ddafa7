"""The judges' training: the clips it sees, how they are mirrored and spoilt, and that it may be stopped."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.tiny_model import tiny_bundle

from rushes.core.vocabulary import SLOTS
from rushes.evaluation import judge_training
from rushes.evaluation.judge_training import (
    RECIPES,
    JudgeTraining,
    make_judge,
    reconstruct,
    spoil,
    training_clips,
)
from rushes.evaluation.reading import Role, shrink
from rushes.models.judge import ReadOutConfig, load_judge
from rushes.world.render import render_frames
from rushes.world.scene import sample_scene

RECIPE = replace(
    RECIPES[Role.REPORTER],
    config=ReadOutConfig(SLOTS, (40, 64), 4, widths=(16, 24, 32), hidden_size=32),
    scenes=6,
    steps=6,
    batch=6,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("scenes")


@pytest.fixture(scope="module")
def clips(folder):
    return training_clips(RECIPE, tiny_bundle().codec, folder, lambda *_: None)


def test_another_recipe_is_another_training():
    assert RECIPE.key == replace(RECIPE).key
    assert len({RECIPE.key, replace(RECIPE, steps=7).key, RECIPES[Role.REPORTER].key}) == 3


def test_the_two_judges_share_no_scene_and_no_draw():
    chooser, reporter = RECIPES[Role.CHOOSER], RECIPES[Role.REPORTER]
    first = range(chooser.first_seed, chooser.first_seed + chooser.scenes)
    assert reporter.first_seed not in first
    assert reporter.first_seed > first[-1] >= 2_000_000_000
    assert chooser.seed != reporter.seed
    assert chooser.config.picture != reporter.config.picture
    assert chooser.augmentation != reporter.augmentation


def test_clips_of_two_lengths_are_kept_as_they_are_looked_at(clips, folder):
    assert len(clips) == 6
    assert clips.parts[0].shape == (6, 8, 40, 64, 3)
    for number, frames in ((1, 61), (3, 17)):
        expected = shrink(render_frames(sample_scene(RECIPE.first_seed + number), frames), RECIPE.config)
        assert np.array_equal(clips.parts[0][number], expected)
    again = training_clips(RECIPE, None, folder, lambda *_: None)  # all is on disk: no codec is asked
    assert np.array_equal(again.parts[0], clips.parts[0])


def test_a_mirrored_clip_has_mirrored_words_and_what_is_hidden_stays_hidden(clips):
    chosen = np.arange(6)
    plain, labels = clips.draw(chosen, mirrored=False)
    turned, other = clips.draw(chosen, mirrored=True)
    assert torch.equal(turned, plain.flip(-1))
    seen = labels["direction"] >= 0
    assert torch.equal(other["direction"][seen], 1 - labels["direction"][seen])
    assert torch.equal(other["direction"][~seen], labels["direction"][~seen])
    spinning = labels["action"] == SLOTS["action"].index("spin")
    assert torch.equal(seen, ~spinning)
    left, right = (SLOTS["camera"].index(name) for name in ("pan_left", "pan_right"))
    swap = {left: right, right: left}
    assert other["camera"].tolist() == [swap.get(value, value) for value in labels["camera"].tolist()]


def test_spoiling_depends_on_the_draw_alone(clips):
    pixels, _ = clips.draw(np.arange(2), mirrored=False)
    first, second, other = (
        spoil(pixels, RECIPE.augmentation, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert first.shape == pixels.shape


def test_training_that_was_stopped_ends_with_the_same_weights(clips, tmp_path):
    whole = JudgeTraining(RECIPE, clips)
    losses = list(whole.train())
    assert losses[-1] < losses[0]
    stopped = JudgeTraining(RECIPE, clips)
    for _ in range(3):
        next(stopped.train())
    stopped.save(tmp_path / "state.pt")
    resumed = JudgeTraining(RECIPE, clips)
    resumed.load(tmp_path / "state.pt")
    assert len(list(resumed.train())) == 3
    ours, theirs = whole.network.state_dict(), resumed.network.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_made_judge_is_written_and_progress_is_told(clips, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(judge_training, "judge_file", lambda role: tmp_path / f"{role}.safetensors")
    short = replace(RECIPE, steps=2)
    (tmp_path / short.key).symlink_to(folder)
    lines = []
    make_judge(short, None, tmp_path, lambda *line: lines.append(line))
    assert load_judge(tmp_path / "reporter.safetensors").config == RECIPE.config
    assert lines == [("reporter: scenes", 6, 6), ("reporter: steps", 1, 2), ("reporter: steps", 2, 2)]


def test_a_training_starts_from_the_shipped_network_of_its_shape(clips):
    shipped = JudgeTraining(replace(RECIPE, seed=7), clips).network
    own, warm = JudgeTraining(RECIPE, clips).network, JudgeTraining(RECIPE, clips, shipped).network
    name = next(iter(shipped.state_dict()))
    assert torch.equal(warm.state_dict()[name], shipped.state_dict()[name])
    assert not torch.equal(own.state_dict()[name], shipped.state_dict()[name])
    other = replace(RECIPE, config=replace(RECIPE.config, hidden_size=16))
    assert JudgeTraining(other, clips, shipped).network.config.hidden_size == 16


def test_reconstruction_keeps_the_shape_and_noise_changes_it():
    frames = np.random.default_rng(0).integers(0, 255, (5, 160, 256, 3)).astype(np.uint8)
    codec = tiny_bundle().codec
    plain, noisy = reconstruct(codec, frames), reconstruct(codec, frames, noise=0.5, seed=1)
    assert plain.shape == noisy.shape == frames.shape
    assert not np.array_equal(plain, noisy)
