"""Remixes over HTTP of takes the shell made: LoRAs, pictures of its own, a take among candidates."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.service.conftest import picture

from rushes.cli.take_steps import estimator
from rushes.service.app import make_app
from rushes.studio.desk import open_desk
from rushes.studio.inputs import take_in
from rushes.studio.shooting import inbox_shot, submit_take
from rushes.studio.takes import Input, TakeRequest, find_take

WORDS = "a red fox runs over a meadow in the rain"
LORA = {"name": "light.safetensors", "strength": 0.5, "noise": None}


@pytest.fixture
def shell(house):
    """As somebody at this machine shoots: files come in by hash and are no uploads."""
    desk = open_desk(house.store)

    def shoot(folder, roles, **settings):
        inputs = []
        for role, content in roles.items():
            path = folder / role.replace(" ", "_")
            path.write_bytes(content)
            inputs.append(Input(role, take_in(desk, house.files, path).sha256))
        request = TakeRequest(WORDS, 5, "mini", {"seconds": "0.4", **settings})
        return submit_take(desk, inbox_shot(desk, WORDS), request, inputs=tuple(inputs)).take

    return shoot


@pytest.fixture
def client(house):
    """Estimates as ``rushes serve`` makes them, which plans every take."""
    engine = replace(house.engine, estimate=estimator(house.files))
    return TestClient(make_app(replace(house, engine=engine)), raise_server_exceptions=False)


def remix(client, take, prompt="a red fox runs over a meadow in the snow"):
    name = take.id.replace("take_", "video_")
    return client.post(f"/v1/videos/{name}/remix", json={"prompt": prompt})


@pytest.mark.parametrize(
    ("roles", "settings"),
    [
        ({"lora 1": b"weights"}, {"loras": [LORA]}),
        ({"first_frame": picture(90)}, {}),
        ({"lora 1": b"weights", "first_frame": picture(90)}, {"loras": [LORA], "steps": 4}),
    ],
    ids=["lora", "picture", "both"],
)
def test_a_take_of_the_shell_is_remixed_with_all_its_files(client, house, shell, tmp_path, roles, settings):
    before = shell(tmp_path, roles, **settings)
    answer = remix(client, before)
    assert answer.status_code == 200, answer.text
    made = find_take(open_desk(house.store), answer.json()["id"].replace("video_", "take_"))
    assert made.inputs == before.inputs
    assert made.request == replace(before.request, prompt="a red fox runs over a meadow in the snow")
    assert (made.origin.relation, made.origin.parent_id) == ("remix", before.id)


def test_words_the_model_cannot_show_are_refused_before_anything_is_queued(client, shell, tmp_path):
    answer = remix(client, shell(tmp_path, {"lora 1": b"weights"}, loras=[LORA]), "qwertyuiop")
    assert answer.status_code == 400
