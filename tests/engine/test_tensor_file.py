"""Tensors on disk: every dtype comes back bit for bit, and a reader never sees half a file."""

import pytest
import torch

from rushes.engine.tensor_file import TensorFile, read_tensor_file

TENSORS = {
    "half": torch.tensor([[1.5, -2.25]], dtype=torch.bfloat16),
    "view": torch.arange(12.0).view(3, 4).t(),
    "double": torch.tensor([0.1], dtype=torch.float64),
    "scalar": torch.tensor(3),
    "nothing": torch.zeros(0, 2),
}


def test_tensors_and_notes_come_back(tmp_path):
    path = tmp_path / "new" / "a.safetensors"
    TensorFile(TENSORS, {"step": "3"}).write(path)
    file = read_tensor_file(path)
    assert file.notes == {"step": "3"}
    assert file.tensors.keys() == TENSORS.keys()
    for name, value in TENSORS.items():
        assert file.tensors[name].dtype == value.dtype
        assert torch.equal(file.tensors[name], value)
    assert [each.name for each in path.parent.iterdir()] == ["a.safetensors"]


def test_a_missing_or_foreign_file_is_none(tmp_path):
    assert read_tensor_file(tmp_path / "no.safetensors") is None
    (tmp_path / "text").write_text("not tensors")
    assert read_tensor_file(tmp_path / "text") is None


@pytest.mark.parametrize("position", [-1, 20])
def test_a_changed_byte_is_noticed(tmp_path, position):
    path = tmp_path / "a.safetensors"
    TensorFile(TENSORS, {}).write(path)
    content = bytearray(path.read_bytes())
    content[position] ^= 4
    path.write_bytes(bytes(content))
    assert read_tensor_file(path) is None


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    TensorFile({"a": torch.ones(1)}, {}).write(path)
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        TensorFile({"a": torch.zeros(1)}, {}).write(path)
    monkeypatch.undo()
    assert read_tensor_file(path).tensors["a"] == 1
    assert len(list(tmp_path.iterdir())) == 1
