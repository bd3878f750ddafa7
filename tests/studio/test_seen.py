"""Of two who change what both saw, one is told; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

import pytest
from sqlalchemy import select

from rushes.core.errors import ConflictError
from rushes.studio import schema
from rushes.studio.batches import Row, find_batch, pause_batch, submit_batch
from rushes.studio.desk import events_of
from rushes.studio.jobs import queue
from rushes.studio.jobs.claim import claim
from rushes.studio.jobs.job import JobState, Lane
from rushes.studio.jobs.queue import JobTerms, cancel, change_job, find_job, pause, reorder, try_again
from rushes.studio.outbox import EndpointTerms, Kind, NewEndpoint, add_endpoint, change_endpoint
from rushes.studio.projects import ProjectTerms, change_project, find_project
from rushes.studio.retention import Retention, set_retention
from rushes.studio.shooting import Terms
from rushes.studio.takes import TakeRequest

ROWS = tuple(Row(line, "", "a fox", (TakeRequest("a fox", line, "mini"),)) for line in range(1, 4))


@pytest.fixture
def batch(desk, project):
    return submit_batch(desk, project, "foxes", ROWS, Terms(lane=Lane.BATCH), lambda *_: 0.0)[0]


def job_ids(desk):
    with desk.store.read() as connection:
        return connection.scalars(select(schema.jobs.c.id).order_by(schema.jobs.c.id)).all()


def as_it_was(seen, of_it):
    """A check that lets nothing else through."""

    def check(now):
        if of_it(now) != seen:
            raise ConflictError("it has changed: look again")

    return check


def budget(desk, project, _batch):
    check = as_it_was(None, lambda now: now.budget_s)
    return lambda: change_project(desk, project.id, ProjectTerms(60.0, {"remote": True}), check)


def job(desk, _project, _batch):
    check, first = as_it_was(5, lambda now: now.priority), job_ids(desk)[0]
    return lambda: change_job(desk, first, JobTerms(9, Lane.NIGHT, True), check)


def a_batch(desk, _project, batch):
    return lambda: pause_batch(desk, batch.id, True, as_it_was(False, lambda now: now.is_paused))


def endpoint(desk, _project, _batch):
    made = add_endpoint(desk, NewEndpoint("post", "https://hooks.example.com/a", (Kind.COMPLETED,)))
    check = as_it_was(made.updated_at, lambda now: now.updated_at)
    return lambda: change_endpoint(desk, made.id, EndpointTerms(name="b"), check)


def lane(desk, _project, _batch):
    return lambda: pause(desk, Lane.NIGHT, True, as_it_was(False, lambda now: now))


def retention(desk, _project, _batch):
    return lambda: set_retention(desk, "", Retention(7200.0), as_it_was(None, lambda now: now))


def retention_of_project(desk, project, _batch):
    return lambda: set_retention(desk, project.id, Retention(7200.0), as_it_was(None, lambda now: now))


def twice_at_once(change):
    """Whether each of two who change the same at the same moment changed it, or was told."""
    start = Barrier(2)

    def change_it():
        start.wait(60)
        try:
            change()
        except ConflictError:
            return "told"
        return "changed"

    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(change_it) for _ in range(2)]
        return [each.result(60) for each in sent]


@pytest.mark.parametrize("make", [budget, job, a_batch, endpoint, lane, retention, retention_of_project])
def test_of_two_at_the_same_moment_one_is_told(desk, project, batch, make):
    assert sorted(twice_at_once(make(desk, project, batch))) == ["changed", "told"]


def test_two_who_lock_the_same_jobs_in_two_orders_both_get_through(desk, batch, monkeypatch):
    """Each is slow at its second job, so that without one order both would have one and want the other."""
    ids, start = sorted(job_ids(desk)), Barrier(2)
    real = queue._queued

    def slow(connection, desk, job_id):
        row = real(connection, desk, job_id)
        sleep(0.2)
        return row

    monkeypatch.setattr(queue, "_queued", slow)

    def order(these):
        start.wait(60)
        reorder(desk, these)

    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(order, these) for these in (ids, ids[::-1])]
        assert [each.result(60) for each in sent] == [None, None]


def test_to_try_again_twice_at_once_is_once(desk, project, batch):
    first = job_ids(desk)[0]
    cancel(desk, first)
    assert sorted(twice_at_once(lambda: try_again(desk, first))) == ["changed", "told"]


def test_a_change_is_whole_or_not_at_all(desk, project, batch):
    changed = change_project(desk, project.id, ProjectTerms(60.0, {"remote": True}))
    assert (changed.budget_s, changed.allows_remote) == (60.0, True)
    assert change_project(desk, project.id, ProjectTerms(policy={"remote": False})).budget_s == 60.0
    first = job_ids(desk)[0]
    with pytest.raises(Exception, match="takes wait where they are made"):
        change_job(desk, first, JobTerms(9, Lane.HOSTED))
    assert (find_job(desk, first).priority, find_project(desk, "FOX").allows_remote) == (5, False)


def test_what_runs_runs_on_in_a_paused_batch(desk, batch):
    running = claim(desk.store, "w").job.id
    paused = pause_batch(desk, batch.id, True)
    assert (paused.is_paused, paused.num_held, paused.counts[JobState.RUNNING]) == (True, 2, 1)
    assert claim(desk.store, "w") is None
    assert not find_job(desk, running).is_held
    held = set(job_ids(desk)) - {running}
    assert {events_of(desk, each)[-1].kind for each in held} == {"job held"}
    assert not pause_batch(desk, batch.id, False).is_paused
    assert find_batch(desk, batch.id).num_held == 0
    assert claim(desk.store, "w") is not None
