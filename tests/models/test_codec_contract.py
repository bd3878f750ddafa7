"""What every codec promises the engine, held against each of them."""

import pytest
import torch
from tests.models.references import randomise
from torch import nn

from rushes.core.errors import UsageError
from rushes.models.codec import VideoCodec
from rushes.models.mini_codec import MiniCodec, MiniCodecConfig
from rushes.models.wan_vae21 import WanVAE21, WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22, WanVAE22Config


def mini() -> MiniCodec:
    torch.manual_seed(3)
    codec = MiniCodec(MiniCodecConfig(6, encoder_widths=(8, 12, 16), decoder_widths=(8, 12, 16)))
    for name, parameter in codec.named_parameters():  # nothing may hide behind a zero start
        nn.init.normal_(parameter, std=0.08 if "linear" not in name else 0.02)
    codec.latent_mean.normal_()
    codec.latent_std.uniform_(0.5, 2)
    return codec


def wan21() -> WanVAE21:
    codec = WanVAE21(WanVAE21Config(width=8, mean=(0.1, 0.2), std=(1.0, 2.0)))
    randomise(codec, seed=1)
    return codec


def wan22() -> WanVAE22:
    codec = WanVAE22(WanVAE22Config(encoder_width=8, decoder_width=8, mean=(0.1, 0.2), std=(1.0, 2.0)))
    randomise(codec, seed=1)
    return codec


@pytest.fixture(params=[mini, wan21, wan22])
def codec(request):
    return request.param().eval().requires_grad_(False)


def clip(num_frames, batch=1):
    return torch.rand(batch, 3, num_frames, 32, 48, generator=torch.Generator().manual_seed(5)) * 2 - 1


def test_it_is_a_video_codec(codec):
    assert isinstance(codec, VideoCodec)


@pytest.mark.parametrize("num_frames", [1, 5, 13])
def test_shapes_follow_the_compression(codec, num_frames):
    cell = codec.compression
    latents = codec.encode(clip(num_frames, batch=2))
    expected = (2, codec.latent_channels, cell.latent_frames(num_frames), 32 // cell.height, 48 // cell.width)
    assert latents.shape == expected
    decoded = codec.decode(latents)
    assert decoded.shape == (2, 3, num_frames, 32, 48)
    assert decoded.abs().max() <= 1


def test_a_stream_has_one_chunk_for_each_latent_frame(codec):
    latents = codec.encode(clip(13))
    chunks = list(codec.decode_stream(latents))
    assert [chunk.shape[2] for chunk in chunks] == [1, 4, 4, 4]
    assert torch.equal(torch.cat(chunks, dim=2), codec.decode(latents))
    assert torch.equal(torch.cat(list(codec.encode_stream(clip(13))), dim=2), latents)


def test_two_streams_do_not_disturb_each_other(codec):
    first, second = codec.encode(clip(9)), codec.encode(-clip(9))
    pairs = list(zip(codec.decode_stream(first), codec.decode_stream(second), strict=True))
    assert torch.equal(torch.cat([left for left, _ in pairs], dim=2), codec.decode(first))
    assert torch.equal(torch.cat([right for _, right in pairs], dim=2), codec.decode(second))


def test_the_future_does_not_change_the_past(codec):
    frames = clip(9)
    changed = frames.clone()
    changed[:, :, 5:] = 0
    before, after = codec.encode(frames), codec.encode(changed)
    assert torch.equal(before[:, :, :2], after[:, :, :2])
    assert not torch.equal(before[:, :, 2], after[:, :, 2])
    altered = before.clone()
    altered[:, :, 2] += 1
    decoded, moved = codec.decode(before), codec.decode(altered)
    assert torch.equal(decoded[:, :, :5], moved[:, :, :5])
    assert not torch.equal(decoded[:, :, 5:], moved[:, :, 5:])


def test_the_past_does_change_the_future(codec):
    latents = codec.encode(clip(9))
    altered = latents.clone()
    altered[:, :, 1] += 1
    assert not torch.equal(codec.decode(latents)[:, :, 5:], codec.decode(altered)[:, :, 5:])


def test_members_of_a_batch_are_coded_alone(codec):
    frames = clip(5, batch=2)
    latents = codec.encode(frames)
    assert (latents[1:] - codec.encode(frames[1:])).abs().max() < 1e-5
    assert (codec.decode(latents)[1:] - codec.decode(latents[1:])).abs().max() < 1e-5


def test_clips_that_do_not_fit_are_refused_with_the_remedy(codec):
    with pytest.raises(UsageError, match="11 frames is not 4n\\+1: use 9 or 13 frames"):
        codec.encode(torch.zeros(1, 3, 11, 32, 32))
    with pytest.raises(UsageError, match="33x32: pad them to a multiple of"):
        codec.encode(torch.zeros(1, 3, 1, 32, 33))


def test_bfloat16_weights_take_and_give_float32(codec):
    frames = clip(5)
    exact = codec.decode(codec.encode(frames))
    for parameter in codec.parameters():
        parameter.data = parameter.data.to(torch.bfloat16)
    latents = codec.encode(frames)
    decoded = codec.decode(latents)
    assert latents.dtype == decoded.dtype == torch.float32
    assert 0 < (decoded - exact).abs().mean() < 0.05
