"""CPU time of requests, over ASGI in one process: our code, FastAPI and the database, without sockets.

With ``--against`` another checkout takes turns with this one, so that a slow spell of the machine falls on
both.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from rushes.service.app import make_app
from rushes.service.house import Engine, House, Limits, ServedModel
from rushes.service.keys import KeyFile
from rushes.studio.fake import build_fake
from rushes.studio.files import FileStore
from rushes.studio.store import open_store

REQUESTS = ("submit", "status", "list", "jobs", "task", "models")


async def ask(app: Any, method: str, target: str, body: bytes = b"") -> dict[str, Any]:
    """One request as a server would hand it over; the JSON of its answer."""
    path, _, query = target.partition("?")
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"accept", b"*/*")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [*headers, (b"content-length", str(len(body)).encode())],
        "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    assert sent[0]["status"] == 200, sent
    document: dict[str, Any] = json.loads(b"".join(each.get("body", b"") for each in sent[1:]))
    return document


def open_app(folder: Path) -> Any:
    """An application over an empty house with a model that is never called."""
    model = ServedModel("fake", Fraction(12), Fraction(2), 1280, 720)
    engine = Engine({"fake": model}, lambda *_: 0.0, lambda _number: build_fake)
    limits = Limits(requests_per_minute=10**9)
    store = open_store(f"sqlite:///{folder}/studio.db")
    return make_app(
        House(store, FileStore(folder), engine, KeyFile(folder / "keys"), True, b"secret", limits)
    )


async def measure(app: Any, takes: int, times: int) -> dict[str, float]:
    """Milliseconds of CPU for each kind of request, with so many ``takes`` in the house."""
    number = itertools.count()

    async def submit() -> dict[str, Any]:
        wish = {"prompt": f"a fox, {next(number)}", "model": "fake", "seed": 1}
        return await ask(app, "POST", "/v1/videos", json.dumps(wish).encode())

    ids = [(await submit())["id"] for _ in range(takes)]
    some = itertools.cycle(ids)
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        "submit": submit,
        "status": lambda: ask(app, "GET", f"/v1/videos/{next(some)}"),
        "list": lambda: ask(app, "GET", "/v1/videos?limit=20"),
        "jobs": lambda: ask(app, "GET", "/v1/jobs?limit=20"),
        "task": lambda: ask(app, "GET", f"/api/v1/tasks/{next(some).replace('video', 'take')}"),
        "models": lambda: ask(app, "GET", "/v1/models"),
    }
    taken = {}
    for name, call in calls.items():
        await call()
        before = time.process_time()
        for _ in range(times):
            await call()
        taken[name] = 1e3 * (time.process_time() - before) / times
    return taken


def in_turn(trees: list[Path], runs: int, takes: int, times: int) -> dict[Path, dict[str, float]]:
    """Medians of ``runs`` for each checkout, each run in a process of its own."""
    found: dict[Path, list[dict[str, float]]] = {tree: [] for tree in trees}
    for _ in range(runs):
        for tree in trees:
            command = [sys.executable, __file__, "--takes", str(takes), "--times", str(times), "--one"]
            place = {**os.environ, "PYTHONPATH": str(tree / "src")}
            told = subprocess.run(command, env=place, check=True, capture_output=True, text=True)
            found[tree].append(json.loads(told.stdout))
    return {
        tree: {name: statistics.median(run[name] for run in all_of) for name in REQUESTS}
        for tree, all_of in found.items()
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python benchmarks/serve_cpu.py --against ../before"
    )
    parser.add_argument("--against", type=Path, help="Another checkout.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--takes", type=int, default=500, help="Takes there are already.")
    parser.add_argument("--times", type=int, default=100, help="Requests of each kind in a run.")
    parser.add_argument("--one", action="store_true", help="One run of what is imported, as JSON.")
    asked = parser.parse_args()
    if asked.one:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(asyncio.run(measure(open_app(Path(folder)), asked.takes, asked.times))))
        return
    trees = [tree.resolve() for tree in (asked.against, Path(__file__).parents[1]) if tree is not None]
    found = in_turn(trees, asked.runs, asked.takes, asked.times)
    print(f"ms of CPU a request, {asked.takes} takes there; load {os.getloadavg()[0]:.2f}\n")
    print("| request | " + " | ".join(tree.name for tree in trees) + " |\n|" + "---|" * (len(trees) + 1))
    for name in REQUESTS:
        print(f"| {name} | " + " | ".join(f"{found[tree][name]:.2f}" for tree in trees) + " |")


if __name__ == "__main__":
    main()
