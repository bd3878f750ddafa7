"""One bar for a whole take, fed by events."""

import io

import pytest
import torch
from rich.console import Console
from rich.progress import Progress

from rushes.cli.screen import TakeBar, time_left
from rushes.engine.events import FramesDecoded, Resumed, StageName, StageStarted, StepDone


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.2, "0:00 left"), (61.6, "1:02 left"), (3599.7, "1:00:00 left"), (7384, "2:03:04 left")],
)
def test_time_left_in_words(seconds, text):
    assert time_left(seconds) == text


def test_the_bar_follows_the_events():
    progress = Progress(console=Console(file=io.StringIO()))
    bar = TakeBar(progress)
    (task,) = progress.tasks
    latents = torch.zeros(1)
    bar.show(StageStarted(StageName.DENOISE))
    bar.show(Resumed(3, 8))
    assert (task.description, task.completed, task.total) == ("denoise", 3, 8)
    bar.show(StepDone(4, 8, 1, 0.5, latents, latents, 75.0))
    assert (task.description, task.completed, task.fields["left"]) == ("denoise, expert 2", 4, "1:15 left")
    bar.show(StageStarted(StageName.DECODE))
    assert (task.completed, task.fields["left"]) == (0, "1:15 left")
    bar.show(FramesDecoded(latents.numpy(), 5, 9, 0, 2.0))
    assert (task.description, task.completed, task.total) == ("decode", 5, 9)
    assert task.fields["left"] == "0:02 left"
