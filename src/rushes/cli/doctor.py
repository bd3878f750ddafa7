"""``rushes doctor``: what is wrong with the studio, and what helps."""

from dataclasses import asdict
from typing import Annotated

import typer

from rushes.cli.desk import AsJson, open_studio, print_json
from rushes.core.errors import FlaggedError


def doctor(
    *,
    thorough: Annotated[bool, typer.Option("--thorough", help="Read every file too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Examine database, files, disk and queue. Exit code 4 when something is wrong."""
    from rushes.studio.doctor import examine

    studio = open_studio()
    found = examine(studio.desk, studio.files, thorough)
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        for each in found:
            print(f"{each.subject} {each.problem}: {each.remedy}")
    if found:
        raise FlaggedError("one thing is wrong" if len(found) == 1 else f"{len(found)} things are wrong")
    if not as_json:
        print("all is well")
