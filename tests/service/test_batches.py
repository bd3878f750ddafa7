"""Batches over HTTP: all of it or nothing, counted by state, paused, cancelled, and queued once."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.service.conftest import picture, work_off

from rushes.service.app import make_app

ROWS = [
    {"text": "a fox in rain", "takes": 2, "seed": 7, "settings": {"seconds": 1.5}},
    {"template": "previs_chase", "values": {"place": "forest"}, "language": "ko"},
    {"shot": "SH0100", "text": "a cat"},
]


@pytest.fixture
def path(client):
    client.post("/v1/projects", json={"code": "FOX", "budget_s": 3600})
    return "/v1/projects/FOX/batches"


def test_rows_become_takes_and_are_counted(client, house, path):
    batch = client.post(path, json={"name": "monday", "rows": ROWS, "lane": "night"}).json()
    assert batch["name"].startswith("monday ")
    assert (batch["num_takes"], batch["counts"]["queued"], batch["progress"]) == (4, 4, 0)
    takes = client.get(f"/v1/batches/{batch['id']}/takes").json()["data"]
    assert sorted(take["code"] for take in takes) == [
        "SQ010_SH0010_v001", "SQ010_SH0010_v002", "SQ010_SH0020_v001", "SQ010_SH0100_v001"
    ]  # fmt: skip
    assert {take["job"]["lane"] for take in takes} == {"night"}
    assert {take["seed"] for take in takes if take["prompt"] == "a fox in rain"} == {7, 8}
    work_off(house)
    done = client.get(f"/v1/batches/{batch['id']}").json()
    assert (done["counts"]["succeeded"], done["progress"]) == (4, 1)
    again = client.post(path, json={"rows": [{"shot": "SH0100"}]}).json()
    take = client.get(f"/v1/batches/{again['id']}/takes").json()["data"][0]
    assert (take["code"], take["prompt"]) == ("SQ010_SH0100_v002", "a cat")


def test_a_key_sent_again_adds_nothing(client, path):
    header = {"Idempotency-Key": "once"}
    one, two = (client.post(path, json={"rows": ROWS}, headers=header) for _ in range(2))
    assert one.json() == two.json()
    other = client.post(path, json={"rows": [{"text": "a dog", "seed": 1}]}, headers=header)
    assert other.status_code == 409
    assert len(client.get("/v1/takes").json()["data"]) == 4
    assert [batch["id"] for batch in client.get(path).json()["data"]] == [one.json()["id"]]


def test_a_batch_is_paused_let_go_and_cancelled(client, house, path):
    batch = client.post(path, json={"rows": ROWS, "is_paused": True}).json()
    address = f"/v1/batches/{batch['id']}"
    assert (batch["is_paused"], batch["num_held"]) == (True, 4)
    freed = client.patch(address, json={"is_paused": False}).json()
    assert (freed["is_paused"], freed["num_held"]) == (False, 0)
    assert client.patch(address, json={"is_paused": True}).json()["is_paused"]
    cancelled = client.post(f"{address}/cancel").json()
    assert (cancelled["counts"]["cancelled"], cancelled["progress"], cancelled["is_paused"]) == (4, 1, False)
    assert client.post(f"{address}/cancel").status_code == 202
    assert client.get("/v1/projects/FOX").json()["reserved_s"] == 0


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, "words"), ({"text": "a", "template": "previs_chase"}, "two"), ({"template": "none"}, "template"),
        ({"template": "previs_chase", "values": {"place": "42"}}, "place"), ({"shot": "SH9"}, "SH9"),
        ({"text": "a", "settings": {"seconds": 60}}, "10 seconds"), ({"text": "a", "model": "x"}, "served"),
        ({"text": "a", "first_frame": "0" * 64}, "no file"),
    ],
)  # fmt: skip
def test_one_row_that_cannot_be_filmed_refuses_all(client, path, row, words):
    for address in (path, "/v1/projects/FOX/batch-plans"):
        answer = client.post(address, json={"rows": [ROWS[0], row]})
        message = answer.json()["error"]["message"]
        assert answer.status_code in (400, 404)
        assert "row 2: " in message
        assert words in message
    assert client.get("/v1/takes").json()["data"] == []
    assert client.get(path).json()["data"] == []


def test_a_batch_the_budget_does_not_hold_queues_nothing(house):
    engine = replace(house.engine, estimate=lambda *_: 1000.0)
    client = TestClient(make_app(replace(house, engine=engine)), raise_server_exceptions=False)
    client.post("/v1/projects", json={"code": "FOX", "budget_s": 3600})
    plan = client.post("/v1/projects/FOX/batch-plans", json={"rows": ROWS}).json()
    assert plan == {"num_takes": 4, "estimate_s": 4000.0, "budget_left_s": 3600.0, "fits": False}
    answer = client.post("/v1/projects/FOX/batches", json={"rows": ROWS})
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "limit_reached")
    assert client.get("/v1/takes").json()["data"] == []


def test_rows_start_from_files_and_batches_come_in_pages(client, path):
    sent = client.post("/v1/files", content=picture(90)).json()
    for number in range(3):
        rows = [{"text": f"fox {number}", "first_frame": sent["sha256"]}]
        last = client.post(path, json={"rows": rows}).json()
    take = client.get(f"/v1/batches/{last['id']}/takes").json()["data"][0]
    assert take["inputs"] == [{"role": "first_frame", "sha256": sent["sha256"]}]
    first = client.get(path, params={"limit": 2}).json()
    rest = client.get(path, params={"limit": 2, "after": first["next"]}).json()
    assert [len(first["data"]), len(rest["data"]), rest["next"]] == [2, 1, None]


def test_too_many_takes_are_refused(client, path):
    answer = client.post(path, json={"rows": [{"text": "a fox", "takes": 99}] * 11})
    assert (answer.status_code, "1000" in answer.text) == (400, True)
