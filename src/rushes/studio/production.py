"""Production: a take goes through its stages. What a stage made is kept before the next one begins.

The stages come from the caller: enhance, gate, generate, finish, check, label, or whatever is installed. A
stage is known by the key of its recipe and all before it, so a re-run skips what is done, in any worker.
"""

import mimetypes
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import Connection, insert

from rushes.core.errors import RefusedError
from rushes.core.recipe import Recipe, Stage
from rushes.studio.cache import StageResult, find_result, keep_result
from rushes.studio.desk import Desk
from rushes.studio.faults import fault_point
from rushes.studio.files import FileStore, StoredFile, pin, record
from rushes.studio.gate import record_of, waits
from rushes.studio.jobs.ending import fenced, succeed
from rushes.studio.jobs.heartbeat import Progress
from rushes.studio.jobs.job import Claim, Job
from rushes.studio.reviews import NewNote, Source, add_note, notes_in
from rushes.studio.schema import usage
from rushes.studio.store import new_id
from rushes.studio.takes import Master, Rendition, Take, add_master, add_rendition, master_in

MASTER = "master"
Event = TypeVar("Event")


@dataclass(frozen=True)
class Made:
    """What a stage made: files in its folder by role, a value for later stages, findings for people.

    The time is put down to ``work`` of ``model``, in units of the stage's choice (steps times latent cells,
    frames), for estimates. ``recorded`` are machine facts, which stand beside the recipe, and so do
    ``seconds`` by stage of the recipe. ``ahead`` is what later steps would make, made on the way because the
    pictures passed by; each says its seconds. ``parts`` are the keys of the parts it came from, found or
    made, which go when its files are let go of.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    value: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[NewNote, ...] = ()
    model: str = ""
    work: float = 0.0
    recorded: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    ahead: Mapping[str, "Made"] = field(default_factory=dict)
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A stage inside of a step ended: its files by role are kept at once, under a key of its own.

    :meth:`Work.part` finds them for other takes that agree up to it, also when this step fails later on.
    """

    stage: str
    key: str
    files: Mapping[str, Path]
    seconds: float


def _nothing(_key: str) -> StageResult | None:
    return None


@dataclass(frozen=True)
class Work:
    """What a stage sees: the take, the results so far by step, and where their files are.

    ``is_degraded``: memory ran out before, so use less of it. ``find`` gives the result kept under a key.
    """

    take: Take
    is_degraded: bool
    results: Mapping[str, StageResult]
    files: FileStore
    tenant_id: str
    find: Callable[[str], StageResult | None] = _nothing

    def value(self, step: str) -> Mapping[str, Any]:
        """The value an earlier step made."""
        value: Mapping[str, Any] = self.results[step].value["value"]
        return value

    def file(self, step: str, role: str) -> Path:
        """A file an earlier step made."""
        return self.files.path(self.tenant_id, self.results[step].files[role].sha256)

    def part(self, key: str, role: str) -> Path | None:
        """A file of a part that was kept before, None where there is none."""
        found = self.find(key)
        return None if found is None else self.files.path(self.tenant_id, found.files[role].sha256)


@dataclass(frozen=True)
class Step:
    """One stage of a production. ``make`` is None where it is not installed, which the take then records.

    ``recipe`` gives the stages of the recipe the step stands for; the last one's key is the step's. ``make``
    writes into the folder it is given and gives Made at its end; what it does behind that happens once its
    result is kept. ``publishes`` names the roles that leave the house: ``master`` is the take's, others
    become renditions, a later step's in place of an earlier one's. ``weight``: its part of the progress.
    ``is_watched``: somebody wants to see it being made, so a kept result of it is not looked for.
    """

    name: str
    recipe: Callable[[Work], tuple[Stage, ...]]
    make: Callable[[Work, Path], Iterator[Progress | Part | Made]] | None
    publishes: tuple[str, ...] = ()
    weight: float = 1.0
    is_watched: bool = False


@dataclass(frozen=True)
class _Room:
    """Where the steps of one run work, and what they made for later ones."""

    folder: Path
    ahead: dict[str, Made] = field(default_factory=dict)


@dataclass(frozen=True)
class StageEvent:
    """A step ended: ``made``, ``reused`` or ``absent`` (not installed)."""

    step: str
    outcome: str
    key: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Production:
    """One attempt at a take. ``desk`` is its submitter's.

    All writes check ``claim``: when the job has gone to another attempt, LeaseLostError ends this one.
    ``publishes`` is False for a take that is in no shot (:mod:`rushes.studio.warming`): its stages are kept,
    and that is all.
    """

    desk: Desk
    files: FileStore
    job: Job
    take: Take
    claim: Claim
    publishes: bool = True

    def run(self, steps: Sequence[Step]) -> Iterator[Progress | StageEvent]:
        """Make or find every stage, then publish. Not asking for the next event stops the work.

        Raises RefusedError for a take that the gate put before a person, who has not allowed it.
        """
        gate = self._gate()
        results: dict[str, StageResult] = {}
        stages: tuple[Stage, ...] = ()
        whole = sum(step.weight for step in steps)
        before = 0.0
        with self.files.scratch() as folder:
            room = _Room(folder)
            for step in steps:
                work = self._work(results)
                if step.make is None:
                    event = StageEvent(step.name, "absent")
                else:
                    stages += step.recipe(work)
                    key = Recipe(stages, {}).key(stages[-1].name)
                    found = None if step.is_watched else self._find(key)
                    if found is not None:
                        results[step.name] = found
                        event = StageEvent(step.name, "reused", key, found.seconds)
                    else:
                        part = (before / whole, step.weight / whole)
                        results[step.name] = made = yield from self._make(step, work, key, part, room)
                        event = StageEvent(step.name, "made", key, made.seconds)
                self._tell(event, results.get(step.name))
                yield event
                before += step.weight
        absent = [step.name for step in steps if step.make is None]
        recorded = {**_recorded(results.values(), absent), **gate}
        self._publish(steps, Recipe(stages, recorded), results)

    def _work(self, results: Mapping[str, StageResult]) -> Work:
        tenant_id = self.desk.tenant_id
        return Work(self.take, self.job.is_degraded, dict(results), self.files, tenant_id, self._find)

    def _gate(self) -> dict[str, Any]:
        """The gate's word for the recipe. Raises RefusedError for a take that waits for a person."""
        with self.desk.store.read() as connection:
            if waits(connection, self.desk, self.take.id):
                raise RefusedError(f"{self.take.code} waits for a person: allow it first")
            said = record_of(connection, self.desk, self.take.id)
        return {} if said is None else {"gate": said}

    def _find(self, key: str) -> StageResult | None:
        return find_result(self.desk.store, self.files, self.desk.tenant_id, key)

    def _make(
        self, step: Step, work: Work, key: str, part: tuple[float, float], room: _Room
    ) -> Generator[Progress, None, StageResult]:
        """Run a step in a folder of its own, unless one before made its result too, and keep what it made."""
        assert step.make is not None
        started = perf_counter()
        made = room.ahead.pop(step.name, None)
        yield Progress(part[0], step.name)
        fault_point("stage begun")
        if made is not None:
            return self._keep(step, made, key, sum(made.seconds.values()))
        folder = room.folder / step.name
        folder.mkdir()
        with ending(step.make(work, folder)) as making:
            try:
                for each in making:
                    if isinstance(each, Made):
                        made = each
                        break
                    if isinstance(each, Part):
                        self._keep_part(each)
                        continue
                    yield Progress(part[0] + part[1] * each.done, each.doing or step.name)
            except RefusedError as error:
                self._refused(step, error)
                raise
            if made is None:
                raise TypeError(f"step {step.name} ended without Made")
            room.ahead.update(made.ahead)
            elsewhere = sum(seconds for each in made.ahead.values() for seconds in each.seconds.values())
            result = self._keep(step, made, key, max(0.0, perf_counter() - started - elsewhere))
            for _ in making:
                raise TypeError(f"step {step.name} went on behind its Made")
            return result

    def _keep(self, step: Step, made: Made, key: str, seconds: float) -> StageResult:
        value = {
            "value": dict(made.value), "notes": [asdict(note) for note in made.notes],
            "recorded": dict(made.recorded), "seconds": dict(made.seconds), "parts": list(made.parts),
        }  # fmt: skip
        result = StageResult(key, step.name, value, self._take_in(made.files), seconds)
        fault_point("before keeping")
        with self.desk.store.write() as connection:
            fenced(connection, self.claim)
            keep_result(connection, self.desk.store, self.files, self.desk.tenant_id, result)
            connection.execute(
                insert(usage).values(
                    tenant_id=self.desk.tenant_id, project_id=self.take.project_id, job_id=self.job.id,
                    stage=step.name, model=made.model, work=made.work, seconds=seconds,
                    created_at=self.desk.store.now(connection),
                )
            )  # fmt: skip
        fault_point("after keeping")
        return result

    def _keep_part(self, part: Part) -> None:
        result = StageResult(part.key, part.stage, {}, self._take_in(part.files), part.seconds)
        with self.desk.store.write() as connection:
            fenced(connection, self.claim)
            keep_result(connection, self.desk.store, self.files, self.desk.tenant_id, result)

    def _take_in(self, made: Mapping[str, Path]) -> dict[str, StoredFile]:
        return {
            role: self.files.take_in(self.desk.tenant_id, path, media_type(path))
            for role, path in made.items()
        }

    def _tell(self, event: StageEvent, result: StageResult | None) -> None:
        """Write the step into the journal, and what it found into the review queue."""
        with self.desk.store.write() as connection:
            fenced(connection, self.claim)
            self.desk.log(connection, self.take.id, f"stage {event.outcome}", asdict(event))
            if not self.publishes:
                return
            known = {(note.rule, note.text) for note in notes_in(connection, self.desk, self.take.id)}
            for found in result.value["notes"] if result else ():
                note = NewNote(**{**found, "source": Source(found["source"])})
                if (note.rule, note.text) not in known:
                    add_note(connection, self.desk, self.take.id, note)

    def _refused(self, step: Step, error: RefusedError) -> None:
        if not self.publishes:
            return
        with self.desk.store.write() as connection:
            fenced(connection, self.claim)
            add_note(connection, self.desk, self.take.id, NewNote(str(error), Source.GATE, step.name))

    def _publish(self, steps: Sequence[Step], recipe: Recipe, results: Mapping[str, StageResult]) -> None:
        """Master, renditions and the end of the job in one transaction: published once or not at all."""
        published = {
            role: results[step.name]
            for step in steps
            for role in step.publishes
            if step.name in results and role in results[step.name].files
        }
        if MASTER not in published:
            raise TypeError("no step published a master")
        fault_point("before publishing")
        with self.desk.store.write() as connection:
            fenced(connection, self.claim)
            now = self.desk.store.now(connection)
            document = recipe.document()
            for role, result in published.items() if self.publishes else ():
                stored = result.files[role]
                record(connection, self.desk.store, self.files, self.desk.tenant_id, stored)
                pin(connection, self.desk.tenant_id, stored.sha256, f"{self.take.id} {role}")
                if role == MASTER:
                    self._add_master(connection, stored.sha256, document, now)
                else:
                    add_rendition(
                        connection, self.desk,
                        Rendition(new_id("rendition"), self.take.id, role, stored.sha256, stored.media_type,
                                  result.key, document, now),
                    )  # fmt: skip
            succeed(connection, self.claim, now)
        fault_point("after publishing")

    def _add_master(self, connection: Connection, sha256: str, recipe: Mapping[str, Any], now: float) -> None:
        """Publish the master, unless the take has it: a job may be for another rendition only."""
        if master_in(connection, self.desk, self.take.id) is None:
            master = Master(self.take.id, sha256, recipe, self.job.id, self.claim.attempt, now)
            add_master(connection, self.desk, master)


def _recorded(results: Iterable[StageResult], absent: Sequence[str]) -> dict[str, Any]:
    """What stands beside the recipe: facts of the machine, seconds by stage, what is not installed."""
    recorded: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    for each in results:
        recorded.update(each.value["recorded"])
        # Results of older versions do not tell their stages apart.
        seconds.update(each.value.get("seconds", {}))
    if seconds:
        recorded["seconds"] = {stage: round(spent, 3) for stage, spent in seconds.items()}
    return {**recorded, "not_installed": list(absent)}


@contextmanager
def ending(events: Iterator[Event]) -> Iterator[Iterator[Event]]:
    """Close a generator when the block ends, however: what it holds must not wait for the collector."""
    try:
        yield events
    finally:
        if isinstance(events, Generator):
            events.close()


def media_type(path: Path) -> str:
    """By the name's ending."""
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
