"""The published sizes, counted on the meta device; what a table of settings can get wrong."""

import pytest
import torch

from rushes.core.model_facts import FirstFrame
from rushes.models.codecs import build_codec
from rushes.models.published import PUBLISHED, UMT5_XXL
from rushes.models.text_encoder import UMT5Encoder
from rushes.models.transformer import WanTransformer
from rushes.models.wan_vae21 import WanVAE21Config
from rushes.models.wan_vae22 import WanVAE22Config

COUNTS = {
    "wan2.2-t2v-a14b": (14_288_491_584, 1095),
    "wan2.2-i2v-a14b": (14_288_901_184, 1095),
    "wan2.2-ti2v-5b": (4_999_787_712, 825),
    "wan2.1-t2v-14b": (14_288_491_584, 1095),
    "wan2.1-t2v-1.3b": (1_418_996_800, 825),
}


def counts(module):
    state = module.state_dict()
    return sum(value.numel() for value in state.values()), len(state)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_transformer_has_its_published_size(name):
    with torch.device("meta"):
        assert counts(WanTransformer(PUBLISHED[name].transformer)) == COUNTS[name]


def test_the_text_encoder_has_its_published_size():
    with torch.device("meta"):
        assert counts(UMT5Encoder(UMT5_XXL)) == (5_680_910_336, 242)


@pytest.mark.parametrize("model", PUBLISHED.values(), ids=PUBLISHED)
def test_parts_and_defaults_fit_each_other(model):
    channels = len(model.codec.mean)
    assert model.transformer.out_channels == channels == len(model.codec.std)
    # mask of four and an encoded picture stand beside the noise where the first frame enters by channels
    extra = 4 + channels if model.conventions.first_frame is FirstFrame.CHANNELS else 0
    assert model.transformer.in_channels == channels + extra
    cell = 32 if channels == 48 else 16
    for width, height in ((model.defaults.width, model.defaults.height), *model.defaults.sizes):
        assert width % cell == height % cell == 0
    frames = model.defaults.seconds * model.defaults.frame_rate + 1
    assert frames == model.defaults.frame_limits[1]
    assert frames % 4 == 1
    assert len(model.expert_bounds) == (2 if "a14b" in model.name else 1)


def test_guidance_of_a14b_is_not_swapped():
    """The official pair is (low noise, high noise) = (3, 4)."""
    sampling = PUBLISHED["wan2.2-t2v-a14b"].defaults.sampling
    assert (sampling.guidance_high, sampling.guidance_low) == (4.0, 3.0)


# Steps, shift, guidance (high, low), boundary, frames, frames a second: wan/configs of Wan2.2 and Wan2.1.
DEFAULTS = {
    "wan2.2-t2v-a14b": (40, 12.0, (4.0, 3.0), 0.875, 81, 16),
    "wan2.2-i2v-a14b": (40, 5.0, (3.5, 3.5), 0.9, 81, 16),
    "wan2.2-ti2v-5b": (50, 5.0, (5.0, 5.0), None, 121, 24),
    "wan2.1-t2v-14b": (50, 5.0, (5.0, 5.0), None, 81, 16),
    "wan2.1-t2v-1.3b": (50, 8.0, (6.0, 6.0), None, 81, 16),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_defaults_are_the_official_ones(name):
    """Trap 3: the shift that diffusers' conversion of A14B names is 3."""
    model = PUBLISHED[name]
    sampling, defaults = model.defaults.sampling, model.defaults
    boundary = model.expert_bounds[0] if len(model.expert_bounds) == 2 else None
    guidance = (sampling.guidance_high, sampling.guidance_low)
    frames = defaults.seconds * defaults.frame_rate + 1
    found = (sampling.steps, sampling.shift, guidance, boundary, frames, defaults.frame_rate)
    assert found == DEFAULTS[name]
    assert (sampling.schedule, sampling.step_rule) == ("official", "unipc")
    assert model.conventions.whole_timesteps


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_codec_has_its_published_size(name):
    with torch.device("meta"):
        found = counts(build_codec(PUBLISHED[name].codec))
    assert found == ((704_688_668, 196) if name == "wan2.2-ti2v-5b" else (126_892_531, 194))


def test_the_statistics_of_latents_are_the_official_ones():
    """A slip in one channel tints every clip: numbers by their sums, plain and weighted by position."""

    def sums(values):
        return len(values), round(sum(values), 4), round(sum(i * each for i, each in enumerate(values, 1)), 4)

    small, large = WanVAE21Config(), WanVAE22Config()
    assert (sums(small.mean), sums(small.std)) == ((16, -0.7332, -0.2126), (16, 34.2747, 286.1255))
    assert (sums(large.mean), sums(large.std)) == ((48, -0.5589, -7.6248), (48, 32.536, 790.8891))
