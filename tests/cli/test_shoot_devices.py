"""``rushes shoot --devices``: the same take from several processes, and a clean end by Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.engine.parallel_work import wait_for_end

from rushes.media.picture import read_picture

PROMPT = "a red fox runs left over the snow at night"
SHOOT = ("shoot", PROMPT, "--size", "256x144", "--seed", "5")
RUN = "from rushes.cli import main; main()"


@pytest.fixture
def shoot(rushes, tiny_model):
    """Films with the tiny model in an empty folder: (exit code, stdout, stderr)."""
    return lambda *options: rushes(*SHOOT, "--model", tiny_model, *options)


def test_two_devices_make_the_same_take(shoot, tmp_path, monkeypatch):
    fast = ("--seconds", "0.4", "--steps", "2", "--json")
    code, printed, _ = shoot(*fast, "--output", "two.mp4", "--variants", "2", "--devices", "2")
    assert code == 0
    # what was made is found again: the studio must not know it
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "elsewhere"))
    assert shoot(*fast, "--output", "one.mp4")[0] == 0
    two, one = (json.loads((tmp_path / name).read_text()) for name in ("two.json", "one.json"))
    assert two["stages"] == one["stages"]
    assert two["recorded"]["machine"]["devices"] == "guidance 2"
    assert "devices" not in one["recorded"]["machine"]
    assert [Path(take["video"]).name for take in json.loads(printed)["takes"]] == ["two.mp4", "two_v002.mp4"]
    sheets = [read_picture(tmp_path / name).astype(int) for name in ("two.png", "one.png")]
    assert np.abs(sheets[0] - sheets[1]).max() <= 4  # bfloat16 on some machines


@pytest.mark.parametrize(
    ("devices", "message"), [("0", "use 1 or more"), ("11", "10 rows of latents to divide: use at most 10")]
)
def test_numbers_that_cannot_work_are_refused(shoot, tmp_path, devices, message):
    code, _, error = shoot("--devices", devices)
    assert code == 2
    assert message in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("moment", [0.0, 0.2], ids=["while all wait", "in mid-step"])
def test_control_c_leaves_nothing_running(tmp_path, tiny_model, moment):
    """The signal reaches every process of the terminal; the caller alone answers it."""
    command = [
        sys.executable, "-c", RUN, *SHOOT, "--model", str(tiny_model), "--steps", "200", "--devices", "2",
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONFAULTHANDLER": "1"},
    )
    with process:
        while not process.stdout.readline().startswith("seed"):
            assert process.poll() is None
        time.sleep(moment)
        family = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        family = [int(pid) for pid in family]
        assert len(family) >= 2
        os.killpg(process.pid, signal.SIGINT)
        try:
            rest, _ = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGABRT)  # each process says where it hangs
            pytest.fail(process.communicate()[0])
    assert process.returncode == 130
    assert rest.count("\n") == 1
    assert rest.startswith("rushes: stopped; ")
    wait_for_end(family)
    assert not list(tmp_path.iterdir())
