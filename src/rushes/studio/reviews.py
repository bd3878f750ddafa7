"""Review: what a person chose, what people, checks and gates noted at frames, and what waits for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from rushes.core.errors import ConflictError, UsageError
from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.gate import ALLOWED, record_of, waits
from rushes.studio.jobs.job import Lane
from rushes.studio.jobs.submit import enqueue
from rushes.studio.store import new_id

# Where a recipe says how many frames were made, how many of them were cut off, and at which rate.
_SAYS_LENGTH = (("denoise", "num_frames"), ("decode", "trim"), ("finish", "source_rate"))


class Choice(StrEnum):
    CIRCLED = "circled"
    HELD = "held"
    REJECTED = "rejected"


class Source(StrEnum):
    """Who noted something."""

    PERSON = "person"
    CHECK = "check"
    GATE = "gate"


@dataclass(frozen=True)
class NewNote:
    """Something about a take; frames count from 0 at the take's native rate, both ends included, None: all.

    ``rule`` names the check or gate that found it.
    """

    text: str
    source: Source = Source.PERSON
    rule: str = ""
    first_frame: int | None = None
    last_frame: int | None = None

    def __post_init__(self) -> None:
        """Raise UsageError for an empty note or frames that run backwards."""
        if not self.text.strip():
            raise UsageError("the note is empty: say what should change")
        first, last = self.first_frame, self.last_frame
        if (first is None) != (last is None) or (first is not None and last is not None and first > last):
            raise UsageError(f"frames {first}-{last} are no range: write them like 12-24")


@dataclass(frozen=True)
class Note:
    """A note as kept; open until a take answers it or a person lets it go."""

    id: str
    take_id: str
    text: str
    source: Source
    rule: str
    first_frame: int | None
    last_frame: int | None
    created_at: float
    closed_at: float | None


@dataclass(frozen=True)
class Waiting:
    """A take that waits for a person, and why: its open notes, or that nobody has chosen yet."""

    take_id: str
    code: str
    notes: tuple[Note, ...]


def parse_note(text: str) -> NewNote:
    """``"12-24: snow, not rain"``, ``"12: ..."`` or words for the whole take."""
    head, colon, words = text.replace("：", ":", 1).partition(":")
    ends = [end.strip() for end in head.split("-")]
    if not colon or len(ends) > 2 or not all(end.isdecimal() for end in ends):
        return NewNote(text.strip())
    return NewNote(words.strip(), first_frame=int(ends[0]), last_frame=int(ends[-1]))


def choose(desk: Desk, take_id: str, choice: Choice) -> None:
    """Circle, hold or reject a take; what was chosen before stays in the record."""
    with desk.store.write() as connection:
        desk.one(connection, schema.takes, take_id, "take")
        connection.execute(
            insert(schema.reviews).values(
                tenant_id=desk.tenant_id, take_id=take_id, person_id=desk.person_id, choice=choice,
                created_at=desk.store.now(connection),
            )
        )  # fmt: skip
        desk.log(connection, take_id, f"take {choice}")


def choices_in(desk: Desk, project_id: str) -> dict[str, Choice]:
    """The newest choice of every reviewed take of a project, by take id."""
    reviews, takes = schema.reviews, schema.takes
    newest = (
        select(func.max(reviews.c.number))
        .join(takes, takes.c.id == reviews.c.take_id)
        .where(takes.c.project_id == project_id, takes.c.tenant_id == desk.tenant_id)
        .group_by(reviews.c.take_id)
    )
    asked = select(reviews.c.take_id, reviews.c.choice).where(reviews.c.number.in_(newest))
    with desk.store.read() as connection:
        return {take_id: Choice(choice) for take_id, choice in connection.execute(asked)}


def allow(desk: Desk, take_id: str) -> None:
    """Let a take be made that the gate put before a person. UsageError where it waits for nobody."""
    notes, jobs = schema.notes, schema.jobs
    with desk.store.write() as connection:
        take = desk.one(connection, schema.takes, take_id, "take")
        decision = record_of(connection, desk, take_id)
        if decision is None or not waits(connection, desk, take_id):
            raise ConflictError(
                f"{take['code']} waits for nobody's leave: only what the gate put before a person does"
            )
        detail = {**decision, "allowed_by": desk.person_id}
        desk.log(connection, take_id, ALLOWED, detail)
        now = desk.store.now(connection)
        ours = (notes.c.take_id == take_id) & (notes.c.source == Source.GATE) & notes.c.closed_at.is_(None)
        connection.execute(update(notes).where(ours).values(closed_at=now))
        queued = (jobs.c.take_id == take_id) & (jobs.c.state == "queued")
        for lane in connection.scalars(select(jobs.c.lane).where(queued)).all():
            enqueue(connection, desk.tenant_id, Lane(lane))
        connection.execute(update(jobs).where(queued).values(is_held=False))


def make_current(desk: Desk, take_id: str) -> None:
    """Let the shot point to this take; the others stay as they are. UsageError while it is not made."""
    with desk.store.write() as connection:
        take = desk.one(connection, schema.takes, take_id, "take")
        if (
            connection.scalar(select(schema.masters.c.sha256).where(schema.masters.c.take_id == take_id))
            is None
        ):
            raise ConflictError(f"{take['code']} is not made yet: wait for it, or choose another take")
        table = schema.shots
        connection.execute(update(table).where(table.c.id == take["shot_id"]).values(current_take_id=take_id))
        desk.log(connection, take_id, "take made current")


def add_note(connection: Connection, desk: Desk, take_id: str, note: NewNote) -> str:
    """Write a note down and return its id. UsageError for frames a made take does not have."""
    take = desk.one(connection, schema.takes, take_id, "take")
    _check_frames(connection, desk, take, note)
    note_id = new_id("note")
    is_ours = note.source is Source.PERSON
    connection.execute(
        insert(schema.notes).values(
            id=note_id, tenant_id=desk.tenant_id, take_id=take_id, source=note.source, rule=note.rule,
            person_id=desk.person_id if is_ours else None, first_frame=note.first_frame,
            last_frame=note.last_frame, text=note.text, created_at=desk.store.now(connection),
        )
    )  # fmt: skip
    desk.log(connection, take_id, "note", {"note": note_id, "source": note.source, "rule": note.rule})
    return note_id


def close_note(connection: Connection, desk: Desk, note_id: str) -> None:
    """Take a note off the queue: a take answers it, or a person lets it go."""
    note = desk.one(connection, schema.notes, note_id, "note")
    if note["source"] == Source.GATE and waits(connection, desk, note["take_id"]):
        raise ConflictError("the gate put this take before a person: allow it, or reject it")
    table = schema.notes
    now = desk.store.now(connection)
    connection.execute(update(table).where(table.c.id == note_id).values(closed_at=now))
    desk.log(connection, note["take_id"], "note closed", {"note": note_id})


def notes_of(desk: Desk, take_id: str) -> tuple[Note, ...]:
    """The notes of a take, oldest first."""
    with desk.store.read() as connection:
        return notes_in(connection, desk, take_id)


def notes_in(connection: Connection, desk: Desk, take_id: str) -> tuple[Note, ...]:
    """:func:`notes_of` within a transaction."""
    table = schema.notes
    asked = desk.only(table).where(table.c.take_id == take_id).order_by(table.c.created_at, table.c.id)
    return tuple(_note(row) for row in connection.execute(asked).mappings())


def review_queue(desk: Desk, project_id: str) -> tuple[Waiting, ...]:
    """Takes a person should look at: made and not yet chosen, or with an open note, by code."""
    takes, notes, masters = schema.takes, schema.notes, schema.masters
    made = (
        select(takes.c.id, takes.c.code)
        .join(masters, masters.c.take_id == takes.c.id)
        .where(takes.c.tenant_id == desk.tenant_id, takes.c.project_id == project_id)
    )
    asked = (
        desk.only(notes)
        .add_columns(takes.c.code)
        .join(takes, takes.c.id == notes.c.take_id)
        .where(takes.c.project_id == project_id, notes.c.closed_at.is_(None))
        .order_by(notes.c.created_at)
    )
    chosen = choices_in(desk, project_id)
    waiting: dict[str, tuple[str, list[Note]]] = {}
    with desk.store.read() as connection:
        for take_id, code in connection.execute(made):
            if take_id not in chosen:
                waiting[take_id] = (code, [])
        for row in connection.execute(asked).mappings():
            waiting.setdefault(row["take_id"], (row["code"], []))[1].append(_note(row))
    found = [Waiting(take_id, code, tuple(found)) for take_id, (code, found) in waiting.items()]
    return tuple(sorted(found, key=lambda each: each.code))


def _check_frames(connection: Connection, desk: Desk, take: RowMapping, note: NewNote) -> None:
    if note.last_frame is None:
        return
    masters = schema.masters
    asked = desk.only(masters).with_only_columns(masters.c.recipe).where(masters.c.take_id == take["id"])
    length = _length(connection.scalar(asked) or {})
    if length is not None and note.last_frame >= length[0]:
        raise UsageError(
            f"frame {note.last_frame} is beyond the end of {take['code']}: it has frames 0 to "
            f"{length[0] - 1}, {float(length[1]):g} a second"
        )


def _length(recipe: Mapping[str, Any]) -> tuple[int, Fraction] | None:
    """Frames of a master and its rate, by its recipe: the file may be gone, and reading it costs memory.

    None where the recipe does not say it.
    """
    hosted = recipe.get("recorded", {}).get("hosted", {})
    if "num_frames" in hosted:
        return hosted["num_frames"], Fraction(hosted["frame_rate"])
    stages = {stage["name"]: stage["settings"] for stage in recipe.get("stages", ())}
    num_frames, trim, rate = (stages.get(name, {}).get(setting) for name, setting in _SAYS_LENGTH)
    return None if None in (num_frames, trim, rate) else (num_frames - trim, Fraction(rate))


def _note(row: RowMapping) -> Note:
    values = {name: row[name] for name in Note.__annotations__}
    return Note(**{**values, "source": Source(row["source"])})
