"""``/v1/jobs`` and lanes: the queue, changed by those whose work it is."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import tuple_

from rushes.core.errors import UsageError
from rushes.service.caller import Operator, Reader, Writer, glance
from rushes.service.errors import ERRORS
from rushes.service.pages import After, Limit, Page
from rushes.service.tags import IfMatch, expecting, tag_of
from rushes.service.views import CostView, JobView
from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.jobs.cost import used
from rushes.studio.jobs.job import Job, JobState, Lane, job_of
from rushes.studio.jobs.queue import (
    JobTerms,
    cancel,
    change_job,
    find_job,
    move_first,
    pause,
    paused_lanes,
    reorder,
    try_again,
)

router = APIRouter(prefix="/v1", tags=["queue"], responses=ERRORS)


class JobChange(BaseModel):
    """What may change of a queued job; left out: stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"priority": 9, "is_held": False}]}
    )
    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    lane: Lane | None = None
    is_held: bool | None = None


class JobOrder(BaseModel):
    """Queued jobs in the order to run them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"jobs": ["job_5f0c"]}]})
    jobs: Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=1000)]


class LaneChange(BaseModel):
    """Whether nothing new starts in a lane."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"is_paused": True}]})
    is_paused: bool


class LaneView(BaseModel):
    """A lane."""

    name: Lane
    is_paused: bool


class ModelUsage(BaseModel):
    """Machine seconds of a stage of a model, and what they cost; a line for each currency."""

    model_config = ConfigDict(from_attributes=True)
    model: str
    stage: str
    seconds: float
    times: int
    cost: CostView | None


@router.get("/jobs")
async def jobs(
    caller: Reader, state: JobState | None = None, limit: Limit = 50, after: After = ""
) -> Page[JobView]:
    """Jobs, newest first."""
    found, cursor = await glance(caller.desk, lambda: _page(caller.desk, state, limit, after))
    return Page(data=found, next=cursor)


@router.get("/jobs/{job_id}")
async def job(caller: Reader, job_id: str, response: Response) -> JobView:
    """One job; its ETag changes with its state and its place in the queue, not with its progress."""
    found = await glance(caller.desk, lambda: find_job(caller.desk, job_id))
    response.headers["etag"] = _tag(found)
    return JobView.of(found)


@router.patch("/jobs/{job_id}")
def change(
    caller: Writer, job_id: str, asked: JobChange, response: Response, if_match: IfMatch = ""
) -> JobView:
    """Change a queued job."""
    wanted = JobTerms(asked.priority, asked.lane, asked.is_held)
    found = change_job(caller.desk, job_id, wanted, expecting(if_match, _tag, "the job"))
    response.headers["etag"] = _tag(found)
    return JobView.of(found)


@router.post("/jobs/{job_id}/cancel", status_code=202)
def stop(caller: Writer, job_id: str) -> JobView:
    """Cancel a job: at once while it waits, at its next step while it runs."""
    cancel(caller.desk, job_id)
    return JobView.of(find_job(caller.desk, job_id))


@router.post("/jobs/{job_id}/first")
def first(caller: Writer, job_id: str) -> JobView:
    """Put a queued job before all others of its lane."""
    move_first(caller.desk, job_id)
    return JobView.of(find_job(caller.desk, job_id))


@router.post("/jobs/{job_id}/retry", status_code=202)
def retry(caller: Writer, job_id: str) -> JobView:
    """Queue what failed or was cancelled anew."""
    try_again(caller.desk, job_id)
    return JobView.of(find_job(caller.desk, job_id))


@router.put("/job-order")
def order(caller: Writer, asked: JobOrder) -> Page[JobView]:
    """Run these queued jobs in this order."""
    if len(set(asked.jobs)) != len(asked.jobs):
        raise UsageError("a job stands twice in the order: name each once")
    reorder(caller.desk, asked.jobs)
    return Page(data=[JobView.of(find_job(caller.desk, name)) for name in asked.jobs], next=None)


@router.get("/lanes")
def lanes(caller: Reader) -> Page[LaneView]:
    """The lanes in the order workers look into them."""
    paused = paused_lanes(caller.desk)
    return Page(data=[LaneView(name=lane, is_paused=lane in paused) for lane in Lane], next=None)


@router.get("/lanes/{lane}")
def one_lane(caller: Reader, lane: Lane, response: Response) -> LaneView:
    """One lane; its ETag says whether it is paused."""
    is_paused = lane in paused_lanes(caller.desk)
    response.headers["etag"] = tag_of(lane, is_paused)
    return LaneView(name=lane, is_paused=is_paused)


@router.put("/lanes/{lane}")
def change_lane(
    caller: Operator, lane: Lane, asked: LaneChange, response: Response, if_match: IfMatch = ""
) -> LaneView:
    """Pause a lane for everybody, or let it go on; what runs, runs on."""
    check = expecting(if_match, lambda is_paused: tag_of(lane, is_paused), "the lane")
    pause(caller.desk, lane, asked.is_paused, check)
    response.headers["etag"] = tag_of(lane, asked.is_paused)
    return LaneView(name=lane, is_paused=asked.is_paused)


@router.get("/usage")
def usage(caller: Reader) -> Page[ModelUsage]:
    """Machine seconds and cost of this tenant by model and stage."""
    return Page(data=[ModelUsage.model_validate(each) for each in used(caller.desk)], next=None)


def _tag(job: Job) -> str:
    return tag_of(job.id, job.state, job.attempt, job.lane, job.priority, job.is_held)


def _page(desk: Desk, state: JobState | None, limit: int, after: str) -> tuple[list[JobView], str | None]:
    table = schema.jobs
    asked: Any = desk.only(table)
    if state is not None:
        asked = asked.where(table.c.state == state)
    if after:
        last = find_job(desk, after)
        asked = asked.where(tuple_(table.c.created_at, table.c.id) < (last.created_at, last.id))
    asked = asked.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit + 1)
    with desk.store.read() as connection:
        found = [job_of(row) for row in connection.execute(asked).mappings()]
    views = [JobView.of(each) for each in found[:limit]]
    return views, views[-1].id if len(found) > limit else None
