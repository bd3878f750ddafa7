"""A breakdown as a folder: `breakdown.json`, which the next import merges into; `shots.csv` for people."""

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rushes.core.errors import UsageError
from rushes.core.strict_json import parse
from rushes.language.screenplay.breakdown import Breakdown
from rushes.language.screenplay.lines import LineNumbers
from rushes.language.screenplay.shot import Shot

FORMAT = "rushes-breakdown-1"
_NAME = "breakdown.json"


def breakdown_path(folder: Path) -> Path:
    """Where a folder keeps its breakdown."""
    return folder / _NAME


def breakdown_json(breakdown: Breakdown) -> dict[str, Any]:
    """The breakdown as a JSON document, with the script it is of: the base of later imports."""
    return {"format": FORMAT, **asdict(breakdown)}


def read_breakdown(folder: Path) -> Breakdown | None:
    """The breakdown of a folder, None where it has none yet; UsageError for a file that is no breakdown."""
    path = breakdown_path(folder)
    if not path.is_file():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
            raise ValueError(f"format is not {FORMAT}")
        breakdown: Breakdown = parse(Breakdown, document, "breakdown")
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no breakdown ({error}): move it away to start anew") from None
    _check(breakdown, path)
    return breakdown


def write_breakdown(breakdown: Breakdown, folder: Path) -> tuple[Path, Path]:
    """Write both files, each under a temporary name first, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    document = json.dumps(breakdown_json(breakdown), ensure_ascii=False, indent=1)
    paths = breakdown_path(folder), folder / "shots.csv"
    # A spreadsheet takes UTF-8 for granted only after a byte order mark.
    for path, text in zip(paths, (document + "\n", "\ufeff" + shots_csv(breakdown)), strict=True):
        temporary = path.with_name(path.name + ".part")
        temporary.write_text(text, encoding="utf-8", newline="")
        temporary.replace(path)
    return paths


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
    position = 0
    for element in breakdown.elements:
        if element.start != position:
            raise UsageError(f"{path} has elements that do not follow one another: restore the file")
        position = element.end
    if position != end:
        raise UsageError(f"{path} has elements that do not cover its script: restore the file")
