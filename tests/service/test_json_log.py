"""Everything a server and its workers write is JSON, one object a line."""

import json
import subprocess
import sys

# A worker's process, as it begins, with a library that warns while the model loads.
WORKER = """
import logging, warnings
from rushes.cli import take_steps
def load(model):
    warnings.warn(f"{model} is old", stacklevel=1)
    logging.getLogger("library").error("odd\\nweights")
take_steps.build = load
from rushes.cli.serve import _build_on
_build_on("", "mini")
"""


def test_a_worker_warns_in_json():
    done = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=True)
    warned, logged = [json.loads(line) for line in done.stderr.splitlines()]
    assert (warned["level"], warned["from"]) == ("warning", "py.warnings")
    assert "mini is old" in warned["message"]
    assert (logged["level"], logged["from"], logged["message"]) == ("error", "library", "odd\nweights")
