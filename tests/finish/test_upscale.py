"""A clip enlarged as it arrives: the same however it is cut, at the right size, and through to the file."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from rushes.finish.upscale import OwnUpscale
from rushes.media.delivery import Crop, Delivery, deliver
from rushes.media.picture import lanczos
from rushes.media.video import probe, read_frames
from rushes.models.upscaler import FACTOR, Upscaler, UpscalerConfig

CPU = torch.device("cpu")


def network(fresh=False):
    torch.manual_seed(0)
    upscaler = Upscaler(UpscalerConfig(width=8, fine_width=8, half_blocks=1, quarter_blocks=1))
    upscaler.init_weights()
    if not fresh:
        for parameter in upscaler.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
    return upscaler.eval().requires_grad_(False)


def clip(count, height=12, width=16):
    return np.random.default_rng(1).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def enlarged(frames, cuts, upscaler):
    own = OwnUpscale(upscaler, CPU)
    return np.concatenate([*(own.push(part) for part in np.split(frames, cuts)), own.end()])


@pytest.mark.parametrize("cuts", [[], [1], [1, 5], [1, 2, 3, 4, 5, 6]])
def test_a_clip_is_the_same_however_it_is_cut(cuts):
    frames = clip(7)
    whole = enlarged(frames, [], network())
    assert whole.shape == (7, 12 * FACTOR, 16 * FACTOR, 3)
    np.testing.assert_allclose(enlarged(frames, cuts, network()).astype(int), whole.astype(int), atol=1)


def test_every_frame_sees_its_own_neighbours():
    """The network alone, frame by frame, ends of the clip repeated."""
    frames, upscaler = clip(4), network()
    large = enlarged(frames, [1], upscaler)
    values = torch.from_numpy(frames).float() / 127.5 - 1
    padded = torch.cat([values[:1], values, values[-1:]])
    for index in range(4):
        cells = upscaler(padded[None, index : index + 3])
        levels = ((cells[0] + 1) * 127.5).round().clamp(0, 255).reshape(12, 16, FACTOR, FACTOR, 3)
        expected = levels.permute(0, 2, 1, 3, 4).reshape(60, 80, 3).numpy()
        np.testing.assert_allclose(large[index], expected, atol=1)


def test_a_clip_of_one_frame_is_enlarged():
    assert enlarged(clip(1), [], network()).shape == (1, 60, 80, 3)


def test_any_size_is_enlarged():
    """Sides that are no multiple of the network's stride are padded, and the padding is cut away."""
    assert enlarged(clip(2, 10, 14), [], network()).shape == (2, 50, 70, 3)


def test_a_fresh_network_shows_the_picture_in_place():
    """Aligned with Lanczos to a hundredth of a level: half a small pixel aside would be far off."""
    rows, columns = np.mgrid[:36, :64]
    waves = 127 + 60 * np.sin(columns / 9) + 50 * np.cos(rows / 7)
    frames = np.repeat(waves.astype(np.uint8)[None, ..., None], 3, axis=3)
    large = enlarged(frames, [], network(fresh=True))[0].astype(float)
    reference = lanczos(frames[0], 64 * FACTOR, 36 * FACTOR).astype(float)
    inner = (slice(10, -10), slice(10, -10))
    assert np.abs(large - reference)[inner].mean() < 1.0


def test_a_delivered_clip_has_every_frame_once(tmp_path):
    frames = np.zeros((5, 160, 256, 3), np.uint8)
    frames[:] = (40 + 40 * np.arange(5))[:, None, None, None]
    delivery = Delivery(5, Fraction(12), Crop(8, 0, 144, 256), 640, 360, Fraction(24))
    own = OwnUpscale(network(fresh=True), CPU)
    with deliver(tmp_path / "a.mp4", tmp_path / "a.png", delivery, own) as written:
        for part in np.split(frames, [1]):
            written.write(part)
    assert probe(tmp_path / "a.mp4").num_frames == 10
    levels = [picture.mean() for picture in read_frames(tmp_path / "a.mp4")]
    assert levels == pytest.approx([40 + 40 * (index // 2) for index in range(10)], abs=3)
    assert own.seconds > 0
