"""Around every request: its id, the limit of its body, what foreign pages may not do, logs and counts."""

import logging
import re
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rushes.service.errors import ANSWERS, DASHSCOPE, Answer, BusyError, envelope
from rushes.service.house import House
from rushes.service.metrics import Meter

_LOCAL = {"127.0.0.1", "localhost", "::1", "testserver"}
# Bodies that are written to the disk as they come, once the key is known.
_UPLOADS = re.compile(r"/v1/(files|projects/[^/]+/scripts)|/api/v1/uploads/[^/]+")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
_TOO_LARGE = Answer(413, "body_too_large", "InvalidParameter")
_FOREIGN = Answer(403, "foreign_origin", "AccessDenied")
_FULL = ANSWERS[BusyError], "too many requests are being answered: send the same again in a few seconds"
# Streams have a number of their own, and whoever looks after the server is always answered.
_UNCOUNTED = ("/v1/events", "/healthz", "/readyz")
log = logging.getLogger("rushes.http")


class Watch:
    """ASGI middleware; the outermost one."""

    def __init__(self, app: ASGIApp, house: House, meter: Meter) -> None:
        self._app, self._house, self._meter = app, house, meter
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it is too large or comes from a foreign page."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["request_id"] = _request_id(headers)
        if scope["path"].startswith(DASHSCOPE):
            # DashScope's asynchronous SDK (2.0.2) ends addresses with a slash, the synchronous one does not.
            scope["path"] = scope["path"].rstrip("/")
        began, status = time.monotonic(), 500
        counts = scope["path"] not in _UNCOUNTED
        is_full = counts and self._open >= self._house.limits.at_once
        self._open += counts

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                found = MutableHeaders(scope=message)
                found["x-request-id"] = scope["request_id"]
                for name, value in _ALWAYS.items():
                    found.setdefault(name, value)
            await send(message)

        try:
            most = self._most(scope["path"])
            refused = _FULL if is_full else self._refusal(headers, most)
            if refused is None:
                await self._app(scope, _limited(receive, most), answer)
            else:
                await envelope(Request(scope), *refused)(scope, receive, answer)
        finally:
            self._open -= counts
            route = getattr(scope.get("route"), "path", "unknown")
            taken = time.monotonic() - began
            self._meter.count(scope["method"], route, status, taken)
            _tell(scope, route, status, taken)

    def _most(self, path: str) -> int:
        limits = self._house.limits
        return limits.upload_bytes if _UPLOADS.fullmatch(path) else limits.body_bytes

    def _refusal(self, headers: Headers, most: int) -> tuple[Answer, str] | None:
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > most:
            return _TOO_LARGE, f"the body is over {most} bytes: send less"
        if not self._house.is_open:
            return None
        # Without keys, a page in the user's browser must not reach us, by its name (rebinding) or ours.
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        origin = headers.get("origin")
        if host not in _LOCAL or (origin and urlsplit(origin).hostname not in _LOCAL):
            return _FOREIGN, "without keys only this machine is served: make a key first"
        return None


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"


def _limited(receive: Receive, most: int) -> Receive:
    """Counts a body without a length as it arrives."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413, f"the body is over {most} bytes: send less")
        return message

    return counted


def _tell(scope: Scope, route: str, status: int, taken: float) -> None:
    """One line of JSON. The path by its pattern, and neither query nor body: no ids, no words of a prompt."""
    line: dict[str, Any] = {
        "request_id": scope["request_id"], "method": scope["method"], "route": route, "status": status,
        "milliseconds": round(taken * 1000, 1),
    }  # fmt: skip
    log.info("%(method)s %(route)s %(status)s", line)
