import numpy as np
import pytest
import torch

from rushes.training.recipe import DataRun
from rushes.training.shards import (
    FIRST_EVALUATION_SEED,
    Shelves,
    held_out_shards,
    later_frames,
    shards,
)

RUN = DataRun(scenes=((1, 3), (5, 2)), held_out=((1, 1), (5, 1)), shard=2)


def test_shards_cover_every_scene_once_and_never_an_evaluation_scene():
    seeds = [
        seed for shard in shards(RUN) for seed in range(shard.first_seed, shard.first_seed + shard.count)
    ]
    assert len(seeds) == len(set(seeds)) == 5
    assert max(seeds) < FIRST_EVALUATION_SEED


def test_held_out_scenes_are_neither_trained_on_nor_reported():
    seeds = {scene.seed for shard in held_out_shards(RUN) for scene in shard.scenes()}
    trained = {scene.seed for shard in shards(RUN) for scene in shard.scenes()}
    assert len(seeds) == 2
    assert not seeds & trained
    assert min(seeds) > FIRST_EVALUATION_SEED + 10**9


@pytest.mark.parametrize("kind", [torch.from_numpy, np.asarray], ids=["tensor", "array"])
def test_later_latent_frames_are_means_of_four(kind):
    maps = np.arange(9, dtype=np.float32).reshape(1, 1, 9, 1, 1)
    assert later_frames(kind(maps)).reshape(-1).tolist() == [0, 2.5, 6.5]


def test_shelves_hold_a_shard_when_every_file_lies_there(tmp_path):
    shard = shards(RUN)[0]
    plain = Shelves(tmp_path / "latents", tmp_path / "presence", None)
    moving = Shelves(tmp_path / "latents", tmp_path / "presence", tmp_path / "motion")
    assert not plain.holds(shard)
    plain.put(shard, np.ones((2, 1), np.float16), np.zeros((2, 1), np.float16))
    assert plain.holds(shard)
    assert not moving.holds(shard)
    assert plain.read(plain.latents, shard).tolist() == [[1], [1]]
