"""A run that is killed goes on at its step and ends with the same bytes; what does not fit starts over."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from tests.tiny_model import tiny_bundle

from rushes import cli
from rushes.core.errors import CancelledError
from rushes.core.recipe import Stage
from rushes.engine import saved_run
from rushes.engine.events import StageName
from rushes.engine.saved_run import Progress, SavedRun
from rushes.engine.tensor_file import read_tensor_file
from rushes.models.bundle import save_bundle

PROMPT = "a red fox runs left over the snow at night"
STEPS = 24
STAGES = (Stage(StageName.ENCODE_TEXT, 1, {}), Stage(StageName.DENOISE, 1, {"seed": 3}))
MACHINE = {"threads": 1}


def progress(step):
    return Progress(step, torch.full((1, 2, 1, 2, 2), float(step)), {"order": torch.tensor(2)})


@pytest.fixture
def saved(tmp_path):
    return SavedRun(tmp_path, STAGES, MACHINE, None)


def test_nothing_saved_is_nothing_loaded(saved):
    assert saved.load() is None
    assert not saved.exists()


def test_progress_comes_back_and_is_removed(saved, tmp_path):
    saved.save(progress(7))
    loaded = SavedRun(tmp_path, STAGES, MACHINE, None).load()
    assert loaded.step == 7
    assert torch.equal(loaded.latents, progress(7).latents)
    assert loaded.solver["order"] == 2
    saved.remove()
    assert not list(tmp_path.iterdir())


def test_another_recipe_or_machine_starts_over(saved, tmp_path):
    saved.save(progress(7))
    other = (STAGES[0], replace(STAGES[1], settings={"seed": 4}))
    assert SavedRun(tmp_path, other, MACHINE, None).load() is None
    assert SavedRun(tmp_path, STAGES, {"threads": 2}, None).load() is None


@pytest.mark.parametrize("damage", ["cut off", "changed"])
def test_a_damaged_save_starts_over(saved, damage):
    saved.save(progress(7))
    (path,) = saved.folder.iterdir()
    content = bytearray(path.read_bytes())
    if damage == "cut off":
        del content[-3:]
    else:
        content[-1] ^= 1
    path.write_bytes(bytes(content))
    assert saved.load() is None


def steps_saved(saved, steps, total):
    seen = []
    for step in range(1, steps + 1):
        saved.after(progress(step), total)
        if saved.exists():
            seen.append(saved.load().step)
            saved.remove()
    return seen


def test_every_n_steps_and_the_last_are_saved(tmp_path):
    assert steps_saved(SavedRun(tmp_path, STAGES, MACHINE, 3), 8, 8) == [3, 6, 8]


def test_a_short_run_never_writes_and_a_long_one_once_a_minute(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(saved_run, "monotonic", lambda: now[0])
    assert steps_saved(SavedRun(tmp_path, STAGES, MACHINE, None), 5, 5) == []
    saved, seen = SavedRun(tmp_path, STAGES, MACHINE, None), []
    for step in range(1, 9):
        now[0] += 25
        saved.after(progress(step), 8)
        if saved.exists():
            seen.append(saved.load().step)
            saved.remove()
    # at 75 and 150 seconds, and before the decoder begins
    assert seen == [3, 6, 8]


def test_a_run_that_breaks_off_is_saved_where_it_is_worth_it(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(saved_run, "monotonic", lambda: now[0])
    saved = SavedRun(tmp_path, STAGES, MACHINE, None)
    saved.rescue(progress(2))
    assert not saved.exists()
    now[0] = 61
    saved.rescue(progress(2))
    assert saved.load().step == 2


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny model under the solver that remembers most."""
    bundle = tiny_bundle(depth=12)
    sampling = replace(bundle.defaults.sampling, steps=STEPS, step_rule="unipc", schedule="official")
    folder = tmp_path_factory.mktemp("models") / "unipc"
    save_bundle(replace(bundle, defaults=replace(bundle.defaults, sampling=sampling)), folder)
    return folder


def arguments(model, name):
    return ["shoot", PROMPT, "--model", str(model), "--seconds", "1", "--size", "256x144", "--seed", "5",
            "--save-every", "1", "--output", name]  # fmt: skip


def shoot(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["rushes", *words])
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    signal.signal(signal.SIGTERM, handler)
    assert stop.value.code == 0
    return capsys.readouterr().out


def kill_after(step, model, folder):
    """Start the real command, kill it without warning once it has saved ``step``; the step last saved."""
    code = "from rushes.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments(model, "killed.mp4")], cwd=folder, stdout=subprocess.DEVNULL
    )
    runs = folder / "home" / "runs"
    try:
        while process.poll() is None:
            files = [read_tensor_file(path) for path in runs.glob("*/progress.safetensors")]
            if files and files[0] and int(files[0].notes["step"]) >= step:
                break
            time.sleep(0.01)
        assert process.poll() is None, "the run ended before it was killed"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    (path,) = runs.glob("*/progress.safetensors")
    return int(read_tensor_file(path).notes["step"])


def test_a_killed_run_ends_with_the_same_bytes(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setenv("OMP_NUM_THREADS", str(torch.get_num_threads()))
    whole = shoot(monkeypatch, capsys, *arguments(model, "whole.mp4"))
    assert "resumed" not in whole
    assert not list((tmp_path / "home" / "runs").iterdir())
    # what was made is found again: the studio must not know it
    shutil.rmtree(tmp_path / "home")
    step = kill_after(5, model, tmp_path)
    assert 5 <= step < STEPS
    assert not (tmp_path / "killed.mp4").exists()
    out = shoot(monkeypatch, capsys, *arguments(model, "killed.mp4"))
    assert f"resumed   after step {step} of {STEPS}" in out
    assert (tmp_path / "killed.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert not list((tmp_path / "home" / "runs").iterdir())
    recorded = [
        json.loads((tmp_path / f"{name}.json").read_text())["recorded"] for name in ("whole", "killed")
    ]
    assert [facts["resumed_after_step"] for facts in recorded] == [0, step]


def test_stopping_by_hand_says_how_to_go_on(model, tmp_path, monkeypatch, capsys):
    from rushes.cli import watching  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)

    def interrupt(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "_write_preview", interrupt)
    monkeypatch.setattr(sys, "argv", ["rushes", *arguments(model, "a.mp4"), "--previews", "seen"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == CancelledError.exit_code
    assert "progress is saved: the same command with --seed 5 goes on from there" in capsys.readouterr().err
    assert not (tmp_path / "a.mp4").exists()
