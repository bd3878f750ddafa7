"""Takes with their jobs and files on both databases: every way to narrow a page, and when files go."""

from math import inf

import pytest
from tests.studio.conftest import desk, postgres, sqlite_template, store, url  # noqa: F401  fixtures

from rushes.service.footage import Window, count_footage, find_footage, list_footage
from rushes.studio.jobs.job import JobState
from rushes.studio.jobs.queue import cancel
from rushes.studio.projects import NewProject, new_project
from rushes.studio.retention import Retention, set_retention
from rushes.studio.shooting import submit_take
from rushes.studio.shots import Words, new_shot
from rushes.studio.takes import TakeRequest


@pytest.fixture
def made(desk):  # noqa: F811
    """Three takes of two shots; the job of the second is cancelled."""
    project = new_project(desk, NewProject("FOX"))
    shots = [new_shot(desk, project.id, Words(text)) for text in ("a fox", "a cat")]
    takes = [
        submit_take(desk, shots[number // 2].id, TakeRequest("a fox", number, model))
        for number, model in enumerate(("mini", "mini", "other"))
    ]
    cancel(desk, takes[1].job.id)
    return takes


def ids(found):
    return [each.take.id for each in found[0]]


def test_windows(desk, made):  # noqa: F811
    one, two, three = [each.take for each in made]
    assert ids(list_footage(desk, Window())) == [three.id, two.id, one.id]
    assert ids(list_footage(desk, Window(is_ascending=True))) == [one.id, two.id, three.id]
    found, has_more = list_footage(desk, Window(1, after=three.id))
    assert ([each.take.id for each in found], has_more) == ([two.id], True)
    assert ids(list_footage(desk, Window(2, after=one.id, is_ascending=True))) == [two.id, three.id]
    for window, wanted in (
        (Window(project_id=one.project_id, skip=1), [two.id, one.id]),
        (Window(shot_id=one.shot_id), [two.id, one.id]),
        (Window(model="other"), [three.id]),
        (Window(states=(JobState.CANCELLED, JobState.RUNNING)), [two.id]),
        (Window(since=three.created_at, until=inf), [three.id]),
        (Window(until=one.created_at, model="mini"), [one.id]),
        (Window(batch_id="none"), []),
    ):
        assert ids(list_footage(desk, window)) == wanted, window
        assert count_footage(desk, window) == len(wanted) + window.skip, window


def test_a_take_has_its_job_and_says_when_its_files_go(desk, made):  # noqa: F811
    queued, ended = (find_footage(desk, each.take.id) for each in made[:2])
    assert (queued.job.id, queued.job.state, queued.expires_at) == (made[0].job.id, JobState.QUEUED, None)
    assert (ended.job.state, ended.expires_at, ended.files) == (JobState.CANCELLED, None, {})
    set_retention(desk, "", Retention(3600.0))
    assert find_footage(desk, queued.take.id).expires_at is None, "it is not made yet"
    assert find_footage(desk, ended.take.id).expires_at == pytest.approx(ended.job.ended_at + 3600)
    set_retention(desk, ended.take.project_id, Retention(7200.0))
    assert find_footage(desk, ended.take.id).expires_at == pytest.approx(ended.job.ended_at + 7200)
