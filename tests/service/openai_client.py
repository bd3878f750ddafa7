"""What a program of somebody else does with OpenAI's client, whichever version it finds; JSON on stdout.

``python openai_client.py http://localhost:8000/v1 HEX_OF_A_PNG``: in a process of its own, so that another
version than the installed one can be tried (``PYTHONPATH``).
"""

import asyncio
import json
import sys
import warnings
from importlib.metadata import version

import openai

PNG = bytes.fromhex(sys.argv[2])


def said(error):
    """How an error looks to the program."""
    return [type(error).__name__, error.status_code, error.code, bool(error.request_id)]


def sync(url):
    """Everything the client knows of videos, once."""
    found = {}
    with openai.OpenAI(base_url=url, api_key="any", max_retries=0) as client:
        videos = client.videos
        video = videos.create_and_poll(
            prompt="a fox in snow", model="mini", seconds="4", size="832x480", extra_body={"seed": 7}
        )
        found["made"] = [video.status, video.progress, video.seconds, video.size, video.model_extra["seed"]]
        found["bytes"] = videos.download_content(video.id).read()[:8].decode()
        started = videos.create(prompt="a fox", input_reference=("fox.png", PNG, "image/png"))
        found["from_picture"] = videos.poll(started.id).status
        other = videos.remix(video.id, prompt="a fox at night")
        found["remix"] = other.remixed_from_video_id == video.id
        header = {"Idempotency-Key": "once"}
        ids = {videos.create(prompt="a dog", extra_headers=header).id for _ in range(3)}
        found["retried"] = len(ids)
        failed = videos.create_and_poll(prompt="refuse this")
        found["failed"] = [failed.status, failed.error.code]
        for name, call in {
            "bad": lambda: videos.create(prompt="a fox", seconds="600"),
            "missing": lambda: videos.retrieve("video_none"),
            "early": lambda: videos.download_content(failed.id),
            "conflict": lambda: videos.create(prompt="a cat", extra_headers=header),
        }.items():
            try:
                call()
            except openai.APIStatusError as error:
                found[name] = said(error)
        found["deleted"] = videos.delete(video.id).deleted
        found["listed"] = video.id not in [each.id for each in videos.list(limit=2)]
    return found


async def in_a_loop(url):
    """The same by the asynchronous client, in short."""
    async with openai.AsyncOpenAI(base_url=url, api_key="any") as client:
        video = await client.videos.create_and_poll(prompt="a dog runs", seconds="2")
        content = await client.videos.download_content(video.id)
        other = await client.videos.remix(video.id, prompt="a cat runs")
        listed = [each.id async for each in client.videos.list(limit=1)]
        try:
            await client.videos.retrieve("video_none")
        except openai.APIStatusError as error:
            missing = said(error)
        deleted = await client.videos.delete(video.id)
    return {
        "made": video.status, "bytes": content.read()[:8].decode(), "missing": missing,
        "remix": other.remixed_from_video_id == video.id, "listed": {video.id, other.id} <= set(listed),
        "deleted": deleted.deleted,
    }  # fmt: skip


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    answer = {
        "version": version("openai"), "sync": sync(sys.argv[1]), "async": asyncio.run(in_a_loop(sys.argv[1]))
    }  # fmt: skip
    print(json.dumps(answer))  # noqa: T201
