"""One weight file: safetensors, bfloat16, written atomically, read strictly into a module built on meta."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from rushes.core.errors import WeightsError

REMEDY = "install or fetch the model again"
DISK_DTYPE = torch.bfloat16


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file. Raises WeightsError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}): {REMEDY}") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Write through a temporary neighbour, so that ``path`` holds the old bytes or the new, never half."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def save_weights(module: nn.Module, path: Path) -> str:
    """Write a module's parameters in bfloat16 and its buffers as they are; return the file's SHA-256."""
    buffers = dict(module.named_buffers())
    state = {
        name: (value if name in buffers else value.to(DISK_DTYPE)).detach().cpu().contiguous()
        for name, value in module.state_dict().items()
    }
    content = save(state)
    write_atomically(path, content)
    return hashlib.sha256(content).hexdigest()


def load_weights(
    module: nn.Module, path: Path, sha256: str, dtype: torch.dtype, device: torch.device
) -> None:
    """Fill ``module``, built on the meta device, from ``path``, and set it to evaluation without gradients.

    Parameters take ``dtype``; buffers keep the one they were built with. Raises WeightsError, naming file and
    tensor, when the file is missing, cut off or changed, lacks a tensor or has one too many, or holds a wrong
    shape or a value that is not finite.
    """
    expected = module.state_dict()
    state = _read(path, expected)
    if sha256_of(path) != sha256:
        raise WeightsError(f"{path} was changed after it was published (its SHA-256 differs): {REMEDY}")
    buffers = {name for name, _ in module.named_buffers()}
    placed = {
        name: value.to(device, expected[name].dtype if name in buffers else dtype)
        for name, value in state.items()
    }
    module.load_state_dict(placed, strict=True, assign=True)
    left = [name for name, value in _tensors(module).items() if value.is_meta]
    if left:
        raise WeightsError(f"{path} leaves {left[0]!r} without a value: {REMEDY}")
    module.eval().requires_grad_(False)


def _read(path: Path, expected: Mapping[str, Any]) -> dict[str, Tensor]:
    """Every expected tensor of the file, checked; nothing else may be in it."""
    if not os.access(path, os.R_OK):
        raise WeightsError(f"{path} is missing or cannot be read: {REMEDY}")
    try:
        with safe_open(path, framework="pt") as file:
            names = set(file.keys())
            for name in sorted(expected.keys() - names):
                raise WeightsError(f"{path} lacks tensor {name!r}: {REMEDY}")
            for name in sorted(names - expected.keys()):
                raise WeightsError(f"{path} has tensor {name!r}, which this model does not know: {REMEDY}")
            return {name: _checked(file.get_tensor(name), name, expected[name], path) for name in expected}
    except SafetensorError as error:
        raise WeightsError(f"{path} is cut off or no safetensors file: {REMEDY}") from error


def _checked(value: Tensor, name: str, expected: Tensor, path: Path) -> Tensor:
    if value.shape != expected.shape:
        shapes = f"{tuple(value.shape)} instead of {tuple(expected.shape)}"
        raise WeightsError(f"{path} has tensor {name!r} in shape {shapes}: {REMEDY}")
    if value.is_floating_point() != expected.is_floating_point() or not torch.isfinite(value).all():
        raise WeightsError(f"{path} has values in tensor {name!r} that are no finite numbers: {REMEDY}")
    return value


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.named_parameters()) | dict(module.named_buffers())
