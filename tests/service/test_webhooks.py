"""Webhooks: managed and verified by the real SDK, told at least once, and never into our own network."""

import json
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from random import Random

import pytest
import uvicorn
from openai import BadRequestError, InvalidWebhookSignatureError, NotFoundError, OpenAI
from sqlalchemy import select, update
from tests.service.conftest import work_off
from tests.service.receiver import receiver

from rushes.core.errors import UsageError
from rushes.service.app import make_app
from rushes.service.caller import Caller
from rushes.service.courier import Courier, body_of, signed
from rushes.service.footage import video_id
from rushes.service.outbound import Caps
from rushes.service.submit import Wish, submit_words
from rushes.studio import outbox, schema
from rushes.studio.desk import open_desk
from rushes.studio.outbox import (
    MAX_ENDPOINTS,
    MAX_TRIES,
    DeliveryState,
    Kind,
    NewEndpoint,
    add_endpoint,
    due_endpoints,
    find_endpoint,
    lease,
    list_deliveries,
    not_told,
    replay,
    wait_s,
)

HERE = frozenset({"127.0.0.1"})
BOTH = ("video.completed", "video.failed")


@contextmanager
def courier(house):
    running = Courier(house.store, HERE, Caps(5.0))
    running.start()
    try:
        yield
    finally:
        running.stop()


def until(is_so):
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def open_house(house, monkeypatch):
    """May speak to this machine, and tries again at once."""
    monkeypatch.setattr("rushes.service.courier.POLL_S", 0.02)
    monkeypatch.setattr(outbox, "LONGEST_WAIT_S", 0.0)
    return replace(house, allowed_hosts=HERE)


@pytest.fixture
def desk(house):
    return open_desk(house.store)


def endpoint_of(desk, url="https://hooks.example.com/", kinds=tuple(Kind)):
    return add_endpoint(desk, NewEndpoint("x", url, kinds))


def make_video(house, prompt="a fox"):
    """A video made; its id."""
    made = submit_words(Caller(house, open_desk(house.store), ()), Wish(prompt, seed=1))
    work_off(house)
    return video_id(made.take.id)


@pytest.fixture
def webhook_url(open_house):
    """Address of a served house that may speak to this machine."""
    config = uvicorn.Config(make_app(open_house), port=0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    server.should_exit = True
    thread.join()


def test_the_sdk_registers_an_endpoint_and_verifies_what_it_is_told(open_house, webhook_url):
    with receiver() as ear, OpenAI(base_url=webhook_url, api_key="any") as sdk:
        made = sdk.webhooks.create(name="post", url=ear.url, event_types=list(BOTH))
        assert made.signing_secret.startswith("whsec_")
        good, bad = make_video(open_house), make_video(open_house, "refuse this")
        with courier(open_house):
            until(lambda: len(ear.heard) == 2)
        events = [
            sdk.webhooks.unwrap(body, headers, secret=made.signing_secret) for headers, body in ear.heard
        ]
        told = {(event.type, event.data.id) for event in events}
        assert told == {("video.completed", good), ("video.failed", bad)}
        assert all(
            headers["webhook-id"] == event.id for (headers, _), event in zip(ear.heard, events, strict=True)
        )
        headers, body = ear.heard[0]
        with pytest.raises(InvalidWebhookSignatureError):
            sdk.webhooks.unwrap(body + b" ", headers, secret=made.signing_secret)


def test_the_sdk_manages_endpoints(open_house, webhook_url):
    with receiver() as ear, OpenAI(base_url=webhook_url, api_key="any") as sdk:
        made = sdk.webhooks.create(name="post", url=ear.url, event_types=["video.failed"])
        changed = sdk.webhooks.update(made.id, name="letters")
        assert (changed.name, changed.url, changed.event_types) == ("letters", ear.url, ["video.failed"])
        tried = sdk.webhooks.test(made.id, event_type="video.failed")
        assert (tried.status_code, tried.success) == (204, True)
        rotated = sdk.webhooks.rotate_secret(made.id, keep_old_secret_active_for_24_hours=True)
        sdk.webhooks.test(made.id, event_type="video.failed")
        for secret in (made.signing_secret, rotated.signing_secret):
            event = sdk.webhooks.unwrap(ear.heard[1][1], ear.heard[1][0], secret=secret)
            assert event.data.id == "video_test"
        assert rotated.signing_secret not in sdk.webhooks.retrieve(made.id).model_dump_json()
        other = sdk.webhooks.create(name="b", url=ear.url, event_types=["video.failed"])
        assert [each.id for each in sdk.webhooks.list(limit=1)] == [made.id, other.id]
        assert sdk.webhooks.delete(made.id).deleted
        with pytest.raises(NotFoundError):
            sdk.webhooks.retrieve(made.id)
        with pytest.raises(BadRequestError):
            sdk.webhooks.create(name="b", url="http://example.com/", event_types=["video.failed"])
        with pytest.raises(BadRequestError):
            sdk.webhooks.create(name="b", url=ear.url, event_types=["batch.completed"])


def test_only_what_was_asked_for_is_told_and_only_to_its_tenant(house, desk):
    wanted, unwanted = endpoint_of(desk, kinds=(Kind.COMPLETED,)), endpoint_of(desk, kinds=(Kind.FAILED,))
    rival = endpoint_of(open_desk(house.store, "rival", "eve"))
    video = make_video(house)
    assert [each.take_id for each in list_deliveries(desk, wanted.id, None, 9)[0]] == [
        video.replace("video", "take")
    ]
    assert list_deliveries(desk, unwanted.id, None, 9)[0] == ()
    with house.store.read() as connection:
        asked = select(schema.deliveries.c.endpoint_id)
        assert rival.id not in set(connection.scalars(asked))


def test_a_cancelled_take_and_a_key_sent_again(client, house, desk):
    body = {"name": "post", "url": "https://hooks.example.com/x", "event_types": ["video.failed"]}
    header = {"Idempotency-Key": "one"}
    first = client.post("/v1/webhook_endpoints", json=body, headers=header).json()
    assert client.post("/v1/webhook_endpoints", json=body, headers=header).json() == first
    other = client.post("/v1/webhook_endpoints", json={**body, "name": "x"}, headers=header)
    assert other.status_code == 409
    job = client.post("/v1/videos", json={"prompt": "a fox"}).json()["job_id"]
    client.post(f"/v1/jobs/{job}/cancel")
    told = client.get(f"/v1/webhook_endpoints/{first['id']}/deliveries").json()["data"]
    assert [(each["event_type"], each["state"]) for each in told] == [("video.failed", "waiting")]


def test_failures_are_tried_again_under_the_same_id_and_then_dead_until_replayed(open_house, desk):
    with receiver() as ear:
        made = endpoint_of(desk, ear.url)
        make_video(open_house)
        ear.statuses = [500, 302, 404]
        with courier(open_house):
            until(lambda: len(ear.heard) == 4)
            until(lambda: not list_deliveries(desk, made.id, DeliveryState.WAITING, 9)[0])
        assert len({headers["webhook-id"] for headers, _ in ear.heard}) == 1
        assert len({body for _, body in ear.heard}) == 1
        assert list_deliveries(desk, made.id, DeliveryState.DELIVERED, 9)[0][0].tries == 4
        make_video(open_house, "a cat")
        ear.statuses = [500] * MAX_TRIES
        with courier(open_house):
            until(lambda: list_deliveries(desk, made.id, DeliveryState.DEAD, 9)[0])
            dead = list_deliveries(desk, made.id, DeliveryState.DEAD, 9)[0][0]
            assert (dead.tries, dead.answer) == (MAX_TRIES, "500")
            assert replay(desk, dead.id).state is DeliveryState.WAITING
            until(lambda: len(list_deliveries(desk, made.id, DeliveryState.DELIVERED, 9)[0]) == 2)
        assert ear.heard[-1][0]["webhook-id"] == dead.event_id


def test_a_sender_that_dies_leaves_what_it_took_to_the_next_one(house, desk):
    made = endpoint_of(desk)
    make_video(house)
    now = time.time()
    store = replace(house.store, clock=lambda: now)
    taken = lease(store, made.id)
    assert lease(store, made.id) is None
    assert due_endpoints(store) == ()
    later = replace(house.store, clock=lambda: now + outbox.LEASE_S + 1)
    assert [each.id for each in due_endpoints(later)] == [made.id]
    again = lease(later, made.id)
    assert (again.event_id, again.tries) == (taken.event_id, 2)


def test_an_endpoint_that_is_gone_is_turned_off(open_house, desk):
    with receiver() as ear:
        made = endpoint_of(desk, ear.url)
        ear.statuses = [410]
        make_video(open_house)
        with courier(open_house):
            until(lambda: find_endpoint(desk, made.id).is_off)
        make_video(open_house, "a cat")
        assert [each.state for each in list_deliveries(desk, made.id, None, 9)[0]] == ["dead"]
        assert len(ear.heard) == 1


def test_waits_grow_with_jitter_for_about_a_day(monkeypatch):
    monkeypatch.setattr(outbox, "uniform", Random(1).uniform)
    waits = [wait_s(tries) for tries in range(1, MAX_TRIES)]
    assert all(0.5 * 5 * 4**n <= wait <= 5 * 4**n for n, wait in enumerate(waits[:6]))
    assert waits[-1] <= 6 * 3600
    assert 12 * 3600 < sum(waits) < 48 * 3600
    assert len({wait_s(3) for _ in range(5)}) == 5


def test_a_delivery_is_kept_only_with_what_it_tells_of(house, desk):
    """If the end of the job is not kept, nobody is told."""
    made = endpoint_of(desk)
    take = submit_words(Caller(house, desk, ()), Wish("a fox")).take
    with suppress(ZeroDivisionError), house.store.write() as connection:
        outbox.post(connection, desk.tenant_id, take.id, outbox.JobState.SUCCEEDED, 0.0)
        raise ZeroDivisionError
    assert list_deliveries(desk, made.id, None, 9)[0] == ()


def test_endpoints_are_few_and_a_removed_one_is_forgotten(house, desk):
    made = [endpoint_of(desk) for _ in range(MAX_ENDPOINTS)]
    with pytest.raises(UsageError, match="remove one"):
        endpoint_of(desk)
    make_video(house)
    outbox.remove_endpoint(desk, made[0].id)
    with house.store.read() as connection:
        assert made[0].id not in set(connection.scalars(select(schema.deliveries.c.endpoint_id)))


def test_old_deliveries_go_and_dead_ones_stay(house, desk):
    made = endpoint_of(desk)
    for prompt in ("a fox", "a cat", "a dog"):
        make_video(house, prompt)
    outbox.told(house.store, lease(house.store, made.id), "204")
    not_told(house.store, replace(lease(house.store, made.id), tries=MAX_TRIES), "500")
    with house.store.write() as connection:
        connection.execute(update(schema.deliveries).values(ended_at=0.0))
    assert outbox.forget_delivered(house.store) == 1
    assert {each.state for each in list_deliveries(desk, made.id, None, 9)[0]} == {"dead", "waiting"}


def test_a_slow_endpoint_delays_only_itself(open_house, desk):
    release = threading.Event()

    def wait(ear):
        release.wait(60)
        ear.send_response(204)
        ear.end_headers()

    with receiver(wait) as slow, receiver() as quick:
        endpoint_of(desk, slow.url)
        endpoint_of(desk, quick.url)
        with courier(open_house):
            for prompt in ("a fox", "a cat"):
                make_video(open_house, prompt)
            until(lambda: len(quick.heard) == 2)
            assert len(slow.heard) <= 1
            release.set()


def test_the_signature_is_that_of_the_standard():
    """Standard Webhooks' own example: https://github.com/standard-webhooks/standard-webhooks."""
    body = b'{"test": 2432232314}'
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, [secret])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_body_says_what_the_clients_read():
    document = json.loads(body_of("evt_1", Kind.FAILED, "video_1", 12.9))
    assert document == {
        "id": "evt_1", "object": "event", "created_at": 12, "type": "video.failed",
        "data": {"id": "video_1"},
    }  # fmt: skip
