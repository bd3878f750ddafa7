"""Numbers for Prometheus: requests counted here, jobs and machine time read from the ledger when asked."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from rushes.studio.schema import attempts, jobs, usage
from rushes.studio.store import Store

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class Meter:
    """The registry of one server."""

    def __init__(self, store: Store) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "rushes_http_requests", "Requests answered.", ("method", "route", "status"),
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "rushes_http_request_duration_seconds", "Time to answer.", ("route",), buckets=SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self._registry.register(_Ledger(store))

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note one request; ``route`` is its pattern, so that ids make no new series."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Everything in the text format."""
        return generate_latest(self._registry)


class _Ledger(Collector):
    """What the database knows; sums over all tenants, none by name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """Count when asked: other servers and workers write to the same database."""
        states = GaugeMetricFamily("rushes_jobs", "Jobs by state and lane.", labels=("state", "lane"))
        ended = CounterMetricFamily("rushes_attempts", "Attempts by how they ended.", labels=("reason",))
        machine = CounterMetricFamily(
            "rushes_stage_seconds", "Machine seconds by model and stage.", labels=("model", "stage")
        )
        waits = GaugeMetricFamily("rushes_job_wait_seconds", "How long the oldest queued job has waited.")
        with self._store.read() as connection:
            now = self._store.now(connection)
            by_state = select(jobs.c.state, jobs.c.lane, func.count()).group_by(jobs.c.state, jobs.c.lane)
            for state, lane, number in connection.execute(by_state):
                states.add_metric((state, lane), number)
            by_outcome = select(attempts.c.outcome, func.count()).where(attempts.c.outcome != "")
            for outcome, number in connection.execute(by_outcome.group_by(attempts.c.outcome)):
                ended.add_metric((outcome,), number)
            by_stage = select(usage.c.model, usage.c.stage, func.sum(usage.c.seconds))
            for model, stage, seconds in connection.execute(by_stage.group_by(usage.c.model, usage.c.stage)):
                machine.add_metric((model, stage), seconds)
            oldest = connection.scalar(select(func.min(jobs.c.created_at)).where(jobs.c.state == "queued"))
            waits.add_metric((), 0.0 if oldest is None else max(0.0, now - oldest))
        yield from (states, ended, machine, waits)
