"""Seconds from Enter to the finished file, with each stage's share and peak memory. Pause any trainer first.

With ``--against`` the same clips are made in turn by another checkout, and what each differs by is told:
`git worktree add ../before c27fb36` has the last version whose clips passed the studio by.

Example: python benchmarks/shoot.py --runs 5 --against ../before/src
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
RUN = "from rushes.cli import main; main()"


def shoot(seconds: str, folder: Path, seed: int, source: Path | None = None) -> dict[str, float]:
    """One run of the command in a process of its own, from the checkout whose ``src`` is given."""
    output = folder / f"take_{seed}.mp4"
    # A home of its own: what was made before would be found there, not made.
    environment = {**os.environ, "RUSHES_HOME": str(folder / "home"), "OMP_WAIT_POLICY": "PASSIVE"}
    if source is not None:
        environment["PYTHONPATH"] = str(source.resolve())
    command = [sys.executable, "-c", RUN, "shoot", PROMPT, "--seconds", seconds, "--seed", str(seed)]
    before = time.perf_counter()
    subprocess.run([*command, "--output", str(output), "--quiet"], check=True, env=environment)
    total = time.perf_counter() - before
    stages = json.loads(output.with_suffix(".json").read_text())["recorded"]["seconds"]
    return {"total": total, "rest": total - sum(stages.values()), **stages}


def row(name: str, taken: list[dict[str, float]]) -> str:
    """Medians of all runs of one length."""
    stages = list(taken[0])
    medians = " | ".join(f"{statistics.median(run[stage] for run in taken):.2f}" for stage in stages)
    spread = max(run["total"] for run in taken) - min(run["total"] for run in taken)
    return f"| {name} | {medians} | {spread:.2f} |"


def pairs(runs: int, against: Path) -> None:
    """What the whole command takes more here than there, run by run in turn."""
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
        shoot("3", Path(ours), 0), shoot("3", Path(theirs), 0, against)
        more = []
        for seed in range(1, runs + 1):
            here = shoot("3", Path(ours), seed)["total"]
            more.append(1e3 * (here - shoot("3", Path(theirs), seed, against)["total"]))
    print("\n| clips of 3 s | median more ms | least | most |\n|---|---|---|---|")
    print(f"| {runs} pairs | {statistics.median(more):.0f} | {min(more):.0f} | {max(more):.0f} |")


def main() -> None:
    """Print tables of medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--against", type=Path, help="src of another checkout, for pairs.")
    asked = parser.parse_args()
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    with tempfile.TemporaryDirectory() as name:
        first = shoot("3", Path(name), 0)
        print(f"first run: {first['total']:.1f} s\n")
        # In turn, so that a slow spell of the machine falls on both lengths.
        results: dict[str, list[dict[str, float]]] = {"3": [], "5": []}
        for seed in range(1, asked.runs + 1):
            for seconds, taken in results.items():
                taken.append(shoot(seconds, Path(name), seed))
    print(f"| clip s | {' | '.join(results['3'][0])} | spread of total |")
    print("|---" * (len(results["3"][0]) + 2) + "|")
    for seconds, taken in results.items():
        print(row(seconds, taken))
    if asked.against is not None:
        pairs(asked.runs, asked.against)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\npeak memory {peak:.0f} MiB, load after {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
