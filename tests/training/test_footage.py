import numpy as np
import torch

from rushes.models.mini_codec import MiniCodec, MiniCodecConfig
from rushes.training.footage import SkiaFilming, latent_motion, latent_presence, render_scene
from rushes.training.shards import Shard, Shelves, to_pixels
from rushes.world.presence import subject_presence
from rushes.world.render import render, render_frames
from rushes.world.scene import sample_scene


def test_a_still_is_a_frame_of_its_scene():
    scene = sample_scene(7)
    still = render_scene(scene, 1)
    assert still.shape == (1, 160, 256, 3)
    assert any(np.array_equal(still[0], frame) for frame in render_frames(scene, 37))


def test_a_shard_is_filmed_to_its_shelves(tmp_path):
    torch.manual_seed(0)
    codec = MiniCodec(MiniCodecConfig(4, (4, 4, 4), (4, 4, 4))).eval()
    shard, filming = Shard(5, 70, 2), SkiaFilming()
    shelves = Shelves(tmp_path / "latents", tmp_path / "presence", tmp_path / "motion")
    assert list(filming.film([shard], shelves, codec)) == [shard]
    frames = filming.footage(shard).frames
    assert frames.shape == (2, 5, 160, 256, 3)
    latents = shelves.read(shelves.latents, shard)
    assert latents.shape == (2, 4, 2, 10, 16)
    with torch.no_grad():
        expected = codec.encode(to_pixels(torch.from_numpy(frames[:1])))[0]
    assert np.abs(latents[0] - expected.numpy()).max() < 0.05 * expected.abs().max()  # bf16 in between
    assert shelves.read(shelves.presence, shard).shape == (2, 2, 10, 16)
    assert shelves.read(shelves.motion, shard).shape == (2, 3, 2, 10, 16)


def test_presence_of_a_latent_cell_is_the_mean_over_its_frames():
    scene = sample_scene(3)
    presence, frames = latent_presence(scene, 9), subject_presence(scene, 9)
    assert presence.shape == (3, 10, 16)
    assert np.allclose(presence[0], frames[0], atol=1e-3)
    assert np.allclose(presence[2], frames[5:9].mean(axis=0), atol=1e-3)
    assert latent_presence(scene, 1).shape == (1, 10, 16)


def test_latent_motion_is_the_mean_flow_of_the_frames_a_cell_covers():
    scene = sample_scene(5)
    motion, clip = latent_motion(scene, 5), render(scene, 5)
    assert motion.shape == (3, 2, 10, 16)
    cells = clip.flow.reshape(4, 10, 16, 16, 16, 2).mean(axis=(2, 4))
    assert np.allclose(motion[:2, 0], cells[0].transpose(2, 0, 1), atol=2e-2)
    later = np.concatenate([cells[1:], cells[-1:]]).mean(axis=0)
    assert np.allclose(motion[:2, 1], later.transpose(2, 0, 1), atol=2e-2)
    assert 0 <= motion[2].min() <= motion[2].max() <= 1
    assert np.array_equal(latent_motion(scene, 1), np.zeros((3, 1, 10, 16)))
