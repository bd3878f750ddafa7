"""Blocks streamed from a file against the transformer in memory: equal bytes, little memory, clear errors."""

import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file
from tests.models.references import randomise

from rushes.core.errors import WeightsError
from rushes.engine.streaming import StreamedBlocks, streamed_transformer
from rushes.models.tensor_source import SafetensorsFile, TensorMap, fill
from rushes.models.transformer import TransformerConfig, WanTransformer

CPU = torch.device("cpu")


def config(depth, hidden_size=24):
    return TransformerConfig(
        hidden_size=hidden_size, depth=depth, num_heads=2, ffn_size=40, in_channels=4, out_channels=4,
        text_dim=24, text_len=8,
    )  # fmt: skip


def pair(depth, tmp_path, dtype=torch.float32):
    """The same random transformer held whole and streamed from its file."""
    original = WanTransformer(config(depth))
    randomise(original, seed=3)
    save_file(dict(original.state_dict()), tmp_path / "x.safetensors")
    source = SafetensorsFile(tmp_path / "x.safetensors")
    with torch.device("meta"):
        whole = WanTransformer(config(depth))
    fill(whole, source, dtype, CPU)
    return whole, streamed_transformer(config(depth), source, dtype, CPU)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("depth", [1, 2, 3])
@torch.inference_mode()
def test_streamed_gives_the_same_bytes_pass_after_pass(depth, dtype, tmp_path):
    whole, streamed = pair(depth, tmp_path, dtype)
    latents, context = torch.randn(1, 4, 3, 4, 4), torch.randn(1, 5, 24)
    for time in (900.0, 500.0, 20.0):
        timestep = torch.tensor([time])
        expected = whole(latents, timestep, whole.remember(context))
        assert torch.equal(streamed(latents, timestep, streamed.remember(context)), expected)


@torch.inference_mode()
def test_a_pass_that_broke_off_does_not_disturb_the_next(tmp_path):
    whole, streamed = pair(3, tmp_path)
    blocks = iter(streamed.blocks)
    next(blocks)
    next(blocks)
    blocks.close()
    latents, context = torch.randn(1, 4, 1, 4, 4), torch.randn(1, 5, 24)
    expected = whole(latents, torch.tensor([900.0]), context)
    assert torch.equal(streamed(latents, torch.tensor([900.0]), context), expected)


def test_only_two_blocks_are_in_memory(tmp_path):
    _, streamed = pair(6, tmp_path)
    assert isinstance(streamed.blocks, StreamedBlocks)
    assert len(streamed.blocks) == 6
    assert len({id(block) for block in streamed.blocks}) == 2
    inside = sum(parameter.numel() for parameter in streamed.blocks.parameters())
    assert inside == 2 * sum(parameter.numel() for parameter in next(iter(streamed.blocks)).parameters())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks.1.ffn.0.weight": None}, r"lacks tensor 'blocks\.1\.ffn\.0\.weight'"),
        ({"blocks.2.ffn.0.weight": torch.ones(1)}, r"has a stranger, tensor 'blocks\.2"),
        (
            {"blocks.1.ffn.0.bias": torch.ones(3)},
            r"'blocks\.1\.ffn\.0\.bias' in shape \(3,\) instead of \(40,\)",
        ),
    ],
)
def test_what_does_not_fit_is_named_before_anything_runs(change, message):
    original = WanTransformer(config(2))
    randomise(original, seed=3)
    state = {**original.state_dict(), **change}
    source = TensorMap({name: value for name, value in state.items() if value is not None}, "memory")
    with pytest.raises(WeightsError, match=message):
        streamed_transformer(config(2), source, torch.float32, CPU)


def test_a_block_that_is_not_finite_stops_the_pass():
    original = WanTransformer(config(2))
    randomise(original, seed=3)
    state = dict(original.state_dict())
    state["blocks.1.ffn.0.bias"] = torch.full((40,), torch.nan)
    streamed = streamed_transformer(config(2), TensorMap(state, "memory"), torch.float32, CPU)
    with pytest.raises(WeightsError, match=r"'ffn\.0\.bias' that are no finite numbers"):
        streamed(torch.randn(1, 4, 1, 4, 4), torch.tensor([900.0]), torch.randn(1, 5, 24))


CHILD = """
import resource, sys, torch
from pathlib import Path
from rushes.engine.streaming import streamed_transformer
from rushes.models.tensor_source import SafetensorsFile
from rushes.models.transformer import TransformerConfig
torch.set_num_threads(1)
config = TransformerConfig(
    hidden_size=512, depth=16, num_heads=4, ffn_size=2048,
    in_channels=4, out_channels=4, text_dim=24, text_len=8
)
lines = Path("/proc/self/status").read_text().splitlines()
used = next(int(line.split()[1]) for line in lines if "VmData" in line)
limit = used * 1024 + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
source = SafetensorsFile(Path(sys.argv[1]))
transformer = streamed_transformer(config, source, torch.float32, torch.device("cpu"))
with torch.inference_mode():
    made = transformer(torch.ones(1, 4, 1, 8, 8), torch.tensor([900.0]), torch.ones(1, 5, 24))
print(made.abs().sum().item())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts anonymous memory on Linux only")
def test_a_model_larger_than_the_memory_runs(tmp_path):
    """270 MB of blocks under a limit that holds a third of them."""
    torch.manual_seed(0)
    large = TransformerConfig(
        hidden_size=512,
        depth=16,
        num_heads=4,
        ffn_size=2048,
        in_channels=4,
        out_channels=4,
        text_dim=24,
        text_len=8,
    )
    transformer = WanTransformer(large)
    randomise(transformer, seed=1)
    state = dict(transformer.state_dict())
    save_file(state, tmp_path / "x.safetensors")
    size = sum(value.nbytes for value in state.values())
    command = [sys.executable, "-c", CHILD, str(tmp_path / "x.safetensors"), str(size // 3)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    with torch.inference_mode():
        expected = (
            transformer(torch.ones(1, 4, 1, 8, 8), torch.tensor([900.0]), torch.ones(1, 5, 24)).abs().sum()
        )
    assert float(run.stdout) == pytest.approx(expected.item(), rel=1e-4)
    whole = subprocess.run([*command[:-1], str(size // 16)], capture_output=True, text=True, check=False)
    assert whole.returncode != 0  # the limit is real: two blocks do not fit into this one
