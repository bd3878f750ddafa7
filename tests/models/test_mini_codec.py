import pytest
import torch
from torch import nn

from rushes.core.errors import UsageError
from rushes.models.codec import VideoCodec
from rushes.models.mini_codec import MiniCodec, MiniCodecConfig, Past

CONFIG = MiniCodecConfig(latent_channels=6, encoder_widths=(8, 12, 16), decoder_widths=(8, 12, 16))


@pytest.fixture
def codec():
    torch.manual_seed(3)
    codec = MiniCodec(CONFIG)
    for name, parameter in codec.named_parameters():  # nothing may hide behind a zero start
        nn.init.normal_(parameter, std=0.08 if "linear" not in name else 0.02)
    codec.latent_mean.normal_()
    codec.latent_std.uniform_(0.5, 2)
    return codec.eval().requires_grad_(False)


def test_it_is_a_video_codec(codec):
    assert isinstance(codec, VideoCodec)


@pytest.mark.parametrize("num_frames", [1, 5, 17])
def test_streamed_equals_whole(codec, num_frames):
    frames = torch.rand(2, 3, num_frames, 32, 48) * 2 - 1
    latents = codec.encode(frames)
    whole = codec.normalise(codec.encoder(frames, Past()))
    assert latents.shape == (2, 6, (num_frames - 1) // 4 + 1, 2, 3)
    assert (latents - whole).abs().max() < 1e-5 * whole.abs().max()
    decoded = codec.decode(latents)
    decoded_whole = codec.decoder(codec.denormalise(latents), Past()).clamp(-1, 1)
    assert decoded.shape == frames.shape
    assert (decoded - decoded_whole).abs().max() < 1e-5
    assert [chunk.shape[2] for chunk in codec.decode_stream(latents)] == [1] + [4] * (latents.shape[2] - 1)


def test_the_future_does_not_change_the_past(codec):
    frames = torch.rand(1, 3, 9, 32, 32) * 2 - 1
    changed = frames.clone()
    changed[:, :, 5:] = 0
    before, after = codec.encode(frames), codec.encode(changed)
    assert torch.equal(before[:, :, :2], after[:, :, :2])
    assert not torch.equal(before[:, :, 2], after[:, :, 2])
    latents = codec.encode(frames)
    altered = latents.clone()
    altered[:, :, 2] += 1
    assert torch.equal(codec.decode(latents)[:, :, :5], codec.decode(altered)[:, :, :5])


def test_latents_are_whitened_by_the_stored_statistics(codec):
    latents = torch.randn(1, 6, 2, 2, 2)
    assert torch.allclose(codec.normalise(codec.denormalise(latents)), latents, atol=1e-6)
    raw = codec.encoder(torch.zeros(1, 3, 1, 16, 16), Past())
    stored = (raw - codec.latent_mean.view(1, -1, 1, 1, 1)) / codec.latent_std.view(1, -1, 1, 1, 1)
    assert torch.allclose(codec.encode(torch.zeros(1, 3, 1, 16, 16)), stored, atol=1e-6)


def test_clips_that_do_not_fit_are_refused_with_the_remedy(codec):
    with pytest.raises(UsageError, match="11 frames is not 4n\\+1: use 9 or 13 frames"):
        codec.encode(torch.zeros(1, 3, 11, 32, 32))
    with pytest.raises(ValueError, match="33x32"):
        codec.encode(torch.zeros(1, 3, 1, 32, 33))


def test_bfloat16_weights_take_and_give_float32(codec):
    frames = torch.rand(1, 3, 5, 32, 32) * 2 - 1
    exact = codec.decode(codec.encode(frames))
    narrow = codec.to(torch.bfloat16)
    narrow.latent_mean, narrow.latent_std = narrow.latent_mean.float(), narrow.latent_std.float()
    latents = narrow.encode(frames)
    decoded = narrow.decode(latents)
    assert latents.dtype == decoded.dtype == torch.float32
    assert (decoded - exact).abs().mean() < 0.05
