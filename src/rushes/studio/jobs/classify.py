"""Which class of failure an error is: whose fault, and whether trying again can help."""

import errno

from sqlalchemy.exc import OperationalError

from rushes.core.errors import (
    HostedBusyError,
    HostedError,
    LimitError,
    OutOfMemoryError,
    RefusedError,
    StoreError,
    UsageError,
    WeightsError,
)
from rushes.studio.jobs.job import Failure
from rushes.studio.store import database_error, is_away

# The machine is full or may not be written to; another machine, or this one later, can.
_HOST_ERRORS = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO}
_FULL_DATABASE = ("disk is full", "readonly database", "disk I/O error", "unable to open database")


# The first that fits counts.
_CLASSES: tuple[tuple[tuple[type[BaseException], ...], Failure], ...] = (
    ((RefusedError,), Failure.REFUSED),
    ((LimitError,), Failure.BUDGET),
    ((UsageError, WeightsError), Failure.USER),
    ((OutOfMemoryError, MemoryError), Failure.OUT_OF_MEMORY),
    ((HostedBusyError,), Failure.HOST),
)


def classify(error: BaseException) -> Failure:
    """The class of an error a stage ended with; what nobody knows is taken for a passing fault."""
    for kinds, found in _CLASSES:
        if isinstance(error, kinds):
            return found
    if isinstance(error, OSError) and error.errno in _HOST_ERRORS:
        return Failure.HOST
    if isinstance(error, OperationalError) and any(words in str(error.orig) for words in _FULL_DATABASE):
        return Failure.HOST
    if is_away(error):
        return Failure.HOST
    return Failure.TRANSIENT


def describe(error: BaseException) -> str:
    """One line for a person."""
    if isinstance(error, OperationalError):
        error = database_error(error)
    text = " ".join(str(error).split()) or "no message"
    is_for_people = isinstance(error, UsageError | RefusedError | HostedError | StoreError)
    return text if is_for_people else f"{type(error).__name__}: {text}"[:500]
