"""``/v1/events``: what happens, as server-sent events that go on where they broke off."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse
from sqlalchemy import select

from rushes.service.caller import Caller, Reader
from rushes.service.errors import ERRORS, BusyError
from rushes.service.pages import After
from rushes.studio.jobs.job import JobState
from rushes.studio.previews import preview_version
from rushes.studio.schema import events, jobs

router = APIRouter(prefix="/v1", tags=["events"], responses=ERRORS)
POLL_S = 0.4
QUIET_S = 15.0
_AT_ONCE = 200
_COUNTED = re.compile(r"step (\d+) of (\d+)")
# Answers kept for Idempotency-Keys stand in the journal too, and are nobody's news.
_HIDDEN = "answered"


class Listeners:
    """How many streams are open."""

    def __init__(self) -> None:
        self.count = 0


_OPEN = Listeners()


@router.get(
    "/events",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events until one of us hangs up."}
    },
)
async def stream(
    request: Request,
    caller: Reader,
    subject: After = "",
    last_event_id: Annotated[str, Header(pattern="^[0-9]{0,18}$", description="Go on behind this one.")] = "",
    wait_s: Annotated[
        float | None, Query(ge=0, le=3600, description="End after so long; null: never.")
    ] = None,
) -> StreamingResponse:
    """Journal and progress. Journal events have ids to resume from; ``progress`` events tell only of now,
    with the step, the time left and the address of a picture of the clip as it is (``preview``).

    ``subject`` narrows to one job, take, shot or project. Without Last-Event-ID it begins with what is next.
    """
    if _OPEN.count >= caller.house.limits.listeners:
        raise BusyError("too many listen already: try again in a while")
    if last_event_id:
        start = int(last_event_id)
    else:
        start = await run_in_threadpool(_newest, caller)
    ends = None if wait_s is None else time.monotonic() + wait_s
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    source = _source(request, caller, subject, start, ends)
    return StreamingResponse(source, media_type="text/event-stream", headers=headers)


async def _source(
    request: Request, caller: Caller, subject: str, number: int, ends: float | None
) -> AsyncIterator[str]:
    _OPEN.count += 1
    told: dict[str, tuple[float, str, str | None]] = {}
    spoke = time.monotonic()
    try:
        yield "retry: 1000\n\n"
        while True:
            found, running = await run_in_threadpool(_look, caller, subject, number)
            for event in found:
                number = event["id"]
                yield f"id: {number}\nevent: {_slug(event['kind'])}\ndata: {_text(event)}\n\n"
            for each in running:
                now = (each["progress"], each["doing"], each["preview"])
                if told.get(each["job_id"]) != now:
                    told[each["job_id"]] = now
                    yield f"event: progress\ndata: {_text(each)}\n\n"
                    spoke = time.monotonic()
            is_over = ends is not None and time.monotonic() >= ends
            if is_over or caller.house.draining.is_set() or await request.is_disconnected():
                return
            if time.monotonic() - spoke > QUIET_S:
                spoke = time.monotonic()
                yield ": still here\n\n"
            if len(found) < _AT_ONCE:
                await asyncio.sleep(POLL_S)
    finally:
        _OPEN.count -= 1


def _newest(caller: Caller) -> int:
    newest = caller.desk.only(events).with_only_columns(events.c.number)
    with caller.desk.store.read() as connection:
        return connection.scalar(newest.order_by(events.c.number.desc()).limit(1)) or 0


def _look(caller: Caller, subject: str, number: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What stands in the journal behind ``number``, and how far running jobs are."""
    desk = caller.desk
    news = desk.only(events).where(events.c.number > number, events.c.kind != _HIDDEN)
    running = desk.only(jobs).where(jobs.c.state == JobState.RUNNING)
    if subject:
        of_take = select(jobs.c.id).where(jobs.c.take_id == subject, jobs.c.tenant_id == desk.tenant_id)
        news = news.where((events.c.subject == subject) | events.c.subject.in_(of_take))
        running = running.where((jobs.c.id == subject) | (jobs.c.take_id == subject))
    with desk.store.read() as connection:
        rows = connection.execute(news.order_by(events.c.number).limit(_AT_ONCE)).mappings().all()
        busy = connection.execute(running.limit(_AT_ONCE)).mappings().all()
    return (
        [
            {
                "id": row["number"], "kind": row["kind"], "subject": row["subject"],
                "detail": row["detail"], "created_at": row["created_at"],
            }
            for row in rows
        ],
        [
            {
                "job_id": row["id"], "take_id": row["take_id"], "progress": row["progress"],
                "doing": row["doing"], **_step(row["doing"]),
                "seconds_left": _left(row["spent_s"], row["progress"]),
                "preview": _preview(caller, row["id"]),
            }
            for row in busy
        ],
    )  # fmt: skip


def _step(doing: str) -> dict[str, int | None]:
    """Which step of how many, where a worker counts them."""
    found = _COUNTED.fullmatch(doing)
    step, num_steps = (int(found[1]), int(found[2])) if found else (None, None)
    return {"step": step, "num_steps": num_steps}


def _preview(caller: Caller, job_id: str) -> str | None:
    """Where the newest picture of a job is, another address for each."""
    version = preview_version(caller.house.files, caller.desk.tenant_id, job_id)
    return None if version is None else f"/v1/jobs/{job_id}/preview?version={version}"


def _left(spent_s: float, progress: float) -> float | None:
    return round(spent_s * (1 - progress) / progress, 1) if progress > 0 else None


def _slug(kind: str) -> str:
    return kind.replace(" ", "-")


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
