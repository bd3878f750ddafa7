"""A worker's take that runs out of memory is made in half of it, from the step that was saved."""

import pytest
import torch
from tests.tiny_model import wide_bundle

from rushes.cli.camera import Camera, Machine
from rushes.cli.desk import open_studio
from rushes.cli.screen import Screen
from rushes.cli.take_steps import Filmer
from rushes.cli.watching import Watching
from rushes.core.errors import OutOfMemoryError
from rushes.models.bundle import save_bundle
from rushes.models.streaming import StreamedBlocks
from rushes.models.transformer import Head
from rushes.studio.jobs.claim import claim
from rushes.studio.jobs.classify import classify, describe
from rushes.studio.jobs.ending import fail
from rushes.studio.jobs.job import Failure, JobState
from rushes.studio.jobs.queue import find_job
from rushes.studio.production import Production
from rushes.studio.shooting import inbox_shot, submit_take
from rushes.studio.takes import TakeRequest, master_of

WORDS = "a red fox runs left over the snow at night"


@pytest.fixture
def wide(tmp_path):
    """A model whose experts weigh 16 MB each, much more than all else."""
    save_bundle(wide_bundle(256, depth=4), tmp_path / "wide")
    return tmp_path / "wide"


def test_the_second_attempt_holds_less_and_goes_on(wide, monkeypatch):
    # what earlier tests left in this process would count
    monkeypatch.setattr("rushes.engine.memory.own_memory", lambda _: 0)
    studio = open_studio()
    settings = {"seconds": "0.4", "steps": 2, "size": "256x144"}
    shot_id = inbox_shot(studio.desk, WORDS)
    new = submit_take(studio.desk, shot_id, TakeRequest(WORDS, 5, str(wide), settings))
    calls, streamed = [], []
    forward, iterate = Head.forward, StreamedBlocks.__iter__

    def run_out(*arguments):
        calls.append(1)
        if len(calls) == 3:  # in the second step: each takes two passes
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(*arguments)

    monkeypatch.setattr(Head, "forward", run_out)
    monkeypatch.setattr(StreamedBlocks, "__iter__", lambda self: streamed.append(1) or iterate(self))
    with Filmer(Camera(Watching(Screen(True, True)), Machine(save_every=1)), studio.files) as filmer:
        first = claim(studio.desk.store, "worker")
        with pytest.raises(OutOfMemoryError) as ran_out:
            attempt(studio, filmer, new, first)
        assert (classify(ran_out.value), streamed) == (Failure.OUT_OF_MEMORY, [])
        fail(studio.desk.store, first.claim, Failure.OUT_OF_MEMORY, describe(ran_out.value))
        attempt(studio, filmer, new, claim(studio.desk.store, "worker"))
    assert streamed
    assert find_job(studio.desk, new.job.id).state is JobState.SUCCEEDED
    assert master_of(studio.desk, new.take.id).recipe["recorded"]["resumed_after_step"] == 1


def attempt(studio, filmer, new, claimed):
    """As a worker's child makes it."""
    production = Production(studio.desk, studio.files, claimed.job, new.take, claimed.claim)
    return list(production.run(filmer(new.take, claimed.job)))
