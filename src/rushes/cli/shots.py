"""``rushes shots``: the shot list of a project; add a shot, change its words, import a screenplay."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.cli.desk import AsJson, ProjectCode, Studio, open_studio, print_json
from rushes.core.errors import UsageError

if TYPE_CHECKING:
    from rushes.studio.projects import Project


def shots(
    code: Annotated[str, typer.Argument(help="A shot to add or change, like SQ010_SH0030.")] = "",
    *,
    text: Annotated[str, typer.Option(help="What the shot says; adds it where it is new.")] = "",
    script: Annotated[
        Path | None, typer.Option(help="Screenplay whose shots are added.", exists=True, dir_okay=False)
    ] = None,
    project: ProjectCode = "",
    as_json: AsJson = False,
) -> None:
    """List the shots of a project with their takes; add or change one, or import a screenplay."""
    from rushes.studio.shots import list_shots
    from rushes.studio.takes import takes_of

    studio = open_studio()
    ours = studio.project(project)
    if script is not None:
        _import(studio, ours, script)
    elif text:
        _write(studio, ours, code.upper(), text)
    elif code:
        raise UsageError(f"{code} is to say nothing: add --text with its words, or leave the code out")
    listed = list_shots(studio.desk, ours.id)
    if as_json:
        print_json([asdict(shot) for shot in listed])
        return
    for shot in listed:
        count = len(takes_of(studio.desk, shot.id))
        print(f"{shot.code:<16} {count:>2} takes  {shot.words.text[:80]}")


def _write(studio: Studio, project: "Project", code: str, text: str) -> None:
    from rushes.language.parse import parse
    from rushes.studio.shots import Words, find_shot, list_shots, new_shot, revise_shot

    words = Words(text, parse(text).as_json())
    known = {shot.code for shot in list_shots(studio.desk, project.id)}
    if code and any(each == code or each.endswith(f"_{code}") for each in known):
        revise_shot(studio.desk, find_shot(studio.desk, project.id, code).id, words)
    else:
        new_shot(studio.desk, project.id, words, code if "_" in code or not code else f"SQ010_{code}")


def _import(studio: Studio, project: "Project", script: Path) -> None:
    """Add the shots of a screenplay; those of an earlier import keep their words and takes."""
    from rushes.language.screenplay.breakdown import break_down
    from rushes.language.screenplay.reading import read_script
    from rushes.studio.shots import Words, list_shots, new_shot

    known = {shot.key for shot in list_shots(studio.desk, project.id)}
    for shot in break_down(read_script(script)).shots:
        if shot.id not in known:
            spans = tuple((span.start, span.end) for span in shot.spans)
            new_shot(studio.desk, project.id, Words(shot.text, {}, spans), shot.code, shot.id)
