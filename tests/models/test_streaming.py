"""Blocks that pass through memory against networks that stay in it: equal bytes, few reads, clear errors."""

import time

import pytest
import torch
from tests.models.references import randomise

from rushes.core.errors import WeightsError
from rushes.models.streaming import BlockPool, VisitingEncoder, stream_blocks
from rushes.models.tensor_source import TensorMap, fill
from rushes.models.text_encoder import TextEncoderConfig, UMT5Encoder
from rushes.models.transformer import Block, TransformerConfig, WanTransformer

CPU = torch.device("cpu")


def config(depth):
    return TransformerConfig(
        hidden_size=24, depth=depth, num_heads=2, ffn_size=40, in_channels=4, out_channels=4,
        text_dim=24, text_len=8,
    )  # fmt: skip


class Counted:
    """A source that knows what was read from it."""

    def __init__(self, source):
        self.label, self.specs, self._source = source.label, source.specs, source
        self.read_blocks = []

    def read(self, name):
        if name.endswith("modulation") and name.startswith("blocks."):
            self.read_blocks.append(int(name.split(".")[1]))
        return self._source.read(name)


def source_of(depth, seed=3, change=None):
    original = WanTransformer(config(depth))
    randomise(original, seed=seed)
    state = {**original.state_dict(), **(change or {})}
    return Counted(TensorMap({name: value for name, value in state.items() if value is not None}, "memory"))


def held(depth, source, dtype=torch.float32):
    with torch.device("meta"):
        network = WanTransformer(config(depth))
    fill(network, source, dtype, CPU)
    return network


def streamed(depth, source, places=2, dtype=torch.float32, pool=None):
    with torch.device("meta"):
        network = WanTransformer(config(depth))
    stream_blocks(network, source, pool or BlockPool(lambda: Block(config(depth)), places, dtype), CPU)
    return network


def passes(network, times=(900.0, 500.0, 20.0)):
    """A velocity for each time, from the same latents and words."""
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(1, 4, 3, 4, 4, generator=generator)
    memory = network.remember(torch.randn(1, 5, 24, generator=generator))
    return torch.stack([network(latents, torch.tensor([time]), memory) for time in times])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("depth", "places"), [(1, 2), (2, 2), (3, 2), (6, 2), (6, 3), (6, 4), (6, 5), (6, 9)]
)
@torch.inference_mode()
def test_streamed_gives_the_same_bytes_pass_after_pass(depth, places, dtype):
    source = source_of(depth)
    expected = passes(held(depth, source, dtype))
    assert torch.equal(passes(streamed(depth, source, places, dtype)), expected)


@pytest.mark.parametrize(("places", "again"), [(2, [1, 2, 3, 4, 5]), (3, [2, 3, 4, 5]), (4, [3, 5]), (5, [])])
@torch.inference_mode()
def test_only_blocks_without_a_place_are_read_again(places, again):
    """With 4 places, blocks 3 and 5 take turns in one; 4 has the other for itself."""
    source = source_of(6)
    network = streamed(6, source, places)
    passes(network, (900.0,))
    assert source.read_blocks == [0, 1, 2, 3, 4, 5]
    passes(network, (500.0,))
    assert source.read_blocks[6:] == again


@torch.inference_mode()
def test_experts_share_their_places():
    sources = source_of(4), source_of(4, seed=8)
    expected = [passes(held(4, source)) for source in sources]
    sources[1].read_blocks.clear()
    pool = BlockPool(lambda: Block(config(4)), 3, torch.float32)
    networks = [streamed(4, source, pool=pool) for source in sources]
    for turn in (0, 1, 1, 0):
        assert torch.equal(passes(networks[turn]), expected[turn])
    assert sources[1].read_blocks == [0, 1, 2, 3]


@torch.inference_mode()
def test_a_block_is_read_while_the_one_before_it_computes():
    source = source_of(3)
    blocks = iter(streamed(3, source).blocks)
    next(blocks)
    deadline = time.monotonic() + 20
    while source.read_blocks != [0, 1] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert source.read_blocks == [0, 1]  # asked for by nobody yet


@torch.inference_mode()
def test_a_pass_that_broke_off_does_not_disturb_the_next():
    source = source_of(4)
    network = streamed(4, source)
    blocks = iter(network.blocks)
    next(blocks)
    next(blocks)
    blocks.close()
    assert torch.equal(passes(network), passes(held(4, source)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks.1.ffn.0.weight": None}, r"lacks tensor 'blocks\.1\.ffn\.0\.weight'"),
        (
            {"blocks.2.ffn.0.weight": torch.ones(1)},
            r"has tensor 'blocks\.2\.ffn\.0\.weight', which this model",
        ),
        (
            {"blocks.1.ffn.0.bias": torch.ones(3)},
            r"'blocks\.1\.ffn\.0\.bias' in shape \(3,\) instead of \(40,\)",
        ),
    ],
)
def test_what_does_not_fit_is_named_before_anything_runs(change, message):
    with pytest.raises(WeightsError, match=message):
        streamed(2, source_of(2, change=change))


@torch.inference_mode()
def test_a_block_that_is_not_finite_stops_every_pass():
    network = streamed(2, source_of(2, change={"blocks.1.ffn.0.bias": torch.full((40,), torch.nan)}))
    for _ in range(2):
        with pytest.raises(WeightsError, match=r"'ffn\.0\.bias' that are no finite numbers"):
            passes(network)


@torch.inference_mode()
def test_a_visiting_encoder_reads_like_one_that_stays():
    kind = TextEncoderConfig(vocab_size=50, hidden_size=16, depth=5, num_heads=2, head_dim=8, ffn_size=24)
    staying = UMT5Encoder(kind)
    randomise(staying, seed=2)
    source = TensorMap(staying.state_dict(), "memory")
    ids, mask = torch.tensor([[4, 9, 1, 0]]), torch.tensor([[True, True, True, False]])
    visiting = VisitingEncoder(kind, source, torch.float32, CPU)
    assert not list(visiting.parameters())
    for _ in range(2):
        assert torch.equal(visiting(ids, mask), staying(ids, mask))
