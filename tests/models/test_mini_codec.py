import pytest
import torch
from torch import nn

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


def test_latents_are_whitened_by_the_stored_statistics(codec):
    latents = torch.randn(1, 6, 2, 2, 2)
    assert torch.allclose(codec.normalise(codec.denormalise(latents)), latents, atol=1e-6)
    raw = codec.encoder(torch.zeros(1, 3, 1, 16, 16), Past())
    stored = (raw - codec.latent_mean.view(1, -1, 1, 1, 1)) / codec.latent_std.view(1, -1, 1, 1, 1)
    assert torch.allclose(codec.encode(torch.zeros(1, 3, 1, 16, 16)), stored, atol=1e-6)
