"""Files appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rushes.core.errors import UsageError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a hidden name beside ``path``; it becomes ``path`` if the block succeeds, else it is removed."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Raise UsageError when ``path`` is a folder, or its own folder is missing or cannot be written to."""
    folder = path.parent
    if not folder.is_dir():
        raise UsageError(
            f"output folder {str(folder)!r} does not exist: create it or choose another --output"
        )
    if path.is_dir():
        raise UsageError(
            f"output {str(path)!r} is a folder: name a file in it, for example {path / 'scene.mp4'}"
        )
    # Permission bits say nothing for root, nor for read-only mounts: only a write tells.
    probe = path.with_name(f".{path.name}.{os.getpid()}.probe")
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"output folder {str(folder)!r} cannot be written to ({error.strerror}): choose another --output"
        ) from error
