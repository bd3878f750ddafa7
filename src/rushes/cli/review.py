"""``rushes review``: circle, hold or reject takes, note what should change, see what waits for a person."""

from dataclasses import asdict
from typing import Annotated

import typer

from rushes.cli.desk import AsJson, ProjectCode, Studio, open_studio, print_json
from rushes.core.errors import UsageError


def review(  # noqa: PLR0913  typer reads options from arguments
    take: Annotated[
        str, typer.Argument(help="Code of a take, like SQ010_SH0030_v003; none: the queue.")
    ] = "",
    *,
    circle: Annotated[bool, typer.Option("--circle", help="Choose it.")] = False,
    hold: Annotated[bool, typer.Option("--hold", help="Keep it in mind.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Leave it.")] = False,
    current: Annotated[bool, typer.Option("--current", help="Let the shot show this take.")] = False,
    allow: Annotated[
        bool, typer.Option("--allow", help="Let it be made: the gate put it before a person.")
    ] = False,
    note: Annotated[str | None, typer.Option(help='What should change: "12-24: snow, not rain".')] = None,
    project: ProjectCode = "",
    as_json: AsJson = False,
) -> None:
    """Review a take, or list the takes that wait for a person."""
    if note is not None and not note.strip():
        raise UsageError('--note says nothing: write what should change, like --note "12-24: snow, not rain"')
    studio = open_studio()
    if not take:
        _show_queue(studio, project, as_json)
        return
    from rushes.studio.folder import lay_out, take_document
    from rushes.studio.reviews import Choice, add_note, choose, make_current, parse_note
    from rushes.studio.reviews import allow as give_leave
    from rushes.studio.takes import find_take

    choices = [choice for choice, asked in zip(Choice, (circle, hold, reject), strict=True) if asked]
    if len(choices) > 1:
        raise UsageError(f"a take is {' or '.join(choices)}, not both: choose one")
    found = find_take(studio.desk, take.replace("_V", "_v"), studio.project(project).id if project else None)
    if allow:
        give_leave(studio.desk, found.id)
    if note is not None:
        with studio.desk.store.write() as connection:
            add_note(connection, studio.desk, found.id, parse_note(note))
    for choice in choices:
        choose(studio.desk, found.id, choice)
    if current:
        make_current(studio.desk, found.id)
    lay_out(studio.desk, studio.files, studio.folder, found)
    document = take_document(studio.desk, found)
    if as_json:
        print_json(document)
    else:
        count = len(document["notes"])
        notes = f"{count} note{'' if count == 1 else 's'}"
        print(f"{found.code}: {document['choice'] or 'not chosen yet'}, {notes}")


def _show_queue(studio: Studio, project: str, as_json: bool) -> None:
    from rushes.studio.reviews import review_queue

    waiting = review_queue(studio.desk, studio.project(project).id)
    if as_json:
        print_json([asdict(each) for each in waiting])
        return
    for each in waiting:
        print(each.code)
        for note in each.notes:
            frames = "" if note.first_frame is None else f"{note.first_frame}-{note.last_frame}:"
            print(" ", *filter(None, (note.source, note.rule, frames, note.text)))
    if not waiting:
        print("nothing waits for you")
