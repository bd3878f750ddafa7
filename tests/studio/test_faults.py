"""Faults on purpose: disks full or read-only at every write, clocks that jump, databases that go away."""

import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, update
from sqlalchemy.exc import DBAPIError
from tests.studio.test_store import move

from rushes.core.errors import CancelledError, LeaseLostError
from rushes.studio import schema
from rushes.studio.desk import Desk, open_desk
from rushes.studio.fake import build_fake, fake_steps
from rushes.studio.faults import FAULT_POINTS
from rushes.studio.foreground import run_now
from rushes.studio.jobs.claim import MAX_LEASE_S, claim, take_back_expired
from rushes.studio.jobs.ending import fail, succeed
from rushes.studio.jobs.heartbeat import Progress, heartbeat
from rushes.studio.jobs.job import Failure, JobState, NewJob
from rushes.studio.jobs.queue import cancel, find_job, list_jobs, try_again
from rushes.studio.jobs.submit import submit
from rushes.studio.projects import NewProject, new_project
from rushes.studio.shooting import Terms, submit_take
from rushes.studio.store import open_store, open_store_when_there
from rushes.studio.takes import TakeRequest, master_of
from rushes.studio.worker import Patience, Worker

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
LEFT = [JobState.QUEUED, JobState.RUNNING]


def shoot(desk, shot, prompt="a fox", seed=1, **settings):
    return submit_take(desk, shot.id, TakeRequest(prompt, seed, "fake", settings))


def made_once(desk, files, new):
    assert find_job(desk, new.job.id).state is JobState.SUCCEEDED
    assert files.path(desk.tenant_id, master_of(desk, new.take.id).sha256).exists()
    assert not list((files.root / "scratch").iterdir())


@on_sqlite
@pytest.mark.parametrize("failure", ["ENOSPC", "EROFS"])
def test_a_disk_that_refuses_any_write_costs_a_job_nothing_but_time(
    desk, files, shot, tmp_path, monkeypatch, failure
):
    monkeypatch.setenv("RUSHES_FAULT_AT", str(tmp_path))
    worker = Worker(desk.store, files, build_fake, patience=Patience(30, 0.1, 60, 0.5))
    try:
        for seed, point in enumerate(FAULT_POINTS):
            new = shoot(desk, shot, seed=seed)
            (tmp_path / point).write_text(failure)
            assert worker.run_one()
            assert not (tmp_path / point).exists(), f"nothing failed {point}"
            job = find_job(desk, new.job.id)
            if point != "after publishing":
                assert (job.state, job.failure, job.strikes) == (JobState.QUEUED, Failure.HOST, 0), point
                with desk.store.write() as connection:
                    connection.execute(update(schema.jobs).values(not_before=0))
                assert worker.run_one()
            made_once(desk, files, new)
    finally:
        worker.close()


@on_sqlite
def test_a_full_database_loses_no_job(url, files, desk, shot):
    full = open_store(url)

    @event.listens_for(full.engine, "checkout")
    def allow_no_page_more(connection, *_more):
        connection.execute("PRAGMA max_page_count = 1")

    ours, refused = replace(desk, store=full), ""
    for seed in range(200):
        new = shoot(desk, shot, seed=seed)
        try:
            list(events(ours, files, new))
        except DBAPIError as error:
            refused = str(error)
            break
    assert "full" in refused
    full.engine.dispose()
    if find_job(desk, new.job.id).state is JobState.RUNNING:
        with desk.store.write() as connection:
            connection.execute(update(schema.jobs).values(lease_until=0))
        assert take_back_expired(desk.store) == 1
    else:
        try_again(desk, new.job.id)
    list(events(desk, files, new))
    made_once(desk, files, new)


@on_sqlite
def test_a_locked_database_is_waited_for(url, desk, files, shot):
    """Somebody's backup holds the writer's lock while takes are made."""
    made = [shoot(desk, shot, seed=seed) for seed in range(3)]
    path = desk.store.engine.url.database
    stop = threading.Event()

    def hold():
        other = sqlite3.connect(path, isolation_level=None, timeout=60)
        while not stop.wait(0.05):
            other.execute("BEGIN IMMEDIATE")
            stop.wait(0.3)
            other.execute("COMMIT")
        other.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        for new in made:
            list(run_now(desk, files, new.job, fake_steps(new.take, new.job)))
    finally:
        stop.set()
        holder.join()
    for new in made:
        made_once(desk, files, new)


@on_sqlite
@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
def test_a_clock_that_jumps_strands_no_job_and_lets_no_zombie_publish(desk, project, shot, jump_s):
    now = [1_000_000.0]
    store = replace(desk.store, clock=lambda: now[0])
    ours = Desk(store, desk.tenant_id, desk.person_id)
    running = shoot(ours, shot, seed=1)
    now[0] += 1
    failing = shoot(ours, shot, seed=2)
    first, second = claim(store, "first"), claim(store, "second")
    assert [first.job.id, second.job.id] == [running.job.id, failing.job.id]
    fail(store, second.claim, Failure.HOST, "the disk is full")
    now[0] += jump_s
    later = shoot(ours, shot, seed=3)
    found = [claim(store, f"heir {number}") for number in range(3)]
    assert {each.job.id for each in found if each} == {running.job.id, failing.job.id, later.job.id}
    with pytest.raises(LeaseLostError):
        heartbeat(store, first.claim, Progress(0.5), 10)
    with pytest.raises(LeaseLostError), store.write() as connection:
        succeed(connection, first.claim, now[0])
    now[0] += MAX_LEASE_S
    for each in found:
        with pytest.raises(LeaseLostError), store.write() as connection:
            succeed(connection, replace(each.claim, attempt=each.claim.attempt - 1), now[0])


def test_one_job_of_a_small_tenant_starts_within_two_slots(store):
    """However many jobs another one queued before."""
    big, small = open_desk(store, "big"), open_desk(store, "small")
    crowd, one = new_project(big, NewProject("A")), new_project(small, NewProject("B"))
    for number in range(60):
        with store.write() as connection:
            submit(connection, big, NewJob(crowd.id, None, str(number), estimate_s=10))
    for _ in range(5):
        done = claim(store, "worker")
        with store.write() as connection:
            succeed(connection, done.claim, store.now(connection))
    with store.write() as connection:
        wanted = submit(connection, small, NewJob(one.id, None, "mine", estimate_s=10))
    assert wanted.id in [claim(store, "worker").job.id for _ in range(2)]


@on_sqlite
def test_a_cancel_in_any_stage_ends_the_job_and_leaves_nothing_half(desk, files, shot, monkeypatch):
    monkeypatch.setattr("rushes.studio.foreground.BEAT_S", 0.01)
    count = len(list(events(desk, files, shoot(desk, shot, "a fox 0"))))
    for stop_at in range(1, count):
        new = shoot(desk, shot, f"a fox {stop_at}")
        run = events(desk, files, new)
        for _ in range(stop_at):
            next(run)
        cancel(desk, new.job.id)
        # the answer to the first of two beats is there when the second begins
        for _ in range(2):
            beaten = find_job(desk, new.job.id).lease_until
            wait_for(lambda beaten=beaten, new=new: find_job(desk, new.job.id).lease_until != beaten)
        with pytest.raises(CancelledError):
            list(run)
        assert find_job(desk, new.job.id).state is JobState.CANCELLED
        assert master_of(desk, new.take.id) is None
        assert not list((files.root / "scratch").iterdir())
    assert list_jobs(desk, LEFT) == ()


def is_made(desk, job_id):
    """Whether it is, without the pause after a failure of the host."""
    with desk.store.write() as connection:
        connection.execute(update(schema.jobs).values(not_before=0))
    return find_job(desk, job_id).state is JobState.SUCCEEDED


def wait_for(is_so):
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def events(desk, files, new):
    return run_now(desk, files, new.job, fake_steps(new.take, new.job))


def test_many_submits_of_one_key_are_one_job(desk, shot):
    request = TakeRequest("a fox", 1, "fake")
    threads = []
    found = []
    for _ in range(8):
        threads.append(
            threading.Thread(
                target=lambda: found.extend(
                    submit_take(desk, shot.id, request, Terms("click")).job.id for _ in range(5)
                )
            )
        )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found)), len(list_jobs(desk))) == (40, 1, 1)


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_a_database_that_restarts_loses_nothing(url, desk, files, shot, postgres):
    """The server goes while a take is made, and comes back: the worker waits, and the take is made once."""
    slow = shoot(desk, shot, step_s=0.3)
    worker = Worker(desk.store, files, build_fake, patience=Patience(20, 0.1, 60, 0.5))
    over = threading.Event()
    thread = threading.Thread(target=worker.run, args=(over.is_set,))
    thread.start()
    try:
        wait_for(lambda: "step" in find_job(desk, slow.job.id).doing)
        postgres.stop()
        time.sleep(0.5)
        postgres.start()
        wait_for(lambda: is_made(desk, slow.job.id))
    finally:
        over.set()
        thread.join()
    made_once(desk, files, slow)
    assert told_made(desk) == [slow.take.id]


def told_made(desk):
    with desk.store.read() as connection:
        told = connection.execute(desk.only(schema.events).where(schema.events.c.kind == "take made"))
        return [row.subject for row in told]


@on_sqlite
def test_a_database_file_taken_from_under_a_worker_costs_no_take(url, desk, files, shot, caplog):
    """Moved away while a take is made, another in its place, then put back: made once, no strike."""
    slow, next_one = shoot(desk, shot, seed=1, step_s=0.3), shoot(desk, shot, seed=2)
    path = Path(desk.store.engine.url.database)
    aside = path.with_name("aside.db")
    worker = Worker(desk.store, files, build_fake, patience=Patience(60, 0.1, 60, 0.5))
    over = threading.Event()
    thread = threading.Thread(target=worker.run, args=(over.is_set,))
    thread.start()
    try:
        wait_for(lambda: "step" in find_job(desk, slow.job.id).doing)
        move(path, aside)
        wait_for(lambda: "is gone, so nothing is written" in caplog.text)
        open_store(url).engine.dispose()
        wait_for(lambda: "is another file than when it was opened" in caplog.text)
        move(aside, path)
        wait_for(lambda: is_made(desk, slow.job.id) and is_made(desk, next_one.job.id))
    finally:
        over.set()
        thread.join()
    for new in (slow, next_one):
        made_once(desk, files, new)
        assert find_job(desk, new.job.id).strikes == 1
    assert sorted(told_made(desk)) == sorted([slow.take.id, next_one.take.id])


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_work_that_is_to_be_done_waits_for_its_database_and_says_so(url, desk, files, shot, postgres):
    made, said = shoot(desk, shot), []
    postgres.stop()
    store = open_when_started(url, postgres, said)
    Worker(store, files, build_fake).work_off(said.append)
    store.engine.dispose()
    made_once(desk, files, made)
    assert said[0].endswith("; waiting for it")


def open_when_started(url, postgres, said):
    def say(line):
        if not said:
            postgres.start()
        said.append(line)

    return open_store_when_there(url, say)
