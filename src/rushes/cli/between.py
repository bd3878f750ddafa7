"""``rushes between``: a clip from one picture to another."""

from pathlib import Path
from typing import Annotated, Any

import typer

from rushes.cli.clip_files import files_beside
from rushes.cli.planned import Given
from rushes.cli.remade import BETWEEN
from rushes.core.request import check_prompt


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
    from rushes.cli.inbox_takes import Source
    from rushes.cli.remaking import Remake, read_facts_of, wish_for
    from rushes.cli.screen import Screen
    from rushes.engine.plan import check_any_tokens

    check_prompt(prompt)
    facts = read_facts_of(model)
    check_any_tokens(facts.name, facts.conventions.any_tokens)
    files = files_beside(output, first, "between")
    settings: dict[str, Any] = {} if seconds is None else {"seconds": seconds}
    settings[BETWEEN] = {"first_is_clip": _is_clip(first), "last_is_clip": _is_clip(last)}
    source = Source(Given(ends=(first, last)), "in-between")
    Remake(wish_for(prompt, seed, model, settings), source, files).make(Screen(quiet, as_json), as_json)


def _is_clip(path: Path) -> bool:
    return path.suffix.lower() == ".mp4"
