"""The gate over HTTP: refusals name rule, place and remedy; what a person has to see waits, and is let go."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.service.conftest import work_off
from tests.service.test_tenants import client_of

from rushes.safety import gate
from rushes.safety.gate import FAILED
from rushes.service.app import make_app
from rushes.service.keys import Scope
from rushes.studio.desk import open_desk
from rushes.studio.projects import find_project, set_policy

PORN = "a porn film in a motel"


def shot_of(client):
    client.post("/v1/projects", json={"code": "FOX"})
    return client.post("/v1/projects/FOX/shots", json={"text": "a naked man in a lake"}).json()["id"]


def test_a_refusal_names_rule_place_and_remedy(client):
    answer = client.post("/v1/videos", json={"prompt": PORN})
    problem = answer.json()["error"]
    assert (answer.status_code, problem["code"], problem["rule"]) == (
        400, "content_policy_violation", "sexual.explicit",
    )  # fmt: skip
    assert (problem["param"], problem["span"], problem["remedy"]) == ("prompt", [2, 6], "leave it out")
    assert client.get("/v1/videos").json()["data"] == []
    assert client.get("/v1/jobs").json()["data"] == []


def test_a_refusal_leaves_a_line_in_the_journal_without_words(client):
    client.post("/v1/videos", json={"prompt": PORN})
    text = client.get("/v1/events", params={"wait_s": 0}, headers={"Last-Event-ID": "0"}).text
    assert "event: gate-refused" in text
    assert "sexual.explicit" in text
    assert "motel" not in text


def test_dashscope_says_it_its_own_way(client):
    body = {"model": "mini", "input": {"prompt": PORN}}
    path = "/api/v1/services/aigc/video-generation/video-synthesis"
    answer = client.post(path, json=body, headers={"X-DashScope-Async": "enable"})
    assert (answer.status_code, answer.json()["code"]) == (400, "DataInspectionFailed")
    assert "sexual.explicit" in answer.json()["message"]


@pytest.mark.parametrize("field", ["negative_prompt", "prompt"])
def test_the_negative_prompt_is_read_as_what_it_is(client, field):
    body = {"prompt": "a fox", field: "nudity and gore"}
    made = client.post("/v1/videos", json=body).json()
    held = client.get(f"/v1/jobs/{made['job_id']}").json()["is_held"]
    assert held == (field == "prompt")


def test_what_goes_before_a_person_waits_until_one_allows_it(client, house):
    shot = shot_of(client)
    take = client.post(f"/v1/shots/{shot}/takes", json={}).json()
    assert take["job"]["is_held"]
    work = f"/v1/jobs/{take['job']['id']}"
    assert client.patch(work, json={"is_held": False}).status_code == 409
    note = client.get("/v1/projects/FOX/waiting").json()["data"][0]["notes"][0]
    assert (note["source"], note["rule"]) == ("gate", "sexual.nudity")
    assert client.post(f"/v1/notes/{note['id']}/close").status_code == 409
    allowed = client.post(f"/v1/takes/{take['id']}/allow")
    assert (allowed.status_code, allowed.json()["job"]["is_held"]) == (200, False)
    assert client.post(f"/v1/takes/{take['id']}/allow").status_code == 409
    work_off(house)
    assert client.get(work).json()["state"] == "succeeded"


def test_leave_needs_the_scope_for_it(house):
    closed = replace(house, is_open=False)
    writer = client_of(closed, "ours", (Scope.READ, Scope.WRITE))
    reviewer = client_of(closed, "ours", (Scope.READ, Scope.REVIEW))
    take = writer.post(f"/v1/shots/{shot_of(writer)}/takes", json={}).json()
    refused = writer.post(f"/v1/takes/{take['id']}/allow")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "scope_missing")
    assert reviewer.post(f"/v1/takes/{take['id']}/allow").status_code == 200


def test_a_gate_that_is_out_of_order_lets_nothing_through(house, monkeypatch):
    def break_down(*_):
        raise TimeoutError

    monkeypatch.setattr(gate, "read", break_down)
    client = TestClient(make_app(house))
    made = client.post("/v1/videos", json={"prompt": "a fox"}).json()
    assert client.get(f"/v1/jobs/{made['job_id']}").json()["is_held"]
    assert client.get("/v1/projects/INBOX/waiting").json()["data"][0]["notes"][0]["rule"] == FAILED


def test_a_project_may_be_stricter_than_the_house(client, house):
    shot = shot_of(client)
    desk = open_desk(house.store, "local")
    document = {"format": 1, "name": "FOX", "revision": "1", "stricter": {"sexual.nudity": "refuse"}}
    set_policy(desk, find_project(desk, "FOX").id, "safety", document)
    answer = client.post(f"/v1/shots/{shot}/takes", json={})
    assert answer.json()["error"]["rule"] == "sexual.nudity"
    assert client.post("/v1/videos", json={"prompt": "a naked man"}).status_code == 200


def test_the_rules_can_be_read_and_their_words_cannot(client):
    found = client.get("/v1/policy").json()
    assert "sexual.explicit" in [rule["id"] for rule in found["rules"]]
    assert "porn" not in str(found)


def test_the_same_key_again_is_the_same_held_take(client):
    header = {"Idempotency-Key": "again"}
    one, two = (client.post("/v1/videos", json={"prompt": "a naked man"}, headers=header) for _ in "ab")
    assert one.json()["id"] == two.json()["id"]
