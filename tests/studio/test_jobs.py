"""The ledger: order, fairness, fences, failures, budgets; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update

from rushes.core.errors import LeaseLostError, UsageError
from rushes.studio import schema
from rushes.studio.desk import events_of, open_desk
from rushes.studio.jobs.claim import claim, take_back_expired
from rushes.studio.jobs.ending import fail, give_up, succeed
from rushes.studio.jobs.heartbeat import Progress, Word, heartbeat
from rushes.studio.jobs.job import AGEING_S, Failure, JobState, Lane, NewJob, rank_of
from rushes.studio.jobs.queue import (
    cancel,
    find_job,
    hold,
    list_jobs,
    move_first,
    pause,
    paused_lanes,
    reorder,
    set_lane,
    set_priority,
    try_again,
)
from rushes.studio.jobs.submit import digest_of, submit, submitted
from rushes.studio.projects import NewProject, find_project, new_project, set_budget


def add(desk, project, key, **changes):
    with desk.store.write() as connection:
        return submit(connection, desk, NewJob(project.id, None, key, **changes))


def next_key(store, **how):
    """Submit key of the job that is claimed next, None where there is none."""
    found = claim(store, "w", **how)
    return found and found.job.submit_key


def end(store, claimed):
    with store.write() as connection:
        succeed(connection, claimed.claim, store.now(connection))


def expire(store, seconds=1.0):
    """Let the leases of all running jobs have run out, as if time had passed."""
    with store.write() as connection:
        gone = store.now(connection) - seconds
        connection.execute(update(schema.jobs).values(lease_until=gone))


def due(store):
    """Let the time before another attempt be over."""
    with store.write() as connection:
        connection.execute(update(schema.jobs).values(not_before=0))


def test_a_job_goes_through_the_ledger(desk, project):
    made = add(desk, project, "a", payload={"x": 1}, estimate_s=10)
    assert (made.state, made.payload, made.attempt) == (JobState.QUEUED, {"x": 1}, 0)
    claimed = claim(desk.store, "w1")
    assert (claimed.job.state, claimed.job.worker, claimed.claim.attempt) == (JobState.RUNNING, "w1", 1)
    assert claim(desk.store, "w2") is None
    assert heartbeat(desk.store, claimed.claim, Progress(0.5, "denoise"), 4) is Word.GO_ON
    assert find_job(desk, made.id).progress == 0.5
    end(desk.store, claimed)
    done = find_job(desk, made.id)
    assert (done.state, done.progress, done.spent_s, done.reserved_s) == (JobState.SUCCEEDED, 1, 4, 0)
    assert [event.kind for event in events_of(desk, made.id)] == ["job submitted", "job succeeded"]


def test_priority_first_then_age(desk, project):
    for key, priority in (("low", 0), ("first", 5), ("second", 5), ("high", 9)):
        add(desk, project, key, priority=priority)
    assert [next_key(desk.store) for _ in range(5)] == ["high", "first", "second", "low", None]


def test_waiting_long_enough_beats_priority():
    assert rank_of(0, 0) > rank_of(9 * AGEING_S - 1, 9)
    assert rank_of(0, 0) < rank_of(9 * AGEING_S + 1, 9)


def test_lanes_in_order_and_workers_with_lanes_of_their_own(desk, project):
    for lane in (Lane.NIGHT, Lane.BATCH, Lane.INTERACTIVE):
        add(desk, project, lane.value, lane=lane)
    assert next_key(desk.store, served=[Lane.NIGHT]) == "night"
    assert [next_key(desk.store) for _ in range(3)] == ["interactive", "batch", None]


def test_a_paused_lane_starts_nothing(desk, project):
    add(desk, project, "a")
    pause(desk, Lane.INTERACTIVE, True)
    assert paused_lanes(desk) == (Lane.INTERACTIVE,)
    assert next_key(desk.store) is None
    pause(desk, Lane.INTERACTIVE, False)
    assert next_key(desk.store) == "a"


def test_one_job_of_a_newcomer_starts_within_two_slots(store):
    big, small = open_desk(store, "big"), open_desk(store, "small")
    projects = {desk: new_project(desk, NewProject("P")) for desk in (big, small)}
    first = add(big, projects[big], "0", estimate_s=10)
    with store.write() as connection:
        row = dict(connection.execute(select(schema.jobs)).mappings().one())
        rows = [{**row, "id": f"{first.id}{n}", "submit_key": str(n)} for n in range(1, 500)]
        connection.execute(insert(schema.jobs), rows)
    for _ in range(20):
        end(store, claim(store, "w"))
    add(small, projects[small], "urgent", estimate_s=1000)
    assert "urgent" in [next_key(store) for _ in range(2)]


def test_tenants_take_turns_by_machine_time_and_share(store):
    desks = {name: open_desk(store, name) for name in "ab"}
    with store.write() as connection:
        twice = update(schema.tenants).where(schema.tenants.c.name == "b").values(share=2.0)
        connection.execute(twice)
    for name, desk in desks.items():
        project = new_project(desk, NewProject("P"))
        for number in range(40):
            add(desk, project, f"{name}{number}", estimate_s=10)
    started = []
    for _ in range(30):
        claimed = claim(store, "w")
        started.append(claimed.job.submit_key[0])
        end(store, claimed)
    assert started.count("b") in (19, 20, 21)


def test_coming_back_often_is_no_advantage(store):
    busy, visitor = open_desk(store, "busy"), open_desk(store, "visitor")
    ours, theirs = new_project(busy, NewProject("P")), new_project(visitor, NewProject("P"))
    for number in range(12):
        add(busy, ours, f"busy{number}", estimate_s=10)
    started = []
    for number in range(12):
        if "visitor" not in {job.submit_key for job in list_jobs(visitor, [JobState.QUEUED])}:
            add(visitor, theirs, f"visitor{number}", estimate_s=10)
        claimed = claim(store, "w")
        started.append(claimed.job.submit_key[:4])
        end(store, claimed)
    assert started.count("busy") >= 5


def test_a_tenants_cap_on_running_jobs(desk, project):
    with desk.store.write() as connection:
        connection.execute(update(schema.tenants).values(max_running=1, max_queued=2))
    add(desk, project, "a")
    add(desk, project, "b")
    with pytest.raises(UsageError, match="2 is the limit"):
        add(desk, project, "c")
    claimed = claim(desk.store, "w")
    assert next_key(desk.store) is None
    end(desk.store, claimed)
    assert next_key(desk.store) == "b"


def test_no_job_is_claimed_twice_by_many_workers(desk, project):
    for number in range(30):
        add(desk, project, str(number))
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda _: next_key(desk.store), range(34)))
    assert sorted(keys, key=str) == sorted([*map(str, range(30)), *[None] * 4], key=str)


def test_equal_work_in_flight_waits_and_cancelling_one_leaves_the_other(desk, project):
    for key in "ab":
        add(desk, project, key, work_key="same")
    first = claim(desk.store, "w1")
    assert claim(desk.store, "w2") is None
    cancel(desk, first.job.id)
    assert heartbeat(desk.store, first.claim, Progress(), 0) is Word.CANCEL
    give_up(desk.store, first.claim)
    assert find_job(desk, first.job.id).state is JobState.CANCELLED
    assert next_key(desk.store) == "b"


def test_another_attempt_fences_the_one_before(desk, project):
    add(desk, project, "a")
    zombie = claim(desk.store, "w1")
    expire(desk.store)
    heir = claim(desk.store, "w2")
    assert heir.claim.attempt == 2
    for late in (
        lambda: heartbeat(desk.store, zombie.claim, Progress(), 0),
        lambda: end(desk.store, zombie),
        lambda: fail(desk.store, zombie.claim, Failure.USER, "x"),
        lambda: give_up(desk.store, zombie.claim),
    ):
        with pytest.raises(LeaseLostError):
            late()
    end(desk.store, heir)
    with pytest.raises(LeaseLostError):
        end(desk.store, heir)


def test_a_worker_that_died_costs_an_attempt_and_three_quarantine(desk, project):
    made = add(desk, project, "poison")
    for attempt in (1, 2, 3):
        assert claim(desk.store, "w").claim.attempt == attempt
        expire(desk.store)
        assert take_back_expired(desk.store) == 1
    assert claim(desk.store, "w") is None
    job = find_job(desk, made.id)
    assert (job.state, job.failure, job.is_quarantined) == (JobState.FAILED, Failure.LOST, True)
    assert "stopped answering" in job.message
    try_again(desk, made.id)
    assert claim(desk.store, "w").claim.attempt == 4


def test_a_clock_set_back_leaves_no_job_stuck(desk, project):
    add(desk, project, "a")
    claim(desk.store, "w")
    expire(desk.store, -3600)
    assert next_key(desk.store) == "a"


@pytest.mark.parametrize(
    ("failure", "states"),
    [
        (Failure.USER, [JobState.FAILED]),
        (Failure.REFUSED, [JobState.FAILED]),
        (Failure.BUDGET, [JobState.FAILED]),
        (Failure.OUT_OF_MEMORY, [JobState.QUEUED, JobState.FAILED]),
        (Failure.TRANSIENT, [JobState.QUEUED, JobState.QUEUED, JobState.FAILED]),
        (Failure.HUNG, [JobState.QUEUED, JobState.QUEUED, JobState.FAILED]),
        (Failure.HOST, [JobState.QUEUED] * 5),
    ],
)
def test_every_failure_has_its_own_answer(desk, project, failure, states):
    add(desk, project, "a")
    seen = []
    for _ in states:
        claimed = claim(desk.store, "w")
        assert claimed.job.is_degraded == (failure is Failure.OUT_OF_MEMORY and bool(seen))
        seen.append(fail(desk.store, claimed.claim, failure, "why"))
        if failure in (Failure.TRANSIENT, Failure.HOST):
            assert claim(desk.store, "w") is None, "there is a wait before the next attempt"
        due(desk.store)
    assert seen == states


def test_a_cancelled_job_of_a_dead_worker_stays_cancelled(desk, project):
    made = add(desk, project, "a")
    claim(desk.store, "w")
    cancel(desk, made.id)
    expire(desk.store)
    assert claim(desk.store, "w") is None
    assert find_job(desk, made.id).state is JobState.CANCELLED


def test_people_change_the_queue(desk, project):
    made = {key: add(desk, project, key).id for key in "abcdef"}
    hold(desk, made["a"], True)
    move_first(desk, made["d"])
    set_priority(desk, made["e"], 9)
    reorder(desk, [made["c"], made["b"]])
    set_lane(desk, made["f"], Lane.NIGHT)
    assert cancel(desk, made["b"]) is JobState.CANCELLED
    assert [next_key(desk.store) for _ in range(5)] == ["e", "d", "c", "f", None]
    hold(desk, made["a"], False)
    assert next_key(desk.store) == "a"
    with pytest.raises(UsageError, match="running already"):
        hold(desk, made["a"], True)
    with pytest.raises(UsageError, match="has ended"):
        cancel(desk, made["b"])
    with pytest.raises(UsageError, match="no job"):
        cancel(open_desk(desk.store, "rival"), made["a"])
    assert len(list_jobs(desk)) == 6
    assert [job.submit_key for job in list_jobs(desk, [JobState.CANCELLED])] == ["b"]


def test_one_key_is_one_job(desk, project):
    digest = digest_of({"prompt": "a"})
    with desk.store.write() as connection:
        assert submitted(connection, desk, "k", digest) is None
        job = submit(connection, desk, NewJob(project.id, None, "k"), digest)
    with desk.store.write() as connection:
        assert submitted(connection, desk, "k", digest) == job
        with pytest.raises(UsageError, match="another request"):
            submitted(connection, desk, "k", digest_of({"prompt": "b"}))


def test_the_budget_is_put_aside_used_and_given_back(desk, project):
    set_budget(desk, project.id, 100)
    add(desk, project, "a", estimate_s=60)
    with pytest.raises(UsageError, match="needs 60 s of machine time, project FOX has 40 s of 100 s left"):
        add(desk, project, "b", estimate_s=60)
    assert [job.submit_key for job in list_jobs(desk)] == ["a"]
    claimed = claim(desk.store, "w")
    heartbeat(desk.store, claimed.claim, Progress(), 20)
    heartbeat(desk.store, claimed.claim, Progress(), 25)
    kept = find_project(desk, "FOX")
    assert (kept.reserved_s, kept.spent_s) == (35, 25)
    end(desk.store, claimed)
    kept = find_project(desk, "FOX")
    assert (kept.reserved_s, kept.spent_s) == (0, 25)


def test_a_job_that_runs_over_the_budget_is_told_to_stop(desk, project):
    set_budget(desk, project.id, 100)
    add(desk, project, "a", estimate_s=60)
    claimed = claim(desk.store, "w")
    assert heartbeat(desk.store, claimed.claim, Progress(), 99) is Word.GO_ON
    assert heartbeat(desk.store, claimed.claim, Progress(), 101) is Word.OUT_OF_BUDGET
    fail(desk.store, claimed.claim, Failure.BUDGET, "over")
    assert find_project(desk, "FOX").reserved_s == 0


def test_time_of_a_second_attempt_is_charged_too(desk, project):
    add(desk, project, "a", estimate_s=5)
    heartbeat(desk.store, claim(desk.store, "w").claim, Progress(), 4)
    expire(desk.store)
    claimed = claim(desk.store, "w")
    heartbeat(desk.store, claimed.claim, Progress(), 3)
    end(desk.store, claimed)
    assert find_job(desk, claimed.job.id).spent_s == 7
    assert find_project(desk, "FOX").spent_s == 7


def test_a_priority_that_does_not_exist_is_refused(project):
    with pytest.raises(UsageError, match="priority 10"):
        NewJob(project.id, None, "k", priority=10)
    assert replace(NewJob(project.id, None, "k"), priority=9).priority == 9
