"""One weight file of our own: safetensors, bfloat16, written atomically, known by its digest."""

import hashlib
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from rushes.core.errors import WeightsError
from rushes.models.tensor_source import REMEDY

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
