"""The red-team list over HTTP (27 to 35): strangers, paths, guesses, costs, logs, scopes, pages."""

import base64
import json
import logging
import resource
import socket
import struct
import time
import zlib
from dataclasses import replace
from fractions import Fraction
from urllib.parse import quote

import cv2
import numpy as np
import pytest
from sqlalchemy import update
from starlette.testclient import TestClient
from tests.service.conftest import work_off
from tests.service.test_tenants import client_of

from rushes.media.inspection import USUAL
from rushes.media.video import video_writer
from rushes.service.app import make_app
from rushes.service.house import Limits
from rushes.service.keys import Scope
from rushes.studio.schema import tenants

NASTY = [
    "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/keys.json", "take_\x00", "CON",
    "nul.txt", "狐" * 400, "take_1/../../keys.json", "\\\\host\\share", "file:///etc/passwd",
    "take_%0d%0aset-cookie:a=b", "' OR 1=1 --", "*", "{}", "take_" + "0" * 24,
]  # fmt: skip


@pytest.fixture
def closed(house):
    return replace(house, is_open=False)


def test_27_a_signed_link_opens_one_file_of_one_tenant_until_its_end(closed):
    ours, theirs = client_of(closed, "ours"), client_of(closed, "theirs")
    body = {"model": "mini", "input": {"prompt": "a fox"}}
    path = "/api/v1/services/aigc/video-generation/video-synthesis"
    task = ours.post(path, json=body).json()["output"]["task_id"]
    work_off(closed)
    link = ours.get(f"/api/v1/tasks/{task}").json()["output"]["video_url"].replace("http://testserver", "")
    stranger = TestClient(make_app(closed), raise_server_exceptions=False)
    assert stranger.get(link).status_code == 200
    middle = len(link) // 2
    other = "A" if link[middle] != "A" else "B"
    assert stranger.get(link[:middle] + other + link[middle + 1 :]).status_code in (401, 404)
    assert theirs.get(f"/v1/takes/{task}/renditions/clip").status_code == 404


def test_27_what_is_not_ours_and_what_is_not_there_read_the_same(closed):
    ours, theirs = client_of(closed, "ours"), client_of(closed, "theirs")
    job = ours.post("/v1/videos", json={"prompt": "a fox"}).json()["job_id"]
    absent = "job_" + "0" * len(job.removeprefix("job_"))
    texts = [theirs.get(f"/v1/jobs/{name}").json()["error"] for name in (job, absent)]
    said = [{**each, "message": each["message"].replace(name, "X"), "request_id": ""}
            for each, name in zip(texts, (job, absent), strict=True)]  # fmt: skip
    assert said[0] == said[1]


INWARDS = [
    "https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://[::ffff:127.0.0.1]/",
    "https://[::1]/", "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/",
    "gopher://127.0.0.1:6379/_FLUSHALL", "file:///etc/passwd", "http://example.com/", "https://localhost./",
]  # fmt: skip


@pytest.mark.parametrize("address", INWARDS)
def test_28_nothing_a_client_names_leads_inwards(client, house, address, monkeypatch):
    """By webhook or by picture, tried at once or by a worker later: nobody is connected to."""
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it was connected to"))
    hook = {"name": "post", "url": address, "event_types": ["video.completed"]}
    made = client.post("/v1/webhook_endpoints", json=hook)
    if made.status_code == 200:
        path = f"/v1/webhook_endpoints/{made.json()['id']}/test"
        assert client.post(path, json={"event_type": "video.completed"}).status_code == 400
    wish = {"prompt": "a fox", "input_reference": {"image_url": address}}
    assert client.post("/v1/videos", json=wish).status_code == 400
    asked = {"model": "mini", "input": {"prompt": "a fox", "img_url": address}}
    path = "/api/v1/services/aigc/video-generation/video-synthesis"
    assert client.post(path, json=asked, headers={"X-DashScope-Async": "enable"}).status_code == 400
    assert client.get("/v1/takes").json()["data"] == []


@pytest.mark.parametrize("name", NASTY)
def test_29_an_id_is_never_a_path(client, name):
    target = quote(name, safe="%")
    for path in (
        f"/v1/takes/{target}", f"/v1/jobs/{target}", f"/v1/shots/{target}", f"/v1/projects/{target}",
        f"/v1/videos/{target}/content", f"/v1/takes/{target}/renditions/clip", f"/media/{target}",
        f"/v1/files/{target}", f"/api/v1/tasks/{target}",
    ):  # fmt: skip
        answer = client.get(path)
        is_unknown_task = path.startswith("/api/v1/tasks") and answer.status_code == 200
        assert is_unknown_task or answer.status_code in (400, 401, 404, 405), (path, answer.text)
        assert "root:" not in answer.text
        assert "digest" not in answer.text
        assert "set-cookie" not in answer.headers


def test_29_a_model_is_never_a_folder(client):
    for name in ("/etc", "../mini", "file:///etc", "mini/../mini"):
        assert client.post("/v1/videos", json={"prompt": "a fox", "model": name}).status_code == 404


def _png(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    whole = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(10**6))), (b"IEND", b"")):
        whole += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return whole


def _jpeg(width, height):
    """A small one whose header says it is large."""
    small = bytearray(cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    place = small.index(b"\xff\xc0") + 5
    small[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(small)


def _endless_clip(folder):
    """A clip of five frames whose tables speak of a million."""
    with video_writer(folder / "clip.mp4", 64, 36, Fraction(24)) as writer:
        writer.write(np.zeros((36, 64, 3), np.uint8), 5)
    clip = bytearray((folder / "clip.mp4").read_bytes())
    many = struct.pack(">I", 10**6)
    for box, places in ((b"stsz", (12,)), (b"stts", (12,)), (b"stsc", (16,))):
        for place in places:
            start = clip.index(box) + place
            clip[start : start + 4] = many
    one_byte_each = clip.index(b"stsz") + 8
    clip[one_byte_each : one_byte_each + 4] = struct.pack(">I", 1)
    return bytes(clip)


BOMBS = {
    "65k pixels square": lambda _: _png(65_000, 65_000),
    "65k pixels square, JPEG": lambda _: _jpeg(65_000, 65_000),
    "a million frames": _endless_clip,
    "HLS": lambda _: b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "concat": lambda _: b"ffconcat version 1.0\nfile 'file:///etc/passwd'\n",
    "subtitles": lambda _: b"WEBVTT\n\n00:00.000 --> 99:00:00.000\nx\n",
    "DASH": lambda _: b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/</BaseURL></MPD>',
    "SVG": lambda _: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "entities": lambda _: b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><svg>&c;</svg>',
    "EXR": lambda _: b"\x76\x2f\x31\x01" + bytes(400),
    "TIFF": lambda _: b"II*\0" + bytes(400),
    "GIF": lambda _: b"GIF89a" + struct.pack("<HH", 65_000, 65_000) + bytes(400),
    "zip": lambda _: b"PK\x03\x04" + bytes(400),
}


@pytest.mark.parametrize("name", BOMBS)
def test_30_a_bomb_ends_in_a_child_and_leaves_nothing(client, house, tmp_path, name):
    content = BOMBS[name](tmp_path)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = client.post("/v1/files", content=content)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request"), answer.text
    assert "root:" not in answer.text
    assert not [path for path in house.files.root.rglob("*") if path.is_file()]
    assert after.ru_utime - before.ru_utime < USUAL.cpu_s
    wish = {"prompt": "a fox", "input_reference": {"image_url": _data_url(content)}}
    assert client.post("/v1/videos", json=wish).status_code == 400


def _data_url(content):
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def test_30_a_stream_without_end_is_cut(house):
    small = replace(house, limits=Limits(upload_bytes=100_000))
    client = TestClient(make_app(small), raise_server_exceptions=False)
    sent = 0

    def endless():
        nonlocal sent
        while sent < 10**7:
            sent += 10_000
            yield bytes(10_000)

    assert client.post("/v1/files", content=endless()).status_code == 413
    assert not list(house.files.root.glob("scratch/*"))


def test_32_what_costs_too_much_is_said_before_it_is_made(house):
    dear = replace(house, engine=replace(house.engine, estimate=lambda *_: 100.0))
    client = TestClient(make_app(dear), raise_server_exceptions=False)
    client.post("/v1/projects", json={"code": "FOX", "budget_s": 250})
    shot = client.post("/v1/projects/FOX/shots", json={"text": "a fox"}).json()["id"]
    statuses = [client.post(f"/v1/shots/{shot}/takes", json={}).status_code for _ in range(4)]
    assert statuses == [202, 202, 429, 429]
    assert client.get("/v1/projects/FOX").json()["reserved_s"] == 200


@pytest.mark.parametrize(
    "body",
    [
        {"seconds": "1e9"}, {"num_inference_steps": 10**9}, {"width": 10**6, "height": 10**6},
        {"num_frames": 10**9}, {"seed": 10**40}, {"guidance_scale": float("1e300")},
    ],
)  # fmt: skip
def test_32_nobody_asks_for_a_year_of_machine_time(client, body):
    assert client.post("/v1/videos", json={"prompt": "a fox", **body}).status_code == 400


def test_32_a_queue_ends_somewhere(client, house):
    with house.store.write() as connection:
        connection.execute(update(tenants).values(max_queued=3))
    client.get("/v1/takes")
    with house.store.write() as connection:
        connection.execute(update(tenants).values(max_queued=3))
    answers = [client.post("/v1/videos", json={"prompt": f"fox {n}"}) for n in range(5)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].json()["error"]["code"] == "limit_reached"


def test_32_a_key_of_idempotency_stands_for_one_body(client):
    header = {"Idempotency-Key": "k"}
    client.post("/v1/videos", json={"prompt": "a fox", "seed": 1}, headers=header)
    again = client.post("/v1/videos", json={"prompt": "a cat", "seed": 1}, headers=header)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    assert len(client.get("/v1/videos").json()["data"]) == 1


def test_32_guessing_keys_is_slowed_down(closed):
    slow = replace(closed, limits=Limits(wrong_keys_per_minute=5))
    right = {"Authorization": f"Bearer {slow.keys.issue('ours', 'lin', [Scope.READ], 0.0)}"}
    client = TestClient(make_app(slow), raise_server_exceptions=False)
    assert client.get("/v1/takes", headers=right).status_code == 200
    guesses = [
        client.get("/v1/takes", headers={"Authorization": f"Bearer rk_{n}"}).status_code for n in range(8)
    ]
    assert guesses == [401] * 5 + [429] * 3
    assert client.get("/v1/takes", headers=right).status_code == 200, "nobody is locked out by others"


def test_33_logs_and_metrics_keep_words_ids_and_line_breaks_out(closed, caplog):
    client = client_of(closed, "ours", tuple(Scope))
    key = client.headers["authorization"].removeprefix("Bearer ")
    nasty = {"X-Request-Id": 'a" level="error', "User-Agent": "secret\tagent", "traceparent": "secret"}
    with caplog.at_level(logging.INFO):
        client.post("/v1/videos", json={"prompt": "a secret fox\n{}"}, headers=nasty)
        client.post("/v1/videos", json={"prompt": "a secret porn film"}, headers=nasty)
        client.get("/v1/takes/secret%0a%0dtake")
    lines = [json.dumps(record.args) + record.getMessage() for record in caplog.records
             if record.name.startswith("rushes")]  # fmt: skip
    metrics = client.get("/metrics").text
    for text in (*lines, metrics):
        assert "secret" not in text
        assert key not in text
        assert "level=" not in text
    assert "secret" not in " ".join(str(sorted(client.get("/v1/policy").headers.items())))


def test_34_operating_needs_the_scope_for_it(closed):
    user = client_of(closed, "ours")
    assert user.put("/v1/lanes/night", json={"is_paused": True}).status_code == 403
    assert user.get("/metrics").status_code == 403
    reader = client_of(closed, "ours", (Scope.READ,))
    for path, body in (("/v1/videos", {"prompt": "a fox"}), ("/v1/projects", {"code": "X"})):
        assert reader.post(path, json=body).status_code == 403


@pytest.mark.parametrize(
    "header",
    [
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.", "Bearer ", "Basic YWRtaW46YWRtaW4=",
        "Bearer null", "bearer rk_", "Bearer rk_0_0 rk_0_0", "Bearer " + "a" * 8000,
    ],
)  # fmt: skip
def test_34_only_keys_open(closed, header):
    closed.keys.issue("ours", "lin", [Scope.READ], 0.0)
    client = TestClient(make_app(closed), raise_server_exceptions=False)
    assert client.get("/v1/takes", headers={"Authorization": header}).status_code == 401


def test_34_a_key_is_changed_without_a_gap(closed):
    old = closed.keys.issue("ours", "lin", [Scope.READ], time.time())
    client = TestClient(make_app(closed), raise_server_exceptions=False)
    new = closed.keys.rotate(closed.keys.all()[0].id, time.time(), overlap_s=60)

    def status(key):
        return client.get("/v1/takes", headers={"Authorization": f"Bearer {key}"}).status_code

    assert (status(old), status(new)) == (200, 200)
    closed.keys.rotate(closed.keys.all()[-1].id, time.time() - 1, overlap_s=0)
    assert status(new) == 401
    assert {key.tenant for key in closed.keys.all()} == {"ours"}


def test_35_words_come_back_as_data_never_as_a_page(client):
    words = "<script>alert(1)</script> a fox"
    made = client.post("/v1/videos", json={"prompt": words})
    for answer in (made, client.get("/v1/takes"), client.get("/v1/takes/<script>")):
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/v1/takes/x/allow", "/v1/takes/x/reviews", "/v1/jobs/x/cancel"])
def test_35_a_foreign_page_cannot_decide_for_a_person(client, path):
    answer = client.post(path, headers={"Origin": "https://evil.example"}, json={"choice": "circled"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
