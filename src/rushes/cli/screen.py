"""What a person sees while a verb runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from rushes.engine.events import Event


class Screen:
    """What a person sees: lines, and a bar where there is a terminal; on stderr when stdout carries JSON."""

    def __init__(self, quiet: bool, as_json: bool) -> None:
        self._console = Console(stderr=as_json, quiet=quiet, highlight=False, markup=False, soft_wrap=True)

    def say(self, title: str, text: str) -> None:
        """One line: what it is about, and the words."""
        self._console.print(f"{title:<9} {text}")

    @contextmanager
    def progress(self) -> Iterator["StageBar"]:
        """A live bar with stage, step and time left."""
        columns = (
            TextColumn("{task.description:<24}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeRemainingColumn(),
        )
        idle = self._console.quiet or not self._console.is_terminal
        with Progress(*columns, console=self._console, transient=True, disable=idle) as bar:
            yield StageBar(bar)


class StageBar:
    """One line per stage, fed by the engine's events."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar

    def show(self, event: "Event") -> None:
        """Move on to what ``event`` says."""
        from rushes.engine.events import FramesDecoded, StageDone, StageStarted, StepDone

        match event:
            case StageStarted(stage):
                self._task = self._bar.add_task(stage, total=1)
            case StepDone(step=step, total=total, expert=expert):
                text = f"denoise, expert {expert + 1}"
                self._bar.update(self._task, description=text, completed=step, total=total)
            case FramesDecoded(done=done, total=total):
                self._bar.update(self._task, completed=done, total=total)
            case StageDone():
                self._bar.remove_task(self._task)
