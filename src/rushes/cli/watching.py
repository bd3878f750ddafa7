"""What a person sees of a take in the making: the bar, previews, a run that goes on, how to go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.cli.screen import Screen, TakeBar
from rushes.core.errors import UsageError
from rushes.core.request import Request

if TYPE_CHECKING:
    from rushes.engine.events import Event, Preview
    from rushes.engine.saved_run import SavedRun

PREVIEWS_A_TAKE = 8


class Watching:
    """One command's view of its takes; ``previews`` is the folder for pictures of a clip in the making."""

    def __init__(self, screen: Screen, previews: Path | None = None) -> None:
        self.screen, self.previews = screen, previews
        # What pictures of the take in the making are called after.
        self.stem = ""
        self._bar: TakeBar | None = None
        self._saved: SavedRun | None = None

    def every(self, request: Request) -> int:
        """How many steps lie between two previews; 0 for none."""
        return max(1, request.sampling.steps // PREVIEWS_A_TAKE) if self.previews else 0

    @contextmanager
    def take(self, saved: "SavedRun | None") -> Iterator[None]:
        """While one take is made, whose progress ``saved`` keeps."""
        self._saved = saved
        with self.screen.progress() as self._bar:
            yield

    def see(self, event: "Event") -> None:
        """What the engine says."""
        from rushes.engine.events import Preview, Resumed

        if self._bar is not None:
            self._bar.show(event)
        if isinstance(event, Preview) and self.previews:
            _write_preview(self.previews / f"{self.stem}_step_{event.step:03d}.png", event)
        elif isinstance(event, Resumed):
            self.screen.say("resumed", f"after step {event.step} of {event.total}, as saved")

    def stopped(self, seed: int) -> str:
        """What to tell somebody who stopped the take with this seed."""
        if self._saved is not None and self._saved.exists():
            return f"stopped; progress is saved: the same command with --seed {seed} goes on from there"
        return "stopped; no unfinished file was left behind"


def preview_folder(folder: Path) -> Path:
    """The folder, made where it is new; UsageError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"folder {str(folder)!r} for previews cannot be made ({error.strerror}): choose another"
        ) from error
    return folder


def _write_preview(path: Path, event: "Preview") -> None:
    """The pictures side by side."""
    import numpy as np

    from rushes.media.picture import write_png

    write_png(path, np.concatenate(list(event.pictures), axis=1))
