"""``rushes between``: a clip from one picture to another."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from rushes.cli.footage import read_end
from rushes.cli.remaking import Remake, asked_seed, read_facts_of, take_for, with_given
from rushes.cli.screen import Screen
from rushes.cli.words import read_words
from rushes.core.request import check_prompt
from rushes.core.timebase import parse_seconds


def between(  # noqa: PLR0913  typer reads options from arguments
    first: Annotated[Path, typer.Argument(help="Picture, or a clip whose last frame counts.")],
    last: Annotated[Path, typer.Argument(help="Picture, or a clip whose first frame counts.")],
    *,
    prompt: Annotated[str, typer.Option(help="What happens between them.")],
    seconds: Annotated[str | None, typer.Option(help="Length. Default: the model's.")] = None,
    output: Annotated[Path | None, typer.Option(help="MP4 to write. Default: FIRST_between.mp4.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same clip. Default: random.")] = None,
    model: Annotated[str, typer.Option(help="Name of a model, or its folder.")] = "mini",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Make the clip that begins with one picture and ends with another."""
    from rushes.engine.given import check_any_tokens, joining
    from rushes.engine.plan import Order, plan

    check_prompt(prompt)
    facts = read_facts_of(model)
    check_any_tokens(facts.name, facts.conventions.any_tokens)
    take = take_for(output, first, "between")
    context_text, understood = read_words(facts, prompt)
    length = None if seconds is None else parse_seconds(seconds)
    request, duration = plan(facts, Order(prompt, context_text, asked_seed(seed), length))
    # the last latent frame holds the other picture for several frames: the first of them is the end
    request = replace(request, trim=facts.compression.time - 1)
    given = joining(
        read_end(first, facts, -1), read_end(last, facts, 0), request.num_frames, facts.compression
    )
    request = with_given(request, given)
    screen = Screen(quiet, as_json)
    for line in understood:
        screen.say("words", line)
    screen.say("length", duration.describe())
    Remake(model, facts, request, request, given, take).make(screen, as_json)
