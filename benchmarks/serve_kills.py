"""SIGKILL of the server and of its workers while clients submit over HTTP: nothing lost, nothing made twice.

A submit counts once it was answered; clients repeat an unanswered one with its Idempotency-Key. A job of
which three attempts were killed is set aside, as it should be; in the end these are queued anew by hand.
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import httpx
from serve_house import LEASE_S, Served, conditions

from rushes.studio import schema
from rushes.studio.store import open_store

LEFT = ("queued", "in_progress")


@dataclass
class Clients:
    """People who submit: what they were promised, by key, and every id a key was ever answered with."""

    url: str
    pause_s: float
    over: threading.Event = field(default_factory=threading.Event)
    ids: dict[str, set[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def submit(self, number: int) -> None:
        """Submit until it is over, each clip until it is promised, and some of them twice."""
        rng = random.Random(number)
        count = 0
        with httpx.Client(base_url=self.url, timeout=60) as client:
            while not self.over.is_set():
                key = f"{number} {count}"
                count += 1
                for _ in range(1 + (rng.random() < 0.2)):
                    self._promise(client, key)
                time.sleep(self.pause_s)

    def _promise(self, client: httpx.Client, key: str) -> None:
        wish = {"prompt": f"a fox, {key}", "model": "fake", "seed": 1}
        while True:
            try:
                answer = client.post("/v1/videos", json=wish, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code == 200:
                self.ids.setdefault(key, set()).add(answer.json()["id"])
                return
            if answer.status_code != 503:
                self.wrong.append(f"{answer.status_code} {answer.text[:200]}")
                return
            time.sleep(0.05)


def kill_again_and_again(served: Served, kills: int, seed: int) -> tuple[Counter[str], list[float]]:
    """How many of each were killed, and the seconds from a kill of the server until it answered again."""
    rng = random.Random(seed)
    done: Counter[str] = Counter()
    recoveries = []
    while done.total() < kills:
        time.sleep(rng.uniform(0.2, 1.0))
        # Turn about, so that a short run has both.
        if done["server"] <= done["worker"]:
            served.kill_api()
            recoveries.append(served.start())
            done["server"] += 1
        else:
            done["worker"] += served.kill_worker()
    return done, recoveries


def wait_for_all(url: str, ids: list[str], most_s: float) -> list[str]:
    """Ids that did not come to be in time."""
    ends = time.monotonic() + most_s
    with httpx.Client(base_url=url, timeout=60) as client:
        while ids and time.monotonic() < ends:
            ids = [each for each in ids if client.get(f"/v1/videos/{each}").json()["status"] in LEFT]
            time.sleep(0.2)
    return ids


def release(url: str, ids: list[str]) -> int:
    """Queue anew, as a person would, what was set aside since three of its attempts were killed; how many."""
    with httpx.Client(base_url=url, timeout=60) as client:
        videos = [client.get(f"/v1/videos/{each}").json() for each in ids]
        aside = [video["job_id"] for video in videos if video["status"] == "failed"]
        for job_id in aside:
            client.post(f"/v1/jobs/{job_id}/retry").raise_for_status()
    return len(aside)


def faults(served: Served, clients: Clients, wait_s: float, done: Counter[str]) -> dict[str, int]:
    """What must be zero. A clip is stuck when it is not made ``wait_s`` after the lease of a dead worker."""
    promised = [next(iter(ids)) for ids in clients.ids.values()]
    most_s = LEASE_S + wait_s + 0.2 * len(promised)
    stuck = wait_for_all(served.url, promised, most_s)
    done["set aside"] = release(served.url, promised)
    stuck += wait_for_all(served.url, promised, most_s)
    store = open_store(f"sqlite:///{served.home}/studio.db")
    with store.read() as connection:
        made = Counter(
            connection.scalars(schema.events.select().with_only_columns(schema.events.c.subject)
                               .where(schema.events.c.kind == "take made"))
        )  # fmt: skip
        takes = connection.execute(schema.takes.select()).all()
    store.engine.dispose()
    lost, torn = 0, 0
    with httpx.Client(base_url=served.url, timeout=60) as client:
        for key, ids in clients.ids.items():
            content = client.get(f"/v1/videos/{next(iter(ids))}/content")
            lost += content.status_code != 200
            torn += content.status_code == 200 and content.content != _clip(f"a fox, {key}")
    return {
        "lost": lost, "stuck": len(stuck), "torn": torn, "made twice": sum(n > 1 for n in made.values()),
        "two takes for one key": sum(len(ids) > 1 for ids in clients.ids.values()),
        "takes nobody has a key of": len(takes) - len(clients.ids), "wrong answers": len(clients.wrong),
    }  # fmt: skip


def _clip(prompt: str) -> bytes:
    """What the fake engine delivers for a prompt and seed 1."""
    return b"clip of " + sha256(f"{prompt} 1".encode()).digest() * 100


def main() -> None:
    """Kill, wait, count, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python benchmarks/serve_kills.py --kills 100"
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--pause", type=float, default=0.1, help="Seconds between a client's submits.")
    parser.add_argument("--wait", type=float, default=10.0, help="Seconds beyond a lease to be made in.")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder))
        served.start()
        clients = Clients(served.url, asked.pause)
        threads = [threading.Thread(target=clients.submit, args=(n,)) for n in range(asked.clients)]
        for thread in threads:
            thread.start()
        try:
            done, recoveries = kill_again_and_again(served, asked.kills, asked.seed)
        finally:
            clients.over.set()
            for thread in threads:
                thread.join()
        found = faults(served, clients, asked.wait, done)
        served.stop()
    print(f"{conditions()}\n")
    print("| kills | promised clips | set aside | must be zero | server answers again: median s | most s |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {done['server']} of the server, {done['worker']} of workers | {len(clients.ids)} "
        f"| {done['set aside']} | {', '.join(f'{name} {count}' for name, count in found.items())} "
        f"| {statistics.median(recoveries):.2f} | {max(recoveries):.2f} |"
    )
    for line in clients.wrong[:5]:
        print(line)
    if any(found.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
