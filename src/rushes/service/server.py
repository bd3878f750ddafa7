"""One server: HTTP in this process, takes in children. It ends when it is asked to, after what runs."""

import ctypes
import gc
import ipaddress
import socket
import sys
from dataclasses import dataclass
from types import FrameType

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rushes.core.errors import UsageError
from rushes.service.app import make_app
from rushes.service.crew import Crew
from rushes.service.house import House
from rushes.service.housekeeping import Housekeeper
from rushes.service.json_log import log_as_json

SWITCH_S = 0.001
GARBAGE, OLDER = 20_000, 2
# malloc.h. Threads of one arena wait for each other a little, but have Python's lock to wait for anyway.
_M_ARENA_MAX, _ARENAS = -8, 2
# Bytes of a request before its body.
MOST_HEAD = 64 * 1024


@dataclass(frozen=True)
class Address:
    """Where to listen; port 0 lets the system choose."""

    host: str = "127.0.0.1"
    port: int = 8000

    @property
    def is_public(self) -> bool:
        """Whether anybody but this machine can come."""
        if self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True


def check_address(address: Address, has_keys: bool, policy: str) -> None:
    """Raise UsageError for a public address without keys, or where nobody chose what may be filmed."""
    if address.is_public and not has_keys:
        raise UsageError(
            f"{address.host} can be reached from outside and there is no key: make one with `rushes keys "
            "new NAME`, or leave out --host"
        )
    if address.is_public and not policy:
        raise UsageError(
            f"{address.host} can be reached from outside and no policy says what may be filmed: set "
            "RUSHES_POLICY to a TOML file, or to default for the one that comes with rushes (docs/safety.md)"
        )


def serve(house: House, address: Address, num_workers: int, drain_s: float) -> None:
    """Listen until SIGTERM or SIGINT, then let requests and jobs end for ``drain_s``.

    Raises UsageError when the port is taken.
    """
    log_as_json()
    _share_memory()
    listening = _listen(address)
    crew = Crew(house, num_workers)
    server = _Server(make_app(house, crew), house)
    host, port = listening.getsockname()[:2]
    print(f"rushes serves http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)  # noqa: T201
    housekeeper = Housekeeper(house)
    crew.start()
    housekeeper.start()
    _share_time()
    try:
        server.run([listening])
    except KeyboardInterrupt:
        # uvicorn hands the signal on when it has ended; ending was all that it asked for.
        pass
    finally:
        house.draining.set()
        housekeeper.stop()
        crew.stop(drain_s)
        house.spans.close()


def _share_memory() -> None:
    """Let all threads allocate in the same places: before there are any.

    By itself glibc gives up to eight a core one of their own. Requests wander from thread to thread, so each
    place grows to its own most, and nearly empty they are not given back.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_M_ARENA_MAX, _ARENAS)


def _share_time() -> None:
    """Let threads have their turn within a millisecond, and look for garbage less often.

    A request that holds the database's lock in a thread would wait 5 ms for Python's lock at every statement
    while the event loop is busy. What was made by now stays for ever and need not be looked at again. What
    grows old soon is looked at all the more often: requests that are given up leave cycles behind, and with
    the usual ten times ten young looks between two old ones those would stay for hours.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    # Python looks at all again when there is a quarter more than at the last time: now there is nothing.
    gc.collect()
    gc.set_threshold(GARBAGE, OLDER, OLDER)


class BoundedHttp(HttpToolsProtocol):
    """HTTP with heads and trailers of an end: the parser would keep them in memory at any length."""

    _unread = 0

    def data_received(self, data: bytes) -> None:
        """Hand on what came; close the connection where too much of it is neither a request nor a body."""
        self._unread += len(data)
        super().data_received(data)
        if self._unread > MOST_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        """A head ends here."""
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Bodies are counted as they are read."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The next head begins."""
        self._unread = 0
        super().on_message_complete()


class _Server(uvicorn.Server):
    """Tells the house at once that the end is near, so that open streams end too."""

    def __init__(self, app: object, house: House) -> None:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", ws="none", server_header=False,  # type: ignore[arg-type]
            timeout_graceful_shutdown=10, loop="uvloop", http=BoundedHttp,
        )  # fmt: skip
        super().__init__(config)
        self._house = house

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A second SIGINT ends at once."""
        self._house.draining.set()
        super().handle_exit(sig, frame)


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address.host, address.port))
    except OSError as error:
        listening.close()
        raise UsageError(
            f"{address.host}:{address.port} cannot be listened at ({error.strerror}): choose another --port"
        ) from error
    listening.listen(2048)
    listening.set_inheritable(False)
    return listening
