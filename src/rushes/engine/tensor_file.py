"""Small files of tensors that appear whole or not at all, and are known to be whole when read."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, uint8

CHECKSUM = "sha256"


@dataclass(frozen=True)
class TensorFile:
    """What a file holds: tensors by name, and texts beside them."""

    tensors: Mapping[str, Tensor]
    notes: Mapping[str, str]

    def write(self, path: Path) -> None:
        """Write to ``path``, creating its folder; a reader sees the old file or the new one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {name: value.detach().cpu().contiguous() for name, value in self.tensors.items()}
        content = save(tensors, {**self.notes, CHECKSUM: _checksum(tensors)})
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def read_tensor_file(path: Path) -> TensorFile | None:
    """The file, or None where it is missing, cut off or changed."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  no mapping
            notes = dict(file.metadata() or {})
    except (OSError, SafetensorError):
        return None
    if notes.pop(CHECKSUM, None) != _checksum(tensors):
        return None
    return TensorFile(tensors, notes)


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.contiguous().flatten().view(uint8).numpy().data)
    return digest.hexdigest()
