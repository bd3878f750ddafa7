"""The server on PostgreSQL, which takes other texts than SQLite: nothing of that is a failure of ours."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.service.conftest import work_off
from tests.studio.postgres import postgres_server, programs

from rushes.service.app import make_app
from rushes.studio.store import open_store


@pytest.fixture(scope="module")
def store():
    if programs() is None:
        pytest.skip("no PostgreSQL programs here: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="pg") as folder, postgres_server(Path(folder)) as server:
        server.create("studio")
        opened = open_store(server.url("studio"))
        yield opened
        opened.engine.dispose()


@pytest.fixture
def house(house, store):
    return replace(house, store=store)


def test_a_clip_is_made_looked_at_and_deleted(client, house):
    video = client.post("/v1/videos", json={"prompt": "a fox", "seed": 1}).json()
    work_off(house)
    path = f"/v1/videos/{video['id']}"
    made = client.get(path)
    assert made.json()["status"] == "completed"
    assert client.get("/v1/videos", params={"limit": 1}).json()["data"][0]["id"] == video["id"]
    assert client.get(f"{path}/content").status_code == 200
    assert client.delete(path, headers={"If-Match": '"another"'}).status_code == 412
    assert client.delete(path, headers={"If-Match": made.headers["etag"]}).status_code == 200
    assert client.get(path).status_code == 404


def test_zero_bytes_are_mistakes_of_who_sends_them_on_every_route(house):
    """PostgreSQL refuses them wherever they stand, so a look for such an id is no look at all."""
    client = TestClient(make_app(house), raise_server_exceptions=False)
    client.post("/v1/projects", json={"code": "FOX"})
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        for method, operation in operations.items():
            names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
            place = re.sub(r"\{[a-z_0-9]+\}", "video_%00" if "video_id" in path else "%00", path)
            asked = "&".join(f"{name}=%00" for name in names if name != "wait_s")
            if path == "/v1/events":
                asked = "wait_s=0"
            answer = client.request(method, f"{place}?{asked}", json={})
            assert answer.status_code < 500, (method, path, answer.text)
