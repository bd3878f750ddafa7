"""``/v1/videos``, as clients of OpenAI's video interface expect it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from rushes.core.errors import ConflictError
from rushes.core.shapes import parse_size
from rushes.core.timebase import parse_seconds
from rushes.service.caller import Caller, Reader, Writer, glance
from rushes.service.delivery import FILE_ANSWERS, file_name, send_file
from rushes.service.errors import ERRORS
from rushes.service.footage import (
    CLIP,
    Footage,
    Window,
    delete_footage,
    find_footage,
    list_footage,
    take_id,
    video_id,
)
from rushes.service.given import keep_reference
from rushes.service.submit import submit_remix, submit_words
from rushes.service.tags import IfMatch, expecting
from rushes.service.video_fields import VideoWish, Words, read_video_wish
from rushes.studio.jobs.job import JobState
from rushes.studio.seen import Check
from rushes.studio.stills import SPRITES, THUMBNAIL, stills_of

router = APIRouter(prefix="/v1/videos", tags=["videos"], responses=ERRORS)
IdempotencyKey = Annotated[
    str, Header(alias="Idempotency-Key", max_length=200, description="The same key again is the same work.")
]
_STATUS = {
    JobState.QUEUED: "queued",
    JobState.RUNNING: "in_progress",
    JobState.SUCCEEDED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "failed",
}
_STILLS = {"thumbnail": THUMBNAIL, "spritesheet": SPRITES}


class VideoError(BaseModel):
    """Why there is no video."""

    code: str
    message: str


class Video(BaseModel):
    """A video and how far it is; ``progress`` in percent, times in seconds since 1970."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "video_5f0c6b0c2f7a4d7e9b1a2c3d", "object": "video", "model": "mini",
                    "status": "in_progress", "progress": 40, "created_at": 1795000000, "seconds": "2",
                    "size": "1280x720", "prompt": "a red fox leaps over snow", "seed": 7,
                }
            ]
        }
    )  # fmt: skip
    id: str
    object: Literal["video"] = "video"
    model: str
    status: Literal["queued", "in_progress", "completed", "failed"]
    progress: int
    created_at: int
    seconds: str
    size: str
    prompt: str
    seed: int
    completed_at: int | None = None
    expires_at: int | None = None
    remixed_from_video_id: str | None = None
    error: VideoError | None = None
    inference_time_s: float | None = None
    job_id: str | None = None


class Videos(BaseModel):
    """A page of videos; the next one begins behind ``last_id``."""

    object: Literal["list"] = "list"
    data: list[Video]
    first_id: str | None
    last_id: str | None
    has_more: bool


class DeletedVideo(BaseModel):
    """A video that is gone."""

    id: str
    object: Literal["video.deleted"] = "video.deleted"
    deleted: Literal[True] = True


class RemixWish(BaseModel):
    """New words for a video that is there."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"prompt": "a fox at night"}]})
    prompt: Words


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": VideoWish.model_json_schema()}
            for kind in ("application/json", "multipart/form-data")
        },
    }
}


@router.post("", openapi_extra=_BODY)
async def create(request: Request, caller: Writer, key: IdempotencyKey = "") -> Video:
    """Make a video. A server that is full answers 429 and has done nothing."""
    asked = await read_video_wish(request, caller)

    def work() -> Footage:
        picture = keep_reference(caller, asked.input_reference)
        wish = asked.wish(caller.house.engine.model(asked.model or ""), key, picture)
        return find_footage(caller.desk, submit_words(caller, wish).take.id)

    return _view(caller, await run_in_threadpool(work))


@router.get("")
async def page(
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Literal["asc", "desc"] = "desc",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Videos:
    """Videos by age."""
    window = Window(limit, take_id(after) if after else "", order == "asc")
    found, has_more = await glance(caller.desk, lambda: list_footage(caller.desk, window))
    data = [_view(caller, each) for each in found]
    ends = (data[0].id, data[-1].id) if data else (None, None)
    return Videos(data=data, first_id=ends[0], last_id=ends[1], has_more=has_more)


async def the_footage(caller: Reader, name: Annotated[str, Path(alias="video_id")]) -> Footage:
    """The take behind a video's id."""
    this = take_id(name)
    return await glance(caller.desk, lambda: find_footage(caller.desk, this))


Found = Annotated[Footage, Depends(the_footage)]


@router.get("/{video_id}")
async def retrieve(caller: Reader, footage: Found, response: Response) -> Video:
    """One video; ask again after ``openai-poll-after-ms``."""
    response.headers["openai-poll-after-ms"], response.headers["etag"] = "500", footage.tag
    return _view(caller, footage)


@router.delete("/{video_id}")
def delete(
    caller: Writer, name: Annotated[str, Path(alias="video_id")], if_match: IfMatch = ""
) -> DeletedVideo:
    """Stop it, and show it no longer."""
    check: Check[Footage] = expecting(if_match, lambda footage: footage.tag, "the video")
    delete_footage(caller.desk, caller.house.files, take_id(name), check)
    return DeletedVideo(id=name)


@router.post("/{video_id}/remix")
def remix(caller: Writer, footage: Found, asked: RemixWish, key: IdempotencyKey = "") -> Video:
    """Another take of the same shot with other words; seed, settings and files stay."""
    new = submit_remix(caller, footage.take, asked.prompt, key)
    return _view(caller, find_footage(caller.desk, new.take.id))


@router.get("/{video_id}/content", responses=FILE_ANSWERS, response_class=Response)
@router.head("/{video_id}/content", include_in_schema=False)
async def content(
    caller: Reader,
    footage: Found,
    request: Request,
    variant: Literal["video", "thumbnail", "spritesheet"] = "video",
) -> Response:
    """The clip, a picture that stands for it, or a sheet of small pictures; ranges work."""
    file = footage.files.get(CLIP)
    if file is None:
        status = _view(caller, footage).status
        raise ConflictError(f"the video is {status}: download it when it is completed")
    if variant != "video":
        stills = await run_in_threadpool(stills_of, caller.desk, caller.house.files, footage.take.id)
        file = stills[_STILLS[variant]]
    return send_file(caller.house, caller.desk.tenant_id, file, file_name(footage, file), request)


def _view(caller: Caller, footage: Footage) -> Video:
    take, job = footage.take, footage.job
    model = caller.house.engine.models.get(take.request.model)
    settings = take.request.settings
    size = settings.get("size") or (f"{model.width}x{model.height}" if model else "")
    view = Video(
        id=video_id(take.id), model=take.request.model, status="completed", progress=100,
        created_at=int(take.created_at), seconds=_plain(settings.get("seconds") or (model and model.seconds)),
        size=size and "{}x{}".format(*parse_size(size)), prompt=take.request.prompt, seed=take.request.seed,
        remixed_from_video_id=take.origin.parent_id and video_id(take.origin.parent_id),
    )  # fmt: skip
    if job is None:
        return view
    ended = None if job.ended_at is None else int(job.ended_at)
    return view.model_copy(
        update={
            "status": _STATUS[job.state], "progress": int(job.progress * 100), "job_id": job.id,
            "completed_at": ended if job.state is JobState.SUCCEEDED else None,
            "expires_at": footage.expires_at and int(footage.expires_at),
            "error": _error(job.state, job.failure, job.message), "inference_time_s": job.spent_s or None,
        }
    )  # fmt: skip


def _error(state: JobState, failure: str, message: str) -> VideoError | None:
    if state is JobState.CANCELLED:
        return VideoError(code="cancelled", message="the video was cancelled")
    if state is JobState.FAILED:
        return VideoError(code=failure.replace(" ", "_"), message=message)
    return None


def _plain(seconds: Any) -> str:
    """``"2"`` or ``"2.54"``: clients read a decimal number."""
    return f"{float(parse_seconds(str(seconds))):.6g}" if seconds else ""
