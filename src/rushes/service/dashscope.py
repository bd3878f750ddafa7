"""``/api/v1``: video synthesis and tasks, as clients of Alibaba's Model Studio (DashScope) expect them."""

import calendar
import time
from math import inf
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from rushes.core.errors import ConflictError, MissingError, UsageError
from rushes.core.request import MAX_SEED
from rushes.core.shapes import parse_size
from rushes.core.timebase import parse_seconds
from rushes.service.caller import Caller, Reader, Writer, glance
from rushes.service.delivery import signed_link
from rushes.service.errors import DASHSCOPE_ERRORS
from rushes.service.footage import CLIP, Footage, Window, count_footage, find_footage, list_footage
from rushes.service.given import PictureText, keep_picture
from rushes.service.local_files import SCHEME, ObjectName, named_file
from rushes.service.submit import Wish, submit_words
from rushes.service.video_fields import Name, Unwanted, Words
from rushes.service.videos import IdempotencyKey
from rushes.studio.jobs.job import JobState
from rushes.studio.jobs.queue import cancel

router = APIRouter(prefix="/api/v1", tags=["dashscope"], responses=DASHSCOPE_ERRORS)
_STATUS = {
    JobState.QUEUED: "PENDING",
    JobState.RUNNING: "RUNNING",
    JobState.SUCCEEDED: "SUCCEEDED",
    JobState.FAILED: "FAILED",
    JobState.CANCELLED: "CANCELED",
}
_CODES = {
    "refused": "DataInspectionFailed",
    "user": "InvalidParameter",
    "budget": "Throttling.AllocationQuota",
}
Status = Literal["PENDING", "RUNNING", "SUSPENDED", "SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN"]
Stamp = Annotated[str, Query(pattern="^[0-9]{14}$", description="YYYYMMDDHHMMSS, UTC")]


class SynthesisInput(BaseModel):
    """Words, and a picture to start from by either name.

    ``extend_prompt`` and ``function`` are sent by old clients and mean nothing.
    """

    model_config = ConfigDict(extra="forbid")
    prompt: Words
    img_url: PictureText | ObjectName | None = None
    first_frame_url: PictureText | ObjectName | None = None
    negative_prompt: Unwanted | None = None
    extend_prompt: bool | None = None
    function: Name | None = None


class SynthesisParameters(BaseModel):
    """How the clip should be. ``prompt_extend`` changes nothing: models that need long words get them."""

    model_config = ConfigDict(extra="forbid")
    size: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}[x*][1-9][0-9]{0,4}$")] | None = None
    duration: Annotated[float, Field(gt=0, le=600)] | None = None
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None
    prompt_extend: bool | None = None
    watermark: Literal[False] | None = None


class Synthesis(BaseModel):
    """A clip to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"model": "mini", "input": {"prompt": "a red fox"}, "parameters": {"size": "1280*720"}}
            ]
        },
    )
    model: Annotated[str, Field(min_length=1, max_length=200)]
    input: SynthesisInput
    parameters: SynthesisParameters = SynthesisParameters()


class TaskOutput(BaseModel):
    """A task and what came of it; times in UTC."""

    task_id: str
    task_status: Status
    submit_time: str | None = None
    scheduled_time: str | None = None
    end_time: str | None = None
    orig_prompt: str | None = None
    video_url: str | None = None
    code: str | None = None
    message: str | None = None


class TaskUsage(BaseModel):
    """What was made: clips, seconds, the size."""

    video_count: int
    video_duration: float
    size: str


class TaskAnswer(BaseModel):
    """One task."""

    request_id: str
    output: TaskOutput
    usage: TaskUsage | None = None


class TaskLine(BaseModel):
    """A task in a list."""

    task_id: str
    status: Status
    model_name: str
    submit_time: str


class TaskPage(BaseModel):
    """A page of tasks, newest first."""

    request_id: str
    data: list[TaskLine]
    page_no: int
    page_size: int
    total: int
    total_page: int


@router.post(
    "/services/aigc/image2video/video-synthesis",
    response_model=TaskAnswer,
    response_model_exclude_none=True,
)
@router.post(
    "/services/aigc/video-generation/video-synthesis",
    response_model=TaskAnswer, response_model_exclude_none=True,
)  # fmt: skip
def synthesise(
    request: Request,
    caller: Writer,
    asked: Synthesis,
    x_dashscope_async: Annotated[str, Header(description="Always `enable`.")] = "",
    key: IdempotencyKey = "",
) -> TaskAnswer | Response:
    """Make a clip. Without ``X-DashScope-Async: enable`` it is refused, as by the vendor."""
    number = request.scope["request_id"]
    if x_dashscope_async != "enable":
        message = "current user api does not support synchronous calls: send X-DashScope-Async: enable"
        return JSONResponse({"code": "AccessDenied", "message": message, "request_id": number}, 403)
    given = asked.parameters
    settings: dict[str, Any] = {
        "seconds": None if given.duration is None else str(parse_seconds(str(given.duration))),
        "size": given.size and "{}x{}".format(*parse_size(given.size)),
        "negative": asked.input.negative_prompt,
    }
    settings = {name: value for name, value in settings.items() if value is not None}
    wish = Wish(asked.input.prompt, asked.model, given.seed, settings, key, _picture(caller, asked.input))
    take = submit_words(caller, wish).take
    return TaskAnswer(request_id=number, output=TaskOutput(task_id=take.id, task_status="PENDING"))


@router.get("/tasks/{task_id}", response_model=TaskAnswer, response_model_exclude_none=True)
async def task(request: Request, caller: Reader, task_id: str) -> TaskAnswer:
    """One task; one that is not there is UNKNOWN, not an error."""
    number = request.scope["request_id"]
    try:
        footage = await glance(caller.desk, lambda: find_footage(caller.desk, task_id))
    except MissingError:
        return TaskAnswer(request_id=number, output=TaskOutput(task_id=task_id, task_status="UNKNOWN"))
    output = _output(footage)
    clip = footage.files.get(CLIP)
    if output.task_status != "SUCCEEDED" or clip is None:
        return TaskAnswer(request_id=number, output=output)
    link = signed_link(caller.house, caller.desk.tenant_id, clip, time.time())
    output.video_url = str(request.base_url).rstrip("/") + link
    return TaskAnswer(request_id=number, output=output, usage=_usage(caller, footage))


@router.post("/tasks/{task_id}/cancel")
def cancel_task(request: Request, caller: Writer, task_id: str) -> dict[str, str]:
    """Cancel what has not begun; what runs is stopped by ``/v1/jobs``."""
    footage = find_footage(caller.desk, task_id)
    if footage.job is None or footage.job.state is not JobState.QUEUED:
        raise ConflictError(f"task {task_id} is not PENDING: only tasks that wait can be cancelled")
    cancel(caller.desk, footage.job.id)
    return {"request_id": request.scope["request_id"]}


@router.get("/tasks")
def tasks(  # noqa: PLR0913, PLR0917  the vendor's query
    request: Request,
    caller: Reader,
    page_no: Annotated[int, Query(ge=1, le=100_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 10,
    model_name: Annotated[str, Query(max_length=200)] = "",
    status: Status | None = None,
    start_time: Stamp | None = None,
    end_time: Stamp | None = None,
) -> TaskPage:
    """Tasks by age. ``region`` and ``api_key_id`` of the vendor mean nothing here."""
    states = tuple(state for state, name in _STATUS.items() if name == status)
    window = Window(
        page_size, skip=(page_no - 1) * page_size, model=model_name, states=states,
        since=_seconds(start_time) if start_time else 0.0,
        until=_seconds(end_time) + 1 if end_time else inf,
    )  # fmt: skip
    is_possible = status is None or bool(states)
    found = list_footage(caller.desk, window)[0] if is_possible else ()
    total = count_footage(caller.desk, window) if is_possible else 0
    data = [
        TaskLine(
            task_id=each.take.id, status=_output(each).task_status, model_name=each.take.request.model,
            submit_time=_stamp(each.take.created_at),
        )
        for each in found
    ]  # fmt: skip
    return TaskPage(
        request_id=request.scope["request_id"], data=data, page_no=page_no, page_size=page_size, total=total,
        total_page=-(-total // page_size),
    )  # fmt: skip


def _picture(caller: Caller, asked: SynthesisInput) -> str:
    """Hash of the picture to start from, empty for none."""
    if asked.img_url and asked.first_frame_url:
        raise UsageError("img_url and first_frame_url both name a picture: send one")
    url = asked.img_url or asked.first_frame_url
    if url and url.startswith(SCHEME):
        return named_file(caller.desk, url)
    return keep_picture(caller, url) if url else ""


def _output(footage: Footage) -> TaskOutput:
    take, job = footage.take, footage.job
    if job is None:
        return TaskOutput(task_id=take.id, task_status="UNKNOWN")
    is_failed = job.state is JobState.FAILED
    return TaskOutput.model_validate(
        {
            "task_id": take.id,
            "task_status": _STATUS[job.state],
            "submit_time": _stamp(take.created_at),
            "scheduled_time": job.started_at and _stamp(job.started_at),
            "end_time": job.ended_at and _stamp(job.ended_at),
            "orig_prompt": take.request.prompt,
            "code": _CODES.get(job.failure, "InternalError") if is_failed else None,
            "message": job.message if is_failed else None,
        }
    )


def _usage(caller: Caller, footage: Footage) -> TaskUsage:
    settings = footage.take.request.settings
    model = caller.house.engine.models.get(footage.take.request.model)
    size = settings.get("size") or (f"{model.width}x{model.height}" if model else "")
    seconds = parse_seconds(str(settings.get("seconds") or (model.seconds if model else 0)))
    return TaskUsage(video_count=1, video_duration=float(seconds), size=size.replace("x", "*"))


def _stamp(seconds: float) -> str:
    whole, part = divmod(round(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(whole))}.{part:03d}"


def _seconds(stamp: str) -> float:
    try:
        return float(calendar.timegm(time.strptime(stamp, "%Y%m%d%H%M%S")))
    except ValueError:
        raise UsageError(f"{stamp} is no time: write it like 20261120093000") from None
