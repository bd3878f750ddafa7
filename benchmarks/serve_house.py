"""A real server for the other serve_*.py: API process and workers, with the fast fake engine as its model."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import httpx
import psutil

from rushes.core.errors import RushesError
from rushes.service.house import Engine, House, Limits, ServedModel
from rushes.service.keys import KeyFile
from rushes.service.server import Address, serve
from rushes.studio.fake import build_fake
from rushes.studio.files import FileStore
from rushes.studio.store import open_store

LEASE_S = 30.0


def run(home: Path, port: int, workers: int) -> None:
    """Serve ``home`` until a signal; the limits leave room for more requests than people make."""
    model = ServedModel("fake", Fraction(12), Fraction(2), 1280, 720)
    engine = Engine({"fake": model}, lambda *_: 0.0, lambda _number: build_fake)
    house = House(
        open_store(f"sqlite:///{home}/studio.db"), FileStore(home / "files"), engine,
        KeyFile(home / "keys.json"), True, b"secret of a benchmark",
        Limits(requests_per_minute=10**7, listeners=10_000),
    )  # fmt: skip
    try:
        serve(house, Address("127.0.0.1", port), workers, 5.0)
    except RushesError as error:
        raise SystemExit(str(error)) from error


@dataclass
class Served:
    """The server as a process of its own; ``url`` stays the same when it is started again."""

    home: Path
    workers: int = 1
    url: str = ""
    _process: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    def start(self) -> float:
        """Start it and wait until it answers; seconds that took."""
        began = time.monotonic()
        port = self.url.rpartition(":")[2] or "0"
        command = [sys.executable, __file__, str(self.home), port, str(self.workers)]
        with (self.home / "server.log").open("a") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        found = re.search(r"http://\S+", self._process.stdout.readline())
        if found is None:
            raise SystemExit(f"the server did not start: see {self.home / 'server.log'}")
        self.url = found[0]
        while True:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return time.monotonic() - began
            except httpx.TransportError:
                pass
            time.sleep(0.02)

    def kill_api(self) -> None:
        """SIGKILL the process that answers; the kernel ends its workers with it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._close()

    def kill_worker(self) -> bool:
        """SIGKILL a process that makes takes; False where there is none."""
        makers = self.makers()
        for maker in makers[:1]:
            maker.kill()
        return bool(makers)

    def makers(self) -> list[psutil.Process]:
        """The processes that make takes."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        return [child for child in children if "spawn_main" in " ".join(_command(child))]

    def memory(self) -> dict[str, float]:
        """Resident MiB of the process that answers, and of all that make takes."""
        assert self._process is not None
        makers = sum(maker.memory_info().rss for maker in self.makers())
        return {
            "API": psutil.Process(self._process.pid).memory_info().rss / 2**20,
            "workers": makers / 2**20,
        }

    def cpu_s(self) -> float:
        """Seconds of one core the process that answers has used."""
        assert self._process is not None
        used = psutil.Process(self._process.pid).cpu_times()
        return float(used.user + used.system)

    def stop(self) -> None:
        """Ask it to end, and wait for that."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close()

    def _close(self) -> None:
        assert self._process is not None
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def conditions() -> str:
    """What the figures were taken under."""
    return f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.2f}"


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
