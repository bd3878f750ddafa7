"""One weight file: whole numbers and buffers survive, writing never leaves half a file."""

from pathlib import Path

import pytest
import torch
from torch import nn

from rushes.core.errors import WeightsError
from rushes.models.tensor_source import SafetensorsFile, fill
from rushes.models.weights_file import save_weights, sha256_of, write_atomically


def build() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def test_parameters_take_the_dtype_and_buffers_keep_theirs(tmp_path: Path) -> None:
    module = build()
    module(torch.randn(8, 3))
    digest = save_weights(module, tmp_path / "judge.safetensors")
    assert digest == sha256_of(tmp_path / "judge.safetensors")
    with torch.device("meta"):
        loaded = build()
    fill(loaded, SafetensorsFile(tmp_path / "judge.safetensors"), torch.bfloat16, torch.device("cpu"))
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.bfloat16}
    assert torch.equal(loaded[1].running_mean, module[1].running_mean)
    assert loaded[1].num_batches_tracked.item() == 1
    torch.testing.assert_close(loaded[0].weight.float(), module[0].weight, atol=0.01, rtol=0.01)


def test_a_buffer_outside_the_file_is_not_left_on_meta(tmp_path: Path) -> None:
    save_weights(nn.Linear(3, 4), tmp_path / "x.safetensors")
    with torch.device("meta"):
        module = nn.Linear(3, 4)
        module.register_buffer("table", torch.zeros(2), persistent=False)
    with pytest.raises(WeightsError, match="leaves 'table' without a value"):
        fill(module, SafetensorsFile(tmp_path / "x.safetensors"), torch.float32, torch.device("cpu"))


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.json"
    write_atomically(path, b"old")

    def full(self: Path, _target: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["model.json"]
