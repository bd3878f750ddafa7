"""A first picture is the one the request names, in the model's size, or is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.engine.wan import build

from rushes.core.errors import UsageError
from rushes.core.model_facts import FirstFrame
from rushes.core.recipe import picture_digest
from rushes.diffusion.conditioning import ExtraChannels, KnownTokens, Unconditional
from rushes.engine.first_frame import condition_of
from rushes.engine.plan import Order, plan

PICTURE = np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8)
DIGEST = picture_digest(64, 32, PICTURE.tobytes())
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def i2v():
    return build(FirstFrame.CHANNELS, num_experts=1).bundle


@pytest.fixture(scope="module")
def request_(i2v):
    return plan(i2v.facts, Order("a fox", "a fox", 1, first_frame=DIGEST))[0]


def test_the_channels_model_gets_mask_and_clip(i2v, request_):
    condition = condition_of(i2v, request_, PICTURE, CPU)
    assert isinstance(condition, ExtraChannels)
    assert condition.channels.shape == (1, 8, 3, 4, 8)
    frames = torch.zeros(1, 3, 9, 32, 64)
    frames[0, :, 0] = torch.from_numpy(PICTURE).permute(2, 0, 1) / 127.5 - 1
    torch.testing.assert_close(condition.channels[:, 4:], i2v.codec.encode(frames))


def test_the_tokens_model_gets_one_clean_latent_frame_or_none():
    bundle = build(FirstFrame.TOKENS, num_experts=1).bundle
    request, _ = plan(bundle.facts, Order("a fox", "a fox", 1, first_frame=DIGEST))
    condition = condition_of(bundle, request, PICTURE, CPU)
    assert isinstance(condition, KnownTokens)
    assert condition.clean.shape == (1, 4, 3, 2, 4)
    assert condition.known.flatten(3).any(-1).tolist() == [[[True, False, False]]]
    assert isinstance(condition_of(bundle, replace(request, first_frame=""), None, CPU), Unconditional)


@pytest.mark.parametrize(
    ("picture", "digest", "message"),
    [
        (255 - PICTURE, DIGEST, "not the 64x32 picture"),
        (PICTURE.reshape(64, 32, 3), DIGEST, "not the 64x32 picture"),
        (PICTURE[:16], DIGEST, "not the 64x32 picture"),
        (PICTURE, "", "not the 64x32 picture"),
        (None, DIGEST, "starts from a picture"),
    ],
    ids=["other pixels", "turned", "smaller", "not named", "missing"],
)
def test_another_picture_is_refused(i2v, request_, picture, digest, message):
    with pytest.raises(UsageError, match=message):
        condition_of(i2v, replace(request_, first_frame=digest), picture, CPU)


def test_a_named_picture_must_be_given():
    bundle = build(FirstFrame.TOKENS, num_experts=1).bundle
    request, _ = plan(bundle.facts, Order("a fox", "a fox", 1, first_frame=DIGEST))
    with pytest.raises(UsageError, match="give the picture too"):
        condition_of(bundle, request, None, CPU)


def test_size_and_pixels_make_the_digest():
    flat = bytes(12)
    assert (
        len({picture_digest(2, 2, flat), picture_digest(4, 1, flat), picture_digest(2, 2, bytes([1] * 12))})
        == 3
    )
