"""Our own surface: from a project to a reviewed take, the queue, and events that can be resumed."""

import json

import pytest
from tests.service.conftest import work_off

from rushes.studio.desk import open_desk
from rushes.studio.takes import Master, add_master


def read_events(client, **query):
    """Ids, names and documents of what a stream tells at once."""
    after = query.pop("after", None)
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    text = client.get("/v1/events", params={"wait_s": 0, **query}, headers=headers).text
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in lines:
            found.append((int(lines.get("id", 0)), lines["event"], json.loads(lines["data"])))
    return found


@pytest.fixture
def shot(client):
    assert client.post("/v1/projects", json={"code": "FOX", "title": "狐狸"}).status_code == 201
    return client.post("/v1/projects/FOX/shots", json={"text": "a fox in rain"}).json()


def test_a_shot_is_filmed_reviewed_and_retaken(client, house, shot):
    assert shot["code"] == "SQ010_SH0010"
    take = client.post(f"/v1/shots/{shot['id']}/takes", json={"seed": 7, "settings": {"seconds": 1.5}}).json()
    assert (take["code"], take["prompt"], take["job"]["state"]) == (
        "SQ010_SH0010_v001", "a fox in rain", "queued"
    )  # fmt: skip
    early = client.post(f"/v1/takes/{take['id']}/reviews", json={"choice": "circled", "is_current": True})
    assert early.status_code == 409
    work_off(house)
    done = client.get(f"/v1/takes/{take['id']}").json()
    assert done["job"]["state"] == "succeeded"
    assert client.get(done["renditions"][0]["path"]).status_code == 200
    assert [each["take_id"] for each in client.get("/v1/projects/FOX/waiting").json()["data"]] == [take["id"]]
    review = client.post(f"/v1/takes/{take['id']}/reviews", json={"choice": "circled", "is_current": True})
    assert review.status_code == 201
    assert client.get(f"/v1/shots/{shot['id']}").json()["current_take_id"] == take["id"]
    wish = {"text": "snow, not rain", "first_frame": 2, "last_frame": 5}
    note = client.post(f"/v1/takes/{take['id']}/notes", json=wish).json()
    assert client.post(f"/v1/notes/{note['id']}/close").status_code == 204
    assert client.get(f"/v1/takes/{take['id']}/notes").json()["data"][0]["closed_at"]
    assert client.get("/v1/usage").json()["data"][0]["model"] == "mini"


def test_a_note_over_http_is_at_frames_the_take_has(client, house, shot):
    take = client.post(f"/v1/shots/{shot['id']}/takes", json={}).json()
    told = {"denoise": {"num_frames": 25}, "decode": {"trim": 1}, "finish": {"source_rate": "12"}}
    recipe = {"stages": [{"name": name, "settings": each} for name, each in told.items()]}
    desk = open_desk(house.store)
    with house.store.write() as connection:
        add_master(connection, desk, Master(take["id"], "aa", recipe, "job_1", 1, 5.0))
    path, wish = f"/v1/takes/{take['id']}/notes", {"text": "snow, not rain", "first_frame": 2}
    late = client.post(path, json={**wish, "last_frame": 24})
    assert (late.status_code, "frames 0 to 23" in late.json()["error"]["message"]) == (400, True)
    assert client.post(path, json={**wish, "last_frame": 23}).status_code == 201
    assert len(client.get(path).json()["data"]) == 1


def test_the_older_of_two_changes_loses(client, shot):
    path = f"/v1/shots/{shot['id']}"
    tag = client.get(path).headers["etag"]
    first = client.patch(path, json={"text": "a fox in snow"}, headers={"If-Match": tag})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    second = client.patch(path, json={"text": "a cat"}, headers={"If-Match": tag})
    assert (second.status_code, second.json()["error"]["code"]) == (412, "precondition_failed")
    assert client.get(path).json()["text"] == "a fox in snow"


def test_a_key_sent_again_makes_nothing_twice(client, shot):
    header = {"Idempotency-Key": "again"}
    path = "/v1/projects/FOX/shots"
    one, two = (client.post(path, json={"text": "a cat"}, headers=header) for _ in range(2))
    assert one.json() == two.json()
    assert client.post(path, json={"text": "a dog"}, headers=header).status_code == 409
    assert len(client.get(path).json()["data"]) == 2


def test_pages_follow_one_another(client, shot):
    for number in range(4):
        client.post(f"/v1/shots/{shot['id']}/takes", json={"seed": number})
    for path in ("/v1/takes", f"/v1/shots/{shot['id']}/takes", "/v1/jobs"):
        seen, after = [], ""
        while after is not None:
            page = client.get(path, params={"limit": 3, "after": after}).json()
            seen += [each["id"] for each in page["data"]]
            after = page["next"]
        assert len(seen) == len(set(seen)) == 4, path


def test_the_queue_is_changed(client, house, shot):
    ids = [
        client.post(f"/v1/shots/{shot['id']}/takes", json={"seed": number}).json()["job"]["id"]
        for number in range(3)
    ]
    changed = client.patch(
        f"/v1/jobs/{ids[0]}", json={"priority": 9, "lane": "night", "is_held": True}
    ).json()
    assert (changed["priority"], changed["lane"], changed["is_held"]) == (9, "night", True)
    assert client.put("/v1/job-order", json={"jobs": [ids[2], ids[1]]}).status_code == 200
    assert client.post(f"/v1/jobs/{ids[1]}/first").status_code == 200
    assert client.post(f"/v1/jobs/{ids[1]}/cancel").json()["state"] == "cancelled"
    assert client.post(f"/v1/jobs/{ids[1]}/cancel").status_code == 409
    assert client.post(f"/v1/jobs/{ids[1]}/retry").json()["state"] == "queued"
    assert client.put("/v1/lanes/night", json={"is_paused": True}).json()["is_paused"]
    lanes = client.get("/v1/lanes").json()["data"]
    assert [lane["name"] for lane in lanes if lane["is_paused"]] == ["night"]


def test_events_go_on_where_they_broke_off(client, house, shot):
    take = client.post(f"/v1/shots/{shot['id']}/takes", json={}).json()
    work_off(house)
    everything = read_events(client, after=0)
    assert "take-submitted" in [name for _, name, _ in everything]
    middle = everything[len(everything) // 2][0]
    assert read_events(client, after=middle) == [each for each in everything if each[0] > middle]
    mine = read_events(client, after=0, subject=take["id"])
    assert "job-succeeded" in [name for _, name, _ in mine]
    assert "project-made" not in [name for _, name, _ in mine]
    assert read_events(client) == []
