"""What the benchmarks of one device share: random weights made on it, times by events, peaks, a deadline."""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


@torch.no_grad()
def random_module(build: Callable[[], Module], dtype: torch.dtype, device: torch.device) -> Module:
    """A network with weights of a size that keeps activations sane, drawn on the device."""
    with torch.device("meta"):
        module = build()
    module.to(dtype).to_empty(device=device)
    for name, parameter in module.named_parameters():
        if "norm" in name or "gamma" in name:
            parameter.normal_(1, 0.02)
        else:
            parameter.normal_(std=parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.02)
    return module.eval().requires_grad_(False)


def seconds_and_peak(device: torch.device, run: Callable[[], object]) -> tuple[float, float]:
    """Time of one run and the most memory it had allocated, in GiB (0 without a GPU)."""
    if device.type != "cuda":
        before = time.perf_counter()
        run()
        return time.perf_counter() - before, 0.0
    torch.cuda.reset_peak_memory_stats()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    run()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1000, torch.cuda.max_memory_allocated() / 2**30


def distance(result: Tensor, reference: Tensor) -> float:
    """Root of the squared difference over that of the reference."""
    return float((result - reference).norm() / reference.norm())


def free() -> None:
    """Give back what is no longer held."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def reason(error: BaseException) -> str:
    """One line for a table."""
    return f"{type(error).__name__}: {str(error).splitlines()[0][:90] if str(error) else ''}"


class Deadline:
    """Nothing new begins after ``seconds``: a machine is lent for a while, and what is done is printed."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def passed(self) -> bool:
        """Whether time is up."""
        return time.monotonic() > self._end

    def left(self) -> float:
        """Seconds."""
        return self._end - time.monotonic()


def describe(device: torch.device) -> str:
    """Hardware and torch."""
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    return f"{name}, torch {torch.__version__}"


class _Tee:
    """Standard output that is kept in a file as it comes: a machine may be taken away at any time."""

    def __init__(self, shown: TextIO, path: Path) -> None:
        self._shown = shown
        self._kept = path.open("a", encoding="utf-8")

    def write(self, text: str) -> int:
        """Show and keep."""
        self._kept.write(text)
        self._kept.flush()
        return self._shown.write(text)

    def flush(self) -> None:
        """Of what is shown; what is kept is on disk already."""
        self._shown.flush()


def keep_output(script: str) -> None:
    """Let what is printed also go to a file of the script's name in the folder $OUT, where that is set."""
    if folder := os.environ.get("OUT"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        sys.stdout = _Tee(sys.stdout, Path(folder) / f"{Path(script).stem}.md")


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """TimeoutError in what takes longer, as soon as Python is back from the library that takes so long."""

    def stop(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"longer than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.1))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
