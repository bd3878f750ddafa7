"""``rushes eval``: does the clip show what the words say?"""

import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.core.errors import CancelledError, UsageError
from rushes.core.timebase import parse_seconds

if TYPE_CHECKING:
    from rushes.evaluation.clips import Settings
    from rushes.evaluation.protocol import Case
    from rushes.evaluation.report import Report
    from rushes.evaluation.study import Study

MOST_PICTURES = 48
FROM_DISK = 0.05  # seconds: what comes sooner was done before


def evaluate(  # noqa: PLR0913  typer reads options from arguments
    model: Annotated[str, typer.Argument(help="Name of a model, or its folder.")] = "mini",
    *,
    limit: Annotated[
        int, typer.Option(min=2, help="Cases of the protocol to run; every fifth is held out.")
    ] = 320,
    languages: Annotated[str, typer.Option(help="Which of zh,en,ja,ko to ask in.")] = "zh,en,ja,ko",
    seconds: Annotated[str, typer.Option(help="Length of the clips.")] = "5",
    steps: Annotated[int | None, typer.Option(min=1, help="Denoising steps. Default: the model's.")] = None,
    candidates: Annotated[
        int, typer.Option(min=1, max=16, help="Clips the best is chosen from, each made to the end.")
    ] = 4,
    output: Annotated[
        Path, typer.Option(help="Folder for report.html, .json and .png, and for clips.")
    ] = Path("evaluation"),
    training: Annotated[
        Path | None, typer.Option(help="Folder with latents mini was trained on, to find copies.")
    ] = None,
    sheet_of_twelve: Annotated[
        bool,
        typer.Option("--sheet-of-twelve", help="Also a shuffled sheet to be matched by eye, and its key."),
    ] = False,
    train_judge: Annotated[
        bool, typer.Option("--train-judge", help="Train both judges anew, or go on; then stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure whether clips show what their prompts say, beside controls that must fail or succeed.

    What was made or measured stays in the output folder: the same command goes on where it stopped.
    """
    from rushes.engine.catalogue import model_folder
    from rushes.media.files import check_writable

    folder = model_folder(model)
    asked = _languages(languages)
    if not train_judge:
        output.mkdir(parents=True, exist_ok=True)
        check_writable(output / "report.json")
    length = parse_seconds(seconds)

    from rushes.evaluation.clips import Settings

    progress = _Clock().show
    try:
        if train_judge:
            _train_judges(folder, progress)
            return
        study = _study(folder, Settings(length, steps, candidates, asked), limit, output, training)
        report = study.report(progress)
        _write(report, study, output)
        if sheet_of_twelve:
            _write_matching(study, output)
    except ModuleNotFoundError as error:
        if error.name != "skia":
            raise
        raise UsageError("measuring draws the film world with skia: pip install 'rushes[train]'") from None
    except KeyboardInterrupt:
        raise CancelledError("stopped; what was done is kept: the same command goes on from there") from None
    print(report.json() if as_json else report.table(), end="" if as_json else "\n")


def _languages(text: str) -> tuple[str, ...]:
    from rushes.language.captions import LANGUAGES

    asked = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for language in asked:
        if language not in LANGUAGES:
            raise UsageError(f"language {language!r} has no prompts: choose from {','.join(LANGUAGES)}")
    return asked


def _train_judges(folder: Path, progress: "Callable[[str, int, int], None]") -> None:
    import torch

    from rushes.core.settings import Settings
    from rushes.evaluation.judge_training import RECIPES, make_judge
    from rushes.models.bundle import CODEC, load_bundle

    bundle = load_bundle(folder, torch.float32, "cpu")
    # another codec leaves other traces, so its scenes are kept apart
    state = Settings.from_environment().training / "judges" / bundle.sha256[CODEC][:12]
    for recipe in RECIPES.values():
        make_judge(recipe, bundle.codec, state, progress)


def _study(folder: Path, settings: "Settings", limit: int, output: Path, training: Path | None) -> "Study":
    from rushes.engine.placement import compute_dtype
    from rushes.evaluation.clips import ClipStore
    from rushes.evaluation.measures import Panel
    from rushes.evaluation.protocol import load_cases
    from rushes.evaluation.reading import Role, judge_file
    from rushes.evaluation.study import Study
    from rushes.models.bundle import load_bundle
    from rushes.models.judge import load_judge
    from rushes.models.weights_file import sha256_of

    bundle = load_bundle(folder, compute_dtype(), "cpu")
    files = [judge_file(role) for role in (Role.CHOOSER, Role.REPORTER)]
    chooser, reporter = map(load_judge, files)
    digest = "".join(sha256_of(path)[:4] for path in files)
    known = bundle.conventions.vocabulary or reporter.config.slots
    return Study(
        ClipStore(bundle, output / "clips", settings, {}),
        Panel(chooser, reporter, known, digest, output / "measures"),
        load_cases()[:limit],
        training,
    )


def _write(report: "Report", study: "Study", output: Path) -> None:
    """report.json, report.html and report.png."""
    from rushes.evaluation.sheet import evaluation_sheet
    from rushes.media.files import replacing
    from rushes.media.picture import write_png

    cases = list(study.cases[:MOST_PICTURES])
    clips = [study.shown(case) for case in cases]
    write_png(output / "report.png", evaluation_sheet(clips, cases))
    pages = {"report.json": report.json(), "report.html": report.page({"Clips": "report.png"})}
    for name, text in pages.items():
        with replacing(output / name) as partial:
            partial.write_text(text, encoding="utf-8")


def _write_matching(study: "Study", output: Path) -> None:
    """The sheet, the prompts it is matched to, and the key."""
    from rushes.evaluation.sheet import TWELVE, matching_test
    from rushes.media.picture import write_png

    cases: list[Case] = [case for case in study.cases if not case.held_out][:TWELVE]
    test = matching_test([study.shown(case) for case in cases], cases)
    write_png(output / "twelve.png", test.sheet)
    (output / "twelve_prompts.txt").write_text(test.prompts, encoding="utf-8")
    (output / "twelve_key.json").write_text(test.key, encoding="utf-8")


class _Clock:
    """A line of progress on stderr with the time left, from the pace of what was not on disk already."""

    def __init__(self) -> None:
        self._stage, self._last, self._done, self._spent, self._worked = "", monotonic(), 0, 0.0, 0

    def show(self, stage: str, done: int, total: int) -> None:
        """``done`` of ``total`` are done in a stage."""
        from rushes.cli.screen import time_left

        if stage != self._stage:
            self._stage, self._done, self._spent, self._worked = stage, 0, 0.0, 0
        now = monotonic()
        if now - self._last > FROM_DISK:
            self._spent, self._worked = self._spent + now - self._last, self._worked + done - self._done
        self._last, self._done = now, done
        left = self._spent / self._worked * (total - done) if self._worked else None
        end = "\n" if done == total else ""
        print(f"\r{stage} {done}/{total}  {time_left(left)}    ", end=end, file=sys.stderr, flush=True)
