"""Any layout into a bundle of our own: the same numbers, one tensor in memory, whole or not at all."""

import json
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from tests.models.test_foreign import WRITERS, Parts
from tests.tiny_model import tiny_bundle

from rushes.core.errors import UsageError, WeightsError
from rushes.models.bundle import check_files, load_bundle, open_model, save_bundle
from rushes.models.convert import convert, converted_bytes
from rushes.models.model_files import ExpertFiles, PartFiles
from rushes.models.weights_file import sha256_of


@pytest.fixture(scope="module")
def parts():
    return Parts()


def ignore(_size):
    pass


def weights(bundle):
    parts = bundle.text_encoder, bundle.codec, *(expert.transformer for expert in bundle.experts)
    return [value for part in parts for value in part.state_dict().values()]


@pytest.mark.parametrize("layout", WRITERS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_converted_model_computes_the_same_numbers(layout, dtype, parts, tmp_path):
    (tmp_path / "theirs").mkdir()
    WRITERS[layout](tmp_path / "theirs", parts)
    files = open_model(tmp_path / "theirs")
    convert(files, tmp_path / "ours", ignore)
    before, after = (
        load_bundle(tmp_path / "theirs", dtype, "cpu"),
        load_bundle(tmp_path / "ours", dtype, "cpu"),
    )
    for ours, theirs in zip(weights(after), weights(before), strict=True):
        # bfloat16 is what the format stores; the codec stays as it was
        assert torch.equal(ours, theirs) or torch.equal(ours, theirs.bfloat16().to(ours.dtype))
    assert all(map(torch.equal, after.codec.state_dict().values(), before.codec.state_dict().values()))
    told = ("name", "licence", "defaults", "conventions", "facts")
    assert all(getattr(after, name) == getattr(before, name) for name in told)
    assert after.tokenizer.model_bytes == before.tokenizer.model_bytes
    assert [each.from_sigma for each in after.experts] == [0.875, 0.0]
    check_files(open_model(tmp_path / "ours"))


def test_our_own_bundles_come_out_as_they_went_in(tmp_path):
    save_bundle(tiny_bundle(), tmp_path / "a")
    convert(open_model(tmp_path / "a"), tmp_path / "b", ignore)
    one, other = (load_bundle(tmp_path / name, torch.float32, "cpu") for name in "ab")
    assert all(map(torch.equal, weights(one), weights(other)))


def test_the_record_and_the_bytes_told_are_those_of_the_files(parts, tmp_path):
    (tmp_path / "theirs").mkdir()
    WRITERS["comfy"](tmp_path / "theirs", parts)
    files, written = open_model(tmp_path / "theirs"), []
    convert(files, tmp_path / "ours", written.append)
    names = {path.name for path in (tmp_path / "ours").iterdir()} - {"model.json"}
    digests = json.loads((tmp_path / "ours" / "model.json").read_text(encoding="utf-8"))["sha256"]
    assert digests == {name: sha256_of(tmp_path / "ours" / name) for name in names}
    assert sum(written) == converted_bytes(files)
    # the library of the format opens them, and finds every tensor aligned
    with safe_open(tmp_path / "ours" / "codec.safetensors", framework="pt") as opened:
        assert len(opened.keys()) == len(files.codec.source.specs())


def test_experts_that_share_their_weights_share_a_file(parts, tmp_path):
    (tmp_path / "theirs").mkdir()
    WRITERS["official"](tmp_path / "theirs", parts)
    files = open_model(tmp_path / "theirs")
    shared = tuple(ExpertFiles(files.experts[0].source, bound) for bound in (0.875, 0.0))
    convert(replace(files, experts=shared), tmp_path / "ours", ignore)
    assert (tmp_path / "ours" / "transformer.safetensors").exists()
    assert not (tmp_path / "ours" / "transformer_low.safetensors").exists()


class Counted:
    """A source that knows how many of the tensors it gave out are still held."""

    alive = 0
    most = 0

    def __init__(self, source):
        self._source = source
        self.label = source.label

    def specs(self):
        return self._source.specs()

    def read(self, name):
        value = self._source.read(name)
        Counted.alive += 1
        Counted.most = max(Counted.most, Counted.alive)
        weakref.finalize(value, Counted.gone)
        return value

    @staticmethod
    def gone():
        Counted.alive -= 1


def test_no_more_than_two_tensors_are_held_at_a_time(parts, tmp_path):
    (tmp_path / "theirs").mkdir()
    WRITERS["official"](tmp_path / "theirs", parts)
    files = open_model(tmp_path / "theirs")
    counted = replace(
        files,
        text_encoder=PartFiles(files.text_encoder.config, Counted(files.text_encoder.source)),
        experts=tuple(ExpertFiles(Counted(each.source), each.from_sigma) for each in files.experts),
        codec=PartFiles(files.codec.config, Counted(files.codec.source)),
    )
    convert(counted, tmp_path / "ours", ignore)
    assert Counted.alive == 0
    assert 1 <= Counted.most <= 2


def test_an_existing_folder_is_not_written_into(parts, tmp_path):
    (tmp_path / "theirs").mkdir()
    WRITERS["official"](tmp_path / "theirs", parts)
    with pytest.raises(UsageError, match="theirs exists: choose another folder"):
        convert(open_model(tmp_path / "theirs"), tmp_path / "theirs", ignore)


def test_a_place_that_cannot_be_written_is_named(parts, tmp_path):
    (tmp_path / "theirs").mkdir()
    WRITERS["official"](tmp_path / "theirs", parts)
    with pytest.raises(UsageError, match=r"/proc/ours cannot be written \(.*\): choose another folder"):
        convert(open_model(tmp_path / "theirs"), Path("/proc/ours"), ignore)


def test_numbers_that_are_not_finite_leave_nothing_behind(parts, tmp_path):
    (tmp_path / "theirs").mkdir()
    WRITERS["official"](tmp_path / "theirs", parts)
    state = {name: value.clone() for name, value in parts.codec.state_dict().items()}
    state["conv1.bias"][3] = torch.nan
    torch.save(state, tmp_path / "theirs" / "Wan2.1_VAE.pth")
    with pytest.raises(WeightsError, match=r"Wan2.1_VAE.pth has values in tensor 'conv1.bias' that are no"):
        convert(open_model(tmp_path / "theirs"), tmp_path / "ours", ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]
