"""``/v1/videos`` by the real OpenAI SDK, and at its edges by hand."""

import asyncio

import pytest
from openai import AsyncOpenAI, BadRequestError, ConflictError, NotFoundError, OpenAI
from tests.service.conftest import work_off

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
    sheet = sdk.videos.download_content(video.id, variant="spritesheet").read()
    assert sheet.startswith(b"sheet of ")
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
    with pytest.raises(BadRequestError):
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
