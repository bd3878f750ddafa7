import numpy as np
import pytest
import torch

from rushes.core.vocabulary import MOMENT
from rushes.training.recipe import DataRun
from rushes.training.shards import (
    FIRST_EVALUATION_SEED,
    Shelves,
    held_out_shards,
    later_frames,
    moments,
    shards,
    sliders,
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


def test_a_still_tells_when_in_its_shot_it_was_taken_and_a_clip_does_not():
    stills = [scene for shard in shards(DataRun(((1, 12),), (), shard=12)) for scene in shard.scenes()]
    told = [sliders(scene, 1)[MOMENT] for scene in stills]
    taken = [(length, drawn.start) for length, drawn in (moments(scene, 1) for scene in stills)]
    assert told == [first / (length - 1) for length, first in taken]
    assert len(set(told)) > 6
    assert sliders(stills[0], 17) == stills[0].sliders()
