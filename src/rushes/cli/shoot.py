"""``rushes shoot``: words into takes."""

import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from rushes.cli.choosing import candidates_of, layout_of, picker_for, read_sliders
from rushes.cli.filming import Filming, TakeFiles, film
from rushes.cli.framing import Upscale, frame
from rushes.cli.loras import asked_loras, with_preset
from rushes.cli.making import Making
from rushes.cli.screen import Screen
from rushes.cli.words import read_words
from rushes.core.errors import CancelledError, UsageError
from rushes.core.memory_size import parse_memory
from rushes.core.request import check_prompt
from rushes.core.shapes import parse_size
from rushes.core.timebase import parse_seconds

MAX_VARIANTS = 99


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
    context: typer.Context,
    prompt: Annotated[
        str, typer.Argument(help="The shot in words: Chinese, English, Japanese or Korean.")
    ] = "",
    *,
    shot: Annotated[str, typer.Option(help="Make takes of this shot of the studio, like SH0030.")] = "",
    takes: Annotated[int, typer.Option(min=1, max=MAX_VARIANTS, help="How many takes of --shot.")] = 1,
    project: Annotated[str, typer.Option(help="Project of --shot. Default: the inbox.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show takes, time and budget of --shot; make nothing.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="MP4 to write, replaced if it exists. Default: a new take_SEED.mp4.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same clip. Default: random, shown.")] = None,
    seconds: Annotated[str | None, typer.Option(help="Length. Default: the model's.")] = None,
    size: Annotated[
        str | None, typer.Option(help="Delivered size, WIDTHxHEIGHT. Default: 1280x720 where the model can.")
    ] = None,
    upscale: Annotated[
        Upscale | None, typer.Option(help="What enlarges. Default: the model's own network, if it has one.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps. Default: the model's.")] = None,
    guidance_high: Annotated[
        float | None, typer.Option(help="How strongly high noise follows the words; 1 is none.")
    ] = None,
    guidance_low: Annotated[float | None, typer.Option(help="The same at low noise.")] = None,
    negative: Annotated[
        str | None, typer.Option(help="What the clip should keep away from. Default: the model's.")
    ] = None,
    first_frame: Annotated[
        Path | None, typer.Option(help="Picture the clip starts from, for models that can.")
    ] = None,
    slider: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, -1 to 1, for models with sliders; repeatable.")
    ] = None,
    variants: Annotated[
        int, typer.Option(min=1, max=MAX_VARIANTS, help="Takes: FILE.mp4, FILE_v002.mp4, ... with seeds + 1.")
    ] = 1,
    candidates: Annotated[
        int | None,
        typer.Option(min=1, help="Clips made of each take; the best is kept. Default: the model's."),
    ] = None,
    model: Annotated[str, typer.Option(help="Name of a model, or its folder.")] = "mini",
    preset: Annotated[
        str | None, typer.Option(help="lightning: A14B in 4 steps, with the pair of LoRAs made for it.")
    ] = None,
    lora: Annotated[
        list[str] | None, typer.Option(help="FILE or FILE:STRENGTH, added to all experts; repeatable.")
    ] = None,
    lora_high: Annotated[
        list[str] | None, typer.Option(help="The same for the high-noise expert alone.")
    ] = None,
    lora_low: Annotated[
        list[str] | None, typer.Option(help="The same for the low-noise expert alone.")
    ] = None,
    previews: Annotated[
        Path | None, typer.Option(help="Folder for pictures of the clip in the making, about eight a take.")
    ] = None,
    save_every: Annotated[
        int | None, typer.Option(min=1, help="Save progress every N steps. Default: every minute.")
    ] = None,
    memory_budget: Annotated[
        str | None, typer.Option(help="Most memory to use, like 8GB. Default: what is free.")
    ] = None,
    devices: Annotated[
        int, typer.Option(help="Share each take among so many GPUs, or processes where there are none.")
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Turn words into a clip: FILE.mp4, a contact sheet FILE.png and the recipe FILE.json."""
    from rushes.engine.catalogue import model_folder
    from rushes.engine.facts import read_facts
    from rushes.engine.plan import Order, plan

    if shot:
        from rushes.cli.shot_takes import shoot_shot

        shoot_shot(context, project, takes)
        return
    if dry_run:
        raise UsageError("--dry-run is for takes of the studio: add --shot, or leave it out")
    check_prompt(prompt)
    folder = model_folder(model)
    first_seed = secrets.randbelow(10**6) if seed is None else seed
    length = None if seconds is None else parse_seconds(seconds)
    budget = None if memory_budget is None else parse_memory(memory_budget)
    if budget and devices > 1:
        raise UsageError("a memory budget holds for one process: leave out --memory-budget or --devices")
    files = _take_files(output, first_seed, variants)
    given = asked_loras(lora or (), lora_high or (), lora_low or ())
    facts, loras = with_preset(preset, read_facts(folder), steps, given)
    framing = frame(facts, None if size is None else parse_size(size), first_frame, upscale)
    context_text, understood = read_words(facts, prompt)
    order = Order(
        prompt, context_text, first_seed, length, steps, guidance_high, guidance_low, negative,
        size=framing.native, first_frame=framing.digest,
        candidates=candidates_of(candidates, facts, devices), sliders=read_sliders(slider or ()),
    )  # fmt: skip
    request, duration = plan(facts, order)
    layout = layout_of(devices, facts, request)
    seeds = range(first_seed, first_seed + variants * request.candidates, request.candidates)
    requests = [replace(request, seed=each) for each in seeds]
    chooser = picker_for(facts, request)
    preview_folder = None if previews is None else _preview_folder(previews)
    making = Making(folder, loras, request, framing.delivered, budget, layout)
    screen = Screen(quiet, as_json)
    for line in understood:
        screen.say("words", line)
    try:
        with making.maker(screen) as maker:
            screen.say("length", duration.describe())
            filming = Filming(maker, framing, screen, save_every, preview_folder, chooser)
            films = [film(filming, each, take) for each, take in zip(requests, files, strict=True)]
    except KeyboardInterrupt:
        raise CancelledError("stopped; no unfinished file was left behind") from None
    if as_json:
        print(json.dumps({"takes": films}, ensure_ascii=False, indent=2))


def _preview_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"folder {str(folder)!r} for previews cannot be made ({error.strerror}): choose another"
        ) from error
    return folder
