"""``/v1/events``: what happens, as server-sent events that go on where they broke off."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse

from rushes.service.caller import Caller, Reader
from rushes.service.errors import ERRORS, BusyError
from rushes.service.pages import After
from rushes.service.wire import AT_ONCE, JOURNAL, POLL_S, Line, News, Wire, line_of
from rushes.studio.desk import Desk
from rushes.studio.schema import events, jobs

router = APIRouter(prefix="/v1", tags=["events"], responses=ERRORS)
QUIET_S = 15.0


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
    wire: Wire = request.app.state.wire
    news = await wire.now(caller.desk)
    number = int(last_event_id) if last_event_id else news.newest
    ends = None if wait_s is None else time.monotonic() + wait_s
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    source = _source(caller, wire, news, _Listener(subject, number, ends))
    return StreamingResponse(source, media_type="text/event-stream", headers=headers)


@dataclass
class _Listener:
    """What somebody wants to hear (``subject``), what they have heard, and when it ends (monotonic)."""

    subject: str
    number: int
    ends: float | None
    told: dict[str, tuple[float, str, str | None]] = field(default_factory=dict)

    def new(self, news: News) -> Iterator[str]:
        """What is to be said now."""
        for line in news.behind(self.number):
            self.number = line.number
            if not self.subject or self.subject in line.subjects:
                yield line.text
        told, self.told = self.told, {}
        for each in news.running:
            if self.subject and self.subject not in each.subjects:
                continue
            # Of those that run alone: a stream may stay open for a million jobs.
            self.told[each.job_id] = each.state
            if told.get(each.job_id) != each.state:
                yield each.text


async def _source(caller: Caller, wire: Wire, news: News, listener: _Listener) -> AsyncIterator[str]:
    _OPEN.count += 1
    spoke = time.monotonic()
    try:
        yield "retry: 1000\n\n"
        while True:
            while listener.number < news.floor:
                older = await run_in_threadpool(_older, caller.desk, listener, news.floor)
                yield "".join(line.text for line in older)
            # At once: each piece sent goes through every layer and to the kernel.
            if text := "".join(listener.new(news)):
                yield text
                spoke = time.monotonic()
            is_over = listener.ends is not None and time.monotonic() >= listener.ends
            if is_over or caller.house.draining.is_set():
                return
            if time.monotonic() - spoke > QUIET_S:
                spoke = time.monotonic()
                yield ": still here\n\n"
            await asyncio.sleep(POLL_S)
            news = await wire.newer(caller.desk)
    finally:
        _OPEN.count -= 1


def _older(desk: Desk, listener: _Listener, floor: int) -> list[Line]:
    """The next lines that lie too far back to be shared, none behind ``floor``; moves the listener on."""
    asked = JOURNAL.where(events.c.number <= floor)
    if listener.subject:
        asked = asked.where((events.c.subject == listener.subject) | (jobs.c.take_id == listener.subject))
    with desk.store.read() as connection:
        given = {"a_tenant": desk.tenant_id, "behind": listener.number}
        found = [line_of(row) for row in connection.execute(asked.limit(AT_ONCE), given).mappings()]
    listener.number = found[-1].number if len(found) == AT_ONCE else floor
    return found
