"""Workers with real child processes: killed, hung, stopped, cancelled. Nothing lost, nothing made twice."""

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from rushes.studio import schema
from rushes.studio import worker as worker_module
from rushes.studio.desk import open_desk
from rushes.studio.fake import build_fake
from rushes.studio.faults import FAULT_POINTS
from rushes.studio.files import FileStore
from rushes.studio.jobs.job import Failure, JobState
from rushes.studio.jobs.queue import cancel, find_job, list_jobs
from rushes.studio.shooting import submit_take
from rushes.studio.store import open_store
from rushes.studio.takes import TakeRequest, master_of
from rushes.studio.worker import Patience, Worker

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture
def worker(desk, files):
    made = Worker(desk.store, files, build_fake, patience=Patience(30, 0.1, 60, 0.5))
    yield made
    made.close()


def shoot(desk, shot, prompt="a fox", seed=1, **settings):
    return submit_take(desk, shot.id, TakeRequest(prompt, seed, "mini", settings))


def test_a_worker_answers_for_jobs_of_all_kinds(worker, desk, files, shot):
    good = [shoot(desk, shot, seed=1)]
    poison, memory, slow = (
        shoot(desk, shot, "poison"),
        shoot(desk, shot, "memory"),
        shoot(desk, shot, step_s=2),
    )
    good.append(shoot(desk, shot, seed=2))
    watcher = cancel_once_running(desk, slow.job.id)
    while worker.run_one():
        pass
    watcher.join()
    check_all_published_once(desk, files, good)
    job = find_job(desk, poison.job.id)
    assert (job.is_quarantined, job.attempt, job.failure) == (True, 3, Failure.LOST)
    assert "exit code -9" in job.message
    job = find_job(desk, memory.job.id)
    assert (job.state, job.attempt, job.is_degraded) == (JobState.SUCCEEDED, 2, True)
    assert find_job(desk, slow.job.id).state is JobState.CANCELLED
    assert find_job(desk, good[1].job.id).attempt == 1


def test_stages_are_told_though_the_job_ended_before_they_were_heard(desk, files, shot, monkeypatch):
    """The child ends the job itself: a heart that beats just then finds it gone."""
    made, told, ends = shoot(desk, shot), [], time.monotonic() + 60
    beats = worker_module.heartbeat

    def late(*args):
        while find_job(desk, made.job.id).state is JobState.RUNNING and time.monotonic() < ends:
            time.sleep(0.01)
        return beats(*args)

    monkeypatch.setattr(worker_module, "heartbeat", late)
    worker = Worker(desk.store, files, build_fake, patience=Patience(30, 0, 60, 5), tell=told.append)
    worker.run_one()
    worker.close()
    stages = [happening.stage for happening in told if happening.kind == "stage"]
    assert stages == ["enhance", "gate", "generate", "finish", "check", "label"]
    assert told[-1].outcome == "done"


def test_a_child_the_system_killed_for_memory_gets_another_attempt_with_less(
    worker, desk, files, shot, tmp_path, monkeypatch
):
    """The counter is the kernel's; here the fault writes it."""
    vmstat = tmp_path / "vmstat"
    vmstat.write_text("nr_free_pages 1\noom_kill 7\n")
    monkeypatch.setattr("rushes.studio.worker.VMSTAT", vmstat)
    monkeypatch.setenv("RUSHES_FAULT_AT", str(tmp_path))
    (tmp_path / "before keeping").touch()
    lost = shoot(desk, shot, seed=1)
    worker.run_one()
    job = find_job(desk, lost.job.id)
    assert (job.state, job.failure, job.is_degraded) == (JobState.QUEUED, Failure.LOST, False)
    (tmp_path / "before keeping").touch()
    real = worker_module.Child.kill

    def kill(self):
        vmstat.write_text("nr_free_pages 1\noom_kill 8\n")
        real(self)

    monkeypatch.setattr(worker_module.Child, "kill", kill)
    worker.run_one()
    job = find_job(desk, lost.job.id)
    assert (job.state, job.failure, job.is_degraded) == (JobState.QUEUED, Failure.OUT_OF_MEMORY, True)
    monkeypatch.setattr(worker_module.Child, "kill", real)
    worker.run_one()
    check_all_published_once(desk, files, [lost])


def test_a_hung_step_is_killed_though_the_heart_beats(worker, desk, files, shot):
    shoot(desk, shot)
    worker.run_one()
    worker._patience = Patience(30, 0.1, 10, 0.5)
    hung = shoot(desk, shot, "hang")
    worker.run_one()
    job = find_job(desk, hung.job.id)
    assert (job.state, job.failure) == (JobState.QUEUED, Failure.HUNG)
    assert "step 3 of 5" in job.message


def test_a_worker_that_is_stopped_gives_its_job_back_uncounted(desk, files, shot):
    made = shoot(desk, shot, step_s=600)
    for attempt in range(1, 5):
        worker = Worker(desk.store, files, build_fake, patience=Patience(30, 0.1, 60, 0.5))
        thread = threading.Thread(target=worker.run_one)
        thread.start()
        ends = time.monotonic() + 60
        # At a step the first time, wherever it is later: also before there is a child.
        while attempt == 1 and find_job(desk, made.job.id).doing[:4] != "step" and time.monotonic() < ends:
            time.sleep(0.05)
        worker.interrupt()
        thread.join(60)
        worker.close()
        job = find_job(desk, made.job.id)
        assert (job.state, job.attempt, job.strikes) == (JobState.QUEUED, attempt, 0)
        assert (job.failure, job.not_before <= time.time()) == (Failure.STOPPED, True)


def build_told():
    """Tells that it was asked, and does it from the second time on where that is wanted."""
    told = Path(os.environ["TOLD"])
    is_first = not told.exists()
    told.touch()
    if is_first and "FAILS_FIRST" in os.environ:
        raise RuntimeError("no room for the model")
    return build_fake()


def test_what_makes_takes_is_loaded_before_there_are_any(desk, files, tmp_path, monkeypatch):
    told, ends = tmp_path / "told", time.monotonic() + 60
    monkeypatch.setenv("TOLD", str(told))
    Worker(desk.store, files, build_told).run(lambda: told.exists() or time.monotonic() > ends)
    assert told.exists()


def test_what_cannot_be_loaded_ahead_is_loaded_for_the_first_take(desk, files, shot, tmp_path, monkeypatch):
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    monkeypatch.setenv("FAILS_FIRST", "1")
    made = shoot(desk, shot)
    Worker(desk.store, files, build_told).run(lambda: find_job(desk, made.job.id).ended_at is not None)
    assert find_job(desk, made.job.id).attempt == 1
    check_all_published_once(desk, files, [made])


def cancel_once_running(desk, job_id):
    def watch():
        while find_job(desk, job_id).doing[:4] != "step":
            time.sleep(0.05)
        cancel(desk, job_id)

    watcher = threading.Thread(target=watch)
    watcher.start()
    return watcher


def work(url, root):
    """A whole worker process, which ends when nothing is left to do."""
    os.setpgid(0, 0)
    store = open_store(url)
    desk = open_desk(store, person="lin")
    left = [JobState.QUEUED, JobState.RUNNING]
    worker = Worker(store, FileStore(Path(root)), build_fake, patience=Patience(1.5, 0.1, 60, 0.5))
    worker.run(lambda: not list_jobs(desk, left))


def start(url, files):
    process = multiprocessing.get_context("spawn").Process(target=work, args=(url, str(files.root)))
    process.start()
    return process


@pytest.mark.parametrize("points", [FAULT_POINTS[::3], FAULT_POINTS[1::3], FAULT_POINTS[2::3]], ids=str)
def test_a_kill_at_any_point_loses_nothing_and_publishes_once(
    worker, desk, files, shot, tmp_path, monkeypatch, points
):
    monkeypatch.setenv("RUSHES_FAULT_AT", str(tmp_path))
    made = []
    for number, point in enumerate(points):
        made.append(shoot(desk, shot, seed=number))
        (tmp_path / point).touch()
        while worker.run_one():
            pass
        assert not (tmp_path / point).exists(), f"nobody died {point}"
    check_all_published_once(desk, files, made)
    attempts = [find_job(desk, each.job.id).attempt for each in made]
    assert attempts == [1 if point == "after publishing" else 2 for point in points]


def check_all_published_once(desk, files, made):
    for each in made:
        assert find_job(desk, each.job.id).state is JobState.SUCCEEDED
        assert files.path(desk.tenant_id, master_of(desk, each.take.id).sha256).exists()
    with desk.store.read() as connection:
        events = connection.execute(desk.only(schema.events).where(schema.events.c.kind == "take made"))
        assert set(Counter(row.subject for row in events).values()) == {1}


def test_a_zombie_that_wakes_up_publishes_nothing(url, desk, files, shot):
    made = shoot(desk, shot, step_s=0.5)
    zombie = start(url, files)
    wait_for(lambda: find_job(desk, made.job.id).doing[:4] == "step")
    os.killpg(zombie.pid, signal.SIGSTOP)
    heir = start(url, files)
    wait_for(lambda: find_job(desk, made.job.id).attempt == 2)
    os.killpg(zombie.pid, signal.SIGCONT)
    heir.join(60)
    zombie.join(60)
    check_all_published_once(desk, files, [made])
    assert master_of(desk, made.take.id).attempt == 2


def test_children_die_with_their_worker(url, desk, files, shot):
    made = shoot(desk, shot, "hang")
    worker = start(url, files)
    wait_for(lambda: "step 3" in find_job(desk, made.job.id).doing)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    wait_for(lambda: is_gone(worker.pid))


def is_gone(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def wait_for(is_so):
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
