"""Files over HTTP: what they are is found out safely, takes start from them, others never see them."""

import pytest
from starlette.testclient import TestClient
from tests.service.conftest import picture, work_off

from rushes.service.app import make_app
from rushes.service.house import Limits

PNG = picture(90)


@pytest.fixture
def sent(client):
    answer = client.post("/v1/files", content=PNG, headers={"content-type": "text/html"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_file_is_what_its_bytes_say(client, sent):
    assert (sent["media_type"], sent["width"], sent["height"]) == ("image/png", 64, 36)
    assert client.post("/v1/files", content=PNG).json() == sent
    assert client.get("/v1/files").json()["data"] == [sent]
    assert client.get(f"/v1/files/{sent['sha256']}").json() == sent
    whole = client.get(sent["path"])
    assert whole.content == PNG
    assert (whole.headers["content-type"], whole.headers["x-content-type-options"]) == (
        "image/png",
        "nosniff",
    )
    part = client.get(sent["path"], headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")
    head = client.head(sent["path"])
    assert (head.content, head.headers["content-length"]) == (b"", str(len(PNG)))
    assert client.get(sent["path"], headers={"If-None-Match": head.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89PNG\r\n\x1a\nand no more", b"\0\0\0\x18ftypmp42"])
def test_what_is_no_picture_or_clip_is_refused(client, house, content):
    answer = client.post("/v1/files", content=content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert not [path for path in house.files.root.rglob("*") if path.is_file()]


def test_a_take_starts_from_a_file_which_then_stays(client, house, sent):
    client.post("/v1/projects", json={"code": "FOX"})
    shot = client.post("/v1/projects/FOX/shots", json={"text": "a fox in rain"}).json()
    path = f"/v1/shots/{shot['id']}/takes"
    take = client.post(path, json={"first_frame": sent["sha256"]}).json()
    assert take["inputs"] == [{"role": "first_frame", "sha256": sent["sha256"]}]
    refused = client.delete(f"/v1/files/{sent['sha256']}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    work_off(house)
    assert client.get(f"/v1/takes/{take['id']}").json()["job"]["state"] == "succeeded"
    assert client.delete(f"/v1/takes/{take['id']}").status_code == 204
    assert client.delete(f"/v1/files/{sent['sha256']}").status_code == 204
    assert client.get(sent["path"]).status_code == 404
    assert client.post(path, json={"first_frame": sent["sha256"]}).status_code == 404
    other = {"first_frame": sent["sha256"], "model": "other"}
    assert "does not start from a picture" in client.post(path, json=other).json()["error"]["message"]


def test_a_file_has_a_limit_of_its_own(house):
    small = type(house)(
        house.store, house.files, house.engine, house.keys, True, house.secret,
        Limits(body_bytes=100, upload_bytes=2000),
    )  # fmt: skip
    client = TestClient(make_app(small), raise_server_exceptions=False)
    assert client.post("/v1/files", content=PNG).status_code == 201
    assert client.post("/v1/files", content=b"a" * 2001).status_code == 413
    assert client.post("/v1/files", content=iter([b"a" * 1500] * 3)).status_code == 413
    assert client.post("/v1/videos", content=b"a" * 101).status_code == 413
    assert not list(house.files.root.glob("scratch/*"))


def test_files_come_in_pages(client):
    made = {client.post("/v1/files", content=picture(shade)).json()["sha256"] for shade in (1, 2, 3)}
    first = client.get("/v1/files", params={"limit": 2}).json()
    rest = client.get("/v1/files", params={"limit": 2, "after": first["next"]}).json()
    assert {each["sha256"] for each in first["data"] + rest["data"]} == made
    assert rest["next"] is None
