"""``rushes batch``: a table of shots into queued takes; the same table again adds nothing."""

import csv
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from rushes.cli.desk import AsJson, ProjectCode, Studio, open_studio, print_json
from rushes.cli.screen import counted
from rushes.core.errors import UsageError
from rushes.core.request import MAX_SEED

if TYPE_CHECKING:
    from rushes.studio.batches import Row

Number = TypeVar("Number", int, float)
_WHOLE, _DECIMAL = ("takes", "seed", "steps"), ("guidance_high", "guidance_low")
_COLUMNS = (
    "shot", "text", "takes", "seed", "model", "seconds", "size", "negative", "steps", *_DECIMAL,
)  # fmt: skip


def batch(
    table: Annotated[Path, typer.Argument(help=f"CSV with columns {', '.join(_COLUMNS)}.", exists=True)],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show takes and time, submit nothing.")] = False,
    work: Annotated[bool, typer.Option("--work", help="Make them now.")] = False,
    project: ProjectCode = "",
    as_json: AsJson = False,
) -> None:
    """Queue takes for every line of a table. A line needs `text`, or the `shot` it is for."""
    from rushes.cli.take_steps import estimator, work_off
    from rushes.studio.batches import estimate_batch, submit_batch
    from rushes.studio.jobs.job import Lane
    from rushes.studio.shooting import Terms

    studio = open_studio()
    digest = sha256(table.read_bytes()).hexdigest()[:12]
    ours = studio.project(project)
    rows = _read(table, digest, _words(studio, ours.id))
    estimate = estimator(studio.files)
    estimates = estimate_batch(studio.desk, ours, rows, Lane.BATCH, estimate)
    document: dict[str, Any] = {"takes": len(estimates), "estimate_s": round(sum(estimates), 1)}
    if not dry_run:
        name, terms = f"{table.name} {digest}", Terms(lane=Lane.BATCH)
        _, takes = submit_batch(studio.desk, ours, name, rows, terms, estimate)
        document["codes"] = [take.code for take in takes]
        if work:
            work_off(studio)
    if as_json:
        print_json(document)
        return
    known = "" if all(estimates) else " at least: some of this was never made here"
    count = counted(document["takes"], "take")
    print(f"{count}, about {document['estimate_s']:.0f} s{known}")
    for code in document.get("codes", ()):
        print(code)


def _words(studio: Studio, project_id: str) -> dict[str, str]:
    """What each shot of the project says, by its code, or the end of it that no other shot has."""
    from rushes.studio.shots import list_shots

    found: dict[str, set[str]] = {}
    for shot in list_shots(studio.desk, project_id):
        for name in (shot.code, shot.code.split("_")[1]):
            found.setdefault(name, set()).add(shot.words.text)
    return {name: texts.pop() for name, texts in found.items() if len(texts) == 1}


def _read(table: Path, digest: str, words: Mapping[str, str]) -> "list[Row]":
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        unknown = sorted(set(reader.fieldnames or ()) - set(_COLUMNS))
        if unknown:
            raise UsageError(f"{table} has columns {', '.join(unknown)}: use {', '.join(_COLUMNS)}")
        rows = [_row(reader.line_num, cells, digest, words) for cells in reader]
    if not rows:
        raise UsageError(f"{table} has no lines below its header: give one a text or a shot")
    return rows


def _row(line: int, cells: dict[str, str], digest: str, words: Mapping[str, str]) -> "Row":
    """Seeds a line does not give come from the table and the line, so that the same table asks the same."""
    from rushes.studio.batches import Row
    from rushes.studio.takes import TakeRequest

    given = {name: cell.strip() for name, cell in cells.items() if cell and cell.strip()}
    shot = given.get("shot", "").upper()
    text = given.get("text") or words.get(shot)
    if text is None:
        named = f", and {shot!r} is not one shot of this project" if shot else ""
        raise UsageError(f"line {line} has no text{named}: say what its takes show")
    drawn = int(sha256(f"{digest} {line}".encode()).hexdigest()[:5], 16)
    whole = {name: _number(line, name, given[name], int) for name in _WHOLE if name in given}
    seed, count = whole.pop("seed", drawn), whole.pop("takes", 1)
    settings: dict[str, Any] = {
        name: given[name] for name in ("seconds", "size", "negative") if name in given
    }
    settings |= whole | {name: _number(line, name, given[name], float) for name in _DECIMAL if name in given}
    if not (1 <= count <= 99 and 0 <= seed <= MAX_SEED - count):
        raise UsageError(f"line {line} asks for {count} takes from seed {seed}: use 1 to 99 takes")
    model = given.get("model", "mini")
    requests = tuple(TakeRequest(text, seed + n, model, settings) for n in range(count))
    return Row(line, shot, text, requests)


def _number(line: int, name: str, cell: str, kind: Callable[[str], Number]) -> Number:
    try:
        return kind(cell)
    except ValueError:
        what = "whole number" if kind is int else "number"
        raise UsageError(f"line {line} says {name} {cell!r}, which is no {what}: correct it") from None
