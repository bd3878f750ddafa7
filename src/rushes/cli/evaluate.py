"""``rushes eval``: does the clip show what the words say?"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from rushes.core.timebase import parse_seconds


def evaluate(
    *,
    model: Annotated[str, typer.Option(help="Name of a model, or its folder.")] = "mini",
    limit: Annotated[int, typer.Option(min=2, help="Cases of the protocol to run.")] = 96,
    seconds: Annotated[str, typer.Option(help="Length of the clips.")] = "4/3",
    steps: Annotated[int, typer.Option(min=1, help="Denoising steps.")] = 12,
    output: Annotated[Path, typer.Option(help="Folder for evaluation.json and evaluation.png.")] = Path(),
    train_judge: Annotated[
        bool, typer.Option("--train-judge", help="First train the judge on renders anew.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure whether clips show what their prompts say, beside controls that must fail or succeed."""
    from rushes.engine.catalogue import model_folder
    from rushes.media.files import check_writable

    folder = model_folder(model)
    files = output / "evaluation.json", output / "evaluation.png"
    for path in files:
        check_writable(path)
    length = parse_seconds(seconds)

    from rushes.engine.placement import compute_dtype
    from rushes.evaluation.protocol import load_cases
    from rushes.evaluation.readout import load_read_out, make_read_out, packaged_file
    from rushes.evaluation.report import Settings, evaluate
    from rushes.evaluation.sheet import evaluation_sheet
    from rushes.media.files import replacing
    from rushes.media.picture import write_png
    from rushes.models.bundle import load_bundle

    def progress(column: str, done: int, total: int) -> None:
        print(f"\r{column} {done}/{total}   ", end="\n" if done == total else "", file=sys.stderr, flush=True)

    cases = load_cases()[:limit]
    bundle = load_bundle(folder, compute_dtype(), "cpu")
    if train_judge:
        make_read_out(bundle.codec, packaged_file(), progress)
    judge = load_read_out(packaged_file())
    report = evaluate(
        bundle, judge, cases, Settings(length, steps, random_clips=max(2, limit // 4)), progress
    )
    document = json.dumps(report.document(), ensure_ascii=False, indent=2)
    with replacing(files[0]) as partial:
        partial.write_text(document + "\n", encoding="utf-8")
    write_png(files[1], evaluation_sheet(report.clips, cases))
    print(document if as_json else report.table())
