"""``rushes shoot``: words into takes."""
# ruff: noqa: ARG001  typer reads the options from the arguments, what they become is read from its context

import secrets
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from rushes.cli.framing import Upscale
from rushes.hosted.models import find_hosted

MAX_VARIANTS = 99


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
        bool,
        typer.Option(
            "--dry-run", help="Show what is understood, or of --shot time and budget; make nothing."
        ),
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
    if find_hosted(model) is not None:
        from rushes.cli.hosted_shoot import shoot_hosted

        shoot_hosted(context)
        return
    if shot:
        from rushes.cli.shot_takes import shoot_shot

        shoot_shot(context, project, takes)
        return
    _shoot_words(context, prompt)


def _shoot_words(context: typer.Context, prompt: str) -> None:
    """Clips of a prompt: takes of the inbox, and files beside each other."""
    from rushes.cli.asking import asking, check_machine
    from rushes.cli.clip_files import files_for
    from rushes.cli.desk import print_json
    from rushes.cli.inbox_takes import Clip, Filming, Source
    from rushes.cli.planned import Wish
    from rushes.cli.screen import Screen
    from rushes.cli.take_plan import lasting_name, plan_take
    from rushes.cli.watching import Watching, preview_folder
    from rushes.core.request import check_prompt

    check_prompt(prompt)
    params = context.params
    model, machine, asked = lasting_name(params["model"]), check_machine(params), asking(context)
    seed = secrets.randbelow(10**6) if params["seed"] is None else params["seed"]
    files = files_for(params["output"], seed, params["variants"])
    wish = Wish(prompt, seed, model, asked.settings)
    planned = plan_take(wish, asked.given)
    screen = Screen(params["quiet"], params["as_json"])
    for line in planned.words:
        screen.say("words", line)
    if params["dry_run"]:
        if params["as_json"]:
            print_json({"words": list(planned.words)})
        return
    clips = []
    for number, each in enumerate(files):
        request = replace(planned.request, seed=seed + number * planned.request.candidates)
        own = replace(planned, request=request)
        clips.append(Clip(replace(wish, seed=request.seed), own, each))
    previews = None if params["previews"] is None else preview_folder(params["previews"])
    documents = Filming(Source(asked.given), Watching(screen, previews), machine).make(clips)
    if params["as_json"]:
        print_json({"takes": documents})
