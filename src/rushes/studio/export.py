"""A whole project as a folder that a person can read without the program, and back into a studio.

``FOX/project.json`` holds the rows, ``FOX/shots.txt`` what the shots say, ``FOX/sq010/sh0030/`` the takes as
:mod:`rushes.studio.folder` lays them out, ``FOX/files/SHA256`` masters, renditions and inputs.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from rushes.core.errors import ConflictError, StoreError, UsageError
from rushes.media.files import replacing
from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.files import FileStore, StoredFile, hash_file, pin, record
from rushes.studio.folder import lay_out
from rushes.studio.production import MASTER
from rushes.studio.projects import NewProject, Project
from rushes.studio.reviews import choices_in, notes_of
from rushes.studio.shots import list_shots
from rushes.studio.takes import takes_in, takes_of

FORMAT = "rushes-project-1"
RECORD, SCRIPT, FILES = "project.json", "shots.txt", "files"
# In the order in which rows need each other; what is bound to this machine stays: jobs, usage, the journal.
_OF_PROJECT = (
    schema.sequences, schema.scenes, schema.script_revisions, schema.shots, schema.batches, schema.takes,
    schema.cuts,
)  # fmt: skip
_OF_SHOT = (schema.shot_revisions, schema.scripted_shots)
_OF_TAKE = (schema.masters, schema.renditions, schema.reviews, schema.notes)
_ORDER = (
    schema.sequences, schema.scenes, schema.script_revisions, schema.shots, schema.shot_revisions,
    schema.scripted_shots, schema.batches, schema.takes, schema.masters, schema.renditions, schema.cuts,
    schema.reviews, schema.notes,
)  # fmt: skip


def export_project(desk: Desk, files: FileStore, project: Project, folder: Path) -> Path:
    """Write a project into ``folder``, which must not hold it yet; the project's own folder in it."""
    target = folder / project.code
    if target.exists():
        raise UsageError(f"{str(target)!r} exists: choose another folder")
    with desk.store.read() as connection:
        document = _document(connection, desk, project)
    _check_whole(desk, files, project, document["files"])
    (target / FILES).mkdir(parents=True)
    for take in takes_in(desk, project.id):
        lay_out(desk, files, folder, take)
    (target / SCRIPT).write_text(_script(desk, project), encoding="utf-8")
    for each in document["files"]:
        shutil.copyfile(files.path(desk.tenant_id, each["sha256"]), target / FILES / each["sha256"])
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    with replacing(target / RECORD) as partial:
        partial.write_text(text, encoding="utf-8")
    return target


def _check_whole(desk: Desk, files: FileStore, project: Project, told: Sequence[Mapping[str, Any]]) -> None:
    """Raise StoreError before anything is written that could not be imported again."""
    damaged = [each["sha256"][:12] for each in told if not files.holds(desk.tenant_id, StoredFile(**each))]
    if damaged:
        raise StoreError(
            f"{len(damaged)} files of project {project.code} are missing or cut off ({damaged[0]} first): "
            "`rushes doctor` tells what helps, then export it again"
        )


def import_project(desk: Desk, files: FileStore, folder: Path) -> str:
    """Take an exported project in; its code. Ids, numbers and bytes are the same as before.

    Raises UsageError for a folder that is no export or whose bytes have changed, ConflictError where the
    studio has the project.
    """
    document = _read(folder / RECORD)
    # Its code becomes part of file names here.
    NewProject(document["rows"]["projects"][0]["code"])
    stored = [StoredFile(**each) for each in document["files"]]
    for each in stored:
        _copy_in(desk, files, folder / FILES / each.sha256, each)
    with desk.store.write() as connection:
        row = document["rows"]["projects"][0]
        if _is_known(connection, desk, row):
            raise ConflictError(f"there is a project {row['code']} already: nothing was imported")
        now = desk.store.now(connection)
        connection.execute(insert(schema.projects).values(**row, tenant_id=desk.tenant_id, created_at=now))
        for file in stored:
            record(connection, desk.store, files, desk.tenant_id, file)
        for sha256, subject in _holders(document["rows"]):
            pin(connection, desk.tenant_id, sha256, subject)
        for table in _ORDER:
            for each_row in _parents_first(table, document["rows"].get(table.name, ())):
                connection.execute(insert(table).values(**_ours(table, desk, each_row)))
        desk.log(connection, row["id"], "project imported", {"code": row["code"]})
    return str(row["code"])


def _holders(rows: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Hash of a file and what needs it, as where it was made: so it goes when its take does."""
    for master in rows["masters"]:
        yield master["sha256"], f"{master['take_id']} {MASTER}"
    for rendition in rows["renditions"]:
        yield rendition["sha256"], f"{rendition['take_id']} {rendition['name']}"
    for take in rows["takes"]:
        for each in take["inputs"]:
            yield each["sha256"], f"{take['id']} {each['role']}"
    for script in rows["script_revisions"]:
        yield script["sha256"], str(script["id"])


def _document(connection: Connection, desk: Desk, project: Project) -> dict[str, Any]:
    ours = project.id
    table = schema.projects
    wanted = ("id", "code", "title", "frame_rate", "ratio", "policy", "is_inbox", "budget_s")
    one = desk.one(connection, table, ours, "project")
    rows: dict[str, list[dict[str, Any]]] = {"projects": [{name: one[name] for name in wanted}]}
    shots = select(schema.shots.c.id).where(schema.shots.c.project_id == ours)
    takes = select(schema.takes.c.id).where(schema.takes.c.project_id == ours)
    for each in _OF_PROJECT:
        rows[each.name] = _rows(connection, desk, each, each.c.project_id == ours)
    for each in _OF_SHOT:
        rows[each.name] = _rows(connection, desk, each, each.c.shot_id.in_(shots))
    for each in _OF_TAKE:
        rows[each.name] = _rows(connection, desk, each, each.c.take_id.in_(takes))
    hashes = {row["sha256"] for name in ("masters", "renditions", "script_revisions") for row in rows[name]}
    hashes |= {row["breakdown_sha256"] for row in rows["script_revisions"]}
    hashes |= {each["sha256"] for row in rows["takes"] for each in row["inputs"]}
    asked = desk.only(schema.files).where(schema.files.c.sha256.in_(hashes)).order_by(schema.files.c.sha256)
    names = ("sha256", "size_bytes", "media_type")
    kept = [{name: row[name] for name in names} for row in connection.execute(asked).mappings()]
    return {"format": FORMAT, "rows": rows, "files": kept}


def _rows(connection: Connection, desk: Desk, table: Table, which: Any) -> list[dict[str, Any]]:
    """Rows without what belongs to this machine: the tenant, its people, counted numbers."""
    left_out = {"tenant_id", "person_id", "number"}
    first = table.c.number if "number" in table.c else next(iter(table.primary_key))
    found = connection.execute(desk.only(table).where(which).order_by(first)).mappings()
    return [{name: value for name, value in row.items() if name not in left_out} for row in found]


def _script(desk: Desk, project: Project) -> str:
    """What the shots say, with the takes and notes of each: for a person."""
    chosen = choices_in(desk, project.id)
    lines = [f"{project.code}  {project.title}  {project.frame_rate} fps  {project.ratio}"]
    for shot in list_shots(desk, project.id):
        lines += ["", f"{shot.code}: {shot.words.text}"]
        for take in takes_of(desk, shot.id):
            lines.append(f"  {take.code}  {chosen.get(take.id, '')}".rstrip())
            lines += [f"    {note.text}" for note in notes_of(desk, take.id)]
    return "\n".join(lines) + "\n"


def _read(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        inside = sorted(each.parent.name for each in path.parent.glob(f"*/{RECORD}"))
        which = f", like {path.parent / inside[0]}" if inside else ""
        raise UsageError(
            f"{str(path.parent)!r} is no exported project: give the project's own folder{which}"
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error}): export the project again") from error
    if document.get("format") != FORMAT:
        raise UsageError(f"{str(path)!r} is not of format {FORMAT}: export the project again")
    return document


def _copy_in(desk: Desk, files: FileStore, source: Path, expected: StoredFile) -> None:
    """Bytes are checked before anything is told to the database."""
    with files.scratch() as scratch:
        copy = scratch / "file"
        try:
            shutil.copyfile(source, copy)
        except OSError as error:
            raise UsageError(f"{str(source)!r} cannot be read ({error}): export the project again") from error
        if hash_file(copy) != (expected.sha256, expected.size_bytes):
            raise UsageError(f"{str(source)!r} has other bytes than it had: export the project again")
        files.take_in(desk.tenant_id, copy, expected.media_type)


def _is_known(connection: Connection, desk: Desk, row: Mapping[str, Any]) -> bool:
    table = schema.projects
    is_code = (table.c.tenant_id == desk.tenant_id) & (table.c.code == row["code"])
    return connection.scalar(select(table.c.id).where(is_code | (table.c.id == row["id"]))) is not None


def _parents_first(table: Table, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Takes come out of takes that were submitted before them."""
    return sorted(rows, key=lambda row: row["created_at"]) if table is schema.takes else list(rows)


def _ours(table: Table, desk: Desk, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row in the name of this tenant; what people of another machine did is put down to the importer."""
    unknown = sorted(set(row) - set(table.c.keys()))
    if unknown:
        raise UsageError(f"{table.name} of the export hold {', '.join(unknown)}: use a newer rushes")
    values = {**row, "tenant_id": desk.tenant_id}
    if "person_id" in table.c:
        values["person_id"] = desk.person_id
    return values


def import_zip(desk: Desk, files: FileStore, path: Path) -> str:
    """:func:`import_project` of a project in a zip."""
    with files.scratch() as scratch:
        try:
            shutil.unpack_archive(path, scratch, "zip")
        except (OSError, shutil.ReadError) as error:
            raise UsageError(
                f"{str(path)!r} cannot be unpacked ({error}): export the project again"
            ) from error
        found = [each.parent for each in scratch.glob(f"*/{RECORD}")]
        if len(found) != 1:
            raise UsageError(f"{str(path)!r} holds {len(found)} projects: give the zip of one")
        return import_project(desk, files, found[0])


def export_zip(desk: Desk, files: FileStore, project: Project, path: Path) -> Path:
    """:func:`export_project` into a zip, which appears when it is whole."""
    if path.exists():
        raise UsageError(f"{str(path)!r} exists: choose another name")
    with files.scratch() as scratch:
        folder = export_project(desk, files, project, scratch / "project")
        made = shutil.make_archive(str(scratch / "made"), "zip", folder.parent, folder.name)
        with replacing(path) as partial:
            shutil.move(made, partial)
    return path
