"""Sources of tensors: shards and their index, pickles, views; and what is refused by name."""

import json
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from rushes.core.errors import WeightsError
from rushes.models.tensor_source import (
    SafetensorsFile,
    ShardedFiles,
    TensorMap,
    fill,
    pickled_file,
    under,
)

CPU = torch.device("cpu")
STATE = {"a.weight": torch.arange(6.0).view(2, 3), "a.bias": torch.ones(2), "b.weight": torch.zeros(3, 2)}


def write_shards(folder, state, weight_map=None):
    """Two shards and an index."""
    names = sorted(state)
    parts = {"m-1.safetensors": names[:2], "m-2.safetensors": names[2:]}
    for file, inside in parts.items():
        save_file({name: state[name] for name in inside}, folder / file)
    places = {name: file for file, inside in parts.items() for name in inside}
    index = folder / "m.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": places if weight_map is None else weight_map}))
    return index


def test_shards_read_as_one(tmp_path):
    source = ShardedFiles(write_shards(tmp_path, STATE))
    assert source.specs().keys() == STATE.keys()
    assert source.specs()["a.weight"].shape == (2, 3)
    assert source.specs()["a.weight"].nbytes == 24
    assert all(torch.equal(source.read(name), value) for name, value in STATE.items())


def test_an_index_that_lacks_a_tensor_is_refused(tmp_path):
    index = write_shards(tmp_path, STATE)
    places = json.loads(index.read_text())["weight_map"]
    del places["a.bias"]
    index.write_text(json.dumps({"weight_map": places}))
    with pytest.raises(WeightsError, match=r"does not list tensor 'a\.bias' of m-1\.safetensors"):
        ShardedFiles(index)


def test_an_index_that_promises_too_much_is_refused(tmp_path):
    index = write_shards(tmp_path, STATE)
    places = json.loads(index.read_text())["weight_map"]
    index.write_text(json.dumps({"weight_map": {**places, "c": "m-2.safetensors"}}))
    with pytest.raises(WeightsError, match=r"puts tensor 'c' in m-2\.safetensors, which lacks it"):
        ShardedFiles(index)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 3}'])
def test_a_broken_index_is_named(tmp_path, text):
    index = tmp_path / "m.safetensors.index.json"
    index.write_text(text)
    with pytest.raises(WeightsError, match=r"is missing or no index of shards"):
        ShardedFiles(index)


def test_a_missing_and_a_cut_shard_are_named(tmp_path):
    index = write_shards(tmp_path, STATE)
    whole = (tmp_path / "m-2.safetensors").read_bytes()
    (tmp_path / "m-2.safetensors").write_bytes(whole[:-4])
    with pytest.raises(WeightsError, match=r"m-2\.safetensors is cut off"):
        ShardedFiles(index)
    (tmp_path / "m-2.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"m-2\.safetensors is missing"):
        ShardedFiles(index)


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"model_state": s}, lambda s: {"state_dict": s}])
def test_a_pickle_of_tensors_is_read(tmp_path, wrap):
    torch.save(wrap(STATE), tmp_path / "m.pth")
    source = pickled_file(tmp_path / "m.pth")
    assert all(torch.equal(source.read(name), value) for name, value in STATE.items())


class Danger:
    def __reduce__(self):
        return (print, ("the pickle ran",))


def test_a_pickle_that_would_run_code_is_not_opened(tmp_path, capsys):
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Danger()))
    torch.save({"a": Danger()}, tmp_path / "zipped.pth")
    for name in ("plain.pth", "zipped.pth"):
        with pytest.raises(WeightsError, match=f"{name} is cut off, or a pickle with more than tensors"):
            pickled_file(tmp_path / name)
    assert capsys.readouterr().out == ""


def test_a_pickle_of_something_else_is_refused(tmp_path):
    torch.save({"a": 3}, tmp_path / "m.pth")
    with pytest.raises(WeightsError, match=r"holds no dictionary of tensors"):
        pickled_file(tmp_path / "m.pth")


def test_a_view_under_a_prefix():
    view = under(TensorMap(STATE, "memory"), "a.")
    assert set(view.specs()) == {"weight", "bias"}
    assert torch.equal(view.read("bias"), STATE["a.bias"])
    with pytest.raises(KeyError):
        view.read("b.weight")


def meta_linear():
    with torch.device("meta"):
        return nn.Linear(3, 2)


def test_filling_a_module_takes_the_dtype():
    layer = meta_linear()
    fill(layer, under(TensorMap(STATE, "memory"), "a."), torch.bfloat16, CPU)
    assert torch.equal(layer.weight, STATE["a.weight"].bfloat16())
    assert not layer.weight.requires_grad


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bias": None}, "memory lacks tensor 'bias'"),
        ({"extra": torch.ones(1)}, "memory has tensor 'extra', which this model does not know"),
        ({"bias": torch.ones(3)}, r"'bias' in shape \(3,\) instead of \(2,\)"),
        ({"bias": torch.tensor([1.0, float("nan")])}, "'bias' that are no finite numbers"),
        ({"bias": torch.tensor([float("inf"), -float("inf")])}, "'bias' that are no finite numbers"),
        ({"bias": torch.ones(2, dtype=torch.int32)}, "'bias' as torch.int32, not torch.float32"),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    state = {"weight": STATE["a.weight"], "bias": STATE["a.bias"], **change}
    source = TensorMap({name: value for name, value in state.items() if value is not None}, "memory")
    with pytest.raises(WeightsError, match=message):
        fill(meta_linear(), source, torch.float32, CPU)


def test_a_tensor_read_twice_is_two_tensors(tmp_path):
    save_file({"x": torch.ones(4)}, tmp_path / "x.safetensors", metadata={"format": "pt"})
    source = SafetensorsFile(tmp_path / "x.safetensors")
    assert source.metadata == {"format": "pt"}
    first, second = source.read("x"), source.read("x")
    first.zero_()
    assert torch.equal(second, torch.ones(4))
    memory = TensorMap({"x": torch.ones(4)}, "memory")
    memory.read("x").zero_()
    assert torch.equal(memory.read("x"), torch.ones(4))
    with pytest.raises(KeyError):
        source.read("y")


@pytest.mark.parametrize(
    "dtype", [torch.bfloat16, torch.float8_e4m3fn, torch.int64, torch.bool, torch.float16]
)
def test_every_dtype_and_empty_and_scalar_tensors_are_read(dtype, tmp_path):
    state = {
        "x": torch.ones(3, 5).to(dtype),
        "scalar": torch.tensor(1).to(dtype),
        "none": torch.ones(0, 2).to(dtype),
    }
    save_file(state, tmp_path / "x.safetensors")
    source = SafetensorsFile(tmp_path / "x.safetensors")
    for name, value in state.items():
        assert torch.equal(source.read(name).float(), value.float())
        assert source.read(name).shape == value.shape


def test_a_file_that_shrinks_while_it_is_used_is_named(tmp_path):
    save_file({"x": torch.ones(400)}, tmp_path / "x.safetensors")
    source = SafetensorsFile(tmp_path / "x.safetensors")
    whole = (tmp_path / "x.safetensors").read_bytes()
    (tmp_path / "x.safetensors").write_bytes(whole[:-8])
    with pytest.raises(WeightsError, match="ends inside tensor 'x'"):
        source.read("x")


@pytest.mark.parametrize("kind", ["F8_E8M0", "U32", "F4"])
def test_a_type_we_cannot_read_is_named(kind, tmp_path):
    header = json.dumps({"x": {"dtype": kind, "shape": [8], "data_offsets": [0, 32 if kind == "U32" else 8]}})
    if kind == "F4":
        header = header.replace("[8]", "[16]")
    content = bytes(32 if kind == "U32" else 8)
    (tmp_path / "x.safetensors").write_bytes(len(header).to_bytes(8, "little") + header.encode() + content)
    with pytest.raises(WeightsError, match=f"stores 'x' as {kind}: use a bfloat16, float8 or GGUF file"):
        SafetensorsFile(tmp_path / "x.safetensors")
