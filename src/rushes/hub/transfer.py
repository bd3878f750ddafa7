"""Files from a hub, several at a time; what is cut off goes on where it stopped, also in another process."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from io import FileIO
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

from rushes.core.errors import CancelledError, HubError
from rushes.hub.files import CHUNK, Tally
from rushes.hub.hubs import RemoteFile
from rushes.hub.web import UnreachableError, in_words, open_url

PARTIAL = ".partial"
# A hub gives one connection less than most lines carry; more than a few are unfriendly to it.
CONNECTIONS = 4
# Seconds between tries that brought nothing; a minute in all.
WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
POLL = 0.1


@dataclass(frozen=True)
class Transfer:
    """How one pull fetches: who hears of progress (bytes, negative when dropped), patience, the stop."""

    tally: Tally
    waits: Sequence[float] = WAITS
    stopped: Event = field(default_factory=Event)

    def fetch_all(self, files: Sequence[RemoteFile], folder: Path) -> None:
        """Every file into ``folder``, each under its name only when it is whole and its checksum right.

        Raises the first error, or KeyboardInterrupt; either way all connections stop, and what came is kept.
        """
        waiting: SimpleQueue[RemoteFile] = SimpleQueue()
        for file in files:
            waiting.put(file)
        errors: list[BaseException] = []
        # not a pool: a thread that waits for a silent server must not keep a stopped program from ending
        threads = [
            Thread(target=self._work, args=(waiting, folder, errors), daemon=True)
            for _ in range(min(CONNECTIONS, len(files)))
        ]
        try:
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads) and not errors:
                self.stopped.wait(POLL)
        finally:
            self.stopped.set()
            for thread in threads:
                if thread.is_alive():  # some may not even have begun
                    thread.join(5 * POLL)
        if errors:
            raise errors[0]

    def _work(self, waiting: "SimpleQueue[RemoteFile]", folder: Path, errors: list[BaseException]) -> None:
        try:
            while not self.stopped.is_set():
                file = waiting.get_nowait()
                self.fetch(file, folder / file.record.path)
        except (Empty, CancelledError):
            return
        except BaseException as error:
            # raised again where the threads were started
            errors.append(error)

    def fetch(self, file: RemoteFile, target: Path) -> None:
        """One file. Raises HubError when it cannot be had or keeps coming with other bytes than promised."""
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + PARTIAL)
        for _ in range(2):
            self._complete(file, partial)
            if file.record.holds(partial):
                with partial.open("rb") as written:
                    os.fsync(written.fileno())
                partial.replace(target)
                return
            # a part kept from before may be at fault, so once more from the start
            partial.unlink()
            self.tally(-file.record.size)
        raise HubError(f"{file.url} comes with other bytes than its checksum promises: try another --from")

    def _complete(self, file: RemoteFile, partial: Path) -> None:
        """Make ``partial`` as long as the file is, over as many connections as it takes."""
        partial.touch()
        if partial.stat().st_size > file.record.size:
            os.truncate(partial, 0)
        fruitless, most = 0, partial.stat().st_size
        while (have := partial.stat().st_size) < file.record.size:
            problem = self._receive(file, partial, have)
            fruitless = 0 if partial.stat().st_size > most else fruitless + 1
            most = max(most, partial.stat().st_size)
            if fruitless > len(self.waits):
                raise HubError(
                    f"{file.url} cannot be had ({problem}): the same command goes on when the line is back"
                )
            if fruitless and self.stopped.wait(self.waits[fruitless - 1]):
                raise CancelledError("stopped")

    def _receive(self, file: RemoteFile, partial: Path, have: int) -> str:
        """Write what one connection brings, from byte ``have`` on; why it ended before the file did."""
        try:
            with open_url(file.url, have) as answer, partial.open("ab", buffering=0) as out:
                if have and not _begins_at(answer.status, answer.headers.get("Content-Range"), have):
                    out.truncate(0)
                    self.tally(-have)
                    have = 0
                while have < file.record.size and (chunk := answer.read1(CHUNK)):
                    if self.stopped.is_set():
                        raise CancelledError("stopped")
                    chunk = chunk[: file.record.size - have]
                    _write(out, chunk)
                    have += len(chunk)
                    self.tally(len(chunk))
        except (UnreachableError, OSError, HTTPException) as error:
            return in_words(error)
        return f"it ends after {have} of {file.record.size} bytes"


def _write(out: FileIO, chunk: bytes) -> None:
    try:
        written = 0
        while written < len(chunk):
            written += out.write(chunk[written:])
    except OSError as error:
        raise HubError(
            f"{out.name} cannot be written ({error.strerror}): the same command goes on"
        ) from error


def _begins_at(status: int, content_range: str | None, first: int) -> bool:
    """Whether an answer is the rest that was asked for, and not the whole from the start."""
    return status == 206 and (content_range or "").startswith(f"bytes {first}-")
