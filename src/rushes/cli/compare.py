"""``rushes compare``: two takes in one film, side by side and by a wipe."""

from pathlib import Path
from typing import Annotated

import typer

from rushes.cli.desk import ProjectCode, open_studio
from rushes.core.errors import StoreError, UsageError


def compare(
    first: Annotated[str, typer.Argument(help="Code of a made take.")],
    second: Annotated[str, typer.Argument(help="Code of another one.")],
    *,
    output: Annotated[Path | None, typer.Option(help="MP4 to write. Default: FIRST_SECOND.mp4.")] = None,
    project: ProjectCode = "",
) -> None:
    """Write a film that shows two takes side by side, and below a wipe from one to the other."""
    from rushes.media.files import check_writable
    from rushes.studio.compare import compare as write_comparison
    from rushes.studio.takes import find_take, master_of

    studio = open_studio()
    project_id = studio.project(project).id if project else None
    takes = [find_take(studio.desk, code, project_id) for code in (first, second)]
    one, other = (take.code for take in takes)
    masters = []
    for take in takes:
        master = master_of(studio.desk, take.id)
        if master is None:
            raise UsageError(f"{take.code} is not made yet: rushes queue shows how far it is")
        path = studio.files.path(studio.desk.tenant_id, master.sha256)
        if not path.exists():
            raise StoreError(f"the master of {take.code} is missing: `rushes doctor` tells what helps")
        masters.append(path)
    film = output or Path(f"{one}_{other}.mp4")
    check_writable(film)
    count = write_comparison(masters[0], masters[1], (one, other), film)
    print(f"{film}: {count} frames")
