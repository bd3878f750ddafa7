"""``rushes show``: a take, its recipe and its history; or the takes of a project."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.cli.desk import AsJson, ProjectCode, Studio, open_studio, print_json
from rushes.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rushes.studio.takes import Take


def show(
    take: Annotated[str, typer.Argument(help="Code of a take; none: all takes of the project.")] = "",
    *,
    recipe: Annotated[bool, typer.Option("--recipe", help="All that decided it, as JSON.")] = False,
    project: ProjectCode = "",
    as_json: AsJson = False,
) -> None:
    """Show a take with its history, or list the takes of a project."""
    from rushes.studio.desk import events_of
    from rushes.studio.folder import take_document, take_path
    from rushes.studio.jobs.queue import job_of_take
    from rushes.studio.projects import find_project
    from rushes.studio.reviews import notes_of
    from rushes.studio.takes import find_take

    studio = open_studio()
    if not take:
        _list(studio, project, as_json)
        return
    found = find_take(studio.desk, take, studio.project(project).id if project else None)
    document = take_document(studio.desk, found)
    if recipe:
        if document["recipe"] is None:
            raise UsageError(f"{found.code} is not made yet: rushes queue shows how far it is")
        print_json(document["recipe"])
    elif as_json:
        print_json(document)
    else:
        print(f"{found.code}: {found.request.prompt}")
        print(f"seed {found.request.seed}, {found.request.model}, {document['choice'] or 'not chosen yet'}")
        for line in _origin(studio, found):
            print(line)
        for note in notes_of(studio.desk, found.id):
            frames = "" if note.first_frame is None else f" at {note.first_frame}-{note.last_frame}"
            state = "open" if note.closed_at is None else "answered"
            print(f"note of a {note.source}{frames}, {state}: {note.text}")
        job = job_of_take(studio.desk, found.id)
        if job is not None and job.cost is not None:
            print(f"{job.spent_s:.1f} s of machine time, {job.cost.amount:.4f} {job.cost.currency}")
        print(take_path(studio.folder, find_project(studio.desk, found.project_id).code, found))
        for event in events_of(studio.desk, found.id):
            detail = " ".join(f"{k}={v}" for k, v in event.detail.items() if v not in ("", None))
            print(f"  {event.kind} {detail}")


def _list(studio: Studio, project: str, as_json: bool) -> None:
    """The takes of a project; those without a job came with an import."""
    from rushes.studio.jobs.queue import job_of_take
    from rushes.studio.reviews import choices_in
    from rushes.studio.takes import takes_in

    ours = studio.project(project)
    chosen = choices_in(studio.desk, ours.id)
    listed = takes_in(studio.desk, ours.id)
    if as_json:
        print_json([{**asdict(each), "choice": chosen.get(each.id)} for each in listed])
        return
    if not listed:
        print(f"project {ours.code} has no takes yet: rushes shoot makes one")
    for each in listed:
        job = job_of_take(studio.desk, each.id)
        state = job.state if job else "imported"
        print(f"{each.code}  {state:<10} {chosen.get(each.id, ''):<9} {each.request.prompt[:60]}")


def _origin(studio: Studio, take: "Take") -> "Iterator[str]":
    """What it came out of, the note it answers, and the files it started from."""
    from rushes.studio.reviews import notes_of
    from rushes.studio.takes import find_take

    origin = take.origin
    if origin.parent_id is not None:
        parent = find_take(studio.desk, origin.parent_id)
        asked = [note.text for note in notes_of(studio.desk, parent.id) if note.id == origin.note_id]
        yield f"{origin.relation} of {parent.code}" + "".join(f", which was noted: {text}" for text in asked)
    for each in take.inputs:
        yield f"made with {each.role} {each.sha256[:12]}"
