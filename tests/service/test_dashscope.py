"""``/api/v1`` by the real DashScope SDK."""

import asyncio
import base64
import time
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus

import dashscope
import httpx
import pytest
from dashscope import VideoSynthesis
from dashscope.aigc.video_synthesis import AioVideoSynthesis
from dashscope.common.error import UploadFileException
from sqlalchemy import func, select
from starlette.testclient import TestClient
from tests.service.conftest import picture, work_off
from tests.service.test_tenants import client_of

from rushes.core.errors import MissingError
from rushes.service.app import make_app
from rushes.service.local_files import NAMED_S, named_file
from rushes.studio.desk import open_desk
from rushes.studio.schema import events

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PATH = "/api/v1/services/aigc/video-generation/video-synthesis"


@pytest.fixture
def sdk(url, monkeypatch):
    monkeypatch.setattr(dashscope, "base_http_api_url", f"{url}/api/v1")
    monkeypatch.setattr(dashscope, "api_key", "anything")


def test_a_clip_from_a_picture(sdk, url):
    content = picture(60)
    data = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    made = VideoSynthesis.async_call(model="mini", prompt="a fox", img_url=data)
    assert made.status_code == HTTPStatus.OK, made
    take = httpx.get(f"{url}/v1/takes/{made.output.task_id}").json()
    assert take["inputs"] == [{"role": "first_frame", "sha256": sha256(content).hexdigest()}]
    for wrong in ("https://127.0.0.1/a.png", "data:image/png;base64,AAAA", "http://example.com/a.png"):
        refused = VideoSynthesis.async_call(model="mini", prompt="a fox", img_url=wrong)
        assert (refused.status_code, refused.code) == (HTTPStatus.BAD_REQUEST, "InvalidParameter"), wrong


def test_a_clip_from_a_file_of_the_callers_machine(sdk, url, tmp_path):
    """The SDK asks for a certificate, sends the file without its key and names it oss://."""
    content = picture(61)
    (tmp_path / "狐 (1).png").write_bytes(content)
    made = VideoSynthesis.async_call(model="mini", prompt="a fox", img_url=f"file://{tmp_path}/狐 (1).png")
    assert made.status_code == HTTPStatus.OK, made
    take = httpx.get(f"{url}/v1/takes/{made.output.task_id}").json()
    assert take["inputs"] == [{"role": "first_frame", "sha256": sha256(content).hexdigest()}]
    same = VideoSynthesis.async_call(model="mini", prompt="a fox", img_url=str(tmp_path / "狐 (1).png"))
    assert same.status_code == HTTPStatus.OK, same
    (tmp_path / "words.png").write_text("no picture")
    with pytest.raises(UploadFileException, match="to oss failed"):
        VideoSynthesis.async_call(model="mini", prompt="a fox", img_url=str(tmp_path / "words.png"))
    with pytest.raises(UploadFileException, match="Get upload certificate failed"):
        VideoSynthesis.async_call(model="maxi", prompt="a fox", img_url=str(tmp_path / "words.png"))
    nothing = VideoSynthesis.async_call(
        model="mini", prompt="a fox", img_url="oss://dashscope-instant/a/b.png"
    )
    assert nothing.status_code == HTTPStatus.NOT_FOUND, nothing


def test_a_certificate_opens_one_folder_of_one_tenant(house):
    closed = replace(house, is_open=False)
    ours, theirs = client_of(closed, "ours"), client_of(closed, "theirs")
    stranger = TestClient(make_app(closed), raise_server_exceptions=False)
    assert stranger.get("/api/v1/uploads", params={"action": "getPolicy", "model": "mini"}).status_code == 401
    told = ours.get("/api/v1/uploads", params={"action": "getPolicy", "model": "mini"}).json()["data"]
    place, name = told["upload_host"].replace("http://testserver", ""), f"{told['upload_dir']}/fox.png"

    def send(key, to=place):
        return stranger.post(to, data={"key": key}, files={"file": ("a.png", picture(62))}).status_code

    assert send("another/fox.png") == 400
    assert send(f"{told['upload_dir']}/../fox.png/" + "x" * 2000) == 400
    assert send(name, f"{place}x") == 401
    assert stranger.post(place, data={"key": name}).status_code == 400
    assert send(name) == 200
    assert send(name) == 409, "what was named once stays what it is"
    asked = {"model": "mini", "input": {"prompt": "a fox", "img_url": f"oss://{name}"}}
    assert ours.post(PATH, json=asked).status_code == 200
    assert theirs.post(PATH, json=asked).status_code == 404
    with house.store.write() as connection:
        named = events.c.kind == "file named"
        assert connection.scalar(select(func.count()).where(named)) == 1
    later = replace(house, store=replace(house.store, clock=lambda: time.time() + NAMED_S + 60))
    with pytest.raises(MissingError, match="two days"):
        named_file(open_desk(later.store, "ours", "lin"), f"oss://{name}")


def test_the_sdk_makes_waits_and_lists(sdk):
    made = VideoSynthesis.call(model="mini", prompt="a fox in snow", size="832*480", duration=2, seed=7)
    assert made.status_code == HTTPStatus.OK, made
    assert made.output.task_status == "SUCCEEDED"
    assert made.output.orig_prompt == "a fox in snow"
    assert (made.usage.video_count, made.usage["size"]) == (1, "832*480")
    clip = httpx.get(made.output.video_url)
    assert (clip.status_code, clip.headers["content-type"]) == (200, "video/mp4")
    assert clip.content.startswith(b"clip of ")
    broken = httpx.get(made.output.video_url[:-1] + ("0" if made.output.video_url[-1] != "0" else "1"))
    assert broken.status_code == 401
    listed = VideoSynthesis.list(page_size=5, model_name="mini", status="SUCCEEDED")
    assert [each["task_id"] for each in listed.output["data"]] == [made.output.task_id]
    assert listed.output["total"] == 1
    assert VideoSynthesis.list(status="FAILED").output["total"] == 0


def test_the_sdk_submits_fetches_and_sees_failure(sdk):
    task = VideoSynthesis.async_call(model="mini", prompt="refuse this")
    assert task.output.task_status == "PENDING"
    done = VideoSynthesis.wait(task)
    assert (done.output.task_status, done.output.code) == ("FAILED", "DataInspectionFailed")
    assert VideoSynthesis.fetch("task_of_nobody").output.task_status == "UNKNOWN"
    wrong = VideoSynthesis.async_call(model="mini", prompt="a fox", duration=500)
    assert (wrong.status_code, wrong.code) == (400, "InvalidParameter")
    assert VideoSynthesis.async_call(model="wan9", prompt="a fox").status_code == 404
    assert VideoSynthesis.cancel(task).code == "UnsupportedOperation"


def test_the_async_sdk_makes(sdk):
    made = asyncio.run(AioVideoSynthesis.call(model="mini", prompt="a dog runs"))
    assert made.status_code == HTTPStatus.OK, made
    assert made.output.task_status == "SUCCEEDED"


def test_what_is_refused_at_the_door_reads_as_everything_here(client):
    large = client.post("/api/v1/services/aigc/video-generation/video-synthesis", content=b"x" * (5 << 20))
    foreign = client.get("/api/v1/tasks", headers={"host": "evil.example"})
    for answer, status, code in ((large, 413, "InvalidParameter"), (foreign, 403, "AccessDenied")):
        assert answer.status_code == status
        assert set(answer.json()) == {"code", "message", "request_id"}
        assert (answer.json()["code"], answer.json()["request_id"]) == (code, answer.headers["x-request-id"])


def test_what_waits_is_cancelled_and_a_synchronous_call_refused(client, house):
    wish = {"model": "mini", "input": {"prompt": "a fox"}, "parameters": {"prompt_extend": True}}
    refused = client.post(PATH, json=wish)
    assert (refused.status_code, refused.json()["code"]) == (403, "AccessDenied")
    header = {"X-DashScope-Async": "enable"}
    task = client.post(PATH, json=wish, headers=header).json()["output"]["task_id"]
    assert client.post(f"/api/v1/tasks/{task}/cancel").status_code == 200
    assert client.get(f"/api/v1/tasks/{task}").json()["output"]["task_status"] == "CANCELED"
    work_off(house)
    marked = {**wish, "parameters": {"watermark": True}}
    assert client.post(PATH, json=marked, headers=header).json()["code"] == "InvalidParameter"
