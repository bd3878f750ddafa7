"""Stored bytes by hash, each tenant's apart. A file is there whole under its hash, or not at all.

Order matters: the file is written, flushed and renamed before the transaction that tells of it is kept. After
a kill there may be a file nobody knows, never a row without its file.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from rushes.core.errors import StoreError
from rushes.core.settings import Settings
from rushes.studio.faults import fault_point
from rushes.studio.schema import files, pins
from rushes.studio.store import Store

# Below this share of free space nothing new is taken on (OpenCue's figure).
LEAST_FREE = 0.05


@dataclass(frozen=True)
class StoredFile:
    """A file by its hash."""

    sha256: str
    size_bytes: int
    media_type: str


@dataclass(frozen=True)
class FileStore:
    """A folder of files; ``scratch`` in it holds what is being made, on the same file system.

    ``cache_bytes`` are the most that files nothing pins may take; more goes once a job has ended.
    """

    root: Path
    cache_bytes: int = Settings.cache_bytes

    def path(self, tenant_id: str, sha256: str) -> Path:
        """Where a file lies, whether it is there or not."""
        return self.root / tenant_id / sha256[:2] / sha256

    def holds(self, tenant_id: str, stored: "StoredFile") -> bool:
        """Whether a file is there in its whole length; its bytes are not read."""
        path = self.path(tenant_id, stored.sha256)
        return path.exists() and path.stat().st_size == stored.size_bytes

    def take_in(self, tenant_id: str, made: Path, media_type: str) -> StoredFile:
        """Move a finished file in; it survives a power cut from here on. A damaged one gives way to it."""
        digest, size = hash_file(made)
        target = self.path(tenant_id, digest)
        if target.exists() and hash_file(target)[0] == digest:
            made.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.chmod(0o444)
            fault_point("before rename")
            made.replace(target)
            _flush_folder(target.parent)
        fault_point("after rename")
        return StoredFile(digest, size, media_type)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder to make files in, gone afterwards."""
        parent = self.root / "scratch"
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def check_room(self) -> None:
        """Raise StoreError when the disk is nearly full, before work is taken on that could not be kept."""
        self.root.mkdir(parents=True, exist_ok=True)
        usage = shutil.disk_usage(self.root)
        if usage.free < LEAST_FREE * usage.total:
            raise StoreError(
                f"the disk of {str(self.root)!r} has {usage.free / 1e9:.1f} GB left, less than "
                f"{LEAST_FREE:.0%}: free some space, nothing new is started until then"
            )

    def sweep_scratch(self) -> int:
        """Remove what killed processes left in scratch; how many folders."""
        swept = 0
        for folder in (self.root / "scratch").glob("*-*"):
            if not _is_alive(int(folder.name.split("-")[0])):
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
        return swept


def hash_file(path: Path) -> tuple[str, int]:
    """Hex SHA-256 and bytes of a file, flushed to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest, file.tell()


def record(connection: Connection, store: Store, kept: FileStore, tenant_id: str, stored: StoredFile) -> None:
    """Tell the database of a file, in the transaction that needs it.

    Raises StoreError when the file was evicted in between: the row is locked by then, so it is certain.
    """
    dialect = sqlite if store.is_sqlite else postgresql
    connection.execute(
        dialect.insert(files)
        .values(
            tenant_id=tenant_id, sha256=stored.sha256, size_bytes=stored.size_bytes,
            media_type=stored.media_type, created_at=store.now(connection),
        )
        .on_conflict_do_update(
            index_elements=["tenant_id", "sha256"], set_={"size_bytes": stored.size_bytes}
        )
    )  # fmt: skip
    if not kept.path(tenant_id, stored.sha256).exists():
        raise StoreError(
            f"file {stored.sha256[:12]} is gone from {str(kept.root)!r}: the stage is made again"
        )


def pin(connection: Connection, tenant_id: str, sha256: str, subject: str) -> None:
    """Keep a file for ever, for ``subject``."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"tenant_id": tenant_id, "sha256": sha256, "subject": subject}
    connection.execute(dialect.insert(pins).values(**values).on_conflict_do_nothing())


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
