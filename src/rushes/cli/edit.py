"""``rushes edit``: another attribute in the same shot, or a box painted anew."""

from pathlib import Path
from typing import Annotated

import typer

from rushes.cli.clip_files import files_beside
from rushes.cli.footage import words_of
from rushes.cli.planned import Given
from rushes.cli.remade import EDIT, check_editable
from rushes.core.errors import UsageError
from rushes.core.model_facts import ModelFacts
from rushes.core.request import Edit, check_prompt


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
    from rushes.cli.inbox_takes import Source
    from rushes.cli.remaking import Remake, read_facts_of, wish_for
    from rushes.cli.screen import Screen

    check_prompt(to)
    facts = read_facts_of(model)
    check_editable(facts)
    files = files_beside(output, clip, "edited")
    was, becomes = _descriptions(facts, words_of(clip, source, "--from"), to)
    how = {"was": was, "box": box, "strength": strength, "mask": mask}
    wish = wish_for(becomes, seed, model, {EDIT: how})
    lines = (("was", was), ("becomes", becomes))
    Remake(wish, Source(Given(clip=clip), EDIT), files).make(Screen(quiet, as_json), as_json, lines)


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
    becomes = canonical_caption({**reading.shown, **change.attributes})
    if becomes == reading.context_text:
        raise UsageError(f"the clip shows {to!r} already: name what is to change")
    return reading.context_text, becomes
