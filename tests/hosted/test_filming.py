"""Takes of a hosted model, ordered from our own DashScope surface while things go wrong."""

import threading
import time
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise

import pytest
from tests.hosted.conftest import (
    CANCEL,
    FAST,
    FETCH,
    LIST,
    LOOK,
    MODEL,
    SUBMIT,
    answer,
    drop_after,
    drop_before,
    fault,
    half,
    late,
    silent,
)

from rushes.core.errors import (
    CancelledError,
    ConflictError,
    HostedError,
    LimitError,
    RefusedError,
    UsageError,
)
from rushes.hosted.filming import Pace
from rushes.media.video import probe
from rushes.studio import schema
from rushes.studio.jobs.job import Failure, JobState
from rushes.studio.jobs.queue import cancel, find_job, try_again
from rushes.studio.projects import set_policy
from rushes.studio.takes import master_of, renditions_of
from rushes.studio.worker import Patience, Worker

IMPATIENT = Pace(0.02, 0.1, 0.02, busy_s=0.3, deadline_s=0.5, settle_s=0.05, cancel_s=5.0, tries=2)
BUSY = fault("Throttling.RateQuota")


def test_a_take_is_the_clip_as_it_came(studio, service, clip_bytes):
    new = studio.shoot()
    master = master_of(studio.desk, new.take.id)
    assert master.sha256 == sha256(clip_bytes[0]).hexdigest()
    shown = {each.name: each.sha256 for each in renditions_of(studio.desk, new.take.id)}
    facts = probe(studio.files.path(studio.desk.tenant_id, shown["clip"]))
    assert (facts.num_frames, facts.frame_rate, facts.faststart) == (150, 30, True)
    assert set(shown) == {"clip", "sheet"}
    hosted = master.recipe["recorded"]["hosted"]
    assert (hosted["task"], hosted["cost"], hosted["billed_s"]) == (service.tasks()[0], "0.70 CNY", 5)
    assert (hosted["num_frames"], hosted["frame_rate"]) == (150, "30")
    [stage] = [each for each in master.recipe["stages"] if each["name"] == "hosted"]
    assert stage["settings"]["parameters"]["prompt_extend"] is False
    with studio.desk.store.read() as connection:
        used = connection.execute(schema.usage.select().where(schema.usage.c.stage == "generate")).one()
    assert (used.model, used.work) == (MODEL, 5.0)
    assert studio.told(new) == ["hosted task submitted"]


def test_the_key_goes_to_the_service_alone(studio, service):
    studio.shoot()
    assert all(b"authorization" in each[3] for each in service.asked(LOOK))
    assert service.asked(FETCH)
    assert not any(b"authorization" in each[3] for each in service.asked(FETCH))


def test_the_same_words_again_are_found_and_not_paid(studio, service):
    studio.shoot()
    studio.shoot()
    assert len(service.tasks()) == 1
    studio.shoot(seed=2)
    assert len(service.tasks()) == 2


def test_nothing_leaves_without_a_key_and_leave(studio, service, monkeypatch):
    set_policy(studio.desk, studio.project.id, "remote", False)
    with pytest.raises(UsageError, match="rushes project policy FOX --remote"):
        studio.shoot()
    set_policy(studio.desk, studio.project.id, "remote", True)
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    with pytest.raises(UsageError, match="DASHSCOPE_API_KEY"):
        studio.shoot()
    assert service.seen == []


PASSING = {
    "busy at submit": (SUBMIT, answer(429, BUSY), answer(429, BUSY)),
    "fault at submit": (SUBMIT, answer(500, fault("InternalError.Algo"))),
    "full at submit": (SUBMIT, answer(503, fault("ServiceUnavailable"))),
    "a gateway's page at submit": (SUBMIT, answer(502, "<html>Bad gateway</html>")),
    "no JSON at submit": (SUBMIT, answer(200, "hello")),
    "dropped before the submit": (SUBMIT, drop_before),
    "dropped after the submit": (SUBMIT, drop_after),
    "gateway gone after the submit": (SUBMIT, answer(504, fault("InternalError.Timeout"))),
    "busy at a look": (LOOK, answer(429, BUSY, retry_after="0"), answer(429, BUSY)),
    "fault at a look": (LOOK, answer(500, fault("InternalError")), answer(503, "")),
    "dropped at a look": (LOOK, drop_before, drop_after),
    "slow looks": (LOOK, late(0.3), late(0.3)),
    "no clip but a page": (FETCH, answer(200, "<html>hello</html>")),
    "an empty clip": (FETCH, answer(200, "")),
    "half a clip": (FETCH, half),
    "no clip for a moment": (FETCH, answer(503, "")),
    "an expired link": (FETCH, answer(403, "<Error>expired</Error>")),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_waited_out_and_nothing_is_paid_twice(studio, service, name):
    where, *how = PASSING[name]
    service.goes_wrong(where, *how)
    new = studio.shoot()
    assert not service.wrongs, "nothing went wrong"
    assert len(service.tasks()) == 1
    assert find_job(studio.desk, new.job.id).state is JobState.SUCCEEDED


def test_a_lost_answer_is_said_and_its_task_found_again(studio, service):
    studio.shoot(seed=4)
    service.goes_wrong(SUBMIT, drop_after)
    new = studio.shoot(seed=5)
    assert studio.told(new) == ["hosted order unanswered", "hosted task found again"]
    assert len(service.tasks()) == 2


def test_it_waits_as_long_as_it_is_told_to(studio, service):
    service.goes_wrong(SUBMIT, answer(429, BUSY, retry_after="1.2"))
    studio.shoot()
    first, second = (each[2] for each in service.asked(SUBMIT))
    assert second - first >= 1.2


def test_a_lost_answer_nobody_can_clear_up_is_left_to_a_person(studio, service):
    service.goes_wrong(SUBMIT, drop_after)
    service.goes_wrong(LIST, answer(200, '{"data": "somewhere else"}'))
    new = studio.submit()
    with pytest.raises(ConflictError, match="may be charged"):
        list(studio.make(new))
    job = find_job(studio.desk, new.job.id)
    assert (job.state, job.failure) == (JobState.FAILED, Failure.USER)
    assert len(service.asked(SUBMIT)) == 1
    try_again(studio.desk, new.job.id)
    list(studio.make(new))
    assert len(service.tasks()) == 2
    assert "hosted order sent anew" in studio.told(new)


def test_refused_words_are_refused_here(studio, service):
    new = studio.submit("refuse this")
    with pytest.raises(RefusedError, match="DataInspectionFailed"):
        list(studio.make(new))
    assert find_job(studio.desk, new.job.id).failure == Failure.REFUSED
    assert len(service.tasks()) == 1


@pytest.mark.parametrize(
    ("how", "error", "failure"),
    [
        (answer(401, fault("InvalidApiKey")), UsageError, Failure.USER),
        (answer(403, fault("AccessDenied")), UsageError, Failure.USER),
        (answer(400, fault("InvalidParameter")), UsageError, Failure.USER),
        (answer(400, fault("DataInspectionFailed")), RefusedError, Failure.REFUSED),
        (answer(400, fault("Arrearage")), LimitError, Failure.BUDGET),
        (answer(403, fault("AllocationQuota.FreeTierOnly")), LimitError, Failure.BUDGET),
        (answer(404, "<html>not here</html>"), UsageError, Failure.USER),
    ],
)
def test_what_the_service_will_not_do_ends_the_take_at_once(studio, service, how, error, failure):
    service.goes_wrong(SUBMIT, how)
    new = studio.submit()
    with pytest.raises(error):
        list(studio.make(new))
    assert find_job(studio.desk, new.job.id).failure == failure
    assert (len(service.asked(SUBMIT)), service.tasks()) == (1, [])


@pytest.mark.parametrize(
    ("code", "failure"),
    [("Throttling.RateQuota", Failure.HOST), ("Throttling.AllocationQuota", Failure.BUDGET)],
)
def test_a_service_that_stays_full_is_given_up_with_its_own_reason(studio, service, code, failure):
    service.goes_wrong(SUBMIT, *[answer(429, fault(code))] * 99)
    new = studio.submit()
    with pytest.raises((HostedError, LimitError), match=code):
        list(studio.make(new, IMPATIENT))
    assert find_job(studio.desk, new.job.id).failure == failure
    assert service.tasks() == []


def test_a_task_nobody_knows_any_more_is_said_to_be_perhaps_paid(studio, service):
    text = '{"request_id": "1", "output": {"task_id": "1", "task_status": "UNKNOWN"}}'
    service.goes_wrong(LOOK, answer(200, text))
    with pytest.raises(ConflictError, match="may have charged"):
        studio.shoot()


def test_a_link_that_stays_closed_is_said_to_be_paid(studio, service):
    service.goes_wrong(FETCH, *[answer(403, "")] * 9)
    with pytest.raises(ConflictError, match="made and charged"):
        studio.shoot(pace=replace(FAST, tries=2))


def test_a_clip_that_stays_wrong_is_fetched_again_by_the_next_attempt(studio, service):
    service.goes_wrong(FETCH, answer(200, "no clip"), answer(200, "no clip"))
    new = studio.submit()
    with pytest.raises(HostedError, match="no clip"):
        list(studio.make(new, replace(FAST, tries=2)))
    assert find_job(studio.desk, new.job.id).failure == Failure.TRANSIENT
    try_again(studio.desk, new.job.id)
    list(studio.make(new))
    assert len(service.tasks()) == 1
    assert studio.told(new)[-1] == "hosted task resumed"


def test_what_does_not_begin_in_time_is_cancelled_there(studio, service):
    service.is_open.clear()
    with pytest.raises(HostedError, match="had not begun"):
        studio.shoot("wait, fox", pace=IMPATIENT)
    assert service.states() == ["cancelled"]


def test_what_does_not_end_in_time_is_waited_for_by_the_next_attempt(studio, service):
    service.is_open.clear()
    new = studio.submit()
    with pytest.raises(HostedError, match="RUNNING"):
        list(studio.make(new, replace(FAST, deadline_s=5.0)))
    service.is_open.set()
    try_again(studio.desk, new.job.id)
    list(studio.make(new))
    assert len(service.tasks()) == 1


def stop_when(studio, service, new, status):
    """Cancel the job when the service is that far; what the take's history says then."""
    service.is_open.clear()

    def make():
        for event in studio.make(new):
            if status in getattr(event, "doing", "") and not find_job(studio.desk, new.job.id).is_cancelled:
                cancel(studio.desk, new.job.id)

    with pytest.raises(CancelledError):
        make()
    return studio.told(new)


def test_a_cancel_cancels_what_waits_there(studio, service):
    new = studio.submit("wait, fox")
    assert stop_when(studio, service, new, "PENDING")[-1] == "hosted task cancelled"
    assert service.states() == ["cancelled"]


def test_a_cancel_abandons_what_runs_there_and_the_same_words_pick_it_up(studio, service):
    new = studio.submit()
    assert stop_when(studio, service, new, "RUNNING")[-1] == "hosted task abandoned"
    assert len(service.asked(CANCEL)) == 1
    service.is_open.set()
    again = studio.shoot()
    assert studio.told(again) == ["hosted task resumed"]
    assert len(service.tasks()) == 1


def test_no_more_tasks_at_once_than_a_key_may_have(studio, service):
    service.is_open.clear()
    made = [studio.submit(seed=seed) for seed in range(3)]
    threads = [threading.Thread(target=lambda new=new: list(studio.make(new))) for new in made]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(service.tasks()) == 2)
    time.sleep(1.0)
    assert len(service.tasks()) == 2
    service.is_open.set()
    for thread in threads:
        thread.join(60)
    assert [find_job(studio.desk, new.job.id).state for new in made] == [JobState.SUCCEEDED] * 3
    times = [each[2] for each in service.asked(SUBMIT)]
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.45


def wait_for(is_so):
    ends = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < ends, "it never came to be"
        time.sleep(0.02)


def test_a_killed_process_goes_on_with_the_same_task(studio, service):
    """Killed while its order is on its way, and again while it waits: ordered once."""
    from tests.hosted.building import build  # noqa: PLC0415  a process of its own imports it

    service.is_open.clear()
    service.goes_wrong(SUBMIT, silent)
    new = studio.submit()

    def a_worker():
        return Worker(studio.desk.store, studio.files, build, patience=Patience(30, 0.1, 60, 0.5))

    for told in (service.tasks, lambda: "hosted task found again" in studio.told(new)):
        worker = a_worker()
        runs = threading.Thread(target=worker.run_one)
        runs.start()
        wait_for(told)
        worker.interrupt()
        runs.join()
        assert find_job(studio.desk, new.job.id).state is JobState.QUEUED
    service.is_open.set()
    worker = a_worker()
    worker.run_one()
    worker.close()
    job = find_job(studio.desk, new.job.id)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 3)
    assert (len(service.tasks()), len(service.asked(SUBMIT))) == (1, 1)
    assert studio.told(new) == [
        "hosted order unanswered", "hosted task found again", "hosted task resumed"
    ]  # fmt: skip
