"""Pictures of a clip in the making: from the engine's estimate through a file to an address in an event."""

import json
import threading
import time

import cv2
import numpy as np
import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from rushes.cli.camera import Camera
from rushes.cli.showing import Showing
from rushes.cli.take_steps import Filmer
from rushes.media.stills import preview_jpeg
from rushes.service.app import make_app
from rushes.service.caller import Caller
from rushes.service.keys import Scope
from rushes.service.submit import Wish, submit_words
from rushes.studio.desk import open_desk
from rushes.studio.foreground import run_now
from rushes.studio.jobs.claim import claim_job
from rushes.studio.jobs.ending import give_up
from rushes.studio.jobs.heartbeat import Progress
from rushes.studio.previews import keep_preview, read_preview
from rushes.studio.projects import NewProject, new_project
from rushes.studio.schema import jobs
from rushes.studio.shooting import submit_take
from rushes.studio.shots import Words, new_shot
from rushes.studio.takes import TakeRequest


def jpeg(shade):
    return preview_jpeg(np.full((3, 36, 64, 3), shade, np.uint8))


@pytest.fixture
def running(house):
    """A job that a worker has claimed, in its third step of eight."""
    desk = open_desk(house.store)
    job = submit_words(Caller(house, desk, ()), Wish("a fox", "mini")).job
    claimed = claim_job(house.store, job.id, "a worker")
    with house.store.write() as connection:
        values = {"progress": 0.25, "doing": "step 3 of 8", "spent_s": 5.0}
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(**values))
    return claimed


def progress_of(text):
    blocks = [block for block in text.split("\n\n") if block.startswith("event: progress")]
    return [json.loads(block.partition("data: ")[2]) for block in blocks]


def test_an_event_says_step_time_left_and_where_the_picture_is(client, house, running):
    job = running.job
    before = progress_of(client.get("/v1/events", params={"wait_s": 0}).text)
    assert [each["preview"] for each in before] == [None]
    assert client.get(f"/v1/jobs/{job.id}/preview").status_code == 404
    keep_preview(house.files, job.tenant_id, job.id, jpeg(90))
    (told,) = progress_of(client.get("/v1/events", params={"wait_s": 0}).text)
    assert (told["step"], told["num_steps"], told["seconds_left"]) == (3, 8, 15.0)
    answer = client.get(told["preview"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert (answer.content, answer.headers["cache-control"]) == (jpeg(90), "no-store")
    assert client.head(told["preview"]).headers["content-length"] == str(len(jpeg(90)))
    give_up(house.store, running.claim)
    assert client.get(told["preview"]).status_code == 404


def test_every_new_picture_is_told_in_the_same_stream(client, house, running):
    job = running.job
    seen = []

    def listen():
        seen.append(client.get("/v1/events", params={"wait_s": 2.5, "subject": job.id}).text)

    listener = threading.Thread(target=listen)
    listener.start()
    while listener.is_alive():
        keep_preview(house.files, job.tenant_id, job.id, jpeg(90))
        time.sleep(0.2)
    addresses = [each["preview"] for each in progress_of(seen[0])]
    assert len(set(addresses)) == len(addresses) >= 3


def test_another_tenant_never_sees_it(house, running):
    job = running.job
    keep_preview(house.files, job.tenant_id, job.id, jpeg(90))
    closed = type(house)(house.store, house.files, house.engine, house.keys, False, house.secret)
    key = house.keys.issue("theirs", "eve", (Scope.READ,), 0.0)
    theirs = TestClient(make_app(closed), headers={"Authorization": f"Bearer {key}"})
    assert theirs.get(f"/v1/jobs/{job.id}/preview").status_code == 404
    assert progress_of(theirs.get("/v1/events", params={"wait_s": 0}).text) == []


def test_the_engine_s_estimates_become_previews(house, tiny_model):
    """The stages of a worker with a tiny model: a picture after each step, another every time."""
    desk = open_desk(house.store)
    shot = new_shot(desk, new_project(desk, NewProject("FOX")).id, Words("a red fox runs"))
    settings = {"seconds": "0.4", "steps": 3, "size": "256x144"}
    made = submit_take(desk, shot.id, TakeRequest("a red fox runs", 1, str(tiny_model), settings))
    showing = Showing(house.files)
    showing.job = made.job
    seen = []
    with Filmer(Camera(showing), house.files) as filmer:
        for event in run_now(desk, house.files, made.job, filmer(made.take, made.job)):
            found = read_preview(house.files, made.job.tenant_id, made.job.id)
            if isinstance(event, Progress) and found is not None and found not in seen:
                seen.append(found)
    assert len(seen) == 3
    for each in seen:
        assert len(each) < 80_000
        picture = cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR_RGB)
        assert picture.shape[1] % 2 == 0
        assert 1.5 < picture.shape[1] / picture.shape[0] < 6


def test_previews_are_small_and_side_by_side():
    pictures = np.stack([np.full((720, 1280, 3), shade, np.uint8) for shade in (0, 120, 240)])
    picture = cv2.imdecode(np.frombuffer(preview_jpeg(pictures), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert picture.shape == (180, 960, 3)
    assert [round(picture[90, x].mean(), -1) for x in (160, 480, 800)] == [0, 120, 240]
