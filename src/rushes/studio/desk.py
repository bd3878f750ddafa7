"""Who works: one person of one tenant. Every query starts here, so none sees another tenant's rows."""

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, String, Table, bindparam, insert, select

from rushes.core.decision import Gate
from rushes.core.errors import MissingError
from rushes.core.price import Price
from rushes.studio import schema
from rushes.studio.store import Store, new_id

LOCAL_TENANT = "local"
# For statements that are built once; building one takes longer than running it.
TENANT = bindparam("a_tenant", type_=String)
_LOG = insert(schema.events)
# What shows the things of a kind to people at a shell.
_LISTED: Mapping[str, str] = MappingProxyType(
    {
        "take": "`rushes show`",
        "job": "`rushes queue`",
        "shot": "`rushes shots`",
        "project": "`rushes project list`",
    }
)


class Role(StrEnum):
    ADMIN = "admin"
    DIRECTOR = "director"
    SUPERVISOR = "supervisor"
    ARTIST = "artist"
    PRODUCER = "producer"
    CLIENT = "client"


@dataclass(frozen=True)
class Desk:
    """The store as one person sees it. ``gate`` judges the words of their takes; ``price`` is of a second
    of machine time where a project has none; ``trace`` is a W3C traceparent that their jobs are part of.
    Takes of ``hosted`` models wait in a lane of their own.
    """

    store: Store
    tenant_id: str
    person_id: str
    gate: Gate | None = None
    price: Price | None = None
    trace: str = ""
    hosted: frozenset[str] = frozenset()

    def only(self, table: Table) -> Select[Any]:
        """Select from ``table`` what belongs to this tenant."""
        return select(table).where(table.c.tenant_id == self.tenant_id)

    def one(self, connection: Connection, table: Table, row_id: str, kind: str) -> RowMapping:
        """The row with this id; UsageError where this tenant has none, ``kind`` says of what."""
        this = {"a_tenant": self.tenant_id, "an_id": row_id}
        row = connection.execute(_one_of(table), this).mappings().first()
        if row is None:
            listed = _LISTED.get(kind, "their list")
            raise MissingError(f"there is no {kind} {row_id!r}: {listed} names those there are")
        return row

    def log(
        self, connection: Connection, subject: str, kind: str, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Write into the journal, in the transaction of what it tells of."""
        row = {
            "tenant_id": self.tenant_id, "person_id": self.person_id, "subject": subject, "kind": kind,
            "detail": dict(detail or {}), "created_at": self.store.now(connection),
        }  # fmt: skip
        connection.execute(_LOG, row)


@dataclass(frozen=True)
class Event:
    """One line of the journal: who did ``kind`` to ``subject`` (the id of a row) and when."""

    number: int
    person_id: str
    subject: str
    kind: str
    detail: Mapping[str, Any]
    created_at: float


def events_of(desk: Desk, subject: str, after: int = 0) -> tuple[Event, ...]:
    """What happened to one thing, in order, from the event behind number ``after`` on."""
    table = schema.events
    asked = (
        desk.only(table).where(table.c.subject == subject, table.c.number > after).order_by(table.c.number)
    )
    with desk.store.read() as connection:
        return tuple(
            Event(**{name: row[name] for name in Event.__annotations__})
            for row in connection.execute(asked).mappings()
        )


def names_of(desk: Desk) -> dict[str, str]:
    """Names of the tenant's people by id."""
    with desk.store.read() as connection:
        return {row["id"]: row["name"] for row in connection.execute(desk.only(schema.people)).mappings()}


def open_desk(store: Store, tenant: str = LOCAL_TENANT, person: str = "", role: Role = Role.ADMIN) -> Desk:
    """The desk of a person, by default of the one at this machine; both are made where they are new."""
    person = person or _user()
    with store.read() as connection:
        found = connection.execute(_who(tenant, person)).first()
    if found is not None:
        return Desk(store, found[0], found[1])
    with store.write() as connection:
        tenant_id = connection.scalar(select(schema.tenants.c.id).where(schema.tenants.c.name == tenant))
        now = store.now(connection)
        if tenant_id is None:
            tenant_id = new_id("tenant")
            connection.execute(insert(schema.tenants).values(id=tenant_id, name=tenant, created_at=now))
        found = connection.execute(_who(tenant, person)).first()
        if found is not None:
            return Desk(store, found[0], found[1])
        desk = Desk(store, tenant_id, new_id("person"))
        connection.execute(
            insert(schema.people).values(
                id=desk.person_id, tenant_id=tenant_id, name=person, role=role, created_at=now
            )
        )
        desk.log(connection, desk.person_id, "person joined", {"name": person, "role": role})
    return desk


@cache
def _one_of(table: Table) -> Select[Any]:
    return select(table).where(table.c.tenant_id == TENANT, table.c.id == bindparam("an_id", type_=String))


def _user() -> str:
    """Who sits at this machine; in a container there may be nobody by name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _who(tenant: str, person: str) -> Select[Any]:
    people, tenants = schema.people, schema.tenants
    return (
        select(tenants.c.id, people.c.id)
        .join(people, people.c.tenant_id == tenants.c.id)
        .where(tenants.c.name == tenant, people.c.name == person)
    )
