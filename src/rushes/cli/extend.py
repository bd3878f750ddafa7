"""``rushes extend``: a clip goes on."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from rushes.cli.footage import read_footage, words_of
from rushes.cli.making import Maker
from rushes.cli.remaking import Remake, asked_seed, read_facts_of, take_for, with_given
from rushes.cli.screen import Screen
from rushes.cli.words import read_words
from rushes.core.errors import UsageError
from rushes.core.timebase import parse_seconds

LONGEST_SECONDS = 30


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
    from rushes.engine.chain import Continuation
    from rushes.engine.given import beginning, check_any_tokens, windows
    from rushes.engine.plan import Order, plan

    facts = read_facts_of(model)
    check_any_tokens(facts.name, facts.conventions.any_tokens)
    more, rate = parse_seconds(seconds), facts.defaults.frame_rate
    take = take_for(output, clip, "longer")
    footage = read_footage(clip, facts)
    num_given = len(footage.frames)
    total = num_given + round(more * rate)
    if more <= 0 or total > LONGEST_SECONDS * rate + 1:
        raise UsageError(
            f"{float(more):g} s more than {float(num_given / rate):.1f} s cannot be made: ask for more than 0"
            f" and {LONGEST_SECONDS} s in all"
        )
    words = words_of(footage, prompt, "--prompt")
    context_text, understood = read_words(facts, words)
    limit = facts.defaults.frame_limits[1]
    longest = max(windows(num_given, total, limit, facts.compression))
    window, _ = plan(facts, Order(words, context_text, asked_seed(seed), num_frames=longest))
    given = beginning(footage.frames)
    window = with_given(window, given)
    request = replace(window, num_frames=total, trim=0)
    screen = Screen(quiet, as_json)
    for line in understood:
        screen.say("words", line)

    def chained(maker: Maker) -> Maker:
        def seam(frame: int, ratio: float) -> None:
            screen.say("seam", f"at {float(frame / rate):.2f} s: {ratio:.2f} of the change around it")

        chain = Continuation(maker.generate, limit, facts.compression, seam)
        return replace(maker, generate=chain)

    Remake(model, facts, request, window, given, take).make(screen, as_json, chained)
