"""What is wrong with a studio, each with its remedy: files missing or torn, jobs stuck, the disk full."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from rushes.core.errors import StoreError
from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.files import FileStore, hash_file
from rushes.studio.jobs.job import JobState


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing."""

    subject: str
    problem: str
    remedy: str


def examine(desk: Desk, files: FileStore, reads_files: bool = False) -> tuple[Finding, ...]:
    """Look at database, files, disk and queue; ``reads_files`` hashes every file too, which takes a while."""
    found = []
    try:
        files.check_room()
    except StoreError as error:
        found.append(Finding("disk", str(error), "free some space"))
    with desk.store.read() as connection:
        found += _database(connection, desk)
        found += _files(connection, desk, files, reads_files)
        found += _jobs(connection, desk)
    return tuple(found)


def _database(connection: Connection, desk: Desk) -> list[Finding]:
    if not desk.store.is_sqlite:
        return []
    answer = connection.scalar(text("PRAGMA quick_check"))
    if answer == "ok":
        return []
    return [Finding("database", f"SQLite says {answer}", "restore the latest backup")]


def _files(connection: Connection, desk: Desk, files: FileStore, reads_files: bool) -> list[Finding]:
    table, pins = schema.files, schema.pins
    asked = desk.only(table).add_columns(
        select(func.count())
        .where(pins.c.tenant_id == table.c.tenant_id, pins.c.sha256 == table.c.sha256)
        .scalar_subquery()
        .label("pinned")
    )
    found = []
    for row in connection.execute(asked).mappings():
        path = files.path(desk.tenant_id, row["sha256"])
        problem = _file_problem(path, row["size_bytes"], reads_files)
        if problem:
            remedy = (
                "restore it from a backup, or reproduce its take" if row["pinned"] else "it is made again"
            )
            found.append(Finding(f"file {row['sha256'][:12]}", problem, remedy))
    return found


def _file_problem(path: Path, size_bytes: int, reads_files: bool) -> str:
    if not path.exists():
        return "is missing"
    if path.stat().st_size != size_bytes:
        return f"has {path.stat().st_size} bytes, not {size_bytes}"
    if reads_files and hash_file(path)[0] != path.name:
        return "has other bytes than it had"
    return ""


def _jobs(connection: Connection, desk: Desk) -> list[Finding]:
    table = schema.jobs
    now = desk.store.now(connection)
    stuck = desk.only(table).where(table.c.state == JobState.RUNNING, table.c.lease_until < now)
    return [
        Finding(
            row["id"], f"its worker {row['worker']} stopped answering", "rushes queue --work takes it over"
        )
        for row in connection.execute(stuck).mappings()
    ]
