"""Programs written for OpenAI's client work with the version they have: the installed one, and an older one.

2.16 sends JSON where later ones send forms. ``pip install --target FOLDER openai==2.16.0`` and
``RUSHES_OPENAI_216=FOLDER`` run the same program with it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.service.conftest import picture

FOLDER = "RUSHES_OPENAI_216"
# The test's own environment holds nothing that begins with RUSHES_.
OLD = os.environ.get(FOLDER, "")
EXPECTED = {
    "made": ["completed", 100, "4", "832x480", 7],
    "bytes": "clip of ",
    "from_picture": "completed",
    "remix": True,
    "retried": 1,
    "failed": ["failed", "refused"],
    "bad": ["BadRequestError", 400, "invalid_request", True],
    "missing": ["NotFoundError", 404, "not_found", True],
    "early": ["ConflictError", 409, "conflict", True],
    "conflict": ["ConflictError", 409, "conflict", True],
    "deleted": True,
    "listed": True,
}


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param("", id="installed"),
        pytest.param(OLD, id="2.16", marks=pytest.mark.skipif(not OLD, reason=f"{FOLDER} names no folder")),
    ],
)
def test_a_program_of_somebody_else(url, folder):
    program = Path(__file__).with_name("openai_client.py")
    environment = {**os.environ, "PYTHONPATH": folder, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, str(program), f"{url}/v1", picture(70).hex()], env=environment, timeout=300,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["version"].startswith("2.16") == bool(folder)
    assert found["sync"] == EXPECTED
    assert found["async"] == {name: _in_short(name) for name in found["async"]}


def _in_short(name):
    return "completed" if name == "made" else EXPECTED[name]
