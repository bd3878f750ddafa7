"""GGUF files (city96, QuantStack): quantised blocks that come out in float32 one tensor at a time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rushes.core.errors import UsageError, WeightsError
from rushes.models.tensor_source import REMEDY, TensorSpec


class GgufFile:
    """One GGUF file, memory-mapped. Specs give the shape of the numbers, not of the packed blocks.

    Raises WeightsError when it is missing, cut off or no GGUF file, UsageError without the package ``gguf``.
    """

    def __init__(self, path: Path) -> None:
        try:
            from gguf import GGUFReader, dequantize  # noqa: PLC0415  an extra
        except ModuleNotFoundError as error:
            raise UsageError(f"{path} is a GGUF file: pip install 'rushes[gguf]' to read it") from error
        self._path, self._dequantise = path, dequantize
        try:
            reader = GGUFReader(path)
        except FileNotFoundError as error:
            raise WeightsError(f"{path} is missing: {REMEDY}") from error
        except Exception as error:  # the reader names no type for what it cannot read
            raise WeightsError(f"{path} is cut off or no GGUF file: {REMEDY}") from error
        self._tensors: Mapping[str, Any] = {tensor.name: tensor for tensor in reader.tensors}

    @property
    def label(self) -> str:
        """The path."""
        return str(self._path)

    def specs(self) -> Mapping[str, TensorSpec]:
        """Every tensor; the file counts axes from the fastest, so shapes are turned round."""
        return {
            name: TensorSpec(tuple(reversed(tensor.shape.tolist())), torch.float32)
            for name, tensor in self._tensors.items()
        }

    def read(self, name: str) -> Tensor:
        """One tensor in float32."""
        tensor = self._tensors[name]
        # a copy: numbers stored plainly come as a view of the read-only map
        values = torch.tensor(self._dequantise(tensor.data, tensor.tensor_type), dtype=torch.float32)
        return values.reshape(self.specs()[name].shape)
