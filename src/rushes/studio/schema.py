"""The tables of the studio, for SQLite and PostgreSQL alike. Times are seconds since 1970.

Every row of work belongs to a tenant. Rows of ``takes``, ``masters``, ``reviews`` and ``events`` are written
once: triggers made by the migrations refuse to change them.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

# The newest step in migrations/versions; a database that has it is opened without loading Alembic.
REVISION = "0005"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up by itself only in a column of exactly this type.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_JSON = JSON(none_as_null=True)


def _id() -> Column[Any]:
    return Column("id", String(40), primary_key=True)


def _counted() -> Column[Any]:
    return Column("number", _NUMBER, primary_key=True, autoincrement=True)


def _of(table: str, *, optional: bool = False, name: str = "") -> Column[Any]:
    """A reference to another table's ``id``, called like the thing: ``project_id`` of ``projects``."""
    name = name or f"{'person' if table == 'people' else table.removesuffix('s')}_id"
    return Column(name, ForeignKey(f"{table}.id"), nullable=optional)


def _tenant() -> Column[Any]:
    return Column("tenant_id", ForeignKey("tenants.id"), nullable=False)


def _text(name: str, *, default: str | None = None) -> Column[Any]:
    return Column(name, Text, nullable=False, server_default=default)


def _whole(name: str, default: int | None = None) -> Column[Any]:
    return Column(name, Integer, nullable=False, server_default=None if default is None else str(default))


def _seconds(name: str, default: float | None = None) -> Column[Any]:
    return Column(name, Double, nullable=False, server_default=None if default is None else str(default))


def _perhaps(name: str, kind: Any = Double) -> Column[Any]:
    return Column(name, kind, nullable=True)


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


def _json(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, _JSON, nullable=optional)


def _account() -> tuple[Column[Any], ...]:
    """Machine seconds allowed (none: no limit), put aside for jobs that have not ended, and used."""
    return _perhaps("budget_s"), _seconds("reserved_s", 0), _seconds("spent_s", 0)


tenants = Table(
    "tenants", metadata, _id(), _text("name"), _seconds("share", 1), _perhaps("max_running", Integer),
    _perhaps("max_queued", Integer), *_account(), _seconds("created_at"), UniqueConstraint("name"),
)  # fmt: skip

people = Table(
    "people", metadata, _id(), _tenant(), _text("name"), _text("role"), _seconds("created_at"),
    UniqueConstraint("tenant_id", "name"),
)  # fmt: skip

projects = Table(
    "projects", metadata, _id(), _tenant(), _text("code"), _text("title"), _text("frame_rate"),
    _text("ratio"), _json("policy"), _flag("is_inbox"), *_account(), _seconds("created_at"),
    UniqueConstraint("tenant_id", "code"),
)  # fmt: skip

sequences = Table(
    "sequences", metadata, _id(), _tenant(), _of("projects"), _text("code"), _text("title"),
    UniqueConstraint("project_id", "code"),
)  # fmt: skip

scenes = Table(
    "scenes", metadata, _id(), _tenant(), _of("projects"), _of("sequences", optional=True), _text("key"),
    _text("heading"), _whole("position"), _text("number", default=""), _flag("is_omitted"),
    UniqueConstraint("project_id", "key"),
)  # fmt: skip

script_revisions = Table(
    "script_revisions", metadata, _id(), _tenant(), _of("projects"), _whole("revision"), _text("name"),
    _text("sha256"), _of("people"), _seconds("created_at"), _text("breakdown_sha256", default=""),
    _json("summary", optional=True), UniqueConstraint("project_id", "revision"),
)  # fmt: skip

shots = Table(
    "shots", metadata, _id(), _tenant(), _of("projects"), _of("sequences", optional=True),
    _of("scenes", optional=True), _text("key"), _text("code"), _whole("position"), _whole("revision", 0),
    _whole("takes_given", 0), _perhaps("current_take_id", String(40)),
    UniqueConstraint("project_id", "code"), Index(None, "project_id", "position"), Index(None, "scene_id"),
)  # fmt: skip

shot_revisions = Table(
    "shot_revisions", metadata, _id(), _tenant(), _of("shots"), _whole("revision"), _text("text"),
    _json("spec"), _json("spans"), _of("script_revisions", optional=True), _of("people"),
    _seconds("created_at"), UniqueConstraint("shot_id", "revision"),
)  # fmt: skip

# How the shots that come from a script stand to its newest revision; ``facts`` is what rules know of them.
scripted_shots = Table(
    "scripted_shots", metadata, Column("shot_id", ForeignKey("shots.id"), primary_key=True), _tenant(),
    _text("status"), _text("reason"), _json("facts"),
)  # fmt: skip

batches = Table(
    "batches", metadata, _id(), _tenant(), _of("projects"), _text("name"), _of("people"),
    _seconds("created_at"),
)  # fmt: skip

takes = Table(
    "takes", metadata, _id(), _tenant(), _of("projects"), _of("shots"), _of("shot_revisions"),
    _whole("take"), _text("code"), _of("takes", optional=True, name="parent_id"), _text("relation"),
    _perhaps("note_id", String(40)), _of("batches", optional=True, name="batch_id"), _json("inputs"),
    _json("request"), _of("people"), _seconds("created_at"), UniqueConstraint("shot_id", "take"),
    Index(None, "project_id", "code"), Index(None, "parent_id"), Index(None, "batch_id"),
    Index(None, "tenant_id", "created_at", "id"),
)  # fmt: skip

masters = Table(
    "masters", metadata, Column("take_id", ForeignKey("takes.id"), primary_key=True), _tenant(),
    _text("sha256"), _json("recipe"), _text("job_id"), _whole("attempt"), _seconds("made_at"),
    Index(None, "tenant_id", "sha256"),
)  # fmt: skip

renditions = Table(
    "renditions", metadata, _id(), _tenant(), _of("takes"), _text("name"), _text("sha256"),
    _text("media_type"), _text("key"), _json("recipe"), _seconds("made_at"),
    UniqueConstraint("take_id", "name", "key"), Index(None, "sha256", "tenant_id"),
)  # fmt: skip

cuts = Table(
    "cuts", metadata, _id(), _tenant(), _of("projects"), _text("name"), _whole("revision"),
    _json("timeline"), _of("people"), _seconds("created_at"),
    UniqueConstraint("project_id", "name", "revision"),
)  # fmt: skip

reviews = Table(
    "reviews", metadata, _counted(), _tenant(), _of("takes"), _of("people"), _text("choice"),
    _seconds("created_at"), Index(None, "take_id", "number"),
)  # fmt: skip

notes = Table(
    "notes", metadata, _id(), _tenant(), _of("takes"), _of("people", optional=True), _text("source"),
    _text("rule"), _perhaps("first_frame", Integer), _perhaps("last_frame", Integer), _text("text"),
    _seconds("created_at"), _perhaps("closed_at"), Index(None, "take_id"),
    Index("ix_notes_open", "tenant_id", "created_at", sqlite_where=text("closed_at IS NULL"),
          postgresql_where=text("closed_at IS NULL")),
)  # fmt: skip

lanes = Table(
    "lanes", metadata, Column("name", String(16), primary_key=True), _seconds("clock", 0),
    _flag("is_paused"),
)  # fmt: skip

# One row for each tenant that ever queued in a lane; ``is_waiting`` may be true of a tenant with no job left,
# never false of one with a job.
shares = Table(
    "shares", metadata, Column("lane", ForeignKey("lanes.name"), primary_key=True),
    Column("tenant_id", ForeignKey("tenants.id"), primary_key=True), _seconds("virtual_time"),
    _flag("is_waiting"), Index(None, "lane", "is_waiting", "virtual_time", "tenant_id"),
)  # fmt: skip

_QUEUED = text("state = 'queued'")
_RUNNING = text("state = 'running'")

jobs = Table(
    "jobs", metadata, _id(), _tenant(), _of("projects"), _of("takes", optional=True), _of("people"),
    _text("submit_key"), _text("digest"), _text("work_key"), _json("payload"), _whole("revision", 0),
    _text("lane"), _whole("priority"), _seconds("rank"), _flag("is_held"), _seconds("not_before", 0),
    _text("state"), _flag("is_cancelled"), _whole("attempt", 0), _whole("strikes", 0), _flag("is_degraded"),
    _text("worker", default=""), _perhaps("lease_until"), _seconds("progress", 0),
    _text("doing", default=""), _perhaps("progress_at"), _text("failure", default=""),
    _text("message", default=""), _seconds("estimate_s"), _seconds("reserved_s"), _seconds("spent_s", 0),
    _seconds("created_at"), _perhaps("started_at"), _perhaps("ended_at"),
    UniqueConstraint("tenant_id", "submit_key"), Index(None, "tenant_id", "created_at"),
    Index(None, "take_id"),
    Index("ix_jobs_queued", "tenant_id", "lane", "rank", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
    Index("ix_jobs_running", "lease_until", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    Index("ix_jobs_in_flight", "tenant_id", "work_key", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
)  # fmt: skip

attempts = Table(
    "attempts", metadata, Column("job_id", ForeignKey("jobs.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True), _tenant(), _text("worker"), _seconds("started_at"),
    _perhaps("ended_at"), _seconds("spent_s", 0), _text("outcome", default=""), _text("message", default=""),
)  # fmt: skip

events = Table(
    "events", metadata, _counted(), _tenant(), _of("people", optional=True), _text("subject"),
    _text("kind"), _json("detail"), _seconds("created_at"), Index(None, "tenant_id", "subject", "number"),
)  # fmt: skip

files = Table(
    "files", metadata, Column("tenant_id", ForeignKey("tenants.id"), primary_key=True),
    Column("sha256", String(64), primary_key=True), Column("size_bytes", BigInteger, nullable=False),
    _text("media_type"), _seconds("created_at"),
)  # fmt: skip

# Files that people sent, with what they are (rushes.media.inspection); pinned until they are deleted.
uploads = Table(
    "uploads", metadata, Column("tenant_id", ForeignKey("tenants.id"), primary_key=True),
    Column("sha256", String(64), primary_key=True), _json("facts"), _of("people"), _seconds("created_at"),
    Index(None, "tenant_id", "created_at"),
)  # fmt: skip

# What is never evicted: masters, renditions, inputs and scripts; ``subject`` is what needs the file.
pins = Table(
    "pins", metadata, Column("tenant_id", ForeignKey("tenants.id"), primary_key=True),
    Column("sha256", String(64), primary_key=True), Column("subject", String(80), primary_key=True),
)  # fmt: skip

stage_results = Table(
    "stage_results", metadata, Column("tenant_id", ForeignKey("tenants.id"), primary_key=True),
    Column("key", String(64), primary_key=True), _text("stage"), _json("value"), _json("files"),
    _seconds("seconds"), _seconds("made_at"), _seconds("used_at"), Index(None, "used_at"),
)  # fmt: skip

usage = Table(
    "usage", metadata, _counted(), _tenant(), _of("projects"), _text("job_id"), _text("stage"),
    _text("model"), _seconds("work"), _seconds("seconds"), _seconds("created_at"),
    Index(None, "model", "stage", "number"),
)  # fmt: skip

# Where a tenant wants to be told of its takes, and what is told there. A delivery is written in the
# transaction of what it tells of; ``event_id`` is the same for all endpoints and all tries.
endpoints = Table(
    "endpoints", metadata, _id(), _tenant(), _text("name"), _text("url"), _json("kinds"), _text("secret"),
    _text("old_secret", default=""), _seconds("old_until", 0), _flag("is_off"), _text("reason", default=""),
    _seconds("created_at"), _seconds("updated_at"), Index(None, "tenant_id", "created_at"),
)  # fmt: skip

_WAITING = text("state = 'waiting'")

deliveries = Table(
    "deliveries", metadata, _id(), _tenant(), _of("endpoints"), _of("takes"), _text("event_id"),
    _text("kind"), _text("state", default="waiting"), _whole("tries", 0), _seconds("due_at"),
    _text("answer", default=""), _seconds("created_at"), _perhaps("ended_at"),
    Index(None, "endpoint_id", "created_at"),
    Index("ix_deliveries_waiting", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
)  # fmt: skip

# How long files of takes are kept; ``project_id`` is empty in a tenant's own row, for all its other projects.
retentions = Table(
    "retentions", metadata, Column("tenant_id", ForeignKey("tenants.id"), primary_key=True),
    Column("project_id", String(40), primary_key=True), _seconds("keep_s"), _flag("includes_chosen"),
)  # fmt: skip
