"""``rushes train``: mini from the film world."""

from pathlib import Path
from typing import Annotated

import typer

from rushes.core.errors import CancelledError, UsageError


def train(
    stage: Annotated[
        list[str] | None,
        typer.Option(help="Only this stage; may be repeated. Default: all that are not done."),
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 leaves it to torch.")] = 0,
    nice: Annotated[int, typer.Option(min=0, max=19, help="How far to give way to other programs.")] = 0,
    minutes: Annotated[float, typer.Option(min=0, help="Save and stop after so long; 0 is no limit.")] = 0,
    pause: Annotated[bool, typer.Option("--pause", help="Make a running trainer save and stop.")] = False,
    ship: Annotated[
        Path | None, typer.Option(help="Write the weights trained so far to this folder as a model.")
    ] = None,
) -> None:
    """Train mini on the film world; goes on where it stopped. The state lies under RUSHES_HOME."""
    from rushes.core.settings import Settings

    try:
        from rushes.training import control
    except ModuleNotFoundError as error:
        if error.name != "skia":
            raise
        raise UsageError("training draws the film world with skia: pip install 'rushes[train]'") from None

    settings = Settings.from_environment()
    if pause:
        control.pause_mini(settings)
    elif ship:
        control.ship_mini(settings, ship)
    elif not control.train_mini(settings, tuple(stage or ()), threads, nice, minutes):
        raise CancelledError("training stopped before its end; the same command goes on from here")
