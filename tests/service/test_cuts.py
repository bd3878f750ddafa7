"""Rough cuts over HTTP: circled takes, frames at the project's exact rate, revisions that stay."""

import pytest
from tests.service.conftest import work_off

PATH = "/v1/projects/FOX/cuts/rough"


@pytest.fixture
def takes(client, house):
    """Three shots of a project at 24000/1001, with a circled take of 2, 1.5 and 2 seconds each."""
    client.post("/v1/projects", json={"code": "FOX", "frame_rate": "24000/1001"})
    made = []
    for text, seconds in (("a fox", None), ("a cat", 1.5), ("a dog", None)):
        shot = client.post("/v1/projects/FOX/shots", json={"text": text}).json()
        asked = {"settings": {} if seconds is None else {"seconds": seconds}}
        made.append(client.post(f"/v1/shots/{shot['id']}/takes", json=asked).json())
    work_off(house)
    for take in made:
        client.post(f"/v1/takes/{take['id']}/reviews", json={"choice": "circled"})
    return made


def test_a_cut_is_assembled_from_circled_takes_in_the_order_of_the_script(client, takes):
    client.post(f"/v1/takes/{takes[2]['id']}/reviews", json={"choice": "rejected"})
    answer = client.put(PATH, json={"title": "组接"})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"'), answer.text
    cut = answer.json()
    assert (cut["frame_rate"], cut["num_frames"]) == ("24000/1001", 47 + 35)
    assert [(clip["take_code"], clip["record_in"], clip["record_out"]) for clip in cut["clips"]] == [
        ("SQ010_SH0010_v001", 0, 47), ("SQ010_SH0020_v001", 47, 82)
    ]  # fmt: skip
    assert client.get(PATH).json() == cut
    assert client.get("/v1/projects/FOX/cuts").json()["data"] == [cut]


def test_clips_are_trimmed_and_ordered(client, takes):
    parts = [
        {"take_id": takes[2]["id"], "in_frame": 12, "out_frame": 24},
        {"take_id": takes[0]["id"], "in_frame": 40},
    ]
    cut = client.put(PATH, json={"clips": parts}).json()
    assert [(clip["in_frame"], clip["out_frame"]) for clip in cut["clips"]] == [(12, 24), (40, 47)]
    ordered = client.put(PATH, json={"clips": parts, "order": "script"}).json()
    assert [clip["take_id"] for clip in ordered["clips"]] == [takes[0]["id"], takes[2]["id"]]
    assert (ordered["revision"], ordered["num_frames"]) == (2, 19)
    assert client.get(PATH, params={"revision": 1}).json() == cut
    client.post(f"/v1/takes/{takes[0]['id']}/reviews", json={"choice": "rejected"})
    assert [clip["choice"] for clip in client.get(PATH).json()["clips"]] == ["rejected", "circled"]


def test_the_older_of_two_cuts_loses(client, takes):
    tag = client.put(PATH, json={}, headers={"If-Match": '"0"'}).headers["etag"]
    assert client.put(PATH, json={"title": "a"}, headers={"If-Match": tag}).status_code == 200
    late = client.put(PATH, json={"title": "b"}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["error"]["code"]) == (412, "precondition_failed")
    assert client.get(PATH).json()["title"] == "a"


@pytest.mark.parametrize(
    ("clip", "status"),
    [
        ({"in_frame": 47}, 400), ({"out_frame": 48}, 400), ({"in_frame": 9, "out_frame": 9}, 400),
        ({"in_frame": -1}, 400), ({"take_id": "take_none"}, 404),
    ],
)  # fmt: skip
def test_frames_a_take_does_not_have_are_refused(client, takes, clip, status):
    answer = client.put(PATH, json={"clips": [{"take_id": takes[0]["id"], **clip}]})
    assert answer.status_code == status, answer.text
    assert client.get(PATH).status_code == 404


def test_a_take_that_is_not_circled_is_not_cut(client, takes):
    client.post(f"/v1/takes/{takes[1]['id']}/reviews", json={"choice": "held"})
    answer = client.put(PATH, json={"clips": [{"take_id": takes[1]["id"]}]})
    assert (answer.status_code, "circle it" in answer.text) == (409, True)
