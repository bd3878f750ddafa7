"""A worker is killed in mid-denoising; another one goes on at the saved step and ends with the same bytes."""

import multiprocessing
import os
import signal
from dataclasses import replace

import pytest
import torch
from tests.tiny_model import tiny_bundle

from rushes.cli.camera import Camera, Machine
from rushes.cli.desk import open_studio
from rushes.cli.screen import Screen
from rushes.cli.take_steps import Filmer
from rushes.cli.watching import Watching
from rushes.core.settings import Settings
from rushes.engine.events import StepDone
from rushes.engine.tensor_file import read_tensor_file
from rushes.models.bundle import save_bundle
from rushes.studio.foreground import run_now
from rushes.studio.jobs.job import JobState
from rushes.studio.jobs.queue import find_job, list_jobs
from rushes.studio.shooting import inbox_shot, submit_take
from rushes.studio.takes import TakeRequest, master_of
from rushes.studio.worker import Patience, Worker

STEPS, KILLED_AFTER = 8, 4
LEFT = [JobState.QUEUED, JobState.RUNNING]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Its solver remembers the steps before."""
    tiny = tiny_bundle()
    sampling = replace(tiny.defaults.sampling, step_rule="unipc")
    folder = tmp_path_factory.mktemp("models") / "unipc"
    save_bundle(replace(tiny, defaults=replace(tiny.defaults, sampling=sampling)), folder)
    return folder


class Deadly(Watching):
    """Kills its whole group after a step, once, where the home holds a file called ``kill``."""

    def see(self, event):
        super().see(event)
        token = Settings.from_environment().home / "kill"
        if isinstance(event, StepDone) and event.step == KILLED_AFTER and token.exists():
            token.unlink()
            os.killpg(0, signal.SIGKILL)


def build():
    """In the worker's child: progress is saved after every step, not every minute."""
    return Filmer(Camera(Deadly(Screen(True, True)), Machine(save_every=1)), open_studio().files)


def work():
    """A worker process in a group of its own, which ends when nothing is left."""
    os.setpgid(0, 0)
    studio = open_studio()
    patience = Patience(1.5, 0.1, 120, 0.5)
    worker = Worker(studio.desk.store, studio.files, build, patience=patience)
    worker.run(lambda: not list_jobs(studio.desk, LEFT))


def start():
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
    return process


def submit(studio, model):
    words = "a red fox runs left over the snow at night"
    settings = {"seconds": "0.4", "steps": STEPS, "size": "256x144"}
    shot_id = inbox_shot(studio.desk, words)
    return submit_take(studio.desk, shot_id, TakeRequest(words, 5, str(model), settings))


def saved_step(runs):
    """The step last saved, 0 for none."""
    files = [read_tensor_file(path) for path in runs.glob("*/progress.safetensors")]
    return int(files[0].notes["step"]) if files and files[0] else 0


def test_another_worker_goes_on_at_the_saved_step(model, monkeypatch, tmp_path):
    monkeypatch.setenv("OMP_NUM_THREADS", str(torch.get_num_threads()))
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "whole"))
    whole_studio = open_studio()
    whole = submit(whole_studio, model)
    with build() as filmer:
        list(run_now(whole_studio.desk, whole_studio.files, whole.job, filmer(whole.take, whole.job)))

    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "killed"))
    studio = open_studio()
    taken = submit(studio, model)
    (tmp_path / "killed" / "kill").touch()
    first = start()
    first.join()
    assert first.exitcode == -signal.SIGKILL
    assert saved_step(tmp_path / "killed" / "runs") == KILLED_AFTER
    start().join()

    job, master = find_job(studio.desk, taken.job.id), master_of(studio.desk, taken.take.id)
    assert (job.state, job.attempt, job.strikes) == (JobState.SUCCEEDED, 2, 2)
    assert master.recipe["recorded"]["resumed_after_step"] == KILLED_AFTER
    unbroken = master_of(whole_studio.desk, whole.take.id)
    assert unbroken.recipe["recorded"]["resumed_after_step"] == 0
    assert master.sha256 == unbroken.sha256
    assert not list((tmp_path / "killed" / "runs").iterdir())
