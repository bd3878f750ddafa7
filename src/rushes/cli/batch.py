"""``rushes batch``: a table of shots into queued takes; the same table again adds nothing."""

import csv
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rushes.cli.desk import AsJson, ProjectCode, Studio, open_studio, print_json
from rushes.core.errors import UsageError
from rushes.core.request import MAX_SEED

if TYPE_CHECKING:
    from rushes.studio.takes import TakeRequest

_NUMBERS = {"steps": int, "guidance_high": float, "guidance_low": float}
_COLUMNS = ("shot", "text", "takes", "seed", "model", "seconds", "size", "negative", *_NUMBERS)


@dataclass(frozen=True)
class Row:
    """One line of the table: a shot, its words where they are new, and the takes asked of it."""

    line: int
    shot: str
    text: str
    requests: "tuple[TakeRequest, ...]"


def batch(
    table: Annotated[Path, typer.Argument(help=f"CSV with columns {', '.join(_COLUMNS)}.", exists=True)],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show takes and time, submit nothing.")] = False,
    work: Annotated[bool, typer.Option("--work", help="Make them now.")] = False,
    project: ProjectCode = "",
    as_json: AsJson = False,
) -> None:
    """Queue takes for every line of a table. A line needs `text`, or the `shot` it is for."""
    from rushes.cli.take_plan import estimate_take
    from rushes.cli.take_steps import work_off

    studio = open_studio()
    digest = sha256(table.read_bytes()).hexdigest()[:12]
    rows = _read(table, digest)
    estimates = [estimate_take(studio.desk, request) for row in rows for request in row.requests]
    document: dict[str, Any] = {"takes": len(estimates), "estimate_s": round(sum(estimates), 1)}
    if not dry_run:
        document["codes"] = _submit(studio, project, f"{table.name} {digest}", rows)
        if work:
            work_off(studio)
    if as_json:
        print_json(document)
        return
    known = "" if all(estimates) else " at least: some of this was never made here"
    print(f"{document['takes']} takes, about {document['estimate_s']:.0f} s{known}")
    for code in document.get("codes", ()):
        print(code)


def _read(table: Path, digest: str) -> list[Row]:
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        unknown = sorted(set(reader.fieldnames or ()) - set(_COLUMNS))
        if unknown:
            raise UsageError(f"{table} has columns {', '.join(unknown)}: use {', '.join(_COLUMNS)}")
        return [_row(reader.line_num, cells, digest) for cells in reader]


def _row(line: int, cells: dict[str, str], digest: str) -> Row:
    """Seeds a line does not give come from the table and the line, so that the same table asks the same."""
    from rushes.studio.takes import TakeRequest

    given = {name: cell.strip() for name, cell in cells.items() if cell and cell.strip()}
    if "text" not in given:
        raise UsageError(f"line {line} has no text: say what its takes show")
    try:
        drawn = int(sha256(f"{digest} {line}".encode()).hexdigest()[:5], 16)
        seed, count = int(given.get("seed", drawn)), int(given.get("takes", 1))
        settings = {
            name: _NUMBERS[name](given[name]) if name in _NUMBERS else given[name]
            for name in ("seconds", "size", "negative", *_NUMBERS)
            if name in given
        }
    except ValueError as error:
        raise UsageError(f"line {line} has a number that is none ({error}): correct it") from None
    if not (1 <= count <= 99 and 0 <= seed <= MAX_SEED - count):
        raise UsageError(f"line {line} asks for {count} takes from seed {seed}: use 1 to 99 takes")
    model = given.get("model", "mini")
    requests = tuple(TakeRequest(given["text"], seed + n, model, settings) for n in range(count))
    return Row(line, given.get("shot", "").upper(), given["text"], requests)


def _submit(studio: Studio, project: str, name: str, rows: list[Row]) -> list[str]:
    from rushes.cli.take_plan import estimate_take
    from rushes.studio.batches import open_batch
    from rushes.studio.jobs.job import Lane
    from rushes.studio.shooting import Terms, submit_take
    from rushes.studio.takes import Origin

    ours = studio.project(project)
    origin = Origin(batch_id=open_batch(studio.desk, ours.id, name))
    codes = []
    for row in rows:
        shot_id = _shot(studio, ours.id, f"{name} {row.line}", row)
        for number, request in enumerate(row.requests):
            key = f"{ours.id} {name} {row.line} {number}"
            terms = Terms(key, Lane.BATCH, estimate_s=estimate_take(studio.desk, request))
            codes.append(submit_take(studio.desk, shot_id, request, terms, origin).take.code)
    return codes


def _shot(studio: Studio, project_id: str, key: str, row: Row) -> str:
    """The shot a line is for: named, made by the same line before, or new."""
    from rushes.studio.shots import Words, find_shot, list_shots, new_shot

    for shot in list_shots(studio.desk, project_id):
        if shot.key == key or (row.shot and row.shot in (shot.code, shot.code.split("_")[1])):
            return find_shot(studio.desk, project_id, row.shot or shot.id).id
    code = row.shot if "_" in row.shot or not row.shot else f"SQ010_{row.shot}"
    return new_shot(studio.desk, project_id, Words(row.text), code, key).id
