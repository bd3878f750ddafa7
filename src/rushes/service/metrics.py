"""Numbers for Prometheus: requests and stages counted here; jobs, machine time and cost from the ledger."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from rushes.core.decision import Verdict
from rushes.service.crew import Crew
from rushes.service.house import House
from rushes.studio.happening import Happening
from rushes.studio.schema import attempts, jobs, takes, usage
from rushes.studio.store import Store

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
# Takes last from a second to an hour.
LONG_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300, 600, 1200, 2400, 3600)


class Meter:
    """The registry of one server. Labels are kinds, models and routes; no tenant, person or id."""

    def __init__(self, house: House) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter(
            "rushes_http_requests", "Requests answered.", ("method", "route", "status")
        )
        self._seconds = Histogram(
            "rushes_http_request_duration_seconds", "Time to answer.", ("route",), buckets=SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self._waits = self._long("rushes_job_wait_seconds", "From submit to the first claim.", ())
        self._attempts = self._long("rushes_job_duration_seconds", "Attempts at jobs.", ("outcome",))
        self._stages = self._long("rushes_stage_duration_seconds", "Stages that were made.", ("stage",))
        self._reused = self._counter("rushes_cache_hits", "Stages that were there already.", ("stage",))
        self._registry.register(_Ledger(house.store))
        self._registry.register(_Gate(house))

    def _counter(self, name: str, what: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, what, labels, registry=self._registry)

    def _long(self, name: str, what: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(name, what, labels, buckets=LONG_SECONDS, registry=self._registry)

    def watch(self, crew: Crew) -> None:
        """Count what these workers do, and how many of them there are."""
        crew.listeners.append(self.tell)
        self._registry.register(_Workers(crew))

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note one request; ``route`` is its pattern, so that ids make no new series."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def tell(self, happening: Happening) -> None:
        """Note what a worker of this server did."""
        job = happening.job
        if happening.kind == "claimed" and happening.attempt == 1 and job.started_at is not None:
            self._waits.observe(max(0.0, job.started_at - job.created_at))
        elif happening.kind == "stage" and happening.outcome == "made":
            self._stages.labels(happening.stage).observe(happening.seconds)
        elif happening.kind == "stage" and happening.outcome == "reused":
            self._reused.labels(happening.stage).inc()
        elif happening.kind == "ended":
            self._attempts.labels(happening.outcome).observe(happening.seconds)

    def text(self) -> bytes:
        """Everything in the text format."""
        return generate_latest(self._registry)


class _Workers(Collector):
    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    def collect(self) -> Iterator[Metric]:
        found = GaugeMetricFamily("rushes_workers", "Workers of this server.", labels=("state",))
        for state, number in self._crew.states().items():
            found.add_metric((state,), number)
        yield found


class _Gate(Collector):
    def __init__(self, house: House) -> None:
        self._gate = house.gate

    def collect(self) -> Iterator[Metric]:
        found = CounterMetricFamily(
            "rushes_safety_decisions", "What the gate said here.", labels=("stage", "decision")
        )
        for verdict in Verdict:
            found.add_metric(("words", verdict), self._gate.counts[verdict])
        yield found


class _Ledger(Collector):
    """What the database knows; sums over all tenants, none by name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """Count when asked: other servers and workers write to the same database."""
        with self._store.read() as connection:
            found = [*_queue(connection, self._store.now(connection)), *_time(connection)]
        yield from found


def _queue(connection: Connection, now: float) -> Iterator[Metric]:
    states = GaugeMetricFamily("rushes_jobs", "Jobs by state and lane.", labels=("state", "lane"))
    by_state = select(jobs.c.state, jobs.c.lane, func.count()).group_by(jobs.c.state, jobs.c.lane)
    for state, lane, number in connection.execute(by_state):
        states.add_metric((state, lane), number)
    yield states
    ages = GaugeMetricFamily("rushes_queue_age_seconds", "How long the oldest queued job has waited.")
    free = (jobs.c.state == "queued") & ~jobs.c.is_held
    oldest = connection.scalar(select(func.min(jobs.c.created_at)).where(free))
    ages.add_metric((), 0.0 if oldest is None else max(0.0, now - oldest))
    yield ages


def _time(connection: Connection) -> Iterator[Metric]:
    ended = CounterMetricFamily("rushes_attempts", "Attempts by how they ended.", labels=("reason",))
    by_outcome = select(attempts.c.outcome, func.count()).where(attempts.c.outcome != "")
    for outcome, number in connection.execute(by_outcome.group_by(attempts.c.outcome)):
        ended.add_metric((outcome,), number)
    yield ended
    machine = CounterMetricFamily(
        "rushes_stage_seconds", "Machine seconds by model and stage.", labels=("model", "stage")
    )
    by_stage = select(usage.c.model, usage.c.stage, func.sum(usage.c.seconds))
    for model, stage, seconds in connection.execute(by_stage.group_by(usage.c.model, usage.c.stage)):
        machine.add_metric((model, stage), seconds)
    yield machine
    spent = CounterMetricFamily(
        "rushes_gpu_seconds", "Seconds workers were held, loading and failures too.",
        labels=("model", "outcome"),
    )  # fmt: skip
    model = takes.c.request["model"].as_string()
    by_model = (
        select(model, attempts.c.outcome, func.sum(attempts.c.spent_s))
        .join(jobs, jobs.c.id == attempts.c.job_id)
        .join(takes, takes.c.id == jobs.c.take_id)
        .group_by(model, attempts.c.outcome)
    )
    for name, outcome, seconds in connection.execute(by_model):
        spent.add_metric((name or "", outcome or "running"), seconds)
    yield spent
    money = CounterMetricFamily("rushes_cost", "What takes cost.", labels=("currency",))
    price = jobs.c.payload["price"]
    currency = price["currency"].as_string()
    by_currency = (
        select(currency, func.sum(jobs.c.spent_s * price["per_second"].as_float()))
        .where(currency.is_not(None))
        .group_by(currency)
    )
    for name, amount in connection.execute(by_currency):
        money.add_metric((name,), amount)
    yield money
