"""Places where a test can kill the process or let a write fail: races and full disks, on purpose.

With ``RUSHES_FAULT_AT=FOLDER`` the first process that comes by a place with a file of its name in the folder
removes the file and dies; a file that holds the name of an error, like ENOSPC, lets the place fail with it.
"""

import errno
import os
import signal
from pathlib import Path

FAULT_POINTS = (
    "after claim",
    "stage begun",
    "before rename",
    "after rename",
    "before keeping",
    "after keeping",
    "before publishing",
    "after publishing",
)


def fault_point(name: str) -> None:
    """Die here as if by `kill -9`, or fail as the system would, if a test asked for it."""
    folder = os.environ.get("RUSHES_FAULT_AT")
    if folder is None:
        return
    try:
        failure = (Path(folder) / name).read_text()
        (Path(folder) / name).unlink()
    except FileNotFoundError:
        return
    if failure:
        number = getattr(errno, failure)
        raise OSError(number, os.strerror(number))
    os.kill(os.getpid(), signal.SIGKILL)
