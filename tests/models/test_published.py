"""The published sizes, counted on the meta device; what a table of settings can get wrong."""

import pytest
import torch

from rushes.core.model_facts import FirstFrame
from rushes.models.published import PUBLISHED, UMT5_XXL
from rushes.models.text_encoder import UMT5Encoder
from rushes.models.transformer import WanTransformer

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
