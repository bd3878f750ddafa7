"""Batches begin as a whole or not at all, whatever happens while they are written down."""

import pytest
from sqlalchemy import func, select, update

from rushes.core.errors import LimitError
from rushes.studio import batches, schema
from rushes.studio.batches import Row, find_batch, pause_batch, submit_batch
from rushes.studio.jobs.claim import claim
from rushes.studio.jobs.job import JobState, Lane
from rushes.studio.projects import set_budget
from rushes.studio.shooting import Terms
from rushes.studio.takes import TakeRequest

ROWS = tuple(Row(line, "", "a fox", (TakeRequest("a fox", line, "mini"),)) for line in range(1, 4))


def submit(desk, project, seconds=0.0, is_held=False):
    terms = Terms(lane=Lane.BATCH, is_held=is_held)
    return submit_batch(desk, project, "foxes", ROWS, terms, lambda *_: seconds)[0]


def num_takes(desk):
    with desk.store.read() as connection:
        return connection.scalar(select(func.count()).select_from(schema.takes))


def test_nothing_begins_before_all_is_there(desk, project, monkeypatch):
    """Its process dies between two takes; the same again goes on."""
    real, calls = batches.submit_take, iter(range(9))

    def deadly(*given):
        if next(calls) == 2:
            raise RuntimeError("killed")
        return real(*given)

    monkeypatch.setattr(batches, "submit_take", deadly)
    with pytest.raises(RuntimeError):
        submit(desk, project)
    assert (num_takes(desk), claim(desk.store, "w")) == (2, None)
    whole = submit(desk, project)
    assert (num_takes(desk), whole.num_held, whole.counts[JobState.QUEUED]) == (3, 0, 3)
    assert claim(desk.store, "w") is not None


def test_one_that_is_paused_stays_paused_when_it_is_sent_again(desk, project):
    made = submit(desk, project)
    assert pause_batch(desk, made.id, True).is_paused
    assert submit(desk, project).id == made.id
    assert find_batch(desk, made.id).is_paused


def test_one_that_is_to_wait_waits(desk, project):
    assert submit(desk, project, is_held=True).is_paused
    assert claim(desk.store, "w") is None


def test_a_queue_or_budget_too_small_for_all_takes_none(desk, project):
    with desk.store.write() as connection:
        connection.execute(update(schema.tenants).values(max_queued=2))
    with pytest.raises(LimitError, match="2 is the limit"):
        submit(desk, project)
    with desk.store.write() as connection:
        connection.execute(update(schema.tenants).values(max_queued=3))
    # As it is now, not as whoever asks saw it last.
    set_budget(desk, project.id, 5.0)
    with pytest.raises(LimitError, match="has 5 s of 5 s left"):
        submit(desk, project, seconds=2.0)
    assert num_takes(desk) == 0
    set_budget(desk, project.id, 6.0)
    assert submit(desk, project, seconds=2.0).counts[JobState.QUEUED] == 3
