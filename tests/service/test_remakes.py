"""Takes made of the clips of others, over HTTP: children of their takes, planned without torch."""

import subprocess
import sys
from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.service.conftest import ENGINE, picture
from tests.service.filmed import filmed_steps

from rushes.cli.take_steps import estimator
from rushes.service.app import make_app
from rushes.studio.desk import open_desk
from rushes.studio.foreground import run_now
from rushes.studio.jobs.queue import job_of_take
from rushes.studio.takes import get_take

WORDS, SNOW = "a red fox runs over a meadow in the rain", "a red fox runs over a meadow in the snow"


@pytest.fixture
def client(house):
    """Estimates as ``rushes serve`` makes them, which plans every take."""
    engine = replace(ENGINE, estimate=estimator(house.files))
    return TestClient(make_app(replace(house, engine=engine)), raise_server_exceptions=False)


@pytest.fixture
def film(client, house):
    """A take with a true clip of 30 frames at 12 a second, 320x180."""
    client.post("/v1/projects", json={"code": "FOX"})
    shot = client.post("/v1/projects/FOX/shots", json={"text": WORDS}).json()["id"]
    desk = open_desk(house.store)

    def make():
        made = client.post(f"/v1/shots/{shot}/takes", json={"seed": 7}).json()
        with house.store.read() as connection:
            take = get_take(connection, desk, made["id"])
        job = job_of_take(desk, take.id)
        list(run_now(desk, house.files, job, filmed_steps(take, job)))
        return client.get(f"/v1/takes/{take.id}").json()

    return make


def clip_of(take):
    return next(each["sha256"] for each in take["renditions"] if each["name"] == "clip")


def test_a_take_is_edited(client, film):
    parent = film()
    asked = {"prompt": SNOW, "strength": 0.8}
    answer = client.post(f"/v1/takes/{parent['id']}/edits", json=asked, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 202, answer.text
    child = answer.json()
    assert (child["relation"], child["parent_id"], child["shot_id"]) == (
        "edit", parent["id"], parent["shot_id"]
    )  # fmt: skip
    assert child["inputs"] == [{"role": "clip", "sha256": clip_of(parent)}]
    assert child["settings"] == {"edit": {"was": WORDS, "box": None, "strength": 0.8, "mask": True}}
    assert (child["prompt"], child["model"], child["job"]["state"]) == (SNOW, "mini", "queued")
    assert child["job"]["estimate_s"] > 0
    again = client.post(f"/v1/takes/{parent['id']}/edits", json=asked, headers={"Idempotency-Key": "k"})
    assert again.json()["id"] == child["id"]


def test_what_cannot_be_edited_is_refused_before_it_is_queued(client, film):
    path = f"/v1/takes/{film()['id']}/edits"
    for asked, said in (
        ({"prompt": WORDS}, "shows that already"),
        ({"prompt": SNOW, "box": [300, 0, 64, 48]}, "does not lie inside"),
        ({"prompt": SNOW, "box": [0, 0, 64]}, "box"),
        ({"prompt": SNOW, "strength": 0}, "strength"),
        ({"prompt": "qwertyuiop"}, ""),
        ({"prompt": SNOW, "lane": "hosted"}, "is not hosted"),
    ):
        answer = client.post(path, json=asked)
        assert (answer.status_code, said in answer.text) == (400, True), answer.text
    assert client.post(path, json={"prompt": SNOW, "model": "../mini"}).status_code == 404
    assert len(client.get("/v1/takes").json()["data"]) == 1


def test_a_take_goes_on_and_two_are_joined(client, film):
    one, two = film(), film()
    longer = client.post(f"/v1/takes/{one['id']}/extensions", json={"seconds": 1.5})
    assert longer.status_code == 202, longer.text
    child = longer.json()
    assert (child["relation"], child["parent_id"], child["prompt"]) == ("extend", one["id"], WORDS)
    assert child["settings"] == {"extend": {"seconds": "1.5"}}
    too_long = client.post(f"/v1/takes/{one['id']}/extensions", json={"seconds": 30})
    assert (too_long.status_code, "30 s in all" in too_long.text) == (400, True)
    asked = {"first": one["id"], "last": two["id"], "prompt": "a red fox runs", "seconds": 1}
    between = client.post("/v1/in-betweens", json=asked)
    assert between.status_code == 202, between.text
    child = between.json()
    assert (child["relation"], child["parent_id"]) == ("in-between", one["id"])
    assert {each["role"]: each["sha256"] for each in child["inputs"]} == {
        "first": clip_of(one), "last": clip_of(two)
    }  # fmt: skip


def test_a_take_is_joined_with_a_picture(client, film):
    one, sent = film(), client.post("/v1/files", content=picture(90)).json()["sha256"]
    asked = {"first": sent, "last": one["id"], "prompt": "a red fox runs", "seconds": 1}
    between = client.post("/v1/in-betweens", json=asked)
    assert between.status_code == 202, between.text
    child = between.json()
    assert (child["shot_id"], child["parent_id"]) == (one["shot_id"], one["id"])
    assert child["inputs"] == [
        {"role": "first", "sha256": sent}, {"role": "last", "sha256": clip_of(one)}
    ]  # fmt: skip
    assert child["settings"]["between"] == {"first_is_clip": False, "last_is_clip": True}
    for wrong, status in ((sent, 400), ("0" * 64, 404)):
        assert client.post("/v1/in-betweens", json={**asked, "last": wrong}).status_code == status


def test_what_is_not_made_or_gone_is_no_footage(client, house, film):
    gone, waits = film(), client.post("/v1/videos", json={"prompt": WORDS}).json()
    take_id = waits["id"].replace("video", "take")
    asked = {"first": gone["id"], "last": take_id, "prompt": WORDS}
    for path, body in (
        (f"/v1/takes/{take_id}/edits", {"prompt": SNOW}),
        (f"/v1/takes/{take_id}/extensions", {"seconds": 1}),
        ("/v1/in-betweens", asked),
    ):
        answer = client.post(path, json=body)
        assert (answer.status_code, "is not made yet" in answer.text) == (409, True), answer.text
    house.files.path(open_desk(house.store).tenant_id, clip_of(gone)).unlink()
    answer = client.post(f"/v1/takes/{gone['id']}/extensions", json={"seconds": 1})
    assert (answer.status_code, "not kept any more" in answer.text) == (404, True), answer.text


def test_an_estimate_loads_no_torch(film, house):
    path = house.files.path(open_desk(house.store).tenant_id, clip_of(film()))
    code = f"""
import sys
from pathlib import Path
from rushes.cli.planned import Given, Wish
from rushes.cli.take_plan import sketch_take
clip = Path({str(path)!r})
is_clip = {{"first_is_clip": True, "last_is_clip": True}}
edit = {{"was": "a fox", "box": "0,0,64,48", "strength": 1.0, "mask": True}}
sketch_take(Wish({SNOW!r}, 1, "mini", {{"edit": edit}}), Given(clip=clip))
sketch_take(Wish({SNOW!r}, 1, "mini", {{"extend": {{"seconds": "1"}}}}), Given(clip=clip))
sketch_take(Wish({SNOW!r}, 1, "mini", {{"between": is_clip}}), Given(ends=(clip, clip)))
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
