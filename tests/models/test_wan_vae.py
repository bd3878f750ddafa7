"""Both Wan autoencoders against diffusers' own, in every chunk rule, and mistakes these checks would see."""

import pytest
import torch
from einops import rearrange
from tests.models.references import Float64, error, randomise
from torch import Tensor, nn

from rushes.models import wan_vae_layers, winograd
from rushes.models.vae_layouts import wan_vae21_layout, wan_vae22_layout
from rushes.models.wan_vae21 import WanVAE21, WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22, WanVAE22Config
from rushes.models.wan_vae_layers import ChannelNorm, Downsample, FeatureCache, Upsample

MEAN, STD = (0.1, 0.2, -0.1, 0.0), (1.0, 2.0, 0.5, 1.5)
KINDS = ("2.1", "2.2")


def build_reference(kind: str) -> nn.Module:
    from diffusers import AutoencoderKLWan  # noqa: PLC0415 - slow to import

    shared = {"base_dim": 8, "z_dim": 4, "latents_mean": list(MEAN), "latents_std": list(STD)}
    if kind == "2.1":
        return AutoencoderKLWan(**shared).eval()
    residual = {"is_residual": True, "decoder_base_dim": 12, "in_channels": 12, "out_channels": 12}
    return AutoencoderKLWan(**shared, **residual, patch_size=2, scale_factor_spatial=16).eval()


def build_ours(kind: str) -> WanVAE21 | WanVAE22:
    if kind == "2.1":
        return WanVAE21(WanVAE21Config(width=8, mean=MEAN, std=STD))
    return WanVAE22(WanVAE22Config(encoder_width=8, decoder_width=12, mean=MEAN, std=STD))


def layout(kind: str):
    return wan_vae21_layout(4, 2) if kind == "2.1" else wan_vae22_layout(4, 2)


class Case:
    """One random model in both codes, and what the reference makes of a clip in float32 and float64."""

    def __init__(self, kind: str, seed: int) -> None:
        self.kind = kind
        self.reference = build_reference(kind)
        randomise(self.reference, seed)
        self.foreign = self.reference.state_dict()
        self.wide = build_reference(kind).double()
        self.wide.load_state_dict(self.foreign)
        self.ours = build_ours(kind)
        self.ours.load_state_dict(layout(kind).to_ours(self.foreign))
        self.ours.requires_grad_(False)

    def frames(self, num_frames: int) -> Tensor:
        generator = torch.Generator().manual_seed(num_frames)
        return torch.rand(2, 3, num_frames, 32, 48, generator=generator) * 2 - 1

    @torch.no_grad()
    def encoded(self, frames: Tensor, wide: bool) -> Tensor:
        """Whitened as the pipelines do it."""
        if wide:
            with Float64():
                raw = self.wide.encode(frames.double()).latent_dist.mean
        else:
            raw = self.reference.encode(frames).latent_dist.mean
        mean, std = (raw.new_tensor(values).view(1, -1, 1, 1, 1) for values in (MEAN, STD))
        return (raw - mean) / std

    @torch.no_grad()
    def decoded(self, latents: Tensor, wide: bool) -> Tensor:
        latents = latents.double() if wide else latents
        mean, std = (latents.new_tensor(values).view(1, -1, 1, 1, 1) for values in (MEAN, STD))
        if not wide:
            return self.reference.decode(latents * std + mean).sample.clamp(-1, 1)
        with Float64():
            return self.wide.decode(latents * std + mean).sample.clamp(-1, 1)


@pytest.fixture(autouse=True)
def fast_convolutions(monkeypatch):
    """As large pictures get them, in these small ones too."""
    monkeypatch.setattr(winograd, "FEWEST", 1)


@pytest.fixture(scope="module", params=KINDS)
def cases(request):
    return [Case(request.param, seed) for seed in (4, 5, 6)]


@pytest.fixture(scope="module")
def case(cases):
    return cases[0]


# The largest error of one short clip is one number's luck: both sides give their worst over four lengths,
# and of that the mean over three sets of weights.
def test_encoding_is_as_exact_as_the_reference(cases):
    def worst(case: Case) -> tuple[float, float]:
        pairs = [(clip, case.encoded(clip, wide=True)) for clip in map(case.frames, (1, 5, 9, 17))]
        ours = max(error(case.ours.encode(clip), exact) for clip, exact in pairs)
        return ours, max(error(case.encoded(clip, wide=False), exact) for clip, exact in pairs)

    ours, theirs = zip(*map(worst, cases), strict=True)
    assert sum(ours) <= 2 * sum(theirs)


def test_decoding_is_as_exact_as_the_reference(cases):
    def worst(case: Case) -> tuple[float, float]:
        clips = [torch.randn(2, 4, n, 2, 3, generator=torch.Generator().manual_seed(n)) for n in (1, 2, 3, 5)]
        pairs = [(clip, case.decoded(clip, wide=True)) for clip in clips]
        ours = max(error(case.ours.decode(clip), exact) for clip, exact in pairs)
        return ours, max(error(case.decoded(clip, wide=False), exact) for clip, exact in pairs)

    ours, theirs = zip(*map(worst, cases), strict=True)
    assert sum(ours) <= 2 * sum(theirs)


def test_the_fast_convolutions_take_part(case, monkeypatch):
    """Otherwise the two tests above would hold only the plain ones."""
    latents = torch.randn(1, 4, 3, 2, 4, generator=torch.Generator().manual_seed(1))
    fast = case.ours.decode(latents)
    monkeypatch.setattr(winograd, "suits", lambda *_: False)
    plain = case.ours.decode(latents)
    assert 0 < error(fast, plain) < 1e-5


@pytest.mark.parametrize("mistake", ["neighbours swapped", "a tap too few"])
def test_a_wrong_pairing_of_doubled_pixels_is_seen(case, mistake, monkeypatch):
    summed = wan_vae_layers._summed

    def wrong(taps: Tensor, axis: int) -> tuple[Tensor, Tensor]:
        first, second = summed(taps, axis)
        return (second, first) if mistake == "neighbours swapped" else (first, first)

    monkeypatch.setattr(wan_vae_layers, "_summed", wrong)
    assert decoding_error(case) > 1e-2


def test_bfloat16_decodes_no_worse_than_the_reference_in_bfloat16(cases):
    latents = torch.randn(1, 4, 4, 2, 3, generator=torch.Generator().manual_seed(0))
    ours, theirs = [], []
    for case in cases:
        exact = case.decoded(latents, wide=True)
        narrow, reference = build_ours(case.kind), build_reference(case.kind)
        narrow.load_state_dict(case.ours.state_dict())
        reference.load_state_dict(case.foreign)
        mean, std = (latents.new_tensor(values).view(1, -1, 1, 1, 1) for values in (MEAN, STD))
        with torch.no_grad():
            coloured = (latents * std + mean).bfloat16()
            expected = reference.bfloat16().decode(coloured).sample.float().clamp(-1, 1)
            ours.append(float((narrow.bfloat16().decode(latents) - exact).norm()))
        theirs.append(float((expected - exact).norm()))
    assert sum(ours) <= 1.1 * sum(theirs)


def decoding_error(case: Case) -> float:
    latents = torch.randn(1, 4, 4, 2, 3, generator=torch.Generator().manual_seed(0))
    return error(case.ours.decode(latents), case.decoded(latents, wide=True))


def test_forgetting_the_past_is_seen(case, monkeypatch):
    assert decoding_error(case) < 1e-5
    monkeypatch.setattr(FeatureCache, "before", lambda *_: None)
    assert decoding_error(case) > 1e-2


def test_a_second_chunk_that_remembers_the_first_is_seen(case, monkeypatch):
    def ordinary(self: Upsample, time_conv: nn.Module, x: Tensor, cache: FeatureCache) -> Tensor:
        start = cache.is_start(time_conv)
        pairs = time_conv(torch.cat([wan_vae_layers.take_past(time_conv, x, cache), x], dim=1))
        both = torch.stack(pairs.chunk(2, dim=-1), dim=2).flatten(1, 2)
        return torch.cat([x[:, :1], both[:, 2:]], dim=1) if start else both

    monkeypatch.setattr(Upsample, "_twice_the_frames", ordinary)
    assert decoding_error(case) > 1e-3


def test_a_norm_over_the_root_mean_square_with_a_large_epsilon_is_seen(case, monkeypatch):
    def forward(self: ChannelNorm, x: Tensor) -> Tensor:
        return torch.nn.functional.rms_norm(x, x.shape[-1:], self.gamma.flatten(), eps=1e-2)

    monkeypatch.setattr(ChannelNorm, "forward", forward)
    assert decoding_error(case) > 1e-3


def test_latents_left_unwhitened_are_seen(case, monkeypatch):
    monkeypatch.setattr(type(case.ours), "_colour", lambda _, latents: latents)
    assert decoding_error(case) > 1e-2


def forgotten_past(monkeypatch):
    def nothing(_layer: nn.Module, x: Tensor, _cache: FeatureCache) -> Tensor:
        return x.new_zeros(x.shape[0], 2, *x.shape[2:])

    monkeypatch.setattr(wan_vae_layers, "take_past", nothing)


def border_on_the_other_side(monkeypatch):
    pad = torch.nn.functional.pad

    def turned(x: Tensor, border: tuple[int, ...]) -> Tensor:
        return pad(x, (0, 0, 1, 0, 1, 0)) if border == (0, 0, 0, 1, 0, 1) else pad(x, border)

    monkeypatch.setattr(torch.nn.functional, "pad", turned)


def first_frame_through_the_time_convolution(monkeypatch):
    forward = Downsample.forward

    def without_exception(self: Downsample, x: Tensor, cache: FeatureCache) -> Tensor:
        if self.time_conv is None or not cache.is_start(self):
            return forward(self, x, cache)
        alone = forward(self, x, cache)
        return self.time_conv(torch.nn.functional.pad(alone, (0, 0, 0, 0, 0, 0, 2, 0)))

    monkeypatch.setattr(Downsample, "forward", without_exception)


@pytest.mark.parametrize(
    "plant",
    [forgotten_past, border_on_the_other_side, first_frame_through_the_time_convolution],
    ids=lambda plant: plant.__name__,
)
def test_every_planted_trap_of_encoding_is_seen(case, plant, monkeypatch):
    frames = case.frames(9)
    exact = case.encoded(frames, wide=True)
    assert error(case.ours.encode(frames), exact) < 1e-5
    plant(monkeypatch)
    assert error(case.ours.encode(frames), exact) > 1e-3


def test_leaving_out_the_temporal_resampling_is_seen(case):
    """What the official code does without a cache: one frame for each latent frame."""
    ours = build_ours(case.kind)
    ours.load_state_dict(case.ours.state_dict())
    for module in ours.modules():
        if isinstance(module, Upsample):
            module.time_conv = None
    latents = torch.randn(1, 4, 4, 2, 3)
    if case.kind == "2.1":
        with torch.no_grad():
            assert ours.decode(latents).shape[2] == 4 != case.ours.decode(latents).shape[2] == 13
    else:  # its parameter-free shortcuts still count the frames
        with pytest.raises(RuntimeError, match="must match the size"), torch.no_grad():
            ours.decode(latents)


def test_columns_before_rows_in_a_patch_are_seen(monkeypatch):
    """Of the 2.2 autoencoder: the official order is channel, column, row."""
    case = Case("2.2", 4)

    def rows_first(_self: WanVAE22, decoded: Tensor) -> Tensor:
        return rearrange(decoded, "b t h w (c q r) -> b t (h q) (w r) c", q=2, r=2)

    monkeypatch.setattr(WanVAE22, "_shape_out", rows_first)
    assert decoding_error(case) > 1e-2


@pytest.mark.parametrize("is_plain", [True, False])
def test_norms_write_where_they_say_or_elsewhere(is_plain):
    """Frames that lie channels-first in memory, as some convolutions return them, cannot be taken in rows."""
    norm = ChannelNorm(8)
    norm.gamma.data.normal_()
    x = torch.randn(1, 2, 70, 500, 8)
    x = x if is_plain else x.permute(0, 4, 1, 2, 3).contiguous().permute(0, 2, 3, 4, 1)
    with torch.no_grad():
        expected = torch.nn.functional.silu(norm(x))
        assert torch.equal(wan_vae_layers.activate(norm, x), expected)
        made = wan_vae_layers.activate(norm, x, into=x)
    assert torch.equal(made, expected)
    assert (made is x) == is_plain


def test_names_travel_both_ways(case):
    assert layout(case.kind).from_ours(case.ours.state_dict()).keys() == case.foreign.keys()


def test_chunks_of_many_latent_frames_decode_to_the_same(case):
    latents = torch.randn(1, 4, 5, 2, 3)
    raw = case.ours._colour(latents).permute(0, 2, 3, 4, 1)
    cache = FeatureCache()
    parts = [
        case.ours._shape_out(case.ours.decoder(case.ours.conv2(part, cache), cache))
        for part in (raw[:, :3], raw[:, 3:])
    ]
    joined = torch.cat(parts, dim=1).permute(0, 4, 1, 2, 3).clamp(-1, 1)
    assert (joined - case.ours.decode(latents)).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("build", "parameters", "tensors"),
    [
        (lambda: WanVAE21(WanVAE21Config()), 126_892_531, 194),
        (lambda: WanVAE22(WanVAE22Config()), 704_688_668, 196),
    ],
    ids=KINDS,
)
def test_the_published_sizes(build, parameters, tensors):
    with torch.device("meta"):
        vae = build()
    state = vae.state_dict()
    assert (sum(value.numel() for value in state.values()), len(state)) == (parameters, tensors)
