"""How a take looks while it is made: one small picture for each running job, replaced again and again.

A file beside the store's and no row: what is only of now need not survive, and the ledger stays small. The
file of a job may outlive it until :func:`sweep` comes by.
"""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from rushes.media.files import replacing
from rushes.studio.files import FileStore
from rushes.studio.jobs.job import JobState
from rushes.studio.schema import jobs
from rushes.studio.store import Store

FOLDER, MEDIA_TYPE = "previews", "image/jpeg"


def keep_preview(files: FileStore, tenant_id: str, job_id: str, picture: bytes) -> None:
    """Let ``picture`` (JPEG) be what the job looks like now."""
    path = _path(files, tenant_id, job_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        partial.write_bytes(picture)


def preview_version(files: FileStore, tenant_id: str, job_id: str) -> int | None:
    """What tells a job's picture from those before, None while it has none."""
    try:
        return _path(files, tenant_id, job_id).stat().st_mtime_ns
    except FileNotFoundError:
        return None


def read_preview(files: FileStore, tenant_id: str, job_id: str) -> bytes | None:
    """A job's picture, None while it has none."""
    try:
        return _path(files, tenant_id, job_id).read_bytes()
    except FileNotFoundError:
        return None


def drop_previews(files: FileStore, tenant_id: str, job_ids: Sequence[str]) -> None:
    """Remove the pictures of jobs."""
    for job_id in job_ids:
        _path(files, tenant_id, job_id).unlink(missing_ok=True)


def sweep(store: Store, files: FileStore) -> int:
    """Remove the pictures of jobs that do not run; how many."""
    found = list((files.root / FOLDER).glob("*/*.jpg"))
    with store.read() as connection:
        running = set(connection.scalars(select(jobs.c.id).where(jobs.c.state == JobState.RUNNING)))
    ended = [path for path in found if path.stem not in running]
    for path in ended:
        path.unlink(missing_ok=True)
    return len(ended)


def _path(files: FileStore, tenant_id: str, job_id: str) -> Path:
    return files.root / FOLDER / tenant_id / f"{job_id}.jpg"
