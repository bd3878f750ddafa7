"""What is new of each tenant, read once for all who listen: streams share it, and ask the database alone
only for what lies further back.
"""

import json
import re
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import RowMapping, bindparam, func, literal_column, select

from rushes.service.house import House
from rushes.studio.desk import TENANT, Desk
from rushes.studio.previews import preview_version
from rushes.studio.schema import events, jobs

POLL_S = 0.4
AT_ONCE = 200
_KEPT = 400
_COUNTED = re.compile(r"step (\d+) of (\d+)")
# Answers kept for Idempotency-Keys stand in the journal too, and are nobody's news.
_HIDDEN = "answered"

# A job's lines are of its take too.
JOURNAL = (
    select(events, jobs.c.take_id)
    .join(jobs, jobs.c.id == events.c.subject, isouter=True)
    .where(events.c.tenant_id == TENANT, events.c.number > bindparam("behind"), events.c.kind != _HIDDEN)
    .order_by(events.c.number)
)
_NEXT = JOURNAL.limit(AT_ONCE)
_NEWEST = select(func.max(events.c.number)).where(events.c.tenant_id == TENANT)
# Written out, not as a parameter: the partial index applies only to these very words.
_RUNNING = (
    select(jobs).where(jobs.c.tenant_id == TENANT, jobs.c.state == literal_column("'running'")).limit(AT_ONCE)
)


@dataclass(frozen=True)
class Line:
    """A line of the journal as it is sent; ``subjects`` are whom it tells of."""

    number: int
    subjects: tuple[str, str | None]
    text: str


@dataclass(frozen=True)
class Moment:
    """How far a running job is; ``state`` is another whenever there is something to tell."""

    job_id: str
    subjects: tuple[str, str | None]
    state: tuple[float, str, str | None]
    text: str


@dataclass(frozen=True)
class News:
    """All lines of a tenant behind number ``floor`` up to ``newest``, and the jobs that run; read ``at``."""

    floor: int
    newest: int
    lines: tuple[Line, ...]
    running: tuple[Moment, ...]
    at: float

    def behind(self, number: int) -> tuple[Line, ...]:
        """The lines behind this number, which is not below the floor."""
        if number >= self.newest:
            return ()
        return tuple(line for line in self.lines if line.number > number)


@dataclass
class _Board:
    """A tenant's newest news, and whether somebody fetches newer ones."""

    news: News | None = None
    is_fetched: bool = False
    lock: Lock = field(default_factory=Lock)


class Wire:
    """The news of all tenants somebody listens to."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._boards: dict[str, _Board] = {}

    async def now(self, desk: Desk) -> News:
        """What stands in the database at this moment."""
        return await run_in_threadpool(self._read, desk)

    async def newer(self, desk: Desk) -> News:
        """News of less than POLL_S ago: whoever comes first fetches them, others take what is there."""
        board = self._boards[desk.tenant_id]
        assert board.news is not None
        if board.is_fetched or time.monotonic() - board.news.at < POLL_S / 2:
            return board.news
        board.is_fetched = True
        try:
            return await self.now(desk)
        finally:
            board.is_fetched = False

    def _read(self, desk: Desk) -> News:
        board = self._boards.setdefault(desk.tenant_id, _Board())
        mine = {"a_tenant": desk.tenant_id}
        with board.lock, desk.store.read() as connection:
            old = board.news
            rows = (
                []
                if old is None
                else connection.execute(_NEXT, {**mine, "behind": old.newest}).mappings().all()
            )
            busy = connection.execute(_RUNNING, mine).mappings().all()
            running = tuple(self._moment(row) for row in busy)
            if old is None or len(rows) == AT_ONCE:
                # Nobody listened for long: what lies behind is for those who ask for it.
                newest = connection.scalar(_NEWEST, mine) or 0
                board.news = News(newest, newest, (), running, time.monotonic())
            else:
                lines = (*old.lines, *(line_of(row) for row in rows)) if rows else old.lines
                floor = lines[-_KEPT - 1].number if len(lines) > _KEPT else old.floor
                newest = lines[-1].number if rows else old.newest
                board.news = News(floor, newest, lines[-_KEPT:], running, time.monotonic())
            return board.news

    def _moment(self, row: RowMapping) -> Moment:
        version = preview_version(self._house.files, row["tenant_id"], row["id"])
        preview = None if version is None else f"/v1/jobs/{row['id']}/preview?version={version}"
        told = {
            "job_id": row["id"], "take_id": row["take_id"], "progress": row["progress"],
            "doing": row["doing"], **_step(row["doing"]),
            "seconds_left": _left(row["spent_s"], row["progress"]), "preview": preview,
        }  # fmt: skip
        state = (row["progress"], row["doing"], preview)
        return Moment(
            row["id"], (row["id"], row["take_id"]), state, f"event: progress\ndata: {_text(told)}\n\n"
        )


def line_of(row: RowMapping) -> Line:
    """A row of ``JOURNAL`` as a server-sent event."""
    told = {
        "id": row["number"], "kind": row["kind"], "subject": row["subject"], "detail": row["detail"],
        "created_at": row["created_at"],
    }  # fmt: skip
    slug = row["kind"].replace(" ", "-")
    text = f"id: {row['number']}\nevent: {slug}\ndata: {_text(told)}\n\n"
    return Line(row["number"], (row["subject"], row["take_id"]), text)


def _step(doing: str) -> dict[str, int | None]:
    """Which step of how many, where a worker counts them."""
    found = _COUNTED.fullmatch(doing)
    step, num_steps = (int(found[1]), int(found[2])) if found else (None, None)
    return {"step": step, "num_steps": num_steps}


def _left(spent_s: float, progress: float) -> float | None:
    return round(spent_s * (1 - progress) / progress, 1) if progress > 0 else None


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
