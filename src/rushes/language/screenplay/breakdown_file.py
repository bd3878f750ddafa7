"""A breakdown as a folder: `breakdown.json`, which the next import merges into; `shots.csv` for people."""

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rushes.core.errors import UsageError
from rushes.language.kept_file import read_kept, write_texts
from rushes.language.screenplay.breakdown import Breakdown
from rushes.language.screenplay.lines import LineNumbers
from rushes.language.screenplay.shot import Shot

FORMAT = "rushes-breakdown-1"
# A spreadsheet takes UTF-8 for granted only after this.
BYTE_ORDER_MARK = "\ufeff"
_NAME = "breakdown.json"


def breakdown_json(breakdown: Breakdown) -> dict[str, Any]:
    """The breakdown as a JSON document, with the script it is of: the base of later imports."""
    return {"format": FORMAT, **asdict(breakdown)}


def read_breakdown(folder: Path) -> Breakdown | None:
    """The breakdown of a folder, None where it has none yet; UsageError for a file that is no breakdown."""
    path = folder / _NAME
    breakdown = read_kept(Breakdown, path, FORMAT, "breakdown", "move it away to start anew")
    if breakdown is None:
        return None
    _check(breakdown, path)
    return breakdown


def write_breakdown(breakdown: Breakdown, folder: Path) -> None:
    """Write both files; raises UsageError for a folder that cannot be written."""
    texts = {_NAME: _one_record_a_line(breakdown), "shots.csv": BYTE_ORDER_MARK + shots_csv(breakdown)}
    write_texts(folder, texts)


def _one_record_a_line(breakdown: Breakdown) -> str:
    """The document of `breakdown_json`, an element, scene or shot a line: short, and easy to compare."""
    encode = json.JSONEncoder(ensure_ascii=False, default=_fields).encode
    lines = []
    for name, value in {"format": FORMAT, **_fields(breakdown)}.items():
        records = (
            "[\n" + ",\n".join(map(encode, value)) + "\n]" if isinstance(value, tuple) else encode(value)
        )
        lines.append(f"{encode(name)}: {records}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _fields(value: Any) -> dict[str, Any]:
    """One level of a dataclass; `asdict` copies all levels."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def shots_csv(breakdown: Breakdown) -> str:
    """The shot list as a table, one shot a line, with the lines of the script it shows."""
    numbers = {scene.id: scene.number for scene in breakdown.scenes}
    lines = LineNumbers(breakdown.source)
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(
        [
            "code",
            "scene",
            "coverage",
            "size",
            "seconds",
            "characters",
            "lines",
            "status",
            "text",
            "reason",
            "id",
        ]
    )
    for shot in breakdown.shots:
        table.writerow(
            [
                shot.code,
                numbers.get(shot.scene_id, ""),
                shot.coverage,
                shot.size,
                shot.duration_s,
                safe_cell(", ".join(shot.characters)),
                script_lines(shot, lines),
                shot.status,
                safe_cell(shot.text),
                shot.reason,
                shot.id,
            ]
        )
    return out.getvalue()


def script_lines(shot: Shot, lines: LineNumbers) -> str:
    """The script's lines of a shot: `12-14 20`."""
    ranges = []
    for span in shot.spans:
        first, last = lines.at(span.start), lines.at(max(span.start, span.end - 1))
        ranges.append(str(first) if first == last else f"{first}-{last}")
    return " ".join(ranges)


def safe_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe before `=`, `+`, `-`, `@`."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _check(breakdown: Breakdown, path: Path) -> None:
    """What the merge builds on: ids once, spans inside the script, elements that tile it."""
    ids = [shot.id for shot in breakdown.shots]
    if len(set(ids)) != len(ids):
        raise UsageError(f"{path} has two shots with one id: give each its own")
    end = len(breakdown.source)
    if any(not 0 <= span.start <= span.end <= end for shot in breakdown.shots for span in shot.spans):
        raise UsageError(f"{path} has a shot whose words lie outside its script: restore the file")
    scenes = {scene.id for scene in breakdown.scenes}
    lost = next((shot.code for shot in breakdown.shots if shot.scene_id not in scenes), None)
    if lost:
        raise UsageError(f"{path} has a shot {lost} of a scene that is not in it: correct its scene_id")
    position = 0
    for element in breakdown.elements:
        if element.start != position:
            raise UsageError(f"{path} has elements that do not follow one another: restore the file")
        position = element.end
    if position != end:
        raise UsageError(f"{path} has elements that do not cover its script: restore the file")
