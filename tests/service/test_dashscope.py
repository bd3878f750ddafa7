"""``/api/v1`` by the real DashScope SDK."""

import asyncio
import base64
from hashlib import sha256
from http import HTTPStatus

import dashscope
import httpx
import pytest
from dashscope import VideoSynthesis
from dashscope.aigc.video_synthesis import AioVideoSynthesis
from tests.service.conftest import picture, work_off

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
