"""How long a claim takes while many jobs of many tenants are queued; prints a markdown table.

Each round claims a job, beats once and ends it, as a worker does.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import insert

from rushes.studio import schema
from rushes.studio.desk import open_desk
from rushes.studio.jobs.claim import claim
from rushes.studio.jobs.ending import succeed
from rushes.studio.jobs.heartbeat import Progress, heartbeat
from rushes.studio.jobs.job import NewJob
from rushes.studio.jobs.submit import submit
from rushes.studio.projects import NewProject, new_project
from rushes.studio.store import Store, open_store

CHUNK = 5000


def fill(store: Store, num_jobs: int, num_tenants: int) -> None:
    """Queue ``num_jobs`` in the batch lane: one a tenant by the front door, and copies of it."""
    now = time.time()
    for number in range(num_tenants):
        desk = open_desk(store, f"tenant {number}")
        project = new_project(desk, NewProject("P"))
        with store.write() as connection:
            job = submit(connection, desk, NewJob(project.id, None, "0", lane="batch", estimate_s=10))
            row = desk.one(connection, schema.jobs, job.id, "job")
            copies = num_jobs // num_tenants - 1
            rows = [
                {**row, "id": f"{job.id}{n}", "submit_key": str(n), "work_key": f"{n}", "rank": now + n}
                for n in range(1, copies + 1)
            ]
            for start in range(0, copies, CHUNK):
                connection.execute(insert(schema.jobs), rows[start : start + CHUNK])


def rounds(store: Store, count: int) -> Iterator[tuple[float, float]]:
    """Milliseconds of each claim, and of the whole round of claim, heartbeat and end."""
    for _ in range(count):
        started = time.perf_counter()
        claimed = claim(store, "worker")
        took = time.perf_counter() - started
        heartbeat(store, claimed.claim, Progress(0.5, "denoise"), 1.0)
        with store.write() as connection:
            succeed(connection, claimed.claim, store.now(connection))
        yield 1e3 * took, 1e3 * (time.perf_counter() - started)


def quantile(values: list[float], share: float) -> float:
    """The value below which ``share`` of all lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    """Fill the store and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python benchmarks/claims.py --jobs 100000 --tenants 1000"
    )
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--url", help="Empty database. Default: SQLite in a temporary folder.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(asked.url or f"sqlite:///{Path(folder)}/studio.db")
        fill(store, asked.jobs, asked.tenants)
        timed = list(rounds(store, asked.rounds))
        print(f"{store.engine.dialect.name}, load {os.getloadavg()[0]:.1f}\n")
        print("| jobs | tenants | part | median ms | p99 ms | most ms |\n|---|---|---|---|---|---|")
        for name, values in zip(
            ("claim", "claim, beat, end"), map(list, zip(*timed, strict=True)), strict=True
        ):
            median, most = statistics.median(values), max(values)
            print(
                f"| {asked.jobs} | {asked.tenants} | {name} | {median:.1f} | {quantile(values, 0.99):.1f}"
                f" | {most:.1f} |"
            )
        store.engine.dispose()


if __name__ == "__main__":
    main()
