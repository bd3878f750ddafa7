"""A server that hands takes on to a hosted service, which is our own DashScope surface on another port."""

import time
from dataclasses import replace

from starlette.testclient import TestClient
from tests.hosted.building import build
from tests.hosted.conftest import MODEL
from tests.service.conftest import MINI

from rushes.service.app import make_app
from rushes.service.crew import Crew
from rushes.service.house import Engine, House
from rushes.service.keys import KeyFile
from rushes.studio.projects import inbox, set_policy
from rushes.studio.worker import Patience


def test_a_clip_of_a_hosted_model_over_http(studio, service, tmp_path, clip_bytes):
    """Asked for here, made there, delivered here; the local worker is never asked."""
    models = {"mini": MINI, MODEL: replace(MINI, name=MODEL, is_hosted=True)}
    engine = Engine(models, lambda *_: 0.0, lambda _number: _never, build)
    store, keys = studio.desk.store, KeyFile(tmp_path / "ours.json")
    house = House(store, studio.files, engine, keys, True, b"secret of the tests")
    set_policy(studio.desk, inbox(studio.desk).id, "remote", True)
    client = TestClient(make_app(house), raise_server_exceptions=False)
    made = client.post("/v1/videos", json={"prompt": "a fox in snow", "model": MODEL, "size": "832x480"})
    path = f"/v1/videos/{made.json()['id']}"
    crew = Crew(house, 1, Patience(beat_s=0.2, grace_s=2.0))
    crew.start()
    try:
        ends = time.monotonic() + 120
        while client.get(path).json()["status"] in ("queued", "in_progress") and time.monotonic() < ends:
            time.sleep(0.1)
    finally:
        crew.stop(10.0)
    found = client.get(path).json()
    assert (found["status"], found["error"]) == ("completed", None)
    assert client.get(f"/v1/jobs/{found['job_id']}").json()["lane"] == "hosted"
    assert client.get(f"{path}/content").content[4:8] == b"ftyp"
    assert len(service.tasks()) == 1


def _never():
    raise AssertionError("the worker of this machine was asked")
