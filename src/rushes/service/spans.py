"""Spans through OpenTelemetry: a request and its submit, a job's wait, its attempt and each of its stages.

Loaded only where it is installed (the extra ``otel``) and asked for by OpenTelemetry's own variables. Names
of attributes follow its GenAI conventions where those have one (status: development).
"""

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags
from opentelemetry.util.types import AttributeValue

from rushes.service.tracing import Trace, read_traceparent
from rushes.studio.happening import Happening

_NANO = 10**9


def exported() -> "OtelSpans":
    """Spans to the collector that OpenTelemetry's variables name, over HTTP."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    resource = Resource.create({SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME", "rushes")})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return OtelSpans(provider)


@dataclass
class _Request:
    trace: Trace
    method: str
    span: Span

    def end(self, route: str, status: int) -> None:
        self.span.update_name(f"{self.method} {route}")
        self.span.set_attribute("http.route", route)
        self.span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self.span.set_status(StatusCode.ERROR)


class OtelSpans:
    """Spans of one server; ``provider`` says where they go. No word of a prompt is in any of them."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("rushes")
        self._attempts: dict[tuple[str, int], Span] = {}

    @contextmanager
    def request(self, method: str, given: Trace | None) -> Iterator[_Request]:
        """The server's span of one request."""
        with self._tracer.start_as_current_span(
            method, _context(given), SpanKind.SERVER, {"http.request.method": method}
        ) as span:
            yield _Request(_trace_of(span), method, span)

    def named(self, name: str) -> AbstractContextManager[object]:
        """A span within the one that is open here."""
        return self._tracer.start_as_current_span(name)

    def tell(self, happening: Happening) -> None:
        """A claim opens an attempt's span, after one for the wait; stages lie within; the end closes it."""
        job, now = happening.job, time.time()
        key = (job.id, happening.attempt)
        if happening.kind == "claimed":
            given = _context(read_traceparent(job.payload.get("traceparent", "")))
            facts: dict[str, AttributeValue] = {"rushes.job.id": job.id, "rushes.attempt": happening.attempt}
            wait = self._tracer.start_span("claim", given, attributes=facts, start_time=_nano(job.created_at))
            wait.end(_nano(now))
            self._attempts[key] = self._tracer.start_span("attempt", given, SpanKind.CONSUMER, facts)
        elif happening.kind == "stage" and key in self._attempts:
            facts = {"rushes.stage": happening.stage, "rushes.outcome": happening.outcome}
            began = now - (happening.seconds if happening.outcome == "made" else 0.0)
            inside = otel.set_span_in_context(self._attempts[key])
            stage = self._tracer.start_span(
                f"stage {happening.stage}", inside, attributes=facts, start_time=_nano(began)
            )
            stage.end(_nano(now))
        elif happening.kind == "ended" and key in self._attempts:
            span = self._attempts.pop(key)
            span.set_attribute("rushes.outcome", happening.outcome)
            if happening.outcome not in ("done", "stopped"):
                span.set_status(StatusCode.ERROR, happening.outcome)
            span.end()

    def close(self) -> None:
        """Send what is still here."""
        self._provider.shutdown()


def _nano(seconds: float) -> int:
    return int(seconds * _NANO)


def _trace_of(span: Span) -> Trace:
    found = span.get_span_context()
    flags = f"{int(found.trace_flags):02x}"
    return Trace(f"{found.trace_id:032x}", f"{found.span_id:016x}", flags)


def _context(given: Trace | None) -> Context | None:
    """A parent from elsewhere."""
    if given is None:
        return None
    flags = TraceFlags(int(given.flags, 16))
    parent = SpanContext(int(given.trace_id, 16), int(given.span_id, 16), True, flags)
    return otel.set_span_in_context(NonRecordingSpan(parent))
