"""The one exception tree.

RushesError                 anything rushes raises on purpose           exit 1
├── UsageError              the user's mistake: value and remedy        exit 2
│   ├── MissingError        what was named is not there                 exit 2
│   ├── ConflictError       it is there, but not in a state for this    exit 2
│   └── LimitError          a budget or a queue is used up              exit 2
├── RefusedError            a safety gate said no                       exit 3
├── FlaggedError            a quality check found something             exit 4
├── WeightsError            a weight file is missing, cut off or wrong  exit 1
├── GenerationError         a run went wrong on its way                 exit 1
│   └── OutOfMemoryError    memory ran out in one of its stages         exit 1
├── HubError                a hub of models is out of reach or wrong    exit 1
├── HostedError             a hosted model gave no usable clip          exit 1
│   └── HostedBusyError     it is out of reach or full, for a while     exit 1
├── StoreError              the studio's database or files cannot do it exit 1
│   ├── StoreAwayError      the database is out of reach for now        exit 1
│   └── LeaseLostError      a job now belongs to another attempt        exit 1
└── CancelledError          the user stopped the run                    exit 130
"""

from typing import ClassVar

from rushes.core.decision import Decision


class RushesError(Exception):
    """Anything rushes raises on purpose; the message is one sentence for a person."""

    exit_code: ClassVar[int] = 1


class UsageError(RushesError, ValueError):
    """A value the user gave cannot work; the message names the value and the remedy."""

    exit_code = 2


class MissingError(UsageError):
    """What the user named does not exist, or not for them."""


class ConflictError(UsageError):
    """What the user named is not in a state for this: it has ended, has changed, or exists already."""


class LimitError(UsageError):
    """A budget or a queue has no room for this."""


class RefusedError(RushesError):
    """A safety gate refused the request, or a person has to allow it; ``decision`` says by which rule."""

    exit_code = 3

    def __init__(self, message: str, decision: Decision | None = None) -> None:
        super().__init__(message)
        self.decision = decision


class FlaggedError(RushesError):
    """A quality check flagged the result for a person."""

    exit_code = 4


class WeightsError(RushesError):
    """A weight file is missing, truncated, or does not fit its model."""


class GenerationError(RushesError):
    """A run went wrong on its way, for example with numbers that are not finite; names the step or stage."""


class OutOfMemoryError(GenerationError):
    """Memory ran out in a stage, which is named; the latents of the last whole step are kept."""


class HubError(RushesError):
    """A hub of models cannot be reached, lacks what was asked, or sends other bytes than it promises."""


class HostedError(RushesError):
    """A hosted model failed on its way, or gave something that is no clip."""


class HostedBusyError(HostedError):
    """A hosted model is out of reach or has no room now; later it may."""


class StoreError(RushesError):
    """The studio's database or its folder of files cannot be used: full, read-only, of another version."""


class StoreAwayError(StoreError):
    """The database is out of reach: restarting, stopped, locked, or its file is not where it was."""


class LeaseLostError(StoreError):
    """A job was given to another attempt in the meantime: what this one writes no longer counts."""


class CancelledError(RushesError):
    """The user stopped the run; nothing half-made was left behind."""

    exit_code = 130
