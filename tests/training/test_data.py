import numpy as np
import torch

from rushes.models.mini_codec import MiniCodec, MiniCodecConfig
from rushes.training.data import (
    FIRST_EVALUATION_SEED,
    frames_of,
    held_out_shards,
    latent_motion,
    latent_presence,
    latents_of,
    render_scene,
    shards,
    to_pixels,
)
from rushes.training.pools import LatentPool
from rushes.training.recipe import DataRun
from rushes.world.presence import subject_presence
from rushes.world.render import render, render_frames
from rushes.world.scene import sample_scene

RUN = DataRun(scenes=((1, 3), (5, 2)), held_out=((5, 2),), shard=2)


def test_shards_cover_every_scene_once_and_never_an_evaluation_scene():
    seeds = [
        seed for shard in shards(RUN) for seed in range(shard.first_seed, shard.first_seed + shard.count)
    ]
    assert len(seeds) == len(set(seeds)) == 5
    assert max(seeds) < FIRST_EVALUATION_SEED


def test_a_still_is_a_frame_of_its_scene():
    scene = sample_scene(7)
    still = render_scene(scene, 1)
    assert still.shape == (1, 160, 256, 3)
    assert any(np.array_equal(still[0], frame) for frame in render_frames(scene, 37))


def test_frames_and_latents_are_made_once_and_kept(tmp_path):
    torch.manual_seed(0)
    codec = MiniCodec(MiniCodecConfig(4, (4, 4, 4), (4, 4, 4))).eval()
    shard = shards(RUN)[-1]
    frames = frames_of(shard, tmp_path / "frames")
    assert frames.shape == (2, 5, 160, 256, 3)
    latents = latents_of(shard, tmp_path / "frames", tmp_path / "latents", codec)
    assert latents.shape == (2, 4, 2, 10, 16)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    latents_of(shard, tmp_path / "frames", tmp_path / "latents", codec)
    assert written == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    with torch.no_grad():
        expected = codec.encode(to_pixels(frames[:1]))[0]
    assert np.abs(latents[0] - expected.numpy()).max() < 0.05 * expected.abs().max()  # bf16 in between


def test_presence_of_a_latent_cell_is_the_mean_over_its_frames():
    scene = sample_scene(3)
    presence, frames = latent_presence(scene, 9), subject_presence(scene, 9)
    assert presence.shape == (3, 10, 16)
    assert np.allclose(presence[0], frames[0], atol=1e-3)
    assert np.allclose(presence[2], frames[5:9].mean(axis=0), atol=1e-3)
    assert latent_presence(scene, 1).shape == (1, 10, 16)


def test_a_pool_draws_clips_with_their_own_attributes():
    parts = tuple(
        np.full((2, 1, 1, 1, 1), part, np.float16) + np.arange(2).reshape(2, 1, 1, 1, 1) / 10
        for part in (0, 1)
    )
    presence = tuple(part[:, 0] / 2 for part in parts)
    shown = tuple({"subject": name} for name in ("a", "b", "c", "d"))
    sliders = tuple({"speed": float(number)} for number in range(4))
    pool = LatentPool(parts, presence, parts, shown, sliders)
    clips, drawn_presence, motion, attributes, drawn_sliders = pool.draw(64, np.random.default_rng(0))
    assert torch.allclose(drawn_presence, clips / 2, atol=1e-3)
    assert torch.equal(motion, clips)
    assert [values["speed"] for values in drawn_sliders] == ["abcd".index(x["subject"]) for x in attributes]
    assert LatentPool(parts, presence, (), shown, sliders).draw(1, np.random.default_rng(0)).motion is None
    names = {0.0: "a", 0.1: "b", 1.0: "c", 1.1: "d"}
    assert [values["subject"] for values in attributes] == [
        names[round(float(clip), 1)] for clip in clips.flatten()
    ]
    assert {values["subject"] for values in attributes} == set("abcd")


def test_held_out_scenes_are_neither_trained_on_nor_reported():
    seeds = {scene.seed for shard in held_out_shards(RUN) for scene in shard.scenes()}
    trained = {scene.seed for shard in shards(RUN) for scene in shard.scenes()}
    assert len(seeds) == 2
    assert not seeds & trained
    assert min(seeds) > FIRST_EVALUATION_SEED + 10**9


def test_latent_motion_is_the_mean_flow_of_the_frames_a_cell_covers():
    scene = sample_scene(5)
    motion, clip = latent_motion(scene, 5), render(scene, 5)
    assert motion.shape == (3, 2, 10, 16)
    cells = clip.flow.reshape(4, 10, 16, 16, 16, 2).mean(axis=(2, 4))
    assert np.allclose(motion[:2, 0], cells[0].transpose(2, 0, 1), atol=2e-2)
    later = np.concatenate([cells[1:], cells[-1:]]).mean(axis=0)
    assert np.allclose(motion[:2, 1], later.transpose(2, 0, 1), atol=2e-2)
    assert 0 <= motion[2].min() <= motion[2].max() <= 1
    assert latent_motion(scene, 1).shape == (3, 1, 10, 16)
