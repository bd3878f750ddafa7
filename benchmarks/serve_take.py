"""Seconds from a submit over HTTP to its answer, to the first preview picture and to the file.

The real server with mini. The first take finds a worker without a model; the others find it warm.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

PROMPT = "一位红斗篷女战士在暴雨中跃下古城墙"
SERVE = "from rushes.cli import main; main()"


def start(home: Path) -> "tuple[subprocess.Popen[str], str]":
    """``rushes serve`` on a home of its own, and its address."""
    environment = {**os.environ, "RUSHES_HOME": str(home), "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, "-c", SERVE, "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert server.stdout is not None
    found = next(found for line in server.stdout if (found := re.search(r"http://\S+", line)))
    return server, found[0].rstrip("/")


def take(url: str, seconds: str, seed: int) -> dict[str, float]:
    """Seconds until the first preview and until the file has come."""
    began, marks = time.perf_counter(), {}
    with httpx.Client(base_url=url, timeout=120) as client:
        body = {"prompt": PROMPT, "seconds": seconds, "seed": seed}
        video = client.post("/v1/videos", json=body).raise_for_status().json()
        marks["answered"] = time.perf_counter() - began
        with client.stream("GET", "/v1/events") as events:
            for line in events.iter_lines():
                told = json.loads(line[5:]) if line.startswith("data:") else {}
                preview = told.get("preview")
                if preview and "first preview" not in marks:
                    client.get(preview).raise_for_status()
                    marks["first preview"] = time.perf_counter() - began
                if client.get(f"/v1/videos/{video['id']}").json()["status"] in ("completed", "failed"):
                    break
        client.get(f"/v1/videos/{video['id']}/content").raise_for_status()
    marks["file"] = time.perf_counter() - began
    return marks


def main() -> None:
    """Make the takes and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python benchmarks/serve_take.py --runs 5"
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", nargs="+", default=["3", "5"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server, url = start(Path(folder))
        try:
            first = take(url, asked.seconds[0], 0)
            rows = {
                seconds: [take(url, seconds, seed) for seed in range(1, asked.runs + 1)]
                for seconds in asked.seconds
            }
        finally:
            server.terminate()
            server.wait()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}\n")
    names = list(first)
    print(f"| clip s | {' | '.join(names)} |\n|" + "---|" * (len(names) + 1))
    print(f"| {asked.seconds[0]}, first | " + " | ".join(f"{first[name]:.2f}" for name in names) + " |")
    for seconds, runs in rows.items():
        medians = [statistics.median(run[name] for run in runs) for name in names]
        print(f"| {seconds} | " + " | ".join(f"{each:.2f}" for each in medians) + " |")


if __name__ == "__main__":
    main()
