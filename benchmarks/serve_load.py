"""A mixed load over HTTP with open event streams, and beside it a bare FastAPI route on the same machine.

Requests begin at their own times whatever the server does, and a latency counts from that time, so that a
server that stops for a moment is seen to have stopped.
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import uvloop
from serve_house import Served, conditions

# Share of the requests, by what people do: look again and again, now and then make a clip.
MIX = {"submit": 0.05, "status": 0.60, "list": 0.12, "content": 0.10, "jobs": 0.08, "models": 0.05}
BARE_ROUTE = "bare FastAPI route"
BARE = """
import socket, sys
import uvicorn
from fastapi import FastAPI

app = FastAPI()

@app.get("/")
def answer() -> dict[str, str]:
    return {"status": "ok"}

listening = socket.socket()
listening.bind(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none")).run([listening])
"""


@dataclass
class Load:
    """What is asked and what came of it: seconds by what was done, answers by status."""

    client: aiohttp.ClientSession
    url: str
    bare: str
    rng: random.Random
    taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[str] = field(default_factory=Counter)
    ids: list[str] = field(default_factory=list)
    heard: int = 0
    broken: int = 0

    async def run(self, rate: float, seconds: float) -> None:
        """Begin ``rate`` requests a second, each with one of the bare route in every tenth place."""
        names, shares = list(MIX), list(MIX.values())
        began = time.monotonic()
        asked: set[asyncio.Task[None]] = set()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            name = self.rng.choices(names, shares)[0] if self.ids else "submit"
            titles = (name, BARE_ROUTE) if number % 10 == 0 else (name,)
            for title in titles:
                task = asyncio.create_task(self._timed(title, due))
                asked.add(task)
                task.add_done_callback(asked.discard)
        await asyncio.gather(*asked)

    def _address(self, title: str) -> str:
        video = self.rng.choice(self.ids) if self.ids else ""
        paths = {
            "submit": "/v1/videos",
            "status": f"/v1/videos/{video}",
            "list": "/v1/videos?limit=20",
            "content": f"/v1/videos/{video}/content",
            "jobs": "/v1/jobs?limit=20",
            "models": "/v1/models",
        }
        return self.bare if title == BARE_ROUTE else f"{self.url}{paths[title]}"

    async def _timed(self, title: str, due: float) -> None:
        wish = {"prompt": f"a fox, {self.rng.random()}", "model": "fake", "seed": 1}
        method, body = ("POST", wish) if title == "submit" else ("GET", None)
        try:
            async with self.client.request(method, self._address(title), json=body) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.statuses[f"{title} {type(error).__name__}"] += 1
            return
        self.taken[title].append(time.monotonic() - due)
        self.statuses[f"{answer.status // 100}xx"] += 1
        if title == "submit" and answer.status == 200:
            self.ids.append(json.loads(content)["id"])

    async def listen(self) -> None:
        """One event stream for as long as the load lasts."""
        endless = aiohttp.ClientTimeout(total=None)
        try:
            async with self.client.get(f"{self.url}/v1/events", timeout=endless) as answer:
                async for chunk in answer.content.iter_any():
                    self.heard += chunk.count(b"event:")
        except aiohttp.ClientError:
            pass
        self.broken += 1


async def load(url: str, bare: str, rate: float, seconds: float, streams: int) -> Load:
    """Everything at once; the streams are opened first."""
    patience = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=patience) as client:
        made = Load(client, url, bare, random.Random(0))
        listening = [asyncio.create_task(made.listen()) for _ in range(streams)]
        await asyncio.sleep(1.0)
        await made.run(rate, seconds)
        broken = made.broken
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        made.broken = broken
        return made


def quantile(values: list[float], share: float) -> float:
    """The value below which ``share`` of all lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def print_table(made: Load, rate: float, seconds: float, streams: int) -> None:
    """A row for each thing people do, and one for the bare route in the same run."""
    print(f"{rate:g} requests/s for {seconds:g} s, {streams} event streams; {conditions()}\n")
    print("| request | number | median ms | p99 ms | most ms |\n|---|---|---|---|---|")
    ours = [taken for title, all_of in made.taken.items() if title in MIX for taken in all_of]
    for title, taken in (*sorted(made.taken.items()), ("all of ours", ours)):
        milliseconds = [1e3 * each for each in taken]
        print(
            f"| {title} | {len(taken)} | {statistics.median(milliseconds):.1f} "
            f"| {quantile(milliseconds, 0.99):.1f} | {max(milliseconds):.1f} |"
        )
    print(f"\nanswers: {dict(made.statuses)}; events heard: {made.heard}; streams broken: {made.broken}")


def start_bare() -> "tuple[subprocess.Popen[str], str]":
    """A FastAPI app with one route and nothing else, and its address."""
    process = subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, f"http://127.0.0.1:{process.stdout.readline().strip()}"


def main() -> None:
    """Start both servers, load them, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python benchmarks/serve_load.py --rate 200 --seconds 600"
    )
    parser.add_argument("--rate", type=float, default=200.0, help="Requests a second.")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--streams", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder))
        print(f"answers {served.start():.2f} s after its start, {served.memory()['API']:.0f} MiB\n")
        bare, address = start_bare()
        before = served.cpu_s()
        try:
            made = uvloop.run(load(served.url, address, asked.rate, asked.seconds, asked.streams))
        finally:
            bare.kill()
            bare.wait()
            after, used = served.memory()["API"], served.cpu_s() - before
            served.stop()
    print_table(made, asked.rate, asked.seconds, asked.streams)
    asked_for = sum(len(taken) for title, taken in made.taken.items() if title in MIX)
    print(f"API process afterwards: {after:.0f} MiB, {1e3 * used / asked_for:.1f} ms of a core a request")
    if made.statuses["5xx"] or made.broken:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
