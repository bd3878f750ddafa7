"""Two sides of a comparison, each in a process of its own, working in turn when told to.

A slow spell of the machine then falls on both, and each side has its own peak of memory.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

SIDES = ("ours", "reference")
HEADER = (
    "| case | ours s | reference s | times faster (range) | ours peak MiB (working) | reference | apart |\n"
    "|---|---|---|---|---|---|---|"
)


@torch.inference_mode()
def serve(run: Callable[[], Tensor], result: Path) -> None:
    """A side: one run per line of input, answered by its seconds and its peak memory in MiB."""
    resident = status("VmRSS")
    torch.save(run().float(), result)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of loading
    print("ready", flush=True)
    for _ in sys.stdin:
        before = time.perf_counter()
        run()
        print(time.perf_counter() - before, flush=True)
        print(status("VmHWM"), status("VmHWM") - resident, flush=True)


def status(field: str) -> float:
    """A figure of this process in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def compare(script: str, case: str, runs: int, threads: int) -> str:
    """A row of the table: medians of paired runs of ``script --serve CASE SIDE RESULT``."""
    with tempfile.TemporaryDirectory() as folder:
        results = {side: Path(folder) / side for side in SIDES}
        seconds, peaks = _take_turns(script, case, results, runs, threads)
        ours, theirs = (torch.load(results[side]) for side in SIDES)
    ratios = sorted(b / a for a, b in zip(seconds["ours"], seconds["reference"], strict=True))
    median = {side: statistics.median(seconds[side]) for side in SIDES}
    return (
        f"| {case} | {median['ours']:.3f} | {median['reference']:.3f} "
        f"| {statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f}) "
        f"| {peaks['ours'][0]:.0f} (+{peaks['ours'][1]:.0f}) "
        f"| {peaks['reference'][0]:.0f} (+{peaks['reference'][1]:.0f}) "
        f"| {float((ours - theirs).norm() / theirs.norm()):.1e} |"
    )


def _take_turns(
    script: str, case: str, results: dict[str, Path], runs: int, threads: int
) -> tuple[dict[str, list[float]], dict[str, tuple[float, ...]]]:
    """Seconds of every run of every side, and its last peak: of the process, and of the work."""
    children = {}
    for side in SIDES:
        children[side] = subprocess.Popen(
            [sys.executable, script, "--serve", case, side, str(results[side])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        )  # fmt: skip
        if children[side].stdout.readline() != "ready\n":
            raise SystemExit(f"{side} could not do {case!r}")
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    peaks: dict[str, tuple[float, ...]] = {}
    for _ in range(runs):
        for side, child in children.items():
            child.stdin.write("\n")
            seconds[side].append(float(child.stdout.readline()))
            peaks[side] = tuple(map(float, child.stdout.readline().split()))
    for child in children.values():
        child.stdin.close()
        child.wait()
    return seconds, peaks


def main(
    script: str, doc: str | None, cases: Sequence[str], form: str,
    build: Callable[[str, str], Callable[[], Tensor]],
) -> None:  # fmt: skip
    """Print a table of medians; a side's own process is the same script with ``--serve``.

    ``form`` says how a case is written; ``build`` makes what one side runs for a case.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--cases", nargs="+", default=cases, help=form)
    parser.add_argument("--serve", nargs=3, metavar=("CASE", "SIDE", "RESULT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        case, side, result = options.serve
        serve(build(case, side), Path(result))
        return
    print_table(script, options.cases, options.runs, options.threads)


def print_table(script: str, cases: Sequence[str], runs: int, threads: int) -> None:
    """The machine, its load, and a row per case."""
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {threads} threads, torch {torch.__version__}, load {os.getloadavg()[0]:.2f}")
    print(f"medians of {runs} paired runs\n\n{HEADER}")
    for case in cases:
        print(compare(script, case, runs, threads), flush=True)
    print(f"\nload after {os.getloadavg()[0]:.2f}")
