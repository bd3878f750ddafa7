"""``rushes edit``: another attribute in the same shot, or a box painted anew."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.cli.footage import read_footage, words_of
from rushes.cli.framing import PATCH
from rushes.cli.remaking import Remake, asked_seed, read_facts_of, take_for, with_given
from rushes.cli.screen import Screen
from rushes.core.errors import UsageError
from rushes.core.model_facts import ModelFacts
from rushes.core.request import Edit, Request, check_prompt

if TYPE_CHECKING:
    from rushes.engine.given import Box

# FlowEdit's for Stable Diffusion 3 are 3.5 and 13.5; mini's own guidance is lower, and so are these.
TARGET_GUIDANCE = 5.5


def edit(  # noqa: PLR0913  typer reads options from arguments
    clip: Annotated[Path, typer.Argument(help="MP4 to change; its recipe beside it says what it shows.")],
    *,
    to: Annotated[str, typer.Option(help="What becomes of it, like 'snow'; for Wan the whole new prompt.")],
    source: Annotated[
        str | None, typer.Option("--from", help="What the clip shows. Default: as its recipe says.")
    ] = None,
    box: Annotated[
        str | None, typer.Option(help="x,y,w,h in the clip's pixels: only this part is painted anew.")
    ] = None,
    strength: Annotated[
        float, typer.Option(help="0 to 1: how much of the shot may change. Not with --box.")
    ] = Edit.from_sigma,
    mask: Annotated[
        bool, typer.Option(help="Change only where the two descriptions differ. Not with --box.")
    ] = Edit.masked,
    output: Annotated[Path | None, typer.Option(help="MP4 to write. Default: CLIP_edited.mp4.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same clip. Default: random.")] = None,
    model: Annotated[str, typer.Option(help="Name of a model, or its folder.")] = "mini",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Change what a clip shows and keep the shot: its framing, poses and moves."""
    import numpy as np

    from rushes.engine.given import changing, check_any_tokens, repainting
    from rushes.engine.plan import Order, plan

    check_prompt(to)
    facts = read_facts_of(model)
    if facts.conventions.motion_channels:
        raise UsageError(
            f"model {facts.name!r} makes motion beside the picture, which no clip gives: no edits"
        )
    take = take_for(output, clip, "edited")
    footage = read_footage(clip, facts)
    old, new = _descriptions(facts, words_of(footage, source, "--from"), to)
    request, _ = plan(facts, Order(new, new, asked_seed(seed), num_frames=len(footage.frames)))
    frames = np.concatenate([footage.frames, footage.frames[-1:].repeat(request.trim, axis=0)])
    if box is None:
        given = changing(frames, facts.compression)
        request = _edited(with_given(request, given), Edit(old, from_sigma=strength, masked=mask))
    else:
        check_any_tokens(facts.name, facts.conventions.any_tokens)
        token = PATCH * facts.compression.height
        given = repainting(frames, _native_box(box, footage.size, facts), token, facts.compression)
        request = with_given(request, given)
    screen = Screen(quiet, as_json)
    screen.say("was", old)
    screen.say("becomes", new)
    Remake(model, facts, request, request, given, take).make(screen, as_json)


def _edited(request: Request, how: Edit) -> Request:
    sampling = replace(
        request.sampling, step_rule="euler", guidance_high=TARGET_GUIDANCE, guidance_low=TARGET_GUIDANCE
    )
    return replace(request, edit=how, sampling=sampling)


def _descriptions(facts: ModelFacts, words: str, to: str) -> tuple[str, str]:
    """What the model reads for the clip as it is and as it becomes.

    A model of captions gets the clip's own with what ``to`` names in the place of what it had.
    """
    from rushes.language.captions import canonical_caption
    from rushes.language.mini_prompt import read_prompt

    if not facts.conventions.reads_captions:
        return words, to
    known = facts.conventions.vocabulary
    reading, change = read_prompt(words, known), read_prompt(to, known)
    # it says what could be named when nothing of the change can be shown
    _ = change.context_text
    becomes = canonical_caption({**reading.attributes, **change.attributes}, reading.language)
    if becomes == reading.context_text:
        raise UsageError(f"the clip shows {to!r} already: name what is to change")
    return reading.context_text, becomes


def _native_box(text: str, size: tuple[int, int], facts: ModelFacts) -> "Box":
    """``"x,y,w,h"`` in pixels of the file (width, height) -> the box in the model's own picture."""
    from rushes.engine.given import Box

    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"box {text!r} is not x,y,w,h in pixels: write it like 320,180,640,360")
    x, y, width, height = map(int, parts)
    if not width or not height or x + width > size[0] or y + height > size[1]:
        raise UsageError(f"box {text} does not lie inside of {size[0]}x{size[1]}: choose a smaller one")
    top, left, tall, broad = facts.defaults.crop
    # files of another shape fill the picture and stick out evenly
    scale = max(broad / size[0], tall / size[1])
    shift_x, shift_y = (broad - size[0] * scale) / 2 + left, (tall - size[1] * scale) / 2 + top
    x0, y0 = round(max(x * scale + shift_x, left)), round(max(y * scale + shift_y, top))
    x1 = round(min((x + width) * scale + shift_x, left + broad))
    y1 = round(min((y + height) * scale + shift_y, top + tall))
    return Box(x0, y0, max(1, x1 - x0), max(1, y1 - y0))
