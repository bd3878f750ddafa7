"""Memory of the server and its workers over a long mixed load; flat means that the slope is nothing.

The first third is left out: caches fill, allocators find their size.
"""

import argparse
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import uvloop
from serve_house import Served, conditions
from serve_load import load, start_bare


def watch(served: Served, every_s: float, over: threading.Event) -> list[tuple[float, dict[str, float]]]:
    """Seconds since the start and MiB by process, until it is over."""
    began, seen = time.monotonic(), []
    while not over.wait(every_s):
        seen.append((time.monotonic() - began, served.memory()))
    return seen


def slope(times: list[float], values: list[float]) -> float:
    """MiB an hour, by least squares."""
    return float(np.polyfit(times, values, 1)[0]) * 3600


def main() -> None:
    """Load, watch, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python benchmarks/serve_soak.py --seconds 1800 --rate 50"
    )
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--rate", type=float, default=50.0, help="Requests a second.")
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--every", type=float, default=5.0, help="Seconds between two looks at the memory.")
    asked = parser.parse_args()
    over, seen = threading.Event(), []
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder))
        served.start()
        bare, address = start_bare()
        watcher = threading.Thread(target=lambda: seen.extend(watch(served, asked.every, over)))
        watcher.start()
        try:
            made = uvloop.run(load(served.url, address, asked.rate, asked.seconds, asked.streams))
        finally:
            over.set()
            watcher.join()
            bare.kill()
            bare.wait()
            served.stop()
    kept = seen[len(seen) // 3 :]
    print(f"{asked.rate:g} requests/s for {asked.seconds:g} s, {asked.streams} streams; {conditions()}\n")
    print("| process | first MiB | after a third MiB | last MiB | most MiB | MiB/hour |")
    print("|---|---|---|---|---|---|")
    for name in seen[0][1]:
        values = [memory[name] for _, memory in kept]
        print(
            f"| {name} | {seen[0][1][name]:.1f} | {values[0]:.1f} | {values[-1]:.1f} | {max(values):.1f} "
            f"| {slope([moment for moment, _ in kept], values):+.1f} |"
        )
    print(f"\n{sum(map(len, made.taken.values()))} requests, answers {dict(made.statuses)}")


if __name__ == "__main__":
    main()
