"""``/v1/takes``, notes and choices: what was filmed, and what people say to it."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from rushes.core.errors import MissingError
from rushes.service.caller import Reader, Writer, glance
from rushes.service.delivery import FILE_ANSWERS, file_name, send_file
from rushes.service.errors import ERRORS
from rushes.service.footage import Footage, Window, delete_footage, find_footage, list_footage
from rushes.service.once import once
from rushes.service.pages import After, Limit, Page
from rushes.service.tags import IfMatch, expecting
from rushes.service.video_fields import Words
from rushes.service.videos import IdempotencyKey
from rushes.service.views import NoteView, TakeView
from rushes.studio.projects import find_project
from rushes.studio.reviews import (
    Choice,
    NewNote,
    add_note,
    choose,
    close_note,
    make_current,
    notes_of,
    review_queue,
)
from rushes.studio.seen import Check

router = APIRouter(prefix="/v1", tags=["review"], responses=ERRORS)
Frame = Annotated[int, Field(ge=0, le=1_000_000)]


class ReviewWish(BaseModel):
    """A choice; ``is_current`` lets the shot point to this take."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"choice": "circled", "is_current": True}]}
    )
    choice: Choice
    is_current: bool = False


class Reviewed(BaseModel):
    """What was chosen."""

    take_id: str
    choice: Choice
    is_current: bool


class NoteWish(BaseModel):
    """What should change, at which frames."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "snow, not rain", "first_frame": 12, "last_frame": 24}]},
    )
    text: Words
    first_frame: Frame | None = None
    last_frame: Frame | None = None


class Waiting(BaseModel):
    """A take that waits for a person, and its open notes."""

    take_id: str
    code: str
    notes: list[NoteView]


@router.get("/takes")
def takes(caller: Reader, project: After = "", limit: Limit = 50, after: After = "") -> Page[TakeView]:
    """Takes of all projects or one, newest first."""
    project_id = find_project(caller.desk, project).id if project else ""
    found, has_more = list_footage(caller.desk, Window(limit, after, project_id=project_id))
    return Page(data=[TakeView.of(each) for each in found], next=found[-1].take.id if has_more else None)


@router.get("/takes/{take_id}")
async def take(caller: Reader, take_id: str, response: Response) -> TakeView:
    """One take."""
    found = await glance(caller.desk, lambda: find_footage(caller.desk, take_id))
    response.headers["etag"] = found.tag
    return TakeView.of(found)


@router.delete("/takes/{take_id}", status_code=204)
def delete(caller: Writer, take_id: str, if_match: IfMatch = "") -> None:
    """Stop it and show it no longer."""
    check: Check[Footage] = expecting(if_match, lambda footage: footage.tag, "the take")
    delete_footage(caller.desk, caller.house.files, take_id, check)


@router.get("/takes/{take_id}/renditions/{name}", responses=FILE_ANSWERS, response_class=Response)
@router.head("/takes/{take_id}/renditions/{name}", include_in_schema=False)
def rendition(caller: Reader, take_id: str, name: str, request: Request) -> Response:
    """A finished file; ranges work."""
    footage = find_footage(caller.desk, take_id)
    file = footage.files.get(name)
    if file is None:
        raise MissingError(
            f"{footage.take.code} has no such file: choose {', '.join(footage.files) or 'later'}"
        )
    return send_file(caller.house, caller.desk.tenant_id, file, file_name(footage, file), request)


@router.post("/takes/{take_id}/reviews", status_code=201)
def review(caller: Writer, take_id: str, asked: ReviewWish) -> Reviewed:
    """Circle, hold or reject a take; what was chosen before stays in the record."""
    find_footage(caller.desk, take_id)
    if asked.is_current:
        make_current(caller.desk, take_id)
    choose(caller.desk, take_id, asked.choice)
    return Reviewed(take_id=take_id, choice=asked.choice, is_current=asked.is_current)


@router.get("/takes/{take_id}/notes")
def notes(caller: Reader, take_id: str) -> Page[NoteView]:
    """The notes of a take, oldest first."""
    find_footage(caller.desk, take_id)
    return Page(data=[NoteView.model_validate(note) for note in notes_of(caller.desk, take_id)], next=None)


@router.post("/takes/{take_id}/notes", status_code=201)
def make_note(caller: Writer, take_id: str, asked: NoteWish, key: IdempotencyKey = "") -> NoteView:
    """Note what should change."""
    find_footage(caller.desk, take_id)

    def make() -> NoteView:
        new = NewNote(asked.text, first_frame=asked.first_frame, last_frame=asked.last_frame)
        with caller.desk.store.write() as connection:
            note_id = add_note(connection, caller.desk, take_id, new)
        kept = next(note for note in notes_of(caller.desk, take_id) if note.id == note_id)
        return NoteView.model_validate(kept)

    return once(caller.desk, key, ["note", take_id, asked.model_dump()], make, NoteView)


@router.post("/notes/{note_id}/close", status_code=204)
def close(caller: Writer, note_id: str) -> None:
    """Let a note go."""
    with caller.desk.store.write() as connection:
        close_note(connection, caller.desk, note_id)


@router.get("/projects/{project_id}/waiting")
def waiting(caller: Reader, project_id: str) -> Page[Waiting]:
    """Takes a person should look at."""
    found = review_queue(caller.desk, find_project(caller.desk, project_id).id)
    data = [
        Waiting(
            take_id=each.take_id,
            code=each.code,
            notes=[NoteView.model_validate(note) for note in each.notes],
        )
        for each in found
    ]
    return Page(data=data, next=None)
