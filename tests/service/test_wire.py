"""Streams of events share what is read for them, and miss nothing of what lies further back."""

import asyncio
import re

import httpx
from sqlalchemy import event, func, select

from rushes.service.app import make_app
from rushes.service.wire import AT_ONCE
from rushes.studio.desk import open_desk
from rushes.studio.schema import events


def numbers(text):
    return [int(number) for number in re.findall(r"^id: (\d+)$", text, re.MULTILINE)]


def write(desk, how_many, subject="thing"):
    with desk.store.write() as connection:
        for number in range(how_many):
            desk.log(connection, subject, "written", {"number": number})


def listen(house, *asked):
    """The texts of streams that are open at the same time, each asked for by parameters and a header."""

    async def all_of():
        transport = httpx.ASGITransport(make_app(house))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            calls = [client.get("/v1/events", params=params, headers=headers) for params, headers in asked]
            return [answer.text for answer in await asyncio.gather(*calls)]

    return asyncio.run(all_of())


def test_many_streams_ask_the_database_hardly_more_often_than_one(house):
    write(open_desk(house.store), 3)
    asked = []
    event.listen(house.store.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    listen(house, *[({"wait_s": 2}, {})] * 20)
    # Each looks once when it comes; from then on one of them looks for all, at most five times a second.
    assert sum("FROM events" in statement for statement in asked) <= 20 + 20 + 12


def test_what_lies_far_back_is_told_whole_and_in_order(house):
    desk = open_desk(house.store)
    write(desk, 2 * AT_ONCE + 30)
    write(desk, 5, "other")
    write(desk, AT_ONCE)
    everything, thing, other, new = listen(
        house,
        ({"wait_s": 0}, {"Last-Event-ID": "0"}),
        ({"wait_s": 0, "subject": "thing"}, {"Last-Event-ID": "0"}),
        ({"wait_s": 0, "subject": "other"}, {"Last-Event-ID": "0"}),
        ({"wait_s": 0}, {}),
    )
    assert numbers(everything) == list(range(1, numbers(everything)[-1] + 1))
    assert len(numbers(thing)) == 3 * AT_ONCE + 30
    assert len(numbers(other)) == 5
    assert numbers(new) == []


def test_what_is_written_while_many_listen_reaches_each_of_them_once(house):
    desk = open_desk(house.store)
    with house.store.read() as connection:
        newest = str(connection.scalar(select(func.max(events.c.number))))

    async def both():
        transport = httpx.ASGITransport(make_app(house))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            asked = {"params": {"wait_s": 8}, "headers": {"Last-Event-ID": newest}}
            calls = [asyncio.create_task(client.get("/v1/events", **asked)) for _ in range(5)]
            await asyncio.sleep(1.0)
            # More than is read at once, and than is kept for all.
            for how_many in (3, AT_ONCE + 50, AT_ONCE, AT_ONCE - 1):
                await asyncio.to_thread(write, desk, how_many)
                await asyncio.sleep(0.3)
            return [numbers((await call).text) for call in calls]

    for heard in asyncio.run(both()):
        assert heard == list(range(heard[0], heard[0] + len(heard)))
        assert len(heard) == 3 * AT_ONCE + 52
