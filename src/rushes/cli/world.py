"""``rushes world``: the film world on a contact sheet."""

from pathlib import Path
from typing import Annotated

import typer

from rushes.core.errors import UsageError


def world(
    sheet: Annotated[Path, typer.Option(help="PNG to write, replaced if it exists.")],
    seed: Annotated[int, typer.Option(help="Which scenes.")] = 0,
) -> None:
    """Draw a contact sheet of the film world mini learns from."""
    from rushes.media.files import check_writable
    from rushes.media.picture import write_png

    try:
        from rushes.world.sheet import contact_sheet
    except ModuleNotFoundError as error:
        if error.name != "skia":
            raise
        raise UsageError("the film world is drawn with skia: pip install 'rushes[world]'") from None

    check_writable(sheet)
    write_png(sheet, contact_sheet(seed, rows=6, columns=5))
    print(sheet)
