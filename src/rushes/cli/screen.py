"""What a person sees while a verb runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from rushes.engine.events import Event


class Screen:
    """What a person sees: lines, and a bar where there is a terminal; on stderr when stdout carries JSON."""

    def __init__(self, quiet: bool, as_json: bool) -> None:
        # Every verb imports this module, and rich takes a tenth of a verb's start.
        from rich.console import Console

        self.console = Console(stderr=as_json, quiet=quiet, highlight=False, markup=False, soft_wrap=True)

    def say(self, title: str, text: str) -> None:
        """One line: what it is about, and the words."""
        self.console.print(f"{title:<9} {text}")

    @contextmanager
    def progress(self) -> Iterator["TakeBar"]:
        """A live bar with stage, step and the time left for the whole take."""
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (
            TextColumn("{task.description:<24}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[left]}"),
        )
        idle = self.console.quiet or not self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=idle) as bar:
            yield TakeBar(bar)


class TakeBar:
    """One line per take, fed by the engine's events."""

    def __init__(self, bar: "Progress") -> None:
        self._bar = bar
        self._task: TaskID = bar.add_task("", total=1, left="")

    def show(self, event: "Event") -> None:
        """Move on to what ``event`` says."""
        from rushes.engine.events import CandidateScored, FramesDecoded, Resumed, StageStarted, StepDone

        match event:
            case StageStarted(stage):
                self._bar.update(self._task, description=stage, completed=0, total=1)
            case Resumed(step, total):
                self._bar.update(self._task, completed=step, total=total)
            case StepDone(step=step, total=total, expert=expert, seconds_left=left):
                text = f"denoise, expert {expert + 1}"
                self._bar.update(
                    self._task, description=text, completed=step, total=total, left=time_left(left)
                )
            case CandidateScored(number=number, total=total):
                self._bar.update(self._task, description="choose", completed=number, total=total, left="")
            case FramesDecoded(done=done, total=total, seconds_left=left):
                self._bar.update(self._task, completed=done, total=total, left=time_left(left))


def time_left(seconds: float | None) -> str:
    """``"1:02:03 left"``, ``"0:12 left"``, or nothing while it is not known."""
    return "" if seconds is None else f"{duration(seconds)} left"


def counted(number: int, noun: str) -> str:
    """``"1 shot"`` or ``"2 shots"``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds: float) -> str:
    """``"1:02:03"`` or ``"0:12"``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
