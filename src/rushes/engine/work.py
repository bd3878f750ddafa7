"""A stage's own work: how long it takes, and what it means when memory runs out in it."""

from time import perf_counter
from types import TracebackType

import torch

from rushes.core.errors import OutOfMemoryError
from rushes.engine.events import StageName

# PyTorch has a class of error for GPUs only; on the CPU it is a RuntimeError that says so.
_CPU_ALLOCATOR = "DefaultCPUAllocator"


class Work:
    """Adds up the time inside its ``with`` blocks, not its caller's; names the stage that needs memory."""

    def __init__(self, stage: StageName) -> None:
        self.seconds = 0.0
        self._stage = stage
        self._since = 0.0

    def __enter__(self) -> None:
        self._since = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds += perf_counter() - self._since
        if error is not None and is_out_of_memory(error):
            raise OutOfMemoryError(
                f"memory ran out in stage {self._stage}: close other programs, or ask for fewer seconds or a "
                "smaller size"
            ) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` is Python's, the GPU's or the CPU allocator's word for too little memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and _CPU_ALLOCATOR in str(error)
