"""A published model onto this machine: whole under its name, or not there at all.

Files gather in ``NAME.pulling`` beside the folder they will be; it takes its name when the last is whole.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rushes.core.errors import HubError, UsageError
from rushes.core.settings import PULLING
from rushes.hub.files import FILE_NAME, FORMAT, SHA256, FileRecord, Manifest, Tally, read_manifest, size_of
from rushes.hub.hubs import Hub, RemoteFile, Snapshot
from rushes.hub.published import GB, Pullable
from rushes.hub.transfer import PARTIAL, WAITS, Transfer
from rushes.hub.web import UnreachableError

# Left free on the disk beside the model.
SPARE_BYTES = GB // 4
# Smaller files are fetched rather than looked for in other models.
SHARED_BYTES = GB // 10


@dataclass(frozen=True)
class Pull:
    """What a pull will fetch: shown before it begins."""

    manifest: Manifest
    folder: Path
    files: tuple[RemoteFile, ...]

    @property
    def gathering(self) -> Path:
        """Where files are until all are there."""
        return gathering_place(self.folder)

    @property
    def missing(self) -> tuple[RemoteFile, ...]:
        """Files not yet whole."""
        return tuple(each for each in self.files if not (self.gathering / each.record.path).is_file())

    @property
    def bytes_left(self) -> int:
        """To be fetched, parts of files that are here not counted."""
        return sum(each.record.size - size_of(self._partial(each)) for each in self.missing)

    def _partial(self, file: RemoteFile) -> Path:
        place = self.gathering / file.record.path
        return place.with_name(place.name + PARTIAL)


def gathering_place(folder: Path) -> Path:
    """Where the files of ``folder`` are while they are being pulled."""
    return folder.with_name(folder.name + PULLING)


def plan_pull(pullable: Pullable, hub: Hub, revision: str | None, folder: Path) -> Pull:
    """Ask ``hub`` what the model consists of; clear away what an earlier pull left of another revision.

    Raises HubError when the hub is out of reach or the repository lacks files, UsageError when the disk has
    no room or ``folder`` exists.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists and was not pulled by rushes: verify it, or move it away")
    try:
        snapshot = hub.snapshot(pullable.repository, revision)
    except UnreachableError as error:
        raise HubError(f"{hub.endpoint} cannot be reached ({error}): try again, or another --from") from error
    files = _needed(pullable, snapshot)
    manifest = Manifest(
        FORMAT,
        pullable.name,
        snapshot.page,
        snapshot.revision,
        snapshot.licence or pullable.licence,
        tuple(each.record for each in files),
    )
    pull = Pull(manifest, folder, files)
    _forget_others(pull)
    check_space(pull.gathering, pull.bytes_left, pull.manifest.name)
    return pull


def _needed(pullable: Pullable, snapshot: Snapshot) -> tuple[RemoteFile, ...]:
    files = []
    for file in snapshot.files:
        path = pullable.wants(file.record.path)
        if path is not None:
            files.append(RemoteFile(FileRecord(path, file.record.size, file.record.digest), file.url))
    lacking = pullable.lacking([each.record.path for each in files])
    if lacking:
        raise HubError(
            f"{snapshot.page} at {snapshot.revision} lacks {', '.join(lacking)}: "
            "try another --from or --revision"
        )
    return tuple(files)


def _forget_others(pull: Pull) -> None:
    """Remove what was gathered of files that are other ones now."""
    before = read_manifest(pull.gathering) if pull.gathering.exists() else None
    if before is None:
        shutil.rmtree(pull.gathering, ignore_errors=True)
        return
    wanted = pull.manifest.digests()
    for path, digest in before.digests().items():
        if wanted.get(path) != digest:
            for name in (pull.gathering / path, pull.gathering / (path + PARTIAL)):
                name.unlink(missing_ok=True)


def check_space(folder: Path, needed: int, name: str) -> None:
    """Raise UsageError when ``needed`` bytes and a little more have no room where ``folder`` will be."""
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    free = shutil.disk_usage(existing).free
    if needed + SPARE_BYTES > free:
        raise UsageError(
            f"{name} needs {needed / GB:.1f} GB, {existing} has {free / GB:.1f} GB free: make room, or "
            "choose a larger disk (models are pulled to RUSHES_HOME)"
        )


def pull(plan: Pull, tally: Tally, waits: tuple[float, ...] = WAITS) -> None:
    """Fetch what is missing and give the model its folder.

    ``tally`` hears of bytes: arrived, or dropped when negative. Whatever stops it, the same pull goes on
    later. Raises HubError, and UsageError when another process pulls the same.
    """
    try:
        plan.gathering.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{plan.gathering} cannot be made ({error.strerror}): let RUSHES_HOME point to a folder of yours"
        ) from error
    with _alone(plan.gathering):
        plan.manifest.write(plan.gathering)
        for file in plan.missing:
            if _linked(file.record, plan):
                tally(file.record.size)
        Transfer(tally, waits).fetch_all(plan.missing, plan.gathering)
        plan.gathering.rename(plan.folder)


def _linked(record: FileRecord, plan: Pull) -> bool:
    """Whether another pulled model had the file: the Wan models share text encoder and codec."""
    if not record.digest.startswith(SHA256) or record.size < SHARED_BYTES:
        return False
    for neighbour in plan.folder.parent.glob(f"*/{FILE_NAME}"):
        if neighbour.parent in (plan.folder, plan.gathering):
            continue
        manifest = read_manifest(neighbour.parent)
        for other in manifest.files if manifest else ():
            twin = neighbour.parent / other.path
            if other.digest == record.digest and record.holds(twin):
                return _link(twin, plan.gathering / record.path)
    return False


def _link(source: Path, target: Path) -> bool:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # file systems without hard links: then it is fetched
        return False
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{folder} is being filled by another process: let it end") from None
        yield
    finally:
        os.close(handle)


def reopen(folder: Path, changed: list[str]) -> None:
    """Take a pulled model apart again: ``changed`` files go, the rest waits for another pull."""
    gathering = gathering_place(folder)
    folder.rename(gathering)
    for path in changed:
        (gathering / path).unlink(missing_ok=True)
