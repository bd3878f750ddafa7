"""A short `benchmarks/serve_kills.py`: server and worker killed while clients submit over HTTP."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "serve_kills.py"


def test_kills_of_server_and_worker_lose_nothing_and_make_nothing_twice():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RUSHES_")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--kills", "2", "--clients", "2", "--wait", "240"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| 1 of the server, 1 of workers |" in done.stdout
