"""The command line: the composition root, the only file that knows everybody.

Verbs import what they need when they run, so that help, checks and mistakes answer at once.
"""

import json
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

import rushes
from rushes.core.errors import CancelledError, RushesError, UsageError
from rushes.core.recipe import Recipe, Stage
from rushes.core.request import Request, check_prompt
from rushes.core.shapes import parse_size
from rushes.core.timebase import parse_seconds

if TYPE_CHECKING:
    from rushes.engine.events import Event
    from rushes.engine.plan import Order
    from rushes.media.delivery import Delivery
    from rushes.models.bundle import Bundle

DELIVERY_RATE = Fraction(24)
MAX_VARIANTS = 99

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)


def main() -> NoReturn:
    """Entry point of ``rushes``: an error becomes one sentence and its exit code."""
    # OpenMP threads that spin while they wait stall each other for seconds when another program shares the
    # cores; sleeping costs nothing measurable on an idle machine. Read once, when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except RushesError as error:
        print(f"rushes: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    sys.exit(0)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"rushes {rushes.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Words into shots, shots into a rough cut."""


class Screen:
    """What a person sees: lines, and a bar where there is a terminal; on stderr when stdout carries JSON."""

    def __init__(self, quiet: bool, as_json: bool) -> None:
        self._console = Console(stderr=as_json, quiet=quiet, highlight=False, markup=False, soft_wrap=True)

    def say(self, title: str, text: str) -> None:
        """One line: what it is about, and the words."""
        self._console.print(f"{title:<9} {text}")

    @contextmanager
    def progress(self) -> Iterator["StageBar"]:
        """A live bar with stage, step and time left."""
        columns = (
            TextColumn("{task.description:<24}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeRemainingColumn(),
        )
        idle = self._console.quiet or not self._console.is_terminal
        with Progress(*columns, console=self._console, transient=True, disable=idle) as bar:
            yield StageBar(bar)


class StageBar:
    """One line per stage, fed by the engine's events."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar

    def show(self, event: "Event") -> None:
        """Move on to what ``event`` says."""
        from rushes.engine.events import FramesDecoded, StageDone, StageStarted, StepDone

        match event:
            case StageStarted(stage):
                self._task = self._bar.add_task(stage, total=1)
            case StepDone(step=step, total=total, expert=expert):
                text = f"denoise, expert {expert + 1}"
                self._bar.update(self._task, description=text, completed=step, total=total)
            case FramesDecoded(done=done, total=total):
                self._bar.update(self._task, completed=done, total=total)
            case StageDone():
                self._bar.remove_task(self._task)


@dataclass(frozen=True)
class TakeFiles:
    """The three files of one take: FILE.mp4, contact sheet FILE.png, recipe FILE.json."""

    video: Path

    @property
    def sheet(self) -> Path:
        """PNG."""
        return self.video.with_suffix(".png")

    @property
    def recipe(self) -> Path:
        """JSON."""
        return self.video.with_suffix(".json")


def _take_files(output: Path | None, seed: int, variants: int) -> list[TakeFiles]:
    """Where the takes go; UsageError when they cannot. Without ``output`` nothing that exists is replaced."""
    from rushes.media.files import check_writable

    first = output or Path(f"take_{seed}.mp4")
    if first.suffix.lower() != ".mp4":
        raise UsageError(f"output {str(first)!r} is not an MP4: let its name end in .mp4")
    paths = [first] + [first.with_stem(f"{first.stem}_v{n:03d}") for n in range(2, variants + 1)]
    takes = [TakeFiles(path) for path in paths]
    for take in takes:
        for path in (take.video, take.sheet, take.recipe):
            check_writable(path)
            if output is None and path.exists():
                raise UsageError(
                    f"{str(path)!r} exists: choose another --seed, or --output to replace a file"
                )
    return takes


@app.command(epilog='Example: rushes shoot "a red fox leaps over snow at dusk" --seconds 5 --variants 3')
def shoot(  # noqa: PLR0913  typer reads options from arguments
    prompt: Annotated[str, typer.Argument(help="The shot in words: Chinese, English, Japanese or Korean.")],
    *,
    output: Annotated[
        Path | None, typer.Option(help="MP4 to write, replaced if it exists. Default: a new take_SEED.mp4.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same clip. Default: random, shown.")] = None,
    seconds: Annotated[str | None, typer.Option(help="Length. Default: the model's.")] = None,
    size: Annotated[str, typer.Option(help="Delivered size, WIDTHxHEIGHT.")] = "1280x720",
    steps: Annotated[int | None, typer.Option(help="Denoising steps. Default: the model's.")] = None,
    guidance_high: Annotated[
        float | None, typer.Option(help="How strongly high noise follows the words; 1 is none.")
    ] = None,
    guidance_low: Annotated[float | None, typer.Option(help="The same at low noise.")] = None,
    variants: Annotated[
        int, typer.Option(min=1, max=MAX_VARIANTS, help="Takes: FILE.mp4, FILE_v002.mp4, ... with seeds + 1.")
    ] = 1,
    model: Annotated[str, typer.Option(help="Name of a model, or its folder.")] = "mini",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Turn words into a clip: FILE.mp4, a contact sheet FILE.png and the recipe FILE.json."""
    from rushes.engine.catalogue import model_folder
    from rushes.engine.plan import Order
    from rushes.language.mini_prompt import read_prompt

    check_prompt(prompt)
    folder = model_folder(model)
    first_seed = secrets.randbelow(10**6) if seed is None else seed
    length = None if seconds is None else parse_seconds(seconds)
    files = _take_files(output, first_seed, variants)
    screen = Screen(quiet, as_json)
    reading = read_prompt(prompt)
    for line in reading.explain():
        screen.say("words", line)
    order = Order(prompt, reading.context_text, first_seed, length, steps, guidance_high, guidance_low)
    try:
        takes = _make_takes(folder, order, parse_size(size), files, screen)
    except KeyboardInterrupt:
        raise CancelledError("stopped; no unfinished file was left behind") from None
    if as_json:
        print(json.dumps({"takes": takes}, ensure_ascii=False, indent=2))


def _make_takes(
    folder: Path, order: "Order", size: tuple[int, int], files: list[TakeFiles], screen: Screen
) -> list[dict[str, Any]]:
    """Load the model, check the order against it, film one take after another; the account of each."""
    started = perf_counter()
    from rushes.engine.placement import compute_dtype
    from rushes.engine.plan import plan
    from rushes.media.delivery import Crop, Delivery, check_size
    from rushes.models.bundle import load_bundle

    bundle = load_bundle(folder, compute_dtype(), "cpu")
    request, duration = plan(bundle, order)
    crop = Crop(*bundle.defaults.crop)
    check_size(*size, crop)
    delivery = Delivery(request.num_frames, request.frame_rate, crop, *size, DELIVERY_RATE)
    requests = [replace(request, seed=order.seed + number) for number in range(len(files))]
    screen.say("model", f"{bundle.name}, loaded in {perf_counter() - started:.1f} s")
    screen.say("length", duration.describe())
    num_tokens = bundle.tokenizer.num_tokens(order.context_text)
    most = bundle.experts[0].transformer.config.text_len
    if num_tokens > most:
        screen.say("note", f"the model reads {most} tokens, these words are {num_tokens}: the end is cut off")
    return [_film(bundle, each, delivery, take, screen) for each, take in zip(requests, files, strict=True)]


def _film(
    bundle: "Bundle", request: Request, delivery: "Delivery", take: TakeFiles, screen: Screen
) -> dict[str, Any]:
    """Make one take and its three files; what ``--json`` says about it."""
    from rushes.engine.events import FramesDecoded, StageDone
    from rushes.engine.generate import generate
    from rushes.media.delivery import deliver
    from rushes.media.files import replacing

    screen.say("seed", str(request.seed))
    started = perf_counter()
    seconds: dict[str, float] = {}
    with screen.progress() as bar, deliver(take.video, take.sheet, delivery) as clip:
        for event in generate(bundle, request):
            bar.show(event)
            if isinstance(event, FramesDecoded):
                clip.write(event.frames)
            elif isinstance(event, StageDone):
                seconds[event.stage] = event.seconds
    seconds["finish"] = perf_counter() - started - sum(seconds.values())
    recipe = _recipe(bundle, request, delivery, seconds)
    with replacing(take.recipe) as partial:
        partial.write_text(recipe.to_json(), encoding="utf-8")
    shares = ", ".join(f"{stage} {spent:.1f}" for stage, spent in seconds.items())
    screen.say("seconds", f"{sum(seconds.values()):.1f} ({shares})")
    screen.say("wrote", f"{take.video}, {take.sheet.name}, {take.recipe.name}")
    return {"video": str(take.video), "sheet": str(take.sheet), "recipe": recipe.document()}


def _recipe(bundle: "Bundle", request: Request, delivery: "Delivery", seconds: dict[str, float]) -> Recipe:
    """Everything that decided the take, and beside it the machine and the time it took."""
    from rushes.engine.placement import machine_facts
    from rushes.engine.provenance import engine_stages
    from rushes.media.delivery import REVISION

    enhance = Stage("enhance", 1, {"prompt": request.prompt, "context_text": request.context_text})
    finish = Stage("finish", REVISION, delivery.settings())
    recorded = {
        "rushes": rushes.__version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine_facts(bundle.dtype),
        "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
    }
    return Recipe((enhance, *engine_stages(bundle, request), finish), recorded)


@app.command(epilog="Example: rushes world --sheet world.png --seed 3")
def world(
    sheet: Annotated[Path, typer.Option(help="PNG to write, replaced if it exists.")],
    seed: Annotated[int, typer.Option(help="Which scenes.")] = 0,
) -> None:
    """Draw a contact sheet of the film world mini learns from."""
    from rushes.media.files import check_writable
    from rushes.media.picture import write_png

    try:
        from rushes.world.sheet import contact_sheet
    except ModuleNotFoundError as error:
        if error.name != "skia":
            raise
        raise UsageError("the film world is drawn with skia: pip install 'rushes[world]'") from None

    check_writable(sheet)
    write_png(sheet, contact_sheet(seed, rows=6, columns=5))
    print(sheet)


@app.command(
    epilog="Example: rushes train --threads 1 --nice 19; from another terminal: rushes train --pause"
)
def train(
    stage: Annotated[
        list[str] | None,
        typer.Option(help="Only this stage; may be repeated. Default: all that are not done."),
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 leaves it to torch.")] = 0,
    nice: Annotated[int, typer.Option(min=0, max=19, help="How far to give way to other programs.")] = 0,
    minutes: Annotated[float, typer.Option(min=0, help="Save and stop after so long; 0 is no limit.")] = 0,
    pause: Annotated[bool, typer.Option("--pause", help="Make a running trainer save and stop.")] = False,
    ship: Annotated[
        Path | None, typer.Option(help="Write the weights trained so far to this folder as a model.")
    ] = None,
) -> None:
    """Train mini on the film world; goes on where it stopped. The state lies under RUSHES_HOME."""
    from rushes.core.settings import Settings

    try:
        from rushes.training import control
    except ModuleNotFoundError as error:
        if error.name != "skia":
            raise
        raise UsageError("training draws the film world with skia: pip install 'rushes[train]'") from None

    settings = Settings.from_environment()
    if pause:
        control.pause_mini(settings)
    elif ship:
        control.ship_mini(settings, ship)
    elif not control.train_mini(settings, tuple(stage or ()), threads, nice, minutes):
        raise CancelledError("training stopped before its end; the same command goes on from here")


@app.command(name="eval", epilog="Example: rushes eval --limit 24 --output evaluation")
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
