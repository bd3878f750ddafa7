"""``rushes extend``: a clip goes on."""

from pathlib import Path
from typing import Annotated

import typer

from rushes.cli.clip_files import files_beside
from rushes.cli.footage import words_of
from rushes.cli.planned import Given
from rushes.cli.remade import EXTEND, LONGEST_SECONDS


def extend(  # noqa: PLR0913  typer reads options from arguments
    clip: Annotated[Path, typer.Argument(help="MP4 that goes on; its recipe beside it says what it shows.")],
    *,
    seconds: Annotated[str, typer.Option(help=f"How much longer it becomes; {LONGEST_SECONDS} s in all.")],
    prompt: Annotated[str | None, typer.Option(help="What goes on. Default: the clip's own words.")] = None,
    output: Annotated[Path | None, typer.Option(help="MP4 to write. Default: CLIP_longer.mp4.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same clip. Default: random.")] = None,
    model: Annotated[str, typer.Option(help="Name of a model, or its folder.")] = "mini",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Make a clip longer, window by window, each going on from the last 17 frames of what there is."""
    from rushes.cli.inbox_takes import Source
    from rushes.cli.remaking import Remake, read_facts_of, wish_for
    from rushes.cli.screen import Screen
    from rushes.engine.plan import check_any_tokens

    facts = read_facts_of(model)
    check_any_tokens(facts.name, facts.conventions.any_tokens)
    files = files_beside(output, clip, "longer")
    words = words_of(clip, prompt, "--prompt")
    wish = wish_for(words, seed, model, {EXTEND: {"seconds": seconds}})
    Remake(wish, Source(Given(clip=clip), EXTEND), files).make(Screen(quiet, as_json), as_json)
