"""What was pulled: every file with its size and checksum, recorded beside the files in ``pulled.json``."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from rushes.core.errors import WeightsError
from rushes.core.strict_json import parse

FILE_NAME = "pulled.json"
FORMAT = 1
# Kinds of checksum, as prefixes: of the content, and of a git blob, which small files have on Hugging Face.
SHA256, GIT = "sha256:", "git:"
CHUNK = 1 << 20

Tally = Callable[[int], None]


def size_of(path: Path) -> int:
    """Bytes of a file, 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


@dataclass(frozen=True)
class FileRecord:
    """A file of a model: path relative to its folder, bytes, and checksum (``sha256:...`` or ``git:...``)."""

    path: str
    size: int
    digest: str

    def holds(self, path: Path, tally: Tally = lambda _: None) -> bool:
        """Whether ``path`` is this file, byte for byte; ``tally`` hears how many bytes were read."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        digest = _new_digest(self.digest, self.size)
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                tally(len(chunk))
        return self.digest == _kind(self.digest) + digest.hexdigest()


def _kind(digest: str) -> str:
    for kind in (SHA256, GIT):
        if digest.startswith(kind):
            return kind
    raise ValueError(f"checksum {digest!r} is of no known kind")


def _new_digest(digest: str, size: int) -> _Digest:
    if _kind(digest) == SHA256:
        return hashlib.sha256()
    # what git calls a file: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


@dataclass(frozen=True)
class Manifest:
    """The whole file: where the model came from, under which licence, and what it consists of."""

    format: int
    name: str
    origin: str
    revision: str
    licence: str
    files: tuple[FileRecord, ...]

    @property
    def total_bytes(self) -> int:
        """Of all files."""
        return sum(each.size for each in self.files)

    def missing(self, folder: Path) -> list[str]:
        """Files that are not there or of another size; their content is not read."""
        return [
            each.path
            for each in self.files
            if not (folder / each.path).is_file() or (folder / each.path).stat().st_size != each.size
        ]

    def changed(self, folder: Path, tally: Tally) -> list[str]:
        """Files that are not there or not what they were; reads every byte."""
        return [each.path for each in self.files if not each.holds(folder / each.path, tally)]

    def digests(self) -> Mapping[str, str]:
        """Path -> checksum."""
        return {each.path: each.digest for each in self.files}

    def write(self, folder: Path) -> None:
        """Write ``pulled.json`` atomically."""
        partial = folder / f"{FILE_NAME}.partial"
        partial.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(folder / FILE_NAME)


def read_manifest(folder: Path) -> Manifest | None:
    """What was pulled into ``folder``; None where nothing was. Raises WeightsError for a broken record."""
    path = folder / FILE_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        manifest: Manifest = parse(Manifest, document, "pulled")
        for each in manifest.files:
            _kind(each.digest)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{path} is no record of a pull ({error}): remove the folder and pull again"
        ) from error
    if manifest.format != FORMAT:
        raise WeightsError(f"{path} has format {manifest.format}, this version reads {FORMAT}: update rushes")
    return manifest
