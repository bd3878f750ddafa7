"""What the studio costs a take beside making it: a fake engine that takes no time; prints a markdown table.

Everything counts: asking, the ledger, keeping every stage's files (each synced to the disk), the end.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rushes.studio.desk import open_desk
from rushes.studio.fake import fake_steps
from rushes.studio.files import FileStore
from rushes.studio.foreground import run_now
from rushes.studio.projects import NewProject, new_project
from rushes.studio.shooting import Terms, submit_take
from rushes.studio.shots import Words, new_shot
from rushes.studio.store import open_store
from rushes.studio.takes import TakeRequest


def takes(url: str, root: Path, count: int) -> Iterator[tuple[float, float]]:
    """Milliseconds of each submit and of each production."""
    store = open_store(url)
    desk, files = open_desk(store, f"tenant {time.time()}"), FileStore(root)
    shot = new_shot(desk, new_project(desk, NewProject("P")).id, Words("a fox"))
    for seed in range(count):
        began = time.perf_counter()
        new = submit_take(desk, shot.id, TakeRequest("a fox", seed, "fake"), Terms())
        submitted = time.perf_counter()
        for _ in run_now(desk, files, new.job, fake_steps(new.take, new.job)):
            pass
        yield 1e3 * (submitted - began), 1e3 * (time.perf_counter() - submitted)
    store.engine.dispose()


def main() -> None:
    """Make the takes and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python benchmarks/overhead.py --takes 300"
    )
    parser.add_argument("--takes", type=int, default=300)
    parser.add_argument("--url", help="Empty database. Default: SQLite in a temporary folder.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.url or f"sqlite:///{folder}/studio.db"
        timed = list(takes(url, Path(folder) / "files", asked.takes))
    submits, productions = map(list, zip(*timed, strict=True))
    parts = {"submit": submits, "production": productions, "both": [sum(pair) for pair in timed]}
    print(f"{url.partition(':')[0]}, {asked.takes} takes, load {os.getloadavg()[0]:.1f}\n")
    print("| part | median ms | p99 ms | most ms |\n|---|---|---|---|")
    for name, values in parts.items():
        high = sorted(values)[min(len(values) - 1, int(0.99 * len(values)))]
        print(f"| {name} | {statistics.median(values):.1f} | {high:.1f} | {max(values):.1f} |")


if __name__ == "__main__":
    main()
