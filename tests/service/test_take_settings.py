"""What a take can be told over HTTP: as much as in the shell, and refused before anything is queued."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from rushes.cli.take_steps import estimator
from rushes.service.app import make_app

WORDS = "a red fox runs over a meadow in the rain"
TOLD = {"sliders": {"speed": 0.5, "pan_x": -1.0}, "candidates": 4, "upscale": "lanczos", "seconds": 0.4}


@pytest.fixture
def client(house):
    """Estimates as ``rushes serve`` makes them, which plans every take."""
    engine = replace(house.engine, estimate=estimator(house.files))
    return TestClient(make_app(replace(house, engine=engine)), raise_server_exceptions=False)


@pytest.fixture
def shot(client):
    client.post("/v1/projects", json={"code": "FOX"})
    return client.post("/v1/projects/FOX/shots", json={"text": WORDS}).json()["id"]


def test_a_take_and_a_batch_are_told_what_the_shell_can_say(client, shot):
    take = client.post(f"/v1/shots/{shot}/takes", json={"settings": TOLD})
    assert take.status_code == 202, take.text
    assert take.json()["settings"] == {**TOLD, "seconds": "0.4"}
    rows = [{"text": WORDS, "settings": TOLD}]
    batch = client.post("/v1/projects/FOX/batches", json={"rows": rows})
    assert batch.status_code == 202, batch.text
    made = client.get(f"/v1/batches/{batch.json()['id']}/takes").json()["data"][0]
    assert made["settings"]["sliders"] == TOLD["sliders"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sliders": {"sped": 1}}, "choose pan_x, pan_y, zoom, speed, strength"),
        ({"sliders": {"speed": 1.01}}, "sliders.speed"),
        ({"sliders": {"../speed": 1}}, "sliders"),
        ({"candidates": 17}, "candidates"),
        ({"candidates": 0}, "candidates"),
        ({"preset": "lightning"}, "was made for"),
        ({"preset": "thunder"}, "choose lightning"),
        ({"preset": "../x"}, "preset"),
        ({"upscale": "magic"}, "upscale"),
    ],
)
def test_what_the_model_does_not_know_is_refused_before_it_is_queued(client, shot, settings, said):
    for path, body in (
        (f"/v1/shots/{shot}/takes", {"settings": settings}),
        ("/v1/projects/FOX/batches", {"rows": [{"text": WORDS, "settings": settings}]}),
    ):
        answer = client.post(path, json=body)
        assert (answer.status_code, said in answer.json()["error"]["message"]) == (400, True), answer.text
    assert (
        client.get("/v1/takes").json()["data"] == client.get("/v1/projects/FOX/batches").json()["data"] == []
    )


def test_videos_take_sliders_and_candidates_too(client):
    asked = {"prompt": WORDS, "seconds": "0.4", "candidates": 2}
    sent = (
        {"json": {**asked, "sliders": {"speed": 0.5, "zoom": 1}}},
        {"data": {**asked, "sliders[speed]": "0.5", "sliders[zoom]": "1"}},
        {"data": {**asked, "sliders": '{"speed": 0.5, "zoom": 1}'}},
    )
    for how in sent:
        video = client.post("/v1/videos", **how)
        assert video.status_code == 200, video.text
        take = client.get(f"/v1/takes/{video.json()['id'].replace('video', 'take')}").json()
        assert take["settings"] == {"seconds": "2/5", "candidates": 2, "sliders": {"speed": 0.5, "zoom": 1}}


@pytest.mark.parametrize(
    "form",
    [{"sliders[sped]": "1"}, {"sliders[speed]": "NaN"}, {"sliders": "1"}, {"sliders": '{"speed": NaN}'}],
)
def test_a_form_with_sliders_that_are_none_is_refused(client, form):
    answer = client.post("/v1/videos", data={"prompt": WORDS, **form})
    assert answer.status_code == 400, answer.text
    assert client.get("/v1/takes").json()["data"] == []
