"""Batches: takes submitted together, found again by their name so that a second submit adds nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, tuple_

from rushes.core.errors import ConflictError, RefusedError, UsageError
from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.gate import judge, refusals_kept
from rushes.studio.jobs.budget import check_fits
from rushes.studio.jobs.job import ENDED, JobState, Lane
from rushes.studio.jobs.queue import cancel, hold_all
from rushes.studio.jobs.submit import check_queue, digest_of
from rushes.studio.projects import Project
from rushes.studio.seen import Check, locked, unseen
from rushes.studio.shooting import Terms, lane_of, submit_take
from rushes.studio.shots import Words, add_shot, next_codes, shots_in
from rushes.studio.store import new_id
from rushes.studio.takes import Input, Origin, Take, TakeRequest

_WHOLE = "batch whole"
# Shots made in one transaction; others may write in between.
_AT_ONCE = 100

Estimate = Callable[[Desk, TakeRequest, tuple[Input, ...]], float]


@dataclass(frozen=True)
class Row:
    """One line of a batch: the takes of a shot.

    ``shot`` names it by its code, or by the end of it where only one has that; a new one is made where there
    is none, or none is named. ``text`` is what a new one says.
    """

    line: int
    shot: str
    text: str
    requests: tuple[TakeRequest, ...]
    inputs: tuple[Input, ...] = ()


@dataclass(frozen=True)
class Batch:
    """A batch and how far its takes are; ``num_held`` of those queued wait until somebody lets them go."""

    id: str
    project_id: str
    name: str
    created_at: float
    counts: Mapping[JobState, int]
    num_held: int

    @property
    def is_paused(self) -> bool:
        """Whether nothing of what is queued will start."""
        return 0 < self.num_held == self.counts[JobState.QUEUED]


def estimate_batch(
    desk: Desk, project: Project, rows: Sequence[Row], lane: Lane, estimate: Estimate
) -> list[float]:
    """Machine seconds of each take, row by row, before anything is written.

    Raises UsageError or RefusedError, which name the row, for what a model cannot do, what may not wait in
    ``lane`` or leave this machine, and what the gate refuses.
    """
    known: dict[str, float] = {}
    seconds = []
    for row in rows:
        for request in row.requests:
            # A seed changes neither what a gate says nor how long it takes.
            digest = digest_of([asdict(replace(request, seed=0)), *map(asdict, row.inputs)])
            if digest not in known:
                known[digest] = _checked(desk, project, row, request, lane, estimate)
            seconds.append(known[digest])
    return seconds


def submit_batch(
    desk: Desk, project: Project, name: str, rows: Sequence[Row], terms: Terms, estimate: Estimate
) -> tuple[Batch, tuple[Take, ...]]:
    """Queue the takes of all rows; a batch of the same name and rows adds nothing.

    ``terms`` hold for each take; their key and estimate are not read. None begins before all are there: who
    dies meanwhile leaves a paused batch, which the same again completes. Raises as :func:`estimate_batch`
    does, and LimitError where a budget or the queue does not hold all of it; then nothing was queued.
    """
    seconds = estimate_batch(desk, project, rows, terms.lane, estimate)
    batch_id = _open_batch(desk, project, name, seconds)
    shots = _shots(desk, project.id, name, rows)
    estimates, takes = iter(seconds), []
    for row in rows:
        for number, request in enumerate(row.requests):
            key = f"{project.id} {name} {row.line} {number}"
            each = replace(terms, submit_key=key, estimate_s=next(estimates), is_held=True)
            origin = Origin(batch_id=batch_id)
            takes.append(submit_take(desk, shots[row.line], request, each, origin, row.inputs).take)
    _let_go(desk, batch_id, terms.is_held)
    return find_batch(desk, batch_id), tuple(takes)


def find_batch(desk: Desk, batch_id: str) -> Batch:
    """A batch by its id; MissingError where there is none."""
    with desk.store.read() as connection:
        return _batch(connection, desk, desk.one(connection, schema.batches, batch_id, "batch"))


def list_batches(desk: Desk, project_id: str, limit: int, after: str = "") -> Sequence[Batch]:
    """Batches of a project, newest first, at most ``limit`` of those behind ``after``."""
    table = schema.batches
    asked = desk.only(table).where(table.c.project_id == project_id)
    with desk.store.read() as connection:
        if after:
            last = desk.one(connection, table, after, "batch")
            place = tuple_(table.c.created_at, table.c.id)
            asked = asked.where(place < (last["created_at"], last["id"]))
        asked = asked.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
        rows = connection.execute(asked).mappings().all()
        return tuple(_batch(connection, desk, row) for row in rows)


def cancel_batch(desk: Desk, batch_id: str) -> Batch:
    """Cancel what waits at once, and what runs at its next step; what is made stays."""
    for job_id in _job_ids(desk, batch_id, tuple(set(JobState) - set(ENDED))):
        with suppress(ConflictError):
            cancel(desk, job_id)
    return find_batch(desk, batch_id)


def pause_batch(desk: Desk, batch_id: str, is_paused: bool, check: Check[Batch] = unseen) -> Batch:
    """Let nothing of a batch start, or go on; what runs, runs on, and what waits for a person stays held.

    What ``check`` raises leaves all as it was.
    """
    with desk.store.write() as connection:
        row = locked(connection, desk, schema.batches, batch_id, "batch")
        check(_batch(connection, desk, row))
        hold_all(connection, desk, _jobs(desk, batch_id).with_only_columns(schema.jobs.c.id), is_paused)
        return _batch(connection, desk, row)


def _checked(
    desk: Desk, project: Project, row: Row, request: TakeRequest, lane: Lane, estimate: Estimate
) -> float:
    try:
        with refusals_kept(desk, project.id), desk.store.read() as connection:
            judge(connection, desk, project.id, request.prompt, dict(request.settings))
            lane_of(connection, desk, project.id, request.model, lane)
        return estimate(desk, request, row.inputs)
    except RefusedError as error:
        raise RefusedError(f"row {row.line}: {error}", error.decision) from None
    except UsageError as error:
        raise type(error)(f"row {row.line}: {error}") from None


def _let_go(desk: Desk, batch_id: str, stays_held: bool) -> None:
    """Note that a batch is whole, and let it begin; once, since people may pause it later."""
    with desk.store.write() as connection:
        locked(connection, desk, schema.batches, batch_id, "batch")
        events = schema.events
        told = desk.only(events).where(events.c.subject == batch_id, events.c.kind == _WHOLE)
        if connection.execute(told).first() is not None:
            return
        desk.log(connection, batch_id, _WHOLE)
        if not stays_held:
            hold_all(connection, desk, _jobs(desk, batch_id).with_only_columns(schema.jobs.c.id), False)


def _open_batch(desk: Desk, project: Project, name: str, seconds: Sequence[float]) -> str:
    """Id of the batch with this name, made where it is new and there is budget and room for it."""
    table = schema.batches
    asked = desk.only(table).where(table.c.project_id == project.id, table.c.name == name)
    with desk.store.write() as connection:
        found = connection.execute(asked).mappings().first()
        if found is not None:
            return str(found["id"])
        check_fits(connection, desk.tenant_id, project.id, sum(seconds))
        check_queue(connection, desk, len(seconds))
        batch_id = new_id("batch")
        connection.execute(
            insert(table).values(
                id=batch_id, tenant_id=desk.tenant_id, project_id=project.id, name=name,
                person_id=desk.person_id, created_at=desk.store.now(connection),
            )
        )  # fmt: skip
        desk.log(connection, batch_id, "batch made", {"name": name})
    return batch_id


def _shots(desk: Desk, project_id: str, name: str, rows: Sequence[Row]) -> dict[int, str]:
    """Id of each row's shot by line: named, made by the same row before, or new."""
    found: dict[int, str] = {}
    with desk.store.read() as connection:
        there = shots_in(connection, desk, project_id)
    by_name: dict[str, list[str]] = {}
    for shot in there:
        for each in {shot.code, shot.code.split("_")[1], shot.key} - {""}:
            by_name.setdefault(each, []).append(shot.id)
    new = []
    for row in rows:
        ids = by_name.get(f"{name} {row.line}") or (by_name.get(row.shot) if row.shot else None)
        if ids is None:
            new.append(row)
        elif len(ids) > 1:
            raise UsageError(f"row {row.line}: {len(ids)} shots end in {row.shot}: name one in full")
        else:
            found[row.line] = ids[0]
    named: dict[str, str] = {}
    for part in (new[start : start + _AT_ONCE] for start in range(0, len(new), _AT_ONCE)):
        with desk.store.write() as connection:
            found |= dict(_add_shots(connection, desk, project_id, name, part, named))
    return found


def _add_shots(
    connection: Connection, desk: Desk, project_id: str, name: str, rows: Sequence[Row],
    named: dict[str, str],
) -> Iterator[tuple[int, str]]:  # fmt: skip
    """New shots; rows that name the same one share it, by ``named``."""
    codes = next_codes(connection, project_id)
    for row in rows:
        if row.shot in named:
            yield row.line, named[row.shot]
            continue
        code = row.shot if "_" in row.shot else f"SQ010_{row.shot}" if row.shot else next(codes)
        shot = add_shot(connection, desk, project_id, Words(row.text), code, f"{name} {row.line}")
        if row.shot:
            named[row.shot] = shot.id
        yield row.line, shot.id


def _batch(connection: Connection, desk: Desk, row: RowMapping) -> Batch:
    jobs = schema.jobs
    asked = _jobs(desk, row["id"]).with_only_columns(jobs.c.state, jobs.c.is_held, func.count())
    counts = dict.fromkeys(JobState, 0)
    num_held = 0
    for state, is_held, count in connection.execute(asked.group_by(jobs.c.state, jobs.c.is_held)):
        counts[JobState(state)] += count
        num_held += count if is_held and state == JobState.QUEUED else 0
    plain = {name: row[name] for name in ("id", "project_id", "name", "created_at")}
    return Batch(**plain, counts=counts, num_held=num_held)


def _job_ids(desk: Desk, batch_id: str, states: Sequence[JobState]) -> Sequence[str]:
    with desk.store.read() as connection:
        desk.one(connection, schema.batches, batch_id, "batch")
        asked = _jobs(desk, batch_id).with_only_columns(schema.jobs.c.id)
        return connection.scalars(asked.where(schema.jobs.c.state.in_(states))).all()


def _jobs(desk: Desk, batch_id: str) -> Select[Any]:
    jobs, takes = schema.jobs, schema.takes
    ours = select(takes.c.id).where(takes.c.tenant_id == desk.tenant_id, takes.c.batch_id == batch_id)
    return desk.only(jobs).where(jobs.c.take_id.in_(ours))
