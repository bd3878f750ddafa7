"""``rushes shots``: the shot list of a project; add a shot, change its words."""

from dataclasses import asdict
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
    project: ProjectCode = "",
    as_json: AsJson = False,
) -> None:
    """List the shots of a project with their takes; add or change one. `rushes break` adds a script's."""
    from rushes.studio.scripted import scripted_of
    from rushes.studio.shots import list_shots
    from rushes.studio.takes import takes_of

    studio = open_studio()
    ours = studio.project(project)
    if text:
        _write(studio, ours, code.upper(), text)
    elif code:
        raise UsageError(f"{code} is to say nothing: add --text with its words, or leave the code out")
    listed = list_shots(studio.desk, ours.id)
    with studio.desk.store.read() as connection:
        scripted = scripted_of(connection, studio.desk, ours.id)
    if as_json:
        told = {shot_id: asdict(facts) for shot_id, facts in scripted.items()}
        print_json([{**asdict(shot), "scripted": told.get(shot.id)} for shot in listed])
        return
    for shot in listed:
        count = len(takes_of(studio.desk, shot.id))
        status = scripted[shot.id].status if shot.id in scripted else ""
        print(f"{shot.code:<16} {count:>2} takes  {status:<6}  {shot.words.text[:80]}")


def _write(studio: Studio, project: "Project", code: str, text: str) -> None:
    from rushes.language.parse import parse
    from rushes.studio.shots import Words, find_shot, list_shots, new_shot, revise_shot

    words = Words(text, parse(text).as_json())
    known = {shot.code for shot in list_shots(studio.desk, project.id)}
    if code and any(each == code or each.endswith(f"_{code}") for each in known):
        revise_shot(studio.desk, find_shot(studio.desk, project.id, code).id, words)
    else:
        new_shot(studio.desk, project.id, words, code if "_" in code or not code else f"SQ010_{code}")
