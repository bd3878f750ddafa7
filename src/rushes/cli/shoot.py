"""``rushes shoot``: words into takes."""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

import rushes
from rushes.cli.screen import Screen
from rushes.core.errors import CancelledError, UsageError
from rushes.core.recipe import Recipe, Stage
from rushes.core.request import Request, check_prompt
from rushes.core.shapes import parse_size
from rushes.core.timebase import parse_seconds

if TYPE_CHECKING:
    from rushes.engine.plan import Order
    from rushes.media.delivery import Delivery
    from rushes.models.bundle import Bundle

DELIVERY_RATE = Fraction(24)
MAX_VARIANTS = 99


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
