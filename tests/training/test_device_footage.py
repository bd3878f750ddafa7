"""What a device films is what skia films, as far as training can tell."""

import numpy as np
import pytest
import torch

from rushes.core.errors import UsageError
from rushes.models.mini_codec import MiniCodec, MiniCodecConfig
from rushes.training.device_footage import DeviceFilming
from rushes.training.footage import SkiaFilming
from rushes.training.shards import Shard, Shelves

FILMING = DeviceFilming(torch.device("cpu"), workers=1)
SHARDS = [Shard(5, 900, 2), Shard(5, 902, 1), Shard(1, 930, 2)]


def shelves_in(folder):
    return Shelves(folder / "latents", folder / "presence", folder / "motion")


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """Shelves filled by a device and by skia."""
    torch.manual_seed(0)
    codec = MiniCodec(MiniCodecConfig(4, (8, 8, 8), (4, 4, 4))).eval()
    both = [shelves_in(tmp_path_factory.mktemp(name)) for name in ("device", "skia")]
    for filming, shelves in zip((FILMING, SkiaFilming()), both, strict=True):
        assert list(filming.film(SHARDS, shelves, codec)) == SHARDS
    return both


@pytest.mark.parametrize("shard", SHARDS, ids=lambda shard: shard.name)
@pytest.mark.parametrize(("kind", "limit"), [("latents", 0.05), ("presence", 0.04), ("motion", 0.05)])
def test_the_shelves_hold_the_same(filmed, shard, kind, limit):
    device, skia = (shelves.read(getattr(shelves, kind), shard).astype(np.float32) for shelves in filmed)
    assert device.shape == skia.shape
    assert np.abs(device - skia).mean() < limit * max(np.abs(skia).mean(), 0.1)


def test_footage_is_that_of_skia():
    footage, expected = (filming.footage(SHARDS[0]) for filming in (FILMING, SkiaFilming()))
    assert footage.frames.shape == expected.frames.shape
    assert np.abs(footage.frames.astype(int) - expected.frames).mean() < 3
    assert footage.presence.shape == expected.presence.shape
    assert np.abs(footage.presence - expected.presence).mean() < 0.01


def test_crops_are_drawn_with_skia_alone(tmp_path):
    with pytest.raises(UsageError, match="on the CPU"):
        FILMING.crops(tmp_path, 1, None)
