"""Places where a test can kill the process, so that races happen on purpose.

``RUSHES_KILL_AT="after rename:FILE"`` kills the first process that comes by while FILE exists, which it
removes.
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
    wanted, _, token = os.environ.get("RUSHES_KILL_AT", "").partition(":")
    if wanted != name:
        return
    try:
        Path(token).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
