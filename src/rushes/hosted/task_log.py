"""What was ordered, kept on this machine: an order before it is sent, its task before it is asked for.

A killed process finds both again, so nothing is ordered twice without anybody knowing.

Locks are files too: the kernel lets go of them when a process dies.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rushes.core.strict_json import parse

# The service keeps tasks and clips for a day.
KEPT_S = 86_400.0


@dataclass(frozen=True)
class Order:
    """One order. ``at``: seconds since 1970 when it was about to be sent; ``task_id``: empty until answered.

    ``is_told``: a person was told that its outcome is not known; asked again, they want another one.
    """

    base: str
    remote_name: str
    prompt: str
    at: float
    task_id: str = ""
    is_told: bool = False


@dataclass(frozen=True)
class TaskLog:
    """Orders of one account below ``folder``, by the key of what they make."""

    folder: Path

    def find(self, key: str) -> Order | None:
        """The order under this key; None where nothing is on its way."""
        try:
            document = json.loads(self._path(key).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        order: Order = parse(Order, document, "order")
        return order

    def write(self, key: str, order: Order) -> None:
        """Keep an order; it survives a power cut from here on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(key)
        partial = path.with_suffix(f".{os.getpid()}.part")
        with partial.open("w", encoding="utf-8") as file:
            partial.chmod(0o600)
            json.dump(asdict(order), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def tell(self, key: str) -> None:
        """Note that a person was told that an order's outcome is not known."""
        order = self.find(key)
        if order is not None:
            self.write(key, replace(order, is_told=True))

    def remove(self, key: str) -> None:
        """Forget an order that was not taken or ended without a clip. Its task stays known as ours."""
        order = self.find(key)
        if order is not None and order.task_id:
            self._path(key).replace(self._path(f"past {order.task_id}"))
        else:
            self._path(key).unlink(missing_ok=True)

    def others(self, key: str) -> list[Order]:
        """Every order but this one."""
        keys = [path.stem for path in self.folder.glob("*.json") if path.stem != key]
        return [order for order in map(self.find, keys) if order is not None]

    def forget_old(self) -> None:
        """Drop orders whose clips the service has dropped too."""
        for path in self.folder.glob("*.json"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > KEPT_S:
                    path.unlink()

    @contextmanager
    def place(self, count: int) -> Iterator[bool]:
        """Hold one of ``count`` places while the block runs; whether there was one."""
        with self._locked([f"place {number}" for number in range(count)]) as name:
            yield name is not None

    @contextmanager
    def door(self, a_second: float) -> Iterator[bool]:
        """Be the only one who orders now; whether that is so, and the last order long enough ago."""
        with self._locked(["door"]) as name:
            stamp = self.folder / "last order"
            is_free = name is not None
            if is_free and stamp.exists():
                is_free = not 0 <= time.time() - stamp.stat().st_mtime < 1 / a_second
            if is_free:
                stamp.touch()
            yield is_free

    @contextmanager
    def _locked(self, names: list[str]) -> Iterator[str | None]:
        """Hold the first lock that is free, None where all are held."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            with (self.folder / f"{name}.lock").open("a") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield name
                return
        yield None

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"
