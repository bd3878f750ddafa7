"""What is wrong with a studio, each with its remedy: files missing or torn, jobs stuck, the disk full."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select, text

from rushes.core.errors import StoreError
from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.files import FileStore, hash_file
from rushes.studio.folder import CLIP, SHEET
from rushes.studio.jobs.job import JobState
from rushes.studio.production import MASTER

# What making a take again gives, byte for byte where machine and versions are the same.
_MADE = (MASTER, CLIP, SHEET)
_BACKUP = "restore it from a backup"


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
    found = []
    for row in connection.execute(desk.only(schema.files)).mappings():
        path = files.path(desk.tenant_id, row["sha256"])
        problem = _file_problem(path, row["size_bytes"], reads_files)
        if problem:
            whose, remedy = _holder(connection, desk, row["sha256"])
            found.append(Finding(f"file {row['sha256'][:12]}{whose}", problem, remedy))
    return found


def _holder(connection: Connection, desk: Desk, sha256: str) -> tuple[str, str]:
    """Whose file it is, of several takes the first one's, and what brings it back."""
    pins, takes, projects = schema.pins, schema.takes, schema.projects
    held = desk.only(pins).where(pins.c.sha256 == sha256)
    subjects = [pin["subject"].partition(" ") for pin in connection.execute(held).mappings()]
    if not subjects:
        return "", "it is made again"
    roles = {take_id: role for take_id, _, role in subjects}
    asked = (
        select(takes.c.id, takes.c.code, takes.c.request, projects.c.code.label("project"))
        .join(projects, projects.c.id == takes.c.project_id)
        .where(takes.c.tenant_id == desk.tenant_id, takes.c.id.in_(roles))
        .order_by(takes.c.created_at)
    )
    take = connection.execute(asked).mappings().first()
    if take is None:
        return "", _BACKUP
    role = roles[take["id"]]
    whose = f", {role} of {take['code']},"
    if role not in _MADE or take["request"]["model"] in desk.hosted:
        return whose, _BACKUP
    return whose, f"{_BACKUP}, or rushes reproduce {take['code']} --project {take['project']}"


def put_back(desk: Desk, files: FileStore, made: Iterable[Path]) -> int:
    """Let files made again take the place of missing or damaged ones the database tells of; how many."""
    count = 0
    for path in made:
        digest, size_bytes = hash_file(path)
        with desk.store.read() as connection:
            known = desk.only(schema.files).where(schema.files.c.sha256 == digest)
            row = connection.execute(known).mappings().first()
        if row is not None and _file_problem(files.path(desk.tenant_id, digest), size_bytes, True):
            files.take_in(desk.tenant_id, path, row["media_type"])
            count += 1
    return count


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
