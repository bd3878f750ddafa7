"""A take goes through its stages: kept, reused, recorded, published once."""

import errno
import os
import time

import pytest
from sqlalchemy import update

from rushes.core.errors import (
    CancelledError,
    LeaseLostError,
    OutOfMemoryError,
    RefusedError,
    StoreError,
    UsageError,
)
from rushes.core.recipe import Stage
from rushes.studio import schema
from rushes.studio.cache import evict, find_result
from rushes.studio.desk import events_of, open_desk
from rushes.studio.fake import fake_steps
from rushes.studio.files import FileStore, hash_file
from rushes.studio.foreground import run_now
from rushes.studio.inputs import take_in
from rushes.studio.jobs.claim import claim
from rushes.studio.jobs.heartbeat import Progress
from rushes.studio.jobs.job import Failure, JobState
from rushes.studio.jobs.queue import cancel, find_job, list_jobs
from rushes.studio.production import Made, Part, Step
from rushes.studio.projects import NewProject, find_project, new_project, set_budget
from rushes.studio.reviews import notes_of, review_queue
from rushes.studio.shooting import Terms, edit_queued, submit_take
from rushes.studio.shots import Words, new_shot
from rushes.studio.takes import Input, TakeRequest, find_take, master_of, renditions_of, takes_of

REQUEST = TakeRequest("a fox", 7, "mini")


def asked(prompt="a fox", seed=7, **settings):
    return TakeRequest(prompt, seed, "mini", settings)


def make(desk, files, shot, request=REQUEST, steps=None, **how):
    """Submit a take and make it; the take and what its stages reported."""
    new = submit_take(desk, shot.id, request, **how)
    events = list(run_now(desk, files, new.job, steps or fake_steps(new.take, new.job)))
    return new.take, {event.step: event.outcome for event in events if not isinstance(event, Progress)}


def one(step, made):
    """A production of one step that publishes what ``made`` writes."""

    def run(_work, folder):
        yield made(folder)

    return (Step(step, lambda _work: (Stage(step, 1, {"at": time.time()}),), run, ("master",)),)


def test_a_take_is_made_kept_and_published(desk, files, shot):
    take, outcomes = make(desk, files, shot)
    assert outcomes == {
        "enhance": "made", "gate": "made", "generate": "made", "finish": "made", "check": "made",
        "label": "absent",
    }  # fmt: skip
    master = master_of(desk, take.id)
    assert hash_file(files.path(desk.tenant_id, master.sha256))[0] == master.sha256
    assert [stage["name"] for stage in master.recipe["stages"]] == [
        "enhance", "gate", "encode_text", "denoise", "decode", "finish", "check",
    ]  # fmt: skip
    assert master.recipe["recorded"] == {"machine": "fake", "not_installed": ["label"]}
    assert [rendition.name for rendition in renditions_of(desk, take.id)] == ["clip", "sheet"]
    assert list_jobs(desk)[0].state is JobState.SUCCEEDED
    kinds = [event.kind for event in events_of(desk, take.id)]
    assert kinds.count("stage made") == 5
    assert "stage absent" in kinds
    assert kinds[-1] == "rendition made"
    assert not list((files.root / "scratch").iterdir())


def test_an_equal_take_is_found_and_another_seed_is_made(desk, files, shot):
    first, _ = make(desk, files, shot)
    second, outcomes = make(desk, files, shot)
    assert set(outcomes.values()) == {"reused", "absent"}
    assert second.code != first.code
    assert master_of(desk, second.id).sha256 == master_of(desk, first.id).sha256
    other, outcomes = make(desk, files, shot, asked(seed=8))
    assert outcomes["enhance"] == outcomes["gate"] == "reused"
    assert outcomes["generate"] == "made"
    assert master_of(desk, other.id).sha256 != master_of(desk, first.id).sha256


def test_nothing_is_shared_between_tenants(desk, files, shot):
    make(desk, files, shot)
    rival = open_desk(desk.store, "rival")
    theirs = new_shot(rival, new_project(rival, NewProject("P")).id, Words("a fox"))
    _, outcomes = make(rival, files, theirs)
    assert "reused" not in outcomes.values()


def test_a_run_that_broke_off_goes_on_behind_its_last_stage(desk, files, shot):
    new = submit_take(desk, shot.id, REQUEST)
    run = run_now(desk, files, new.job, fake_steps(new.take, new.job))
    for event in run:
        if getattr(event, "step", "") == "generate":
            break
    run.close()
    assert find_job(desk, new.job.id).state is JobState.CANCELLED
    _, outcomes = make(desk, files, shot)
    assert outcomes["generate"] == "reused"
    assert outcomes["finish"] == "made"


def test_findings_and_refusals_reach_the_review_queue(desk, files, shot):
    take, _ = make(desk, files, shot, asked("a flicker"))
    again, outcomes = make(desk, files, shot, asked("a flicker"))
    assert outcomes["check"] == "reused"
    assert [(note.source, note.first_frame) for note in notes_of(desk, again.id)] == [("check", 3)]
    with pytest.raises(RefusedError):
        make(desk, files, shot, asked("refuse this"))
    waiting = review_queue(desk, take.project_id)
    assert [[note.source for note in each.notes] for each in waiting] == [["check"], ["check"], ["gate"]]
    assert list_jobs(desk, [JobState.FAILED])[0].failure == Failure.REFUSED


@pytest.mark.parametrize(
    ("prompt", "error", "failure"),
    [("fail", RuntimeError, Failure.TRANSIENT), ("memory", OutOfMemoryError, Failure.OUT_OF_MEMORY)],
)
def test_what_a_stage_raises_is_kept_and_raised(desk, files, shot, prompt, error, failure):
    with pytest.raises(error):
        make(desk, files, shot, asked(prompt))
    job = list_jobs(desk, [JobState.FAILED])[0]
    assert job.failure == failure
    assert job.message
    assert master_of(desk, job.take_id) is None


def test_a_cancelled_job_stops_at_its_next_event(desk, files, shot, monkeypatch):
    monkeypatch.setattr("rushes.studio.foreground.BEAT_S", 0.01)
    new = submit_take(desk, shot.id, asked(step_s=0.1))
    run = run_now(desk, files, new.job, fake_steps(new.take, new.job))
    next(run)
    cancel(desk, new.job.id)
    with pytest.raises(CancelledError):
        list(run)
    assert find_job(desk, new.job.id).state is JobState.CANCELLED


def test_a_lost_lease_ends_the_attempt_and_publishes_nothing(desk, files, shot):
    new = submit_take(desk, shot.id, REQUEST)
    run = run_now(desk, files, new.job, fake_steps(new.take, new.job))
    next(run)
    with desk.store.write() as connection:
        connection.execute(update(schema.jobs).values(lease_until=0))
    heir = claim(desk.store, "heir")
    assert heir.job.id == new.job.id
    with pytest.raises(LeaseLostError):
        list(run)
    assert master_of(desk, new.take.id) is None
    assert find_job(desk, new.job.id).state is JobState.RUNNING


def test_a_job_somebody_else_has_is_not_taken(desk, files, shot):
    new = submit_take(desk, shot.id, REQUEST)
    claim(desk.store, "other")
    with pytest.raises(UsageError, match="runs elsewhere"):
        next(run_now(desk, files, new.job, fake_steps(new.take, new.job)))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_read_only_disk_is_the_hosts_fault_and_leaves_nothing_half(desk, files, shot, number):
    def full(folder):
        (folder / "half.mkv").write_bytes(b"half")
        raise OSError(number, os.strerror(number))

    with pytest.raises(OSError, match=os.strerror(number)):
        make(desk, files, shot, steps=one("generate", full))
    assert list_jobs(desk)[0].failure == Failure.HOST
    assert [path for path in files.root.rglob("*") if path.is_file()] == []


def test_a_step_that_forgets_what_it_made_is_our_mistake(desk, files, shot):
    with pytest.raises(TypeError, match="without Made"):
        make(desk, files, shot, steps=one("generate", lambda _folder: Progress(1)))


def test_a_part_is_kept_though_its_step_fails_and_serves_its_tenant_alone(desk, files, shot):
    seen = []

    def run(work, folder):
        found = work.part("0" * 64, "tensors")
        seen.append(None if found is None else found.read_bytes())
        part, master = folder / "part", folder / "master.mkv"
        part.write_bytes(b"latents")
        yield Part("denoise", "0" * 64, {"tensors": part}, 1.0)
        if found is None:
            raise RuntimeError("decoding failed")
        master.write_bytes(b"pictures")
        yield Made({"master": master})

    steps = (Step("generate", lambda _work: (Stage("generate", 1, {}),), run, ("master",)),)
    with pytest.raises(RuntimeError, match="decoding"):
        make(desk, files, shot, steps=steps)
    make(desk, files, shot, steps=steps)
    rival = open_desk(desk.store, "rival")
    theirs = new_shot(rival, new_project(rival, NewProject("P")).id, Words("a fox"))
    with pytest.raises(RuntimeError, match="decoding"):
        make(rival, files, theirs, steps=steps)
    assert seen == [None, b"latents", None]


def test_the_same_key_is_the_same_take(desk, shot):
    terms = Terms("click 1")
    first = submit_take(desk, shot.id, REQUEST, terms)
    assert submit_take(desk, shot.id, REQUEST, terms) == first
    with pytest.raises(UsageError, match="another request"):
        submit_take(desk, shot.id, asked("a cat"), terms)
    assert len(takes_of(desk, shot.id)) == 1


def test_a_take_beyond_the_budget_gets_no_number(desk, project, shot):
    set_budget(desk, project.id, 10)
    with pytest.raises(UsageError, match="project FOX has 10 s of 10 s left"):
        submit_take(desk, shot.id, REQUEST, Terms(estimate_s=11))
    assert takes_of(desk, shot.id) == ()
    assert find_project(desk, "FOX").reserved_s == 0


def test_a_queued_take_is_edited_in_its_place(desk, shot):
    first, second = (submit_take(desk, shot.id, asked(seed=seed)) for seed in (1, 2))
    new = edit_queued(desk, first.job.id, asked("a cat"))
    assert new.take.code == "SQ010_SH0010_v003"
    assert claim(desk.store, "w").job.id == new.job.id
    assert claim(desk.store, "w").job.id == second.job.id
    assert find_take(desk, first.take.code) == first.take
    with pytest.raises(UsageError, match="only queued"):
        edit_queued(desk, second.job.id, REQUEST)


def stored(files):
    return {path.name for path in files.root.rglob("*") if path.is_file()}


def unused_for_long(desk):
    with desk.store.write() as connection:
        connection.execute(update(schema.stage_results).values(used_at=0))


def test_eviction_takes_what_is_loose_and_never_a_master_or_an_input(desk, files, shot, tmp_path):
    picture = tmp_path / "given.png"
    picture.write_bytes(b"picture")
    given = take_in(desk, files, picture)
    take, _ = make(desk, files, shot, inputs=(Input("first_frame", given.sha256),))
    pinned = {master_of(desk, take.id).sha256, given.sha256}
    pinned |= {rendition.sha256 for rendition in renditions_of(desk, take.id)}
    broken_off = submit_take(desk, shot.id, asked(seed=8))
    run = run_now(desk, files, broken_off.job, fake_steps(broken_off.take, broken_off.job))
    assert next(event for event in run if getattr(event, "step", "") == "generate").outcome == "made"
    run.close()
    assert len(stored(files) - pinned) == 1
    assert evict(desk.store, FileStore(files.root, 0)) == 0, "used a moment ago"
    unused_for_long(desk)
    assert evict(desk.store, FileStore(files.root, 10**6)) == 0, "it fits"
    assert evict(desk.store, FileStore(files.root, 0)) == 3200
    assert stored(files) == pinned
    _, outcomes = make(desk, files, shot, inputs=(Input("first_frame", given.sha256),))
    assert outcomes["generate"] == "reused"


def test_the_cache_keeps_its_size_by_itself(desk, files, shot):
    broken_off = submit_take(desk, shot.id, asked(seed=8))
    run = run_now(desk, files, broken_off.job, fake_steps(broken_off.take, broken_off.job))
    loose = next(event for event in run if getattr(event, "step", "") == "generate")
    run.close()
    unused_for_long(desk)
    first, _ = make(desk, files, shot, asked("a cat"))
    assert find_result(desk.store, files, desk.tenant_id, loose.key) is not None, "it fits"
    unused_for_long(desk)
    tight = FileStore(files.root, 0)
    second, _ = make(desk, tight, shot, asked("a dog"))
    assert find_result(desk.store, files, desk.tenant_id, loose.key) is None
    pinned = {master_of(desk, take.id).sha256 for take in (first, second)}
    pinned |= {each.sha256 for take in (first, second) for each in renditions_of(desk, take.id)}
    assert stored(files) == pinned


def test_a_result_whose_file_is_gone_is_made_again(desk, files, shot):
    take, _ = make(desk, files, shot)
    files.path(desk.tenant_id, master_of(desk, take.id).sha256).unlink()
    _, outcomes = make(desk, files, shot)
    assert outcomes["generate"] == "made"
    assert find_result(desk.store, files, "tenant_x", "0" * 64) is None


@pytest.mark.parametrize("torn", [b"", b"x" * 3200])
def test_a_damaged_file_gives_way_to_the_same_one_made_again(desk, files, shot, tmp_path, torn):
    take, _ = make(desk, files, shot)
    path = files.path(desk.tenant_id, master_of(desk, take.id).sha256)
    whole = path.read_bytes()
    path.unlink()
    path.write_bytes(torn)
    if not torn:
        assert make(desk, files, shot)[1]["generate"] == "made", "its length tells"
    (tmp_path / "again").write_bytes(whole)
    files.take_in(desk.tenant_id, tmp_path / "again", "video/x-matroska")
    assert path.read_bytes() == whole


def test_nothing_is_started_on_a_disk_that_is_nearly_full(files, monkeypatch):
    files.check_room()
    monkeypatch.setattr("rushes.studio.files.LEAST_FREE", 1.01)
    with pytest.raises(StoreError, match="GB left"):
        files.check_room()


def test_what_killed_processes_left_is_swept(files):
    with FileStore(files.root).scratch() as alive:
        dead = alive.with_name("999999999-x")
        dead.mkdir()
        assert files.sweep_scratch() == 1
        assert alive.exists()
        assert not dead.exists()
