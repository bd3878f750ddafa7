"""``rushes bible``: people, props and places described once; the asset list; every shot's prompt."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rushes.cli.screen import counted
from rushes.core.errors import UsageError

if TYPE_CHECKING:
    from rushes.language.bible.asset_list import Asset
    from rushes.language.bible.continuity import Finding
    from rushes.language.bible.entry import Bible
    from rushes.language.bible.shot_prompt import ShotPrompt
    from rushes.language.screenplay.breakdown import Breakdown


def bible(
    script: Annotated[
        Path, typer.Argument(help="A .fountain, .fdx, .docx, .pdf or .txt script.", dir_okay=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(help="Folder of the breakdown: bible.json to fill in, asset list, prompts."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List people, props and places of a screenplay, with the lines they come from.

    With --output, bible.json is drafted for you to describe them in; what you wrote stays when the script
    changes. The next run puts the descriptions into every shot's prompt and checks them across shots.
    """
    from rushes.language.bible.asset_list import asset_list
    from rushes.language.bible.bible_file import read_bible
    from rushes.language.bible.continuity import check_continuity
    from rushes.language.bible.draft import draft_bible, merge_bibles
    from rushes.language.bible.shot_prompt import shot_prompts

    breakdown = _breakdown(script, output)
    draft = draft_bible(breakdown)
    ours = read_bible(output / "bible.json") if output else None
    entries = merge_bibles(ours, draft) if ours else draft
    assets = asset_list(breakdown, entries)
    prompts = shot_prompts(breakdown, entries)
    findings = check_continuity(breakdown, entries)
    if output:
        _write(output, breakdown, entries, assets, prompts)
    if as_json:
        print(json.dumps(_document(entries, assets, prompts, findings), ensure_ascii=False))
        return
    _show(assets, findings)
    if output:
        for name in ("bible.json", "assets.csv", "assets.xlsx", "assets.json", "prompts.csv"):
            print(output / name)


def _breakdown(script: Path, output: Path | None) -> "Breakdown":
    """The folder's breakdown with all that people changed in it, if it is of this script."""
    from rushes.language.screenplay.breakdown import break_down
    from rushes.language.screenplay.breakdown_file import read_breakdown
    from rushes.language.screenplay.reading import read_script

    play = read_script(script)
    kept = read_breakdown(output) if output else None
    if kept and kept.source != play.source:
        raise UsageError(f"{output} is of another version of {script}: merge it first with rushes break")
    return kept or break_down(play)


def _write(
    folder: Path,
    breakdown: "Breakdown",
    entries: "Bible",
    assets: tuple["Asset", ...],
    prompts: tuple["ShotPrompt", ...],
) -> None:
    import csv
    import io

    from rushes.language.bible.asset_list import asset_csv, write_asset_workbook
    from rushes.language.bible.bible_file import bible_json
    from rushes.language.kept_file import write_texts
    from rushes.language.screenplay.breakdown_file import BYTE_ORDER_MARK, safe_cell

    table = io.StringIO()
    rows = [[prompt.code, prompt.text, prompt.marked, prompt.shot_id] for prompt in prompts]
    csv.writer(table).writerows(
        [["code", "prompt", "marked", "id"], *([safe_cell(cell) for cell in row] for row in rows)]
    )
    texts = {
        "bible.json": bible_json(entries),
        "assets.csv": BYTE_ORDER_MARK + asset_csv(assets, breakdown.language),
        "assets.json": json.dumps([asdict(asset) for asset in assets], ensure_ascii=False, indent=1) + "\n",
        "prompts.csv": BYTE_ORDER_MARK + table.getvalue(),
    }
    write_texts(folder, texts)
    write_asset_workbook(assets, breakdown.language, folder / "assets.xlsx")


def _document(
    entries: "Bible",
    assets: tuple["Asset", ...],
    prompts: tuple["ShotPrompt", ...],
    findings: tuple["Finding", ...],
) -> dict[str, Any]:
    return {
        "entries": [asdict(entry) for entry in entries.entries],
        "assets": [asdict(asset) for asset in assets],
        "prompts": [{**asdict(prompt), "text": prompt.text, "marked": prompt.marked} for prompt in prompts],
        "findings": [asdict(finding) for finding in findings],
    }


def _show(assets: tuple["Asset", ...], findings: tuple["Finding", ...]) -> None:
    for asset in assets:
        lines = " ".join(str(line.line) for line in asset.lines[:12]) + (
            " ..." if len(asset.lines) > 12 else ""
        )
        print(
            f"{asset.kind:<9} {asset.name}: {asset.description or 'not described'} (lines {lines or 'none'})"
        )
    print(f"\n{counted(len(findings), 'finding')} across shots")
    for finding in findings:
        codes = (
            f"{finding.codes[0]} to {finding.codes[-1]}"
            if len(finding.codes) > 2
            else " ".join(finding.codes)
        )
        print(f"{finding.rule:<11} {codes}: {finding.message}")
    print()
