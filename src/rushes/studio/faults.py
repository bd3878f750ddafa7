"""Places where a test can kill the process, so that races happen on purpose.

With ``RUSHES_KILL_AT=FOLDER`` the first process that comes by a place with a file of its name in the folder
removes the file and dies.
"""

import os
import signal
from pathlib import Path

KILL_POINTS = (
    "after claim",
    "stage begun",
    "before rename",
    "after rename",
    "before keeping",
    "after keeping",
    "before publishing",
    "after publishing",
)


def kill_point(name: str) -> None:
    """Die here as if by `kill -9`, if a test asked for it."""
    folder = os.environ.get("RUSHES_KILL_AT")
    if folder is None:
        return
    try:
        (Path(folder) / name).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
