"""Hugging Face and ModelScope: what a repository holds, with the checksum of every file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

from rushes.core.errors import HubError, UsageError
from rushes.hub.files import GIT, SHA256, FileRecord
from rushes.hub.web import get_json


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository: its path there, what it must turn out to be, and where it comes from."""

    record: FileRecord
    url: str


@dataclass(frozen=True)
class Snapshot:
    """A repository at one moment. ``licence`` is the hub's word for it, empty where it gives none."""

    repository: str
    revision: str
    page: str
    licence: str
    files: tuple[RemoteFile, ...]


@dataclass(frozen=True)
class Hub:
    """A hub, or a mirror of one that speaks its language; ``revision`` is what it calls the newest."""

    name: str
    endpoint: str
    revision: str
    list_files: Callable[[str, str, str], Snapshot]

    def snapshot(self, repository: str, revision: str | None) -> Snapshot:
        """What ``repository`` holds at ``revision`` or now.

        Raises HubError for a repository or revision the hub does not have and for a listing without
        checksums, UnreachableError when another try may help.
        """
        try:
            return self.list_files(self.endpoint, repository, revision or self.revision)
        except UsageError:
            raise
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise HubError(
                f"{self.endpoint} lists {repository} in a way that is not understood ({error!r}): "
                "try another --from"
            ) from error


def _hugging_face(endpoint: str, repository: str, revision: str) -> Snapshot:
    info = get_json(f"{endpoint}/api/models/{repository}/revision/{quote(revision, safe='')}?blobs=true")
    commit = str(info["sha"])
    files = []
    for entry in info["siblings"]:
        path, lfs = entry["rfilename"], entry.get("lfs")
        digest = f"{SHA256}{lfs['sha256']}" if lfs else f"{GIT}{entry['blobId']}"
        url = f"{endpoint}/{repository}/resolve/{commit}/{quote(path)}"
        files.append(_remote(path, int(entry["size"]), digest, url))
    licence = (info.get("cardData") or {}).get("license") or ""
    return Snapshot(repository, commit, f"{endpoint}/{repository}", str(licence), tuple(files))


def _modelscope(endpoint: str, repository: str, revision: str) -> Snapshot:
    root = f"{endpoint}/api/v1/models/{repository}"
    chosen = quote(revision, safe="")
    listing = _data(get_json(f"{root}/repo/files?Revision={chosen}&Recursive=True"), repository)
    files = []
    for entry in listing["Files"]:
        if entry["Type"] != "tree":
            path = entry["Path"]
            url = f"{root}/repo?Revision={chosen}&FilePath={quote(path, safe='')}"
            files.append(_remote(path, int(entry["Size"]), f"{SHA256}{entry['Sha256']}", url))
    licence = _data(get_json(root), repository).get("License") or ""
    return Snapshot(repository, revision, f"{endpoint}/models/{repository}", str(licence), tuple(files))


def _data(answer: Mapping[str, Any], repository: str) -> dict[str, Any]:
    """ModelScope says in the document, too, how it went."""
    if answer["Code"] != 200:
        raise HubError(f"ModelScope does not give {repository}: {answer.get('Message') or answer['Code']}")
    data: dict[str, Any] = answer["Data"]
    return data


def _remote(path: str, size: int, digest: str, url: str) -> RemoteFile:
    place = PurePosixPath(path)
    if place.is_absolute() or ".." in place.parts or "\\" in path or size < 0:
        raise HubError(f"{url} would be written outside of the model's folder: try another --from")
    return RemoteFile(FileRecord(path, size, digest.lower()), url)


HUBS: Mapping[str, Hub] = MappingProxyType(
    {
        "huggingface": Hub("huggingface", "https://huggingface.co", "main", _hugging_face),
        "modelscope": Hub("modelscope", "https://www.modelscope.cn", "master", _modelscope),
    }
)


def find_hub(text: str) -> Hub:
    """``huggingface``, ``modelscope``, the address of a mirror of Hugging Face, or ``modelscope+`` one.

    Raises UsageError for anything else.
    """
    if text in HUBS:
        return HUBS[text]
    kind, plus, address = text.partition("+")
    hub = HUBS.get(kind) if plus else HUBS["huggingface"]
    address = address if plus else text
    if hub is None or urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
        raise UsageError(
            f"{text!r} is no place to pull from: choose {', '.join(HUBS)} or the address of a mirror, like "
            "https://hf-mirror.com or modelscope+https://..."
        )
    return Hub(hub.name, address.rstrip("/"), hub.revision, hub.list_files)
