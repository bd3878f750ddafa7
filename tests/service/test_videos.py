"""``/v1/videos`` by the real OpenAI SDK, and at its edges by hand."""

import asyncio
import base64
import json
from dataclasses import replace
from hashlib import sha256

import pytest
from openai import AsyncOpenAI, BadRequestError, ConflictError, NotFoundError, OpenAI
from starlette.testclient import TestClient
from tests.service.conftest import picture, work_off
from tests.service.receiver import receiver

from rushes.service.app import make_app
from rushes.studio.schema import jobs

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def sdk(url):
    with OpenAI(base_url=f"{url}/v1", api_key="anything") as client:
        yield client


def test_the_sdk_makes_finds_downloads_remixes_and_deletes(sdk):
    video = sdk.videos.create_and_poll(
        prompt="a fox in snow", model="mini", seconds="4", size="832x480", extra_body={"seed": 7}
    )
    assert (video.status, video.progress, video.seconds, video.size) == ("completed", 100, "4", "832x480")
    assert video.model_extra["seed"] == 7
    whole = sdk.videos.download_content(video.id).read()
    assert whole.startswith(b"clip of ")
    other = sdk.videos.remix(video.id, prompt="a fox at night")
    assert other.remixed_from_video_id == video.id
    assert [each.id for each in sdk.videos.list(limit=1)] == [other.id, video.id]
    assert sdk.videos.delete(video.id).deleted
    with pytest.raises(NotFoundError):
        sdk.videos.retrieve(video.id)
    assert [each.id for each in sdk.videos.list()] == [other.id]


def test_the_async_sdk_makes_and_downloads(url):
    async def make():
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="anything") as client:
            video = await client.videos.create_and_poll(prompt="a dog runs", seconds="2")
            content = await client.videos.download_content(video.id)
            return video.status, [each.id async for each in client.videos.list(order="asc")], content.read()

    status, listed, content = asyncio.run(make())
    assert status == "completed"
    assert len(listed) == 1
    assert content.startswith(b"clip of ")


def test_the_sdk_raises_what_it_should(sdk):
    with pytest.raises(BadRequestError) as wrong:
        sdk.videos.create(prompt="a fox", seconds="600")
    assert wrong.value.code == "invalid_request"
    assert wrong.value.body["remedy"] == "ask for 10 seconds at most"
    assert wrong.value.request_id.startswith("req_")
    with pytest.raises(NotFoundError):
        sdk.videos.create(prompt="a fox", model="/etc/passwd")
    with pytest.raises(BadRequestError):
        sdk.videos.create(prompt="a fox", extra_body={"enable_teacache": True})
    with pytest.raises(BadRequestError, match="PNG"):
        sdk.videos.create(prompt="a fox", input_reference=("a.png", b"png", "image/png"))
    failed = sdk.videos.create_and_poll(prompt="refuse this")
    assert (failed.status, failed.error.code) == ("failed", "refused")
    with pytest.raises(ConflictError):
        sdk.videos.download_content(failed.id)


def test_a_key_sent_again_is_the_same_video(sdk):
    header = {"Idempotency-Key": "one"}
    first = sdk.videos.create(prompt="a fox", extra_headers=header)
    assert sdk.videos.create(prompt="a fox", extra_headers=header).id == first.id
    with pytest.raises(ConflictError):
        sdk.videos.create(prompt="a cat", extra_headers=header)
    assert len(sdk.videos.list().data) == 1


def test_a_cancelled_video_is_failed_and_says_why(client):
    video = client.post("/v1/videos", json={"prompt": "a fox"}).json()
    assert client.post(f"/v1/jobs/{video['job_id']}/cancel").status_code == 202
    found = client.get(f"/v1/videos/{video['id']}").json()
    assert (found["status"], found["error"]["code"]) == ("failed", "cancelled")
    assert client.get(f"/v1/jobs/{video['job_id']}").json()["state"] == "cancelled"


def test_json_and_form_are_one(client):
    json = {"prompt": "a fox", "seed": 3, "num_frames": 25, "fps": 12, "guidance_scale": 4.5}
    one = client.post("/v1/videos", json={**json, "enable_teacache": False, "user": "lin"}).json()
    two = client.post("/v1/videos", data={name: str(value) for name, value in json.items()}).json()
    same = ("seconds", "size", "seed", "model", "prompt")
    assert [one[name] for name in same] == [two[name] for name in same]
    assert one["seconds"] == "2"


def test_ranges_heads_and_validators(client, house):
    video = client.post("/v1/videos", json={"prompt": "a fox"}).json()
    path = f"/v1/videos/{video['id']}/content"
    early = client.get(path)
    assert (early.status_code, early.headers["x-should-retry"]) == (409, "false")
    work_off(house)
    whole = client.get(path)
    part = client.get(path, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole.content[2:6])
    assert part.headers["content-range"] == f"bytes 2-5/{len(whole.content)}"
    assert client.get(path, headers={"Range": "bytes=-4"}).content == whole.content[-4:]
    assert client.get(path, headers={"Range": "bytes=999999-"}).status_code == 416
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    again = client.get(path, headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def data_url(content):
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def first_frame_of(client, video_id):
    take = client.get(f"/v1/takes/{video_id.replace('video', 'take')}").json()
    return [(each["role"], each["sha256"]) for each in take["inputs"]]


def test_a_picture_to_start_from_by_the_sdk(sdk, house):
    content = picture(90)
    video = sdk.videos.create_and_poll(prompt="a fox", input_reference=("a.png", content, "image/png"))
    assert video.status == "completed"
    other = sdk.videos.remix(video.id, prompt="a cat")
    found = [("first_frame", sha256(content).hexdigest())]
    client = TestClient(make_app(house))
    assert [first_frame_of(client, each.id) for each in (video, other)] == [found, found]
    with pytest.raises(BadRequestError, match="does not start from a picture"):
        sdk.videos.create(prompt="a fox", model="other", input_reference=content)


def test_a_picture_to_start_from_in_every_spelling(client):
    """OpenAI's objects in JSON and brackets, SGLang's and vLLM-Omni's names, a file sent before."""
    content = picture(120)
    url, digest = data_url(content), sha256(content).hexdigest()
    client.post("/v1/files", content=content)
    spellings = (
        {"json": {"input_reference": {"image_url": url}}},
        {"json": {"input_reference": {"file_id": digest}}},
        {"json": {"input_reference": url}},
        {"json": {"reference_url": url}},
        {"data": {"input_reference[image_url]": url}},
        {"data": {"input_reference[file_id]": digest}},
        {"data": {"image_reference": json.dumps({"image_url": url})}},
        {"files": {"input_reference": ("x", content)}},
    )
    for number, spelling in enumerate(spellings):
        kind, fields = next(iter(spelling.items()))
        words = {"prompt": "a fox", "seed": number}
        more = {"data": words} if kind == "files" else {}
        made = client.post("/v1/videos", **more, **{kind: fields if kind == "files" else words | fields})
        assert made.status_code == 200, (spelling, made.text)
        assert first_frame_of(client, made.json()["id"]) == [("first_frame", digest)], spelling


@pytest.mark.parametrize(
    "reference",
    [
        "https://127.0.0.1/a.png", "https://169.254.169.254/latest/meta-data", "http://example.com/a.png",
        "file:///etc/passwd", "data:text/html;base64,PGI+", "data:image/png;base64,???",
        "data:image/png;base64,",
        {"image_url": "https://[::1]/", "file_id": "ab" * 32}, {}, {"file_id": "../x"}, 7, ["x"],
        '{"image_url":', {"image_url": {"url": "x"}},
    ],
)  # fmt: skip
def test_references_that_lead_nowhere(client, reference):
    answer = client.post("/v1/videos", json={"prompt": "a fox", "input_reference": reference})
    assert answer.status_code == 400, answer.text
    assert client.get("/v1/videos").json()["data"] == []


def test_a_picture_is_fetched_where_hosts_are_allowed(house):
    content = picture(30)

    def answer(ear):
        ear.send_response(200 if ear.path == "/hook" else 404)
        ear.end_headers()
        ear.wfile.write(content)

    client = TestClient(make_app(replace(house, allowed_hosts=frozenset({"127.0.0.1"}))))
    with receiver(answer) as there:
        body = {"prompt": "a fox", "input_reference": {"image_url": there.url}}
        made = client.post("/v1/videos", json=body)
        assert first_frame_of(client, made.json()["id"]) == [("first_frame", sha256(content).hexdigest())]
        body["input_reference"]["image_url"] += "/missing"
        assert client.post("/v1/videos", json=body).status_code == 400


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"prompt": ""}', "application/json"),
        (b'{"prompt": "a\\u0000"}', "application/json"),
        (b'{"prompt": "\\ud800"}', "application/json"),
        (b'{"prompt": "fox", "frames": 3}', "application/json"),
        (b'{"prompt": "fox", "seconds": "1e400"}', "application/json"),
        (b'{"prompt": "fox", "seconds": "nan"}', "application/json"),
        (b'{"prompt": "fox", "num_frames": 10, "fps": 1e-300}', "application/json"),
        (b'{"prompt": "fox", "negative_prompt": "a\\u0000"}', "application/json"),
        (b"[" * 100000, "application/json"),
        (b"prompt", "text/plain"),
        (b"no parts", "multipart/form-data; boundary=x"),
    ],
)
def test_a_wrong_body_is_answered_with_its_remedy(client, body, kind):
    answer = client.post("/v1/videos", content=body, headers={"content-type": kind})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["remedy"]
    assert client.get("/v1/videos").json()["data"] == []


def test_who_looks_does_not_wait_for_who_writes(client, house):
    """Looking happens in the event loop, which must not stand still while a worker writes."""
    video = client.post("/v1/videos", json={"prompt": "a fox"}).json()
    with house.store.write() as connection:
        connection.execute(jobs.update().values(priority=9))
        assert client.get(f"/v1/videos/{video['id']}").json() == video
        assert client.get("/v1/videos").json()["data"] == [video]
        assert client.get(f"/v1/jobs/{video['job_id']}").json()["priority"] == 5
    assert client.get(f"/v1/jobs/{video['job_id']}").json()["priority"] == 9
