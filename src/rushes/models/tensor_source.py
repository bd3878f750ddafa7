"""Where weights come from: named tensors read one at a time, so that no model need stand in memory twice.

Sources stack: a file, behind it a scale for float8, a table of names, a LoRA. ``fill`` puts a source into a
module built on the meta device, strictly both ways.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from rushes.core.errors import WeightsError

REMEDY = "install or fetch the model again"

SAFETENSORS_DTYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


@dataclass(frozen=True)
class TensorSpec:
    """Shape of a tensor, and its dtype as stored."""

    shape: tuple[int, ...]
    dtype: torch.dtype

    @property
    def nbytes(self) -> int:
        """Bytes on disk."""
        return math.prod(self.shape) * self.dtype.itemsize


class TensorSource(Protocol):
    """Named tensors of one part of a model."""

    @property
    def label(self) -> str:
        """The file or folder, for messages."""
        ...

    def specs(self) -> Mapping[str, TensorSpec]:
        """Every tensor there is."""
        ...

    def read(self, name: str) -> Tensor:
        """One tensor on the CPU, its memory nobody else's. KeyError for an unknown name."""
        ...


class SafetensorsFile:
    """One safetensors file, read tensor by tensor into memory of their own.

    Not mapped: a private mapping counts against a limit on memory, and what is computed from a mapped tensor
    depends on how the file happens to align it, because kernels round by alignment. Raises WeightsError when
    the file is missing, cut off or no safetensors file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with safe_open(path, framework="np") as checked:
                self.metadata: Mapping[str, str] = checked.metadata() or {}
            with path.open("rb") as file:
                size = int.from_bytes(file.read(8), "little")
                header = json.loads(file.read(size))
        except FileNotFoundError as error:
            raise WeightsError(f"{path} is missing: {REMEDY}") from error
        except OSError as error:
            raise WeightsError(f"{path} cannot be read ({error.strerror}): {REMEDY}") from error
        except SafetensorError as error:
            raise WeightsError(f"{path} is cut off or no safetensors file: {REMEDY}") from error
        header.pop("__metadata__", None)
        for name, entry in header.items():
            if entry["dtype"] not in SAFETENSORS_DTYPES:
                raise WeightsError(
                    f"{path} stores {name!r} as {entry['dtype']}: use a bfloat16, float8 or GGUF file instead"
                )
        self._places = {name: 8 + size + entry["data_offsets"][0] for name, entry in header.items()}
        self._specs = {
            name: TensorSpec(tuple(entry["shape"]), SAFETENSORS_DTYPES[entry["dtype"]])
            for name, entry in header.items()
        }

    @property
    def label(self) -> str:
        """The path."""
        return str(self._path)

    def specs(self) -> Mapping[str, TensorSpec]:
        """Every tensor of the file."""
        return self._specs

    def read(self, name: str) -> Tensor:
        """One tensor. Raises WeightsError when the file has become shorter since it was opened."""
        spec = self._specs[name]
        value = torch.empty(spec.shape, dtype=spec.dtype)
        if not spec.nbytes:
            return value
        buffer = value.view(-1).view(torch.uint8).numpy().data
        with self._path.open("rb", buffering=0) as file:
            file.seek(self._places[name])
            done = 0
            while done < len(buffer):
                count = file.readinto(buffer[done:])
                if not count:
                    raise WeightsError(f"{self._path} ends inside tensor {name!r}: {REMEDY}")
                done += count
        return value


class ShardedFiles:
    """Several safetensors files and the index that says which tensor lies where.

    Raises WeightsError when index or shard is missing, or they contradict each other.
    """

    def __init__(self, index: Path) -> None:
        self._index = index
        try:
            places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
            names = sorted(set(places.values()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WeightsError(f"{index} is missing or no index of shards: {REMEDY}") from error
        self._files = {name: SafetensorsFile(index.parent / Path(name).name) for name in names}
        self._places: Mapping[str, str] = places
        for name, place in places.items():
            if name not in self._files[place].specs():
                raise WeightsError(f"{index} puts tensor {name!r} in {place}, which lacks it: {REMEDY}")
        for place, file in self._files.items():
            for name in file.specs():
                if places.get(name) != place:
                    raise WeightsError(f"{index} does not list tensor {name!r} of {place}: {REMEDY}")

    @property
    def label(self) -> str:
        """The folder."""
        return str(self._index.parent)

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the writers noted in all shards."""
        return {key: value for file in self._files.values() for key, value in file.metadata.items()}

    def specs(self) -> Mapping[str, TensorSpec]:
        """Every tensor of all shards."""
        return {name: self._files[place].specs()[name] for name, place in self._places.items()}

    def read(self, name: str) -> Tensor:
        """One tensor of its shard."""
        return self._files[self._places[name]].read(name)


class TensorMap:
    """Tensors that are in memory, or mapped there by someone else."""

    def __init__(self, tensors: Mapping[str, Tensor], label: str) -> None:
        self._tensors, self._label = tensors, label
        self.metadata: Mapping[str, str] = {}

    @property
    def label(self) -> str:
        """Where they came from."""
        return self._label

    def specs(self) -> Mapping[str, TensorSpec]:
        """Every tensor."""
        return {name: TensorSpec(tuple(value.shape), value.dtype) for name, value in self._tensors.items()}

    def read(self, name: str) -> Tensor:
        """A copy."""
        return self._tensors[name].clone()


def pickled_file(path: Path) -> TensorMap:
    """A ``.pth`` of tensors through torch's restricted unpickler, memory-mapped.

    A dictionary under ``model_state`` or ``state_dict`` is looked into. Raises WeightsError for anything that
    is not a dictionary of tensors, so also for a pickle that would run code.
    """
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except FileNotFoundError as error:
        raise WeightsError(f"{path} is missing: {REMEDY}") from error
    except Exception as error:  # torch names no type for what it refuses
        raise WeightsError(
            f"{path} is cut off, or a pickle with more than tensors, which is not opened: {REMEDY}"
        ) from error
    for key in ("model_state", "state_dict"):
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
    if not isinstance(loaded, dict) or not all(isinstance(value, Tensor) for value in loaded.values()):
        raise WeightsError(f"{path} holds no dictionary of tensors: choose another file")
    return TensorMap(loaded, str(path))


class Renamed:
    """Another source under other names; tensors without a new name are left out."""

    def __init__(self, source: TensorSource, rename: Callable[[str], str | None]) -> None:
        self._source = source
        renamed = ((rename(name), name) for name in source.specs())
        self._names = {ours: theirs for ours, theirs in renamed if ours is not None}

    @property
    def label(self) -> str:
        """The source's."""
        return self._source.label

    def specs(self) -> Mapping[str, TensorSpec]:
        """By new name."""
        specs = self._source.specs()
        return {ours: specs[theirs] for ours, theirs in self._names.items()}

    def read(self, name: str) -> Tensor:
        """By new name."""
        return self._source.read(self._names[name])


def under(source: TensorSource, prefix: str) -> Renamed:
    """The tensors whose names begin with ``prefix``, without it: one block, or one part of a checkpoint."""
    return Renamed(source, lambda name: name.removeprefix(prefix) if name.startswith(prefix) else None)


def fill(module: nn.Module, source: TensorSource, dtype: torch.dtype, device: torch.device) -> None:
    """Give ``module``, built on the meta device, the tensors of ``source``; evaluation, no gradients.

    Parameters take ``dtype``; buffers keep the one they were built with. Raises WeightsError, naming file and
    tensor, when the source lacks a tensor or has one too many, or holds a wrong shape or numbers that are not
    finite.
    """
    check_fits(module, source)
    expected = module.state_dict()
    buffers = {name for name, _ in module.named_buffers()}
    placed = {
        name: read_checked(source, name, wanted.dtype if name in buffers else dtype, device)
        for name, wanted in expected.items()
    }
    module.load_state_dict(placed, strict=True, assign=True)
    left = [name for name, value in (*module.named_parameters(), *module.named_buffers()) if value.is_meta]
    if left:
        raise WeightsError(f"{source.label} leaves {left[0]!r} without a value: {REMEDY}")
    module.eval().requires_grad_(False)


def check_fits(module: nn.Module, source: TensorSource) -> None:
    """Raise WeightsError unless ``source`` has exactly the tensors of ``module``, in its shapes and kinds."""
    expected, specs = module.state_dict(), source.specs()
    for name in sorted(expected.keys() - specs.keys()):
        raise WeightsError(f"{source.label} lacks tensor {name!r}: {REMEDY}")
    for name in sorted(specs.keys() - expected.keys()):
        raise WeightsError(f"{source.label} has tensor {name!r}, which this model does not know: {REMEDY}")
    for name, wanted in expected.items():
        if specs[name].shape != wanted.shape:
            shapes = f"{specs[name].shape} instead of {tuple(wanted.shape)}"
            raise WeightsError(f"{source.label} has tensor {name!r} in shape {shapes}: {REMEDY}")
        dtype = specs[name].dtype
        if dtype.is_floating_point != wanted.dtype.is_floating_point:
            raise WeightsError(f"{source.label} has tensor {name!r} as {dtype}, not {wanted.dtype}: {REMEDY}")


def check_values(source: TensorSource, tally: Callable[[int], None]) -> None:
    """Read every tensor; raise WeightsError for values that are no finite numbers.

    ``tally`` hears how many bytes were read.
    """
    for name, spec in source.specs().items():
        # float8 comes out of its scales as float32, and nothing adds up in it
        dtype = torch.float32 if spec.dtype.is_floating_point and spec.dtype.itemsize == 1 else spec.dtype
        read_checked(source, name, dtype, torch.device("cpu"))
        tally(spec.nbytes)


def read_checked(source: TensorSource, name: str, dtype: torch.dtype, device: torch.device) -> Tensor:
    """One tensor in ``dtype`` on ``device``. Raises WeightsError for values that are no finite numbers."""
    placed = source.read(name).to(device, dtype)
    # an all-finite sum is the cheap sign: it reads the tensor once and allocates nothing
    if dtype.is_floating_point and not bool(torch.isfinite(placed.sum(dtype=torch.float32))):
        raise WeightsError(
            f"{source.label} has values in tensor {name!r} that are no finite numbers: {REMEDY}"
        )
    return placed
