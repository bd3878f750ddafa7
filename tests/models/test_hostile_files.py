"""The red-team list's case 31: weights files that lie about what they are are refused, none is believed."""

import json
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from rushes.core.errors import WeightsError
from rushes.models.tensor_source import SafetensorsFile, fill


class Danger:
    def __reduce__(self):
        return (print, ("the pickle ran",))


def header(**tensors):
    """A safetensors file of this header and 16 bytes of numbers."""
    text = json.dumps({name: {"dtype": "F32", **each} for name, each in tensors.items()}).encode()
    return len(text).to_bytes(8, "little") + text + bytes(16)


LIES = {
    "a pickle": pickle.dumps(Danger()),
    "a header of 2 GB": (2 * 2**30).to_bytes(8, "little") + b"{}" + bytes(100),
    "a header beyond all numbers": b"\xff" * 8 + b"{}",
    "overlapping offsets": header(
        a={"shape": [2], "data_offsets": [0, 8]}, b={"shape": [3], "data_offsets": [4, 16]}
    ),
    "a hole": header(a={"shape": [1], "data_offsets": [0, 4]}, b={"shape": [1], "data_offsets": [12, 16]}),
    "offsets behind the end": header(a={"shape": [1000], "data_offsets": [0, 4000]}),
    "offsets before the beginning": header(a={"shape": [4], "data_offsets": [-8, 8]}),
    "a shape larger than its numbers": header(a={"shape": [2**40, 2**40], "data_offsets": [0, 16]}),
    "a shape that overflows": header(a={"shape": [2**62, 4, 4], "data_offsets": [0, 16]}),
    "a negative shape": header(a={"shape": [-4], "data_offsets": [0, 16]}),
    "names twice": header(a={"shape": [4], "data_offsets": [0, 16]}).replace(b'"shape"', b'"dtype"', 1),
    "deep nesting": (200_000).to_bytes(8, "little") + b"[" * 200_000,
    "nothing": b"",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_lies_is_refused(tmp_path, capsys, lie):
    (tmp_path / "x.safetensors").write_bytes(LIES[lie])
    with pytest.raises(WeightsError, match=r"x\.safetensors"):
        SafetensorsFile(tmp_path / "x.safetensors")
    assert capsys.readouterr().out == "", "nothing in it ran"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_none_are_refused(tmp_path, value):
    state = {"weight": torch.ones(2, 3), "bias": torch.tensor([1.0, value])}
    save_file(state, tmp_path / "x.safetensors")
    with torch.device("meta"):
        module = nn.Linear(3, 2)
    with pytest.raises(WeightsError, match="'bias' that are no finite numbers"):
        fill(module, SafetensorsFile(tmp_path / "x.safetensors"), torch.float32, torch.device("cpu"))
