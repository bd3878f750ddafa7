"""``rushes show``: a take, its recipe and its history; or the takes of a project."""

from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain
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
    from rushes.studio.folder import take_document, take_path
    from rushes.studio.jobs.queue import job_of_take
    from rushes.studio.projects import find_project
    from rushes.studio.shots import get_shot
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
        with studio.desk.store.read() as connection:
            is_current = get_shot(connection, studio.desk, found.shot_id).current_take_id == found.id
        stands = f"{document['choice'] or 'not chosen yet'}{', current' * is_current}"
        print(f"seed {found.request.seed}, {found.request.model}, {stands}")
        for line in chain(_origin(studio, found), _noted(studio, found)):
            print(line)
        job = job_of_take(studio.desk, found.id)
        if job is not None and job.cost is not None:
            print(f"{job.spent_s:.1f} s of machine time, {job.cost.amount:.4f} {job.cost.currency}")
        if document["master"] is not None:
            print(take_path(studio.folder, find_project(studio.desk, found.project_id).code, found))
        elif job is not None:
            print(f"not made, {job.state}: {job.message}".rstrip(": "))
        for line in _history(studio, found):
            print(line)


def _noted(studio: Studio, take: "Take") -> "Iterator[str]":
    from rushes.studio.reviews import notes_of

    for note in notes_of(studio.desk, take.id):
        frames = "" if note.first_frame is None else f" at {note.first_frame}-{note.last_frame}"
        state = "open" if note.closed_at is None else "answered"
        yield f"note of a {note.source}{frames}, {state}: {note.text}"


def _history(studio: Studio, take: "Take") -> "Iterator[str]":
    """The take's part of the journal: when, who, what."""
    from rushes.studio.desk import events_of, names_of

    names = names_of(studio.desk)
    for event in events_of(studio.desk, take.id):
        when = datetime.fromtimestamp(event.created_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
        detail = " ".join(f"{k}={v}" for k, v in event.detail.items() if v not in ("", None))
        yield f"  {when}  {names.get(event.person_id, '-')}  {event.kind} {detail}".rstrip()


def _list(studio: Studio, project: str, as_json: bool) -> None:
    """The takes of a project; those without a job came with an import."""
    from rushes.studio.jobs.queue import job_of_take
    from rushes.studio.reviews import choices_in
    from rushes.studio.shots import list_shots
    from rushes.studio.takes import master_of, takes_in

    ours = studio.project(project)
    chosen = choices_in(studio.desk, ours.id)
    current = {shot.current_take_id for shot in list_shots(studio.desk, ours.id)}
    listed = takes_in(studio.desk, ours.id)
    if as_json:
        print_json(
            [
                {**asdict(each), "choice": chosen.get(each.id), "is_current": each.id in current}
                for each in listed
            ]
        )
        return
    if not listed:
        print(f"project {ours.code} has no takes yet: rushes shoot makes one")
    for each in listed:
        job = job_of_take(studio.desk, each.id)
        state = job.state if job else "imported" if master_of(studio.desk, each.id) else "not made"
        stands = f"{chosen.get(each.id, '')}{' *' * (each.id in current)}".strip()
        print(f"{each.code}  {state:<10} {stands:<9} {each.request.prompt[:60]}")
    if current & {each.id for each in listed}:
        print("* its shot shows this take")


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
