import json

import pytest
import torch

from rushes.core.errors import UsageError
from rushes.training.loop import PAUSE_FILE, StopSignal, lock, run_stage


class Counting:
    """A stage whose weights are the sum of its step numbers."""

    name = "counting"
    steps = 10

    def __init__(self, stop_after=None, stop=None):
        self.step = 0
        self.total = torch.zeros(())
        self.stop_after, self.stop = stop_after, stop

    def train_step(self):
        self.total = self.total + self.step
        if self.step == self.stop_after:
            self.stop.raised = True
        return {"total": self.total.item()}

    def state_dict(self):
        return {"total": self.total, "step": self.step}

    def load_state_dict(self, state):
        self.total, self.step = state["total"], state["step"]


def test_a_stopped_stage_goes_on_where_it_was(tmp_path):
    stop = StopSignal(tmp_path)
    assert not run_stage(Counting(stop_after=3, stop=stop), tmp_path, stop)
    resumed = Counting()
    assert run_stage(resumed, tmp_path, StopSignal(tmp_path))
    assert resumed.total == sum(range(10))
    steps = [json.loads(line)["step"] for line in (tmp_path / "counting.jsonl").read_text().splitlines()]
    assert steps == [4, 10]
    assert not list(tmp_path.glob("*.partial"))


def test_the_pause_file_and_the_deadline_stop_before_a_step(tmp_path):
    (tmp_path / PAUSE_FILE).touch()
    stage = Counting()
    assert not run_stage(stage, tmp_path, StopSignal(tmp_path))
    assert stage.step == 0
    (tmp_path / PAUSE_FILE).unlink()
    assert not run_stage(stage, tmp_path, StopSignal(tmp_path, deadline=0.0))
    assert stage.step == 0


def test_a_stage_has_one_trainer(tmp_path):
    with (
        lock(tmp_path / "counting.lock"),
        pytest.raises(UsageError, match="counting is being trained by another process"),
    ):
        run_stage(Counting(), tmp_path, StopSignal(tmp_path))
