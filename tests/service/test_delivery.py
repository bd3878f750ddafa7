"""Thumbnails, sprites with their cues, and links that open a take's files for a while."""

import itertools
import re
import time
from fractions import Fraction

import cv2
import numpy as np
import pytest
from openai import OpenAI
from starlette.testclient import TestClient
from tests.service import conftest
from tests.service.conftest import work_off
from tests.service.filmed import HEIGHT, NUM_FRAMES, RATE, SHARPEST, WIDTH, filmed_steps, frame

from rushes.media.stills import cues, sprite_sheet, tile_indices
from rushes.service import delivery
from rushes.service.app import make_app
from rushes.studio.desk import events_of, open_desk
from rushes.studio.fake import fake_steps
from rushes.studio.schema import pins
from rushes.studio.takes import Rendition

STILLS = {"thumbnail": "image/webp", "sprites": "image/jpeg", "sprites.vtt": "text/vtt; charset=utf-8"}


@pytest.fixture(autouse=True)
def true_clips(monkeypatch):
    monkeypatch.setattr(conftest, "fake_steps", filmed_steps)


@pytest.fixture
def take_id(client, house):
    video = client.post("/v1/videos", json={"prompt": "a fox"}).json()
    work_off(house)
    return video["id"].replace("video", "take")


def picture_of(content):
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)


def parts(text):
    """From a file of cues: (start, end, x, y, width, height) of each, as a player reads them."""
    head, *blocks = text.strip().split("\n\n")
    assert head == "WEBVTT"
    pattern = r"(\S+) --> (\S+)\nsprites#xywh=(\d+),(\d+),(\d+),(\d+)"
    found = [re.fullmatch(pattern, block) for block in blocks]
    return [(seconds(each[1]), seconds(each[2]), *map(int, each.groups()[2:])) for each in found]


def seconds(clock):
    hours, minutes, rest = clock.split(":")
    return Fraction(hours) * 3600 + Fraction(minutes) * 60 + Fraction(rest)


def test_the_thumbnail_is_the_sharpest_frame_of_the_middle(client, take_id):
    answer = client.get(f"/v1/takes/{take_id}/thumbnail")
    found = picture_of(answer.content)
    assert found.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(found.astype(int) - frame(SHARPEST)).mean() < 12


def test_every_cue_shows_the_frame_of_its_time(client, take_id):
    sheet = picture_of(client.get(f"/v1/takes/{take_id}/sprites").content)
    found = parts(client.get(f"/v1/takes/{take_id}/sprites.vtt").text)
    assert found[0][0] == 0
    assert found[-1][1] == NUM_FRAMES / RATE
    assert all(one[1] == two[0] for one, two in itertools.pairwise(found))
    for start, _, x, y, width, height in found:
        tile = sheet[y : y + height, x : x + width]
        assert tile.shape == (height, width, 3)
        number = round(start * RATE)
        if number != SHARPEST and number < NUM_FRAMES - 2:
            assert abs(tile.mean() - frame(number).mean()) < 4, number


def test_ranges_heads_validators_and_types(client, take_id):
    for name, kind in STILLS.items():
        path = f"/v1/takes/{take_id}/{name}"
        whole = client.get(path)
        assert (whole.status_code, whole.headers["content-type"]) == (200, kind)
        part = client.get(path, headers={"Range": "bytes=2-5"})
        assert (part.status_code, part.content) == (206, whole.content[2:6])
        head = client.head(path)
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.content)))
        again = client.get(path, headers={"If-None-Match": whole.headers["etag"]})
        assert again.status_code == 304


def test_a_range_that_is_none_is_not_there_and_one_behind_the_end_is_an_error_like_others(client, take_id):
    path = f"/v1/takes/{take_id}/renditions/clip"
    whole = client.get(path).content
    for given in ("items=0-1", "bytes=", "bytes=abc", "bytes=9-1", "bytes=0-1,9-1", "bytes=1-2;", "bytes=-"):
        answer = client.get(path, headers={"Range": given})
        assert (answer.status_code, answer.content) == (200, whole), given
    for given in (f"bytes={len(whole)}-", "bytes=-0", f"bytes={len(whole)}-,{len(whole) + 9}-"):
        answer = client.get(path, headers={"Range": given})
        assert answer.status_code == 416, given
        assert answer.headers["content-range"] == f"bytes */{len(whole)}"
        assert answer.json()["error"]["code"] == "range_not_satisfiable"
        assert answer.json()["error"]["request_id"]
    for given, part in (("bytes=3-6", whole[3:7]), ("bytes=-5", whole[-5:]), ("bytes = 0-1", whole)):
        assert client.get(path, headers={"Range": given}).content == part
    mixed = client.get(path, headers={"Range": f"bytes=2-3, {len(whole)}-"})
    assert (mixed.status_code, mixed.content) == (206, whole[2:4])
    changed = {"Range": f"bytes={len(whole)}-", "If-Range": '"of another file"'}
    assert client.get(path, headers=changed).status_code == 200


def test_they_are_made_once_and_kept_with_the_take(client, house, take_id):
    tags = {client.get(f"/v1/takes/{take_id}/{name}").headers["etag"] for name in STILLS}
    assert {client.get(f"/v1/takes/{take_id}/{name}").headers["etag"] for name in STILLS} == tags
    made = [event for event in events_of(open_desk(house.store), take_id) if event.kind == "rendition made"]
    assert [event.detail["name"] for event in made].count("thumbnail") == 1
    with house.store.read() as connection:
        subjects = set(connection.scalars(pins.select().with_only_columns(pins.c.subject)))
    assert {f"{take_id} {name}" for name in STILLS} <= subjects


def test_a_take_without_a_clip_and_a_clip_that_is_none(client, house, monkeypatch):
    video = client.post("/v1/videos", json={"prompt": "a fox"}).json()
    path = f"/v1/takes/{video['id'].replace('video', 'take')}/thumbnail"
    assert client.get(path).status_code == 404
    monkeypatch.setattr(conftest, "fake_steps", fake_steps)
    work_off(house)
    assert client.get(path).json()["error"]["code"] == "store_unavailable"


def test_links_open_all_files_without_a_key_until_their_time(client, house, take_id, monkeypatch):
    links = client.get(f"/v1/takes/{take_id}/links").json()
    closed = type(house)(house.store, house.files, house.engine, house.keys, False, house.secret)
    anybody = TestClient(make_app(closed), raise_server_exceptions=False)
    assert anybody.get(f"/v1/takes/{take_id}/thumbnail").status_code == 401
    for name, kind in {**STILLS, "clip": "video/mp4", "sheet": "image/png"}.items():
        url = links["cues" if name == "sprites.vtt" else name]
        answer = anybody.get(url)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind), name
        assert anybody.head(url).status_code == 200
        assert anybody.get(url, headers={"Range": "bytes=0-1"}).status_code == 206
    # A player joins the cues' own name to where they came from.
    assert anybody.get(links["cues"]).text.count("\nsprites#xywh=") == len(tile_indices(NUM_FRAMES))
    assert links["cues"].rpartition("/")[0] == links["sprites"].rpartition("/")[0]
    assert anybody.get(links["clip"].replace("clip", "master")).status_code == 404
    broken = links["clip"].replace("/clip", "0/clip")
    assert anybody.get(broken).status_code == 401
    file_link = delivery.signed_link(house, "t", Rendition("", "", "", "a", "b", "", {}, 0.0), time.time())
    assert anybody.get(f"{file_link}/clip").status_code == 401
    assert links["expires_at"] > time.time() + 23 * 3600
    later = time.time() + 25 * 3600
    monkeypatch.setattr(delivery.time, "time", lambda: later)
    assert anybody.get(links["clip"]).status_code == 401


def test_a_link_ends_with_its_take(client, take_id):
    links = client.get(f"/v1/takes/{take_id}/links").json()
    assert client.get(links["thumbnail"]).status_code == 200
    client.delete(f"/v1/takes/{take_id}")
    assert client.get(links["thumbnail"]).status_code == 404


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_openai_sdk_gets_both_variants(url):
    with OpenAI(base_url=f"{url}/v1", api_key="any") as sdk:
        video = sdk.videos.create_and_poll(prompt="a fox")
        thumbnail = sdk.videos.download_content(video.id, variant="thumbnail").read()
        sheet = sdk.videos.download_content(video.id, variant="spritesheet").read()
    assert picture_of(thumbnail).shape == (HEIGHT, WIDTH, 3)
    assert picture_of(sheet).shape == (90 * 5, 160 * 5, 3)


def test_the_sheet_of_few_frames_is_narrow():
    tiles = [np.full((9, 16, 3), shade, np.uint8) for shade in (10, 20, 30)]
    sheet = sprite_sheet(tiles)
    assert sheet.shape == (9, 48, 3)
    assert [sheet[0, x, 0] for x in (0, 16, 32)] == [10, 20, 30]
    assert sprite_sheet(tiles * 2).shape == (18, 80, 3)
    assert tile_indices(1) == [0]
    assert tile_indices(100)[:3] == [0, 4, 8]
    text = cues([Fraction(0), Fraction(3600)], Fraction(7322, 2), 16, 9)
    assert "01:00:00.000 --> 01:01:01.000\nsprites#xywh=16,0,16,9" in text
