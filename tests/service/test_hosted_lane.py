"""Hosted models in a server: waited for in a lane of their own, so that nothing made here waits for them."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.service.conftest import ENGINE, MINI

from rushes.cli.serve import _hosted_models
from rushes.core.errors import UsageError
from rushes.service.app import make_app
from rushes.service.crew import Crew
from rushes.studio.desk import events_of, open_desk
from rushes.studio.fake import fake_steps
from rushes.studio.jobs.queue import set_lane
from rushes.studio.projects import inbox, set_policy
from rushes.studio.shooting import edit_queued
from rushes.studio.takes import TakeRequest
from rushes.studio.worker import Patience

FAR = "dashscope/far"


def build_far():
    """In the child of a worker: takes that are made when a file is there."""
    return _far_steps


def _far_steps(take, job):
    def generate(work, folder):
        while not Path(os.environ["FAR_IS_DONE"]).exists():
            time.sleep(0.02)
        yield from step.make(work, folder)

    steps = fake_steps(take, job)
    step = next(each for each in steps if each.name == "generate")
    return tuple(replace(each, make=generate) if each is step else each for each in steps)


@pytest.fixture
def far(house):
    """A house that serves a hosted model too."""
    models = {**ENGINE.models, FAR: replace(MINI, name=FAR, takes_first_frame=False, is_hosted=True)}
    return replace(house, engine=replace(ENGINE, models=models, build_hosted=build_far))


@pytest.fixture
def client(far):
    return TestClient(make_app(far), raise_server_exceptions=False)


@pytest.fixture
def leave(house):
    """The inbox's words may leave."""
    desk = open_desk(house.store)
    set_policy(desk, inbox(desk).id, "remote", True)


def test_words_leave_only_where_the_project_allows_it(client, house):
    refused = client.post("/v1/videos", json={"prompt": "a fox", "model": FAR})
    assert refused.status_code == 400
    assert "rushes project policy INBOX --remote" in refused.json()["error"]["message"]
    client.post("/v1/projects", json={"code": "FOX"})
    far, local = {"text": "a fox", "model": FAR}, {"text": "a fox"}
    for rows, lane, said in (
        ([local, far], "batch", "row 2: the words of project FOX may not leave"),
        ([local], "hosted", "row 1: model 'mini' is not hosted"),
    ):
        asked = {"rows": rows, "lane": lane}
        answer = client.post("/v1/projects/FOX/batches", json=asked)
        assert (answer.status_code, said in answer.text) == (400, True), answer.text
        assert client.post("/v1/projects/FOX/batch-plans", json=asked).status_code == 400
    assert client.get("/v1/projects/FOX/batches").json()["data"] == []
    assert client.get("/v1/takes").json()["data"] == []


def test_a_tenant_lets_its_own_words_leave(far):
    """Who has a key has no shell."""
    closed = replace(far, is_open=False)

    def with_key(tenant, *scopes):
        key = far.keys.issue(tenant, "lin", scopes, 0.0)
        headers = {"Authorization": f"Bearer {key}"}
        return TestClient(make_app(closed), headers=headers, raise_server_exceptions=False)

    writer, reader = with_key("ours", "read", "write"), with_key("ours", "read")
    theirs = with_key("theirs", "read", "write")
    wish, allowed = {"prompt": "a fox", "model": FAR}, {"allows_remote": True}
    refused = reader.patch("/v1/projects/INBOX", json=allowed)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "scope_missing")
    told = writer.post("/v1/videos", json=wish).json()["error"]
    assert "PATCH /v1/projects/INBOX" in told["remedy"]
    assert writer.patch("/v1/projects/INBOX", json={"allows_remote": None}).status_code == 400
    before = reader.get("/v1/projects/INBOX")
    changed = writer.patch("/v1/projects/INBOX", json=allowed, headers={"If-Match": before.headers["etag"]})
    assert (before.json()["allows_remote"], changed.json()["allows_remote"]) == (False, True)
    assert changed.headers["etag"] != before.headers["etag"]
    assert writer.post("/v1/videos", json=wish).status_code == 200
    assert theirs.post("/v1/videos", json=wish).status_code == 400, "what one tenant allows"
    desk = open_desk(far.store, "ours", "lin")
    said = [(each.kind, each.detail, each.person_id) for each in events_of(desk, changed.json()["id"])]
    assert said[-1] == ("policy set", {"remote": True}, desk.person_id)
    budget = writer.patch("/v1/projects/INBOX", json={"budget_s": 60}).json()
    assert (budget["budget_s"], budget["allows_remote"]) == (60, True)
    lifted = writer.patch("/v1/projects/INBOX", json={"budget_s": None, "allows_remote": False}).json()
    assert (lifted["budget_s"], lifted["allows_remote"]) == (None, False)
    assert writer.post("/v1/videos", json=wish).status_code == 400


def test_the_inbox_is_there_for_who_lets_its_words_leave_first(client):
    assert client.get("/v1/projects/INBOX").status_code == 404
    assert client.patch("/v1/projects/INBOX", json={"allows_remote": True}).json()["is_inbox"]
    assert client.post("/v1/videos", json={"prompt": "a fox", "model": FAR}).status_code == 200


def test_what_is_made_here_waits_for_nothing_made_elsewhere(far, client, leave, tmp_path, monkeypatch):
    monkeypatch.setenv("FAR_IS_DONE", str(tmp_path / "done"))
    crew = Crew(far, 1, Patience(beat_s=0.2, grace_s=2.0))
    asked = [{"prompt": "a fox", "model": FAR}, {"prompt": "a cat", "model": FAR}, {"prompt": "a dog"}]
    jobs = [client.post("/v1/videos", json=each).json()["job_id"] for each in asked]

    def job(number):
        return client.get(f"/v1/jobs/{jobs[number]}").json()

    assert [job(number)["lane"] for number in range(3)] == ["hosted", "hosted", "interactive"]
    assert crew.states() == {"idle": 1, "busy": 0, "down": 0}, "those that only wait are not counted"
    crew.start()
    try:
        wait_for(lambda: job(2)["state"] == "succeeded")
        wait_for(lambda: [job(0)["state"], job(1)["state"]] == ["running", "running"])
        (tmp_path / "done").touch()
        wait_for(lambda: [job(0)["state"], job(1)["state"]] == ["succeeded", "succeeded"])
    finally:
        crew.stop(10.0)


def wait_for(is_so):
    ends = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < ends, "it never came to be"
        time.sleep(0.05)


def test_takes_wait_where_they_are_made(far, client, leave):
    here = client.post("/v1/videos", json={"prompt": "a fox"}).json()["job_id"]
    there = client.post("/v1/videos", json={"prompt": "a fox", "model": FAR}).json()["job_id"]
    for job_id, lane in ((here, "hosted"), (there, "night")):
        refused = client.patch(f"/v1/jobs/{job_id}", json={"lane": lane})
        assert (refused.status_code, "takes wait where" in refused.text) == (400, True), refused.text
    shot = client.get("/v1/takes").json()["data"][0]["shot_id"]
    refused = client.post(f"/v1/shots/{shot}/takes", json={"lane": "hosted"})
    assert (refused.status_code, "is not hosted" in refused.text) == (400, True), refused.text
    desk = replace(open_desk(far.store), hosted=far.engine.hosted_models)
    moved = edit_queued(desk, there, TakeRequest("a cat", 1, FAR))
    assert moved.job.lane == "hosted"
    assert edit_queued(desk, moved.job.id, TakeRequest("a cat", 1, "mini")).job.lane == "interactive"
    with pytest.raises(UsageError, match="takes wait where"):
        set_lane(desk, here, type(moved.job.lane)("hosted"))
    assert [each["name"] for each in client.get("/v1/lanes").json()["data"]][-1] == "hosted"


def test_hosted_models_are_served_where_there_is_a_key(monkeypatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    assert _hosted_models() == {}
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-x")
    found = _hosted_models()["dashscope/wan2.2-t2v-plus"]
    assert (found.is_hosted, found.width, found.height, found.seconds) == (True, 1920, 1080, 5)


def test_a_house_without_hosted_models_waits_for_none(house):
    assert len(Crew(house, 2)._threads) == 2
