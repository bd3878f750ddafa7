"""``rushes train``: mini from the film world."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rushes.core.errors import CancelledError, UsageError

if TYPE_CHECKING:
    from rushes.training.filming import Filming


def train(
    stage: Annotated[
        list[str] | None,
        typer.Option(help="Only this stage; may be repeated. Default: all that are not done."),
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 leaves it to torch.")] = 0,
    nice: Annotated[int, typer.Option(min=0, max=19, help="How far to give way to other programs.")] = 0,
    minutes: Annotated[float, typer.Option(min=0, help="Save and stop after so long; 0 is no limit.")] = 0,
    device: Annotated[str, typer.Option(help="Where to draw and train: cpu, or cuda without skia.")] = "cpu",
    pause: Annotated[bool, typer.Option("--pause", help="Make a running trainer save and stop.")] = False,
    ship: Annotated[
        Path | None, typer.Option(help="Write the weights trained so far to this folder as a model.")
    ] = None,
) -> None:
    """Train mini on the film world; goes on where it stopped. The state lies under RUSHES_HOME."""
    from rushes.core.settings import Settings
    from rushes.training import control

    settings = Settings.from_environment()
    if pause:
        control.pause_mini(settings)
    elif ship:
        control.ship_mini(settings, _filming(device), ship)
    elif not control.train_mini(
        settings, _filming(device), tuple(stage or ()), control.Effort(threads, nice, minutes)
    ):
        raise CancelledError("training stopped before its end; the same command goes on from here")


def _filming(device: str) -> "Filming":
    """Who draws. Raises UsageError for a device that is not there, or a missing skia."""
    import torch

    if device == "cuda":
        if not torch.cuda.is_available():
            raise UsageError("there is no CUDA device here: leave out --device")
        from rushes.training.device_footage import DeviceFilming

        return DeviceFilming(torch.device(device), workers=max(1, (os.cpu_count() or 2) - 1))
    if device != "cpu":
        raise UsageError(f"device {device!r} is unknown: choose cpu or cuda")
    try:
        from rushes.training.footage import SkiaFilming
    except ModuleNotFoundError as error:
        if error.name != "skia":
            raise
        raise UsageError("training draws the film world with skia: pip install 'rushes[train]'") from None
    return SkiaFilming()
