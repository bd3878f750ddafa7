"""Traces: a caller's ``traceparent`` (W3C Trace Context) goes on to jobs and logs; spans where wanted."""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from rushes.studio.happening import Happening

# Version 00; later ones may append fields, ff is forbidden (W3C Trace Context, section 3.2).
_HEADER = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED, _NOT_SAMPLED = "01", "00"


@dataclass(frozen=True)
class Trace:
    """Where in a trace something stands: hex ids of trace and span, and whether it is recorded."""

    trace_id: str
    span_id: str
    flags: str = _NOT_SAMPLED

    def header(self) -> str:
        """As ``traceparent``."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


# What log lines of this request or job belong to.
CURRENT: ContextVar[Trace | None] = ContextVar("trace", default=None)


def read_traceparent(header: str) -> Trace | None:
    """The trace a header names; None for one that is missing or wrong, as the standard asks."""
    found = _HEADER.fullmatch(header.strip())
    if found is None or not int(found[1], 16) or not int(found[2], 16):
        return None
    if header.startswith("00-") and found[4]:
        return None
    return Trace(found[1], found[2], _SAMPLED if int(found[3], 16) & 1 else _NOT_SAMPLED)


def trace_of(scope: Mapping[str, Any]) -> str:
    """The ``traceparent`` that jobs of this request carry."""
    trace: Trace | None = scope.get("trace")
    return "" if trace is None else trace.header()


class Spans(Protocol):
    """Where spans go."""

    def request(self, method: str, given: Trace | None) -> AbstractContextManager["RequestSpan"]:
        """The span of one request, child of ``given``."""

    def named(self, name: str) -> AbstractContextManager[object]:
        """A span within the request's."""

    def tell(self, happening: Happening) -> None:
        """The spans of what a worker did."""

    def close(self) -> None:
        """The server ends."""


class RequestSpan(Protocol):
    """A request while it is answered."""

    @property
    def trace(self) -> Trace:
        """Its place."""

    def end(self, route: str, status: int) -> None:
        """Say what it was and how it ended."""


@dataclass(frozen=True)
class PlainRequest:
    """A request without a span: only its ids."""

    trace: Trace

    def end(self, route: str, status: int) -> None:
        """Nobody listens."""


class NoSpans:
    """Hands traces on and records nothing."""

    @contextmanager
    def request(self, method: str, given: Trace | None) -> Iterator[PlainRequest]:  # noqa: ARG002
        """Continue the caller's trace, or begin one."""
        span = secrets.token_hex(8)
        trace = Trace(given.trace_id, span, given.flags) if given else Trace(secrets.token_hex(16), span)
        yield PlainRequest(trace)

    def named(self, name: str) -> AbstractContextManager[object]:  # noqa: ARG002
        """Nothing."""
        return nullcontext()

    def tell(self, happening: Happening) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Tracing:
    """ASGI middleware, outside of all others: gives every request its place in a trace."""

    def __init__(self, app: ASGIApp, spans: Spans) -> None:
        self._app, self._spans = app, spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within its trace."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def answer(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        given = read_traceparent(Headers(scope=scope).get("traceparent", ""))
        with self._spans.request(scope["method"], given) as span:
            scope["trace"] = span.trace
            token = CURRENT.set(span.trace)
            try:
                await self._app(scope, receive, answer)
            finally:
                CURRENT.reset(token)
                span.end(getattr(scope.get("route"), "path", "unknown"), status)
