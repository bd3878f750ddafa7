"""Seconds from Enter to the finished file, with each stage's share and peak memory. Pause any trainer first.

Example: python benchmarks/shoot.py --runs 5
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROMPT = "一位红斗篷女战士在暴雨中跃下古城墙"


def shoot(seconds: str, folder: Path, seed: int) -> dict[str, float]:
    """One run of the command in a process of its own."""
    output = folder / f"take_{seed}.mp4"
    rushes = str(Path(sys.executable).with_name("rushes"))
    command = [rushes, "shoot", PROMPT, "--seconds", seconds, "--seed", str(seed)]
    before = time.perf_counter()
    subprocess.run([*command, "--output", str(output), "--quiet"], check=True)
    total = time.perf_counter() - before
    stages = json.loads(output.with_suffix(".json").read_text())["recorded"]["seconds"]
    return {"total": total, "start": total - sum(stages.values()), **stages}


def main() -> None:
    """Print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}"
    )
    with tempfile.TemporaryDirectory() as name:
        first = shoot("3", Path(name), 0)
        print(f"first run: {first['total']:.1f} s")
        # In turn, so that a slow spell of the machine falls on both lengths.
        results: dict[str, list[dict[str, float]]] = {"3": [], "5": []}
        for seed in range(1, runs + 1):
            for seconds, taken in results.items():
                taken.append(shoot(seconds, Path(name), seed))
    for seconds, taken in results.items():
        medians = {stage: statistics.median(run[stage] for run in taken) for stage in taken[0]}
        shares = "  ".join(f"{stage} {spent:.2f}" for stage, spent in medians.items())
        spread = max(run["total"] for run in taken) - min(run["total"] for run in taken)
        print(f"{seconds} s clip, median of {runs}: {shares}  (spread of total {spread:.2f})")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MiB, load after {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
