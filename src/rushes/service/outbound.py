"""Requests to addresses that clients name: never into our own network, never longer or larger than agreed.

A name is resolved once, every address it has is judged, and the connection goes to a judged one, so a name
that answers differently the second time changes nothing. Redirects are not followed, proxies not asked.
"""

import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import MappingProxyType
from urllib.parse import urlsplit

from rushes.core.errors import UsageError

MAX_URL = 2000
PORTS = (443, 8443)
_URL = re.compile(r"https?://[!-~]+")
_NOTHING: Mapping[str, str] = MappingProxyType({})
# Public by their numbers, but a cloud's own: Azure's wire server; 6to4 relays.
_CLOUD = (ipaddress.ip_network("168.63.129.16/32"), ipaddress.ip_network("192.88.99.0/24"))
# Addresses of the other version inside: mapped and translated ones (NAT64, RFC 6052) are judged by those.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
# Tunnels end anywhere: Teredo and the rest of 2001::/23, 6to4.
_TUNNELS = (ipaddress.ip_network("2001::/23"), ipaddress.ip_network("2002::/16"))


@dataclass(frozen=True)
class Caps:
    """Most seconds for a request, from the connection to the last byte, and most bytes of its answer."""

    seconds: float = 10.0
    num_bytes: int = 64 * 1024


@dataclass(frozen=True)
class Letter:
    """What is sent; without a body it is a GET."""

    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True)
class Reply:
    """What came back; the body is whole."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True)
class _Target:
    is_secure: bool
    host: str
    port: int
    path: str


def check_url(url: str, allowed: frozenset[str]) -> None:
    """Raise UsageError for a URL nothing is ever sent to, before its name is resolved.

    ``https`` at port 443 or 8443, without a password; hosts in ``allowed`` by any port and ``http`` too.
    """
    _target(url, allowed)


def send(url: str, allowed: frozenset[str], letter: Letter, caps: Caps) -> Reply:
    """One request and its answer. UsageError for an address of our own network, and for whatever fails."""
    target = _target(url, allowed)
    try:
        family, address = _judged(target, allowed)
        with socket.socket(family, socket.SOCK_STREAM) as plain, _deadline(plain, caps.seconds) as is_over:
            try:
                plain.settimeout(caps.seconds)
                plain.connect((address, target.port))
                return _exchange(plain, target, letter, caps)
            except (OSError, HTTPException, ValueError) as error:
                why = f"no answer within {caps.seconds:g} s" if is_over.is_set() else _reason(error)
                raise UsageError(f"{target.host} cannot be reached ({why}): check the URL") from error
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{target.host} cannot be found ({_reason(error)}): check the URL") from error


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open network, whichever way it is written."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is None:
            is_tunnel = any(found in each for each in _TUNNELS)
            return found in _GLOBAL_V6 and found.is_global and not is_tunnel
        found = inner
    return found.is_global and not found.is_multicast and not any(found in each for each in _CLOUD)


def _target(url: str, allowed: frozenset[str]) -> _Target:
    if len(url) > MAX_URL or not _URL.fullmatch(url):
        raise UsageError("the URL cannot be used: write https://HOST/PATH in ASCII")
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
    except ValueError as error:
        raise UsageError("the URL cannot be used: write https://HOST/PATH") from error
    is_secure = parts.scheme == "https"
    port = port or (443 if is_secure else 80)
    if not host or "@" in parts.netloc:
        raise UsageError("the URL names no host, or a password: write https://HOST/PATH")
    if host not in allowed and (not is_secure or port not in PORTS):
        raise UsageError(f"{host} is asked by https at port 443 or 8443 only: change the URL")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(is_secure, host, port, path)


def _judged(target: _Target, allowed: frozenset[str]) -> tuple[socket.AddressFamily, str]:
    """The first address of the host, when all it has may be spoken to."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [(each[0], str(each[4][0])) for each in found]
    if target.host not in allowed and not all(is_public(address) for _, address in addresses):
        raise UsageError(f"{target.host} leads into a private network: give a public address")
    return addresses[0]


@contextmanager
def _deadline(plain: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """Cut the line after ``seconds`` whatever it is doing: a timeout of each read ends no slow trickle."""
    is_over = threading.Event()

    def cut() -> None:
        is_over.set()
        try:
            plain.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield is_over
    finally:
        timer.cancel()


def _exchange(plain: socket.socket, target: _Target, letter: Letter, caps: Caps) -> Reply:
    # A copy for TLS: wrapping takes a socket over, and the deadline must still be able to cut the line.
    line: socket.socket = plain.dup()
    if target.is_secure:
        line = ssl.create_default_context().wrap_socket(line, server_hostname=target.host)
    kind = HTTPSConnection if target.is_secure else HTTPConnection
    connection = kind(target.host, target.port)
    try:
        connection.sock = line
        method = "GET" if letter.body is None else "POST"
        headers = {"user-agent": "rushes", "connection": "close", **letter.headers}
        connection.request(method, target.path, letter.body, headers)
        answer = connection.getresponse()
        body = answer.read(caps.num_bytes + 1)
        if len(body) > caps.num_bytes:
            raise HTTPException(f"the answer is over {caps.num_bytes} bytes")
        media_type = (answer.headers.get_content_type() or "").lower()
        return Reply(answer.status, media_type, body)
    finally:
        connection.close()
        line.close()


def _reason(error: Exception) -> str:
    """One short line; never what the other side sent."""
    if isinstance(error, HTTPException) and error.args and str(error).startswith("the answer is over"):
        return str(error)
    return getattr(error, "strerror", None) or type(error).__name__
