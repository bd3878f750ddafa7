"""A model of any layout written as a bundle of our own, one tensor in memory at a time."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor, nn

from rushes.core.errors import UsageError
from rushes.models.bundle import check_files, codec_dtype
from rushes.models.codecs import build_codec
from rushes.models.model_files import CODEC, TEXT_ENCODER, TOKENIZER, ExpertFiles, ModelFiles, expert_files
from rushes.models.model_record import FORMAT, ExpertRecord, ModelRecord, write_record
from rushes.models.tensor_source import SAFETENSORS_DTYPES, TensorSource, TensorSpec, read_checked
from rushes.models.text_encoder import UMT5Encoder
from rushes.models.transformer import WanTransformer
from rushes.models.weights_file import DISK_DTYPE, sha256_of

PARTIAL = ".partial"
CPU = torch.device("cpu")
_NAMES = {dtype: name for name, dtype in SAFETENSORS_DTYPES.items()}

Tally = Callable[[int], None]


def converted_bytes(files: ModelFiles) -> int:
    """What :func:`convert` will write, headers aside."""
    return sum(
        spec.nbytes for module, source, dtype in _parts(files).values()
        for spec in _stored(module, source, dtype).values()
    )  # fmt: skip


def convert(files: ModelFiles, folder: Path, tally: Tally) -> None:
    """Write ``files`` into the new ``folder``, which appears when all is written.

    Numbers are stored in bfloat16, those of Wan's codecs in float32, as published. ``tally`` hears how many
    bytes were written. Raises UsageError when ``folder`` exists and WeightsError for files that do not fit
    or hold numbers that are not finite.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists: choose another folder for the converted model")
    check_files(files)
    partial = folder.with_name(folder.name + PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        digests = {
            name: _write(partial / name, source, _stored(module, source, dtype), tally)
            for name, (module, source, dtype) in _parts(files).items()
        }
        (partial / TOKENIZER).write_bytes(files.tokenizer)
        digests[TOKENIZER] = sha256_of(partial / TOKENIZER)
        write_record(_record(files, digests), partial)
        partial.rename(folder)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written ({error.strerror}): choose another folder") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _parts(files: ModelFiles) -> Mapping[str, tuple[nn.Module, TensorSource, torch.dtype]]:
    """File name -> network on the meta device, its tensors, and the type to store them in."""
    with torch.device("meta"):
        text_encoder, codec = UMT5Encoder(files.text_encoder.config), build_codec(files.codec.config)
        transformer = WanTransformer(files.transformer)
    return {
        TEXT_ENCODER: (text_encoder, files.text_encoder.source, DISK_DTYPE),
        CODEC: (codec, files.codec.source, codec_dtype(files.codec.config, DISK_DTYPE)),
        **{name: (transformer, expert.source, DISK_DTYPE) for name, expert in _experts(files)},
    }


def _experts(files: ModelFiles) -> Iterator[tuple[str, ExpertFiles]]:
    """Each expert with the name of its file."""
    return zip(expert_files([expert.source for expert in files.experts]), files.experts, strict=True)


def _stored(module: nn.Module, source: TensorSource, dtype: torch.dtype) -> dict[str, TensorSpec]:
    """How each tensor will be stored: parameters in ``dtype``, buffers as the network has them."""
    buffers = {name: value.dtype for name, value in module.named_buffers()}
    return {name: TensorSpec(spec.shape, buffers.get(name, dtype)) for name, spec in source.specs().items()}


def _write(path: Path, source: TensorSource, specs: Mapping[str, TensorSpec], tally: Tally) -> str:
    """One safetensors file; its SHA-256."""
    # wide types first, so that every tensor begins at a multiple of its size
    order = sorted(specs, key=lambda name: (-specs[name].dtype.itemsize, name))
    with path.open("wb") as file:
        out = _Hashed(file)
        out.write(_header(order, specs))
        for name in order:
            value = read_checked(source, name, specs[name].dtype, CPU)
            out.write(_raw(value))
            tally(specs[name].nbytes)
    return out.digest.hexdigest()


def _header(order: list[str], specs: Mapping[str, TensorSpec]) -> bytes:
    """Length and JSON as https://huggingface.co/docs/safetensors has them, padded to eight bytes."""
    entries, begin = {}, 0
    for name in order:
        end = begin + specs[name].nbytes
        entries[name] = {
            "dtype": _NAMES[specs[name].dtype], "shape": list(specs[name].shape), "data_offsets": [begin, end]
        }  # fmt: skip
        begin = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _raw(value: Tensor) -> memoryview:
    return value.contiguous().view(-1).view(torch.uint8).numpy().data


class _Hashed:
    """Writes to a file and knows the digest of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self.digest.update(data)


def _record(files: ModelFiles, digests: Mapping[str, str]) -> ModelRecord:
    return ModelRecord(
        format=FORMAT,
        name=files.name,
        licence=files.licence,
        transformer=files.transformer,
        text_encoder=files.text_encoder.config,
        codec=files.codec.config,
        experts=tuple(ExpertRecord(name, expert.from_sigma) for name, expert in _experts(files)),
        defaults=files.defaults,
        sha256=digests,
        conventions=files.conventions,
    )
