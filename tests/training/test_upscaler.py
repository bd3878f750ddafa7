"""Crops lie where they must, training lowers the error and goes on from where it stopped."""

import numpy as np
import pytest
import torch

from rushes.models.mini_codec import MiniCodec, MiniCodecConfig
from rushes.models.upscaler import FACTOR, Upscaler, UpscalerConfig
from rushes.training.crops import GRID, SIDE, TARGET_FRAMES, CropShard
from rushes.training.recipe import UpscalerRun
from rushes.training.upscaler import UpscalerStage
from rushes.training.upscaler_data import CROPS, HEIGHT, coded_clip, crop_shards, scene_crops
from rushes.world.scene import sample_scene

RUN = UpscalerRun(steps=30, learning_rate=2e-3, batch=2, crop=(2, 16), scenes=1)


class Transparent(MiniCodec):
    """Codes nothing away, so that crops can be compared with renders."""

    def encode(self, frames):
        return frames

    def decode(self, latents):
        return latents.clamp(-1, 1)


@pytest.fixture
def transparent():
    return Transparent(MiniCodecConfig(4, (4, 4, 4), (4, 4, 4)))


def shard():
    """Small pictures whose large ones are lighter and striped: more than enlarging tells."""
    random = np.random.default_rng(0)
    inputs = random.integers(60, 180, (4, TARGET_FRAMES + 2, SIDE, SIDE, 3), dtype=np.uint8)
    targets = inputs[:, 1:-1].repeat(FACTOR, axis=2).repeat(FACTOR, axis=3) + 20
    targets[:, :, :, ::FACTOR] += 30
    return CropShard(inputs, targets)


def stage(steps=40):
    torch.manual_seed(0)
    upscaler = Upscaler(UpscalerConfig(width=8, fine_width=8, half_blocks=1, quarter_blocks=1))
    upscaler.init_weights()
    return UpscalerStage(upscaler, RUN, [shard()], seed=1)


def test_inputs_and_targets_show_the_same(transparent):
    """Means over the large picture's squares are the small picture, but for edges and latent noise."""
    inputs, targets = scene_crops(sample_scene(800_000_001), transparent)
    assert inputs.shape == (CROPS, TARGET_FRAMES + 2, SIDE, SIDE, 3)
    assert targets.shape == (CROPS, TARGET_FRAMES, FACTOR * SIDE, FACTOR * SIDE, 3)
    squares = targets.reshape(CROPS, TARGET_FRAMES, SIDE, FACTOR, SIDE, FACTOR, 3).astype(float)
    difference = squares.mean(axis=(3, 5)) - inputs[:, 1:-1]
    wrong = squares.mean(axis=(3, 5))[:, ::-1] - inputs[:, 1:-1]
    assert np.sqrt(np.square(difference).mean()) < 12
    assert np.square(difference).mean() <= np.square(wrong).mean()
    assert HEIGHT % GRID == SIDE % GRID == 0


def test_noise_disturbs_the_latents(transparent):
    clip = np.full((5, 16, 16, 3), 128, np.uint8)
    assert np.array_equal(coded_clip(clip, transparent, 0.0, seed=1), clip)
    assert coded_clip(clip, transparent, 0.1, seed=1).std() > 5


def test_shards_are_made_once(tmp_path, transparent):
    first = [part.inputs.copy() for part in crop_shards(tmp_path, 1, transparent)]
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = list(crop_shards(tmp_path, 1, transparent))
    assert len(stamps) == 2
    assert stamps == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert np.array_equal(first[0], again[0].inputs)


def test_training_gains_over_plain_enlarging():
    training = stage()
    gains = []
    for training.step in range(RUN.steps):
        gains.append(training.train_step()["gain_db"])
    assert abs(gains[0]) < 0.02
    assert np.mean(gains[-5:]) > 1.0


def test_a_saved_state_goes_on_as_if_never_stopped():
    whole, first = stage(), stage()
    for whole.step in range(4):
        expected = whole.train_step()
    for first.step in range(2):
        first.train_step()
    first.step = 2
    second = stage()
    second.load_state_dict(first.state_dict())
    for second.step in range(2, 4):
        resumed = second.train_step()
    assert resumed == expected
