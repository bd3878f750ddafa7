"""A live bar of bytes with speed and the time left."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def in_bytes(count: int) -> str:
    """``"126.2 GB"``, ``"31.2 MB"``, ``"0.3 kB"``."""
    for unit, size in (("GB", 10**9), ("MB", 10**6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1000:.1f} kB"


class ByteBar(AbstractContextManager["ByteBar"]):
    """Shown on a terminal only; ``done`` bytes of ``total`` count from the start."""

    def __init__(self, console: "Console", title: str, total: int, done: int = 0) -> None:
        # Loaded here, because rich takes a tenth of every verb's start.
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        columns = (
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
            TimeRemainingColumn(),
        )  # fmt: skip
        idle = console.quiet or not console.is_terminal
        self._bar = Progress(*columns, console=console, transient=True, disable=idle)
        self._task = self._bar.add_task(title, total=total, completed=done)

    def __enter__(self) -> "ByteBar":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def add(self, count: int) -> None:
        """So many bytes more; less when negative. Threads may call it."""
        self._bar.advance(self._task, count)
