"""What tenants' endpoints are told: written down in the transaction of what happened, sent later.

So nothing is told that did not happen, and a kill loses nothing (the transactional outbox). Who sends leases
a row by moving its due time; a sender that dies leaves it to be sent again: at least once, in no promised
order.
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from random import uniform
from types import MappingProxyType

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, delete, func, insert, select, update

from rushes.core.errors import ConflictError, LimitError
from rushes.studio.desk import Desk
from rushes.studio.jobs.job import ENDED, JobState
from rushes.studio.jobs.submit import digest_of
from rushes.studio.schema import deliveries, endpoints
from rushes.studio.seen import Check, locked, unseen
from rushes.studio.store import Store, new_id

SECRET_PREFIX = "whsec_"
MAX_ENDPOINTS = 8
OLD_SECRET_S = 24 * 3600.0
# Longer than one try may take.
LEASE_S = 60.0
# 5 s, 20 s, ... 6 h: the last of twelve tries comes about a day after the first.
FIRST_WAIT_S, GROWTH, LONGEST_WAIT_S, MAX_TRIES = 5.0, 4, 6 * 3600.0, 12
KEPT_S = 30 * 24 * 3600.0
_WHAT = "webhook endpoint"


class Kind(StrEnum):
    """What is told of a take."""

    COMPLETED = "completed"
    FAILED = "failed"


class DeliveryState(StrEnum):
    """``dead``: given up, and kept so that it can be replayed."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


_TOLD: Mapping[JobState, Kind] = MappingProxyType(
    {JobState.SUCCEEDED: Kind.COMPLETED, JobState.FAILED: Kind.FAILED, JobState.CANCELLED: Kind.FAILED}
)
assert set(_TOLD) == set(ENDED)


@dataclass(frozen=True)
class NewEndpoint:
    """An address and what it wants to hear."""

    name: str
    url: str
    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class EndpointTerms:
    """What is to change of an address; None: stays."""

    name: str | None = None
    url: str | None = None
    kinds: tuple[Kind, ...] | None = None


@dataclass(frozen=True)
class Endpoint:
    """A registered address. Both secrets sign until ``old_until``; ``is_off``: it asked for no more."""

    id: str
    tenant_id: str
    name: str
    url: str
    kinds: tuple[Kind, ...]
    secret: str
    old_secret: str
    old_until: float
    is_off: bool
    reason: str
    created_at: float
    updated_at: float

    def secrets_at(self, now: float) -> tuple[str, ...]:
        """What to sign with, newest first."""
        return (self.secret, self.old_secret) if self.old_secret and now < self.old_until else (self.secret,)


@dataclass(frozen=True)
class Delivery:
    """One thing to tell one endpoint; ``answer`` is what came of the newest of its ``tries``."""

    id: str
    endpoint_id: str
    take_id: str
    event_id: str
    kind: Kind
    state: DeliveryState
    tries: int
    due_at: float
    answer: str
    created_at: float
    ended_at: float | None


def post(connection: Connection, tenant_id: str, take_id: str | None, state: JobState, now: float) -> None:
    """Let every endpoint of the tenant that asked for it be told how a take's job ended."""
    if take_id is None:
        return
    kind, event_id = _TOLD[state], new_id("evt")
    asked = select(endpoints.c.id, endpoints.c.kinds).where(
        endpoints.c.tenant_id == tenant_id, ~endpoints.c.is_off
    )
    rows = [
        {
            "id": new_id("delivery"), "tenant_id": tenant_id, "endpoint_id": endpoint_id, "take_id": take_id,
            "event_id": event_id, "kind": kind, "due_at": now, "created_at": now,
        }
        for endpoint_id, kinds in connection.execute(asked)
        if kind in kinds
    ]  # fmt: skip
    if rows:
        connection.execute(insert(deliveries), rows)


def add_endpoint(desk: Desk, new: NewEndpoint, key: str = "") -> Endpoint:
    """Register an address; the same ``key`` again is the same one.

    Raises LimitError when there are too many, ConflictError for a key used for another.
    """
    endpoint_id = f"endpoint_{digest_of([desk.tenant_id, key])[:24]}" if key else new_id("endpoint")
    with desk.store.write() as connection:
        table, now = endpoints, desk.store.now(connection)
        known = connection.execute(desk.only(table).where(table.c.id == endpoint_id)).mappings().first()
        if known is not None:
            found = _endpoint(known)
            if NewEndpoint(found.name, found.url, found.kinds) != new:
                raise ConflictError("the Idempotency-Key was used for another endpoint: use a new key")
            return found
        count = connection.scalar(select(func.count()).where(table.c.tenant_id == desk.tenant_id)) or 0
        if count >= MAX_ENDPOINTS:
            raise LimitError(f"there are {MAX_ENDPOINTS} endpoints already: remove one first")
        connection.execute(
            insert(table).values(
                id=endpoint_id, tenant_id=desk.tenant_id, name=new.name, url=new.url, kinds=list(new.kinds),
                secret=_new_secret(), created_at=now, updated_at=now,
            )
        )  # fmt: skip
        desk.log(connection, endpoint_id, "endpoint added")
        return _found(connection, desk, endpoint_id)


def list_endpoints(desk: Desk) -> tuple[Endpoint, ...]:
    """All addresses of the tenant, oldest first."""
    asked = desk.only(endpoints).order_by(endpoints.c.created_at, endpoints.c.id)
    with desk.store.read() as connection:
        return tuple(_endpoint(row) for row in connection.execute(asked).mappings())


def find_endpoint(desk: Desk, endpoint_id: str) -> Endpoint:
    """One address; MissingError where this tenant has none."""
    with desk.store.read() as connection:
        return _found(connection, desk, endpoint_id)


def change_endpoint(
    desk: Desk, endpoint_id: str, terms: EndpointTerms, check: Check[Endpoint] = unseen
) -> Endpoint:
    """Change an address, and turn it on again if it was off. What ``check`` raises leaves it as it was."""
    given = {name: value for name, value in asdict(terms).items() if value is not None}
    return _set(desk, endpoint_id, {**given, "is_off": False, "reason": ""}, "endpoint changed", check)


def rotate_secret(desk: Desk, endpoint_id: str, keeps_old: bool) -> Endpoint:
    """Sign with a new secret; with the old one too for a day where ``keeps_old``."""
    old = find_endpoint(desk, endpoint_id)
    with desk.store.read() as connection:
        until = desk.store.now(connection) + OLD_SECRET_S
    values = {"secret": _new_secret(), "old_secret": old.secret if keeps_old else "", "old_until": until}
    return _set(desk, endpoint_id, values, "endpoint secret rotated")


def remove_endpoint(desk: Desk, endpoint_id: str, check: Check[Endpoint] = unseen) -> None:
    """Forget an address and all it was to be told. What ``check`` raises leaves it as it was."""
    with desk.store.write() as connection:
        check(_locked(connection, desk, endpoint_id))
        connection.execute(delete(deliveries).where(deliveries.c.endpoint_id == endpoint_id))
        connection.execute(delete(endpoints).where(endpoints.c.id == endpoint_id))
        desk.log(connection, endpoint_id, "endpoint removed")


def list_deliveries(
    desk: Desk, endpoint_id: str, state: DeliveryState | None, limit: int, after: str = ""
) -> tuple[tuple[Delivery, ...], bool]:
    """What an endpoint was told or is to be, newest first, and whether more follow."""
    table = deliveries
    asked: Select[tuple[object, ...]] = desk.only(table).where(table.c.endpoint_id == endpoint_id)
    if state is not None:
        asked = asked.where(table.c.state == state)
    with desk.store.read() as connection:
        _found(connection, desk, endpoint_id)
        if after:
            last = desk.one(connection, table, after, "delivery")
            is_older = table.c.created_at < last["created_at"]
            is_next = (table.c.created_at == last["created_at"]) & (table.c.id < after)
            asked = asked.where(is_older | is_next)
        newest = asked.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit + 1)
        found = [_delivery(row) for row in connection.execute(newest).mappings()]
    return tuple(found[:limit]), len(found) > limit


def replay(desk: Desk, delivery_id: str) -> Delivery:
    """Tell it again under the same event id, with all tries anew. ConflictError while it waits."""
    with desk.store.write() as connection:
        row = desk.one(connection, deliveries, delivery_id, "delivery")
        if row["state"] == DeliveryState.WAITING:
            raise ConflictError(f"{delivery_id} is waiting to be sent: replay what is dead or delivered")
        now = desk.store.now(connection)
        values = {"state": DeliveryState.WAITING, "tries": 0, "due_at": now, "ended_at": None}
        connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))
        desk.log(connection, delivery_id, "delivery replayed")
        return _delivery(desk.one(connection, deliveries, delivery_id, "delivery"))


def due_endpoints(store: Store) -> tuple[Endpoint, ...]:
    """The endpoints of all tenants that have something to be told now."""
    with store.read() as connection:
        due = select(deliveries.c.endpoint_id).where(*_is_due(store.now(connection)))
        asked = select(endpoints).where(endpoints.c.id.in_(due), ~endpoints.c.is_off)
        return tuple(_endpoint(row) for row in connection.execute(asked).mappings())


def lease(store: Store, endpoint_id: str) -> Delivery | None:
    """The oldest thing to tell an endpoint, this caller's for LEASE_S; None where nothing is due."""
    with store.write() as connection:
        now = store.now(connection)
        mine = (*_is_due(now), deliveries.c.endpoint_id == endpoint_id)
        oldest = select(deliveries).where(*mine).order_by(deliveries.c.due_at).limit(1)
        row = connection.execute(oldest.with_for_update(skip_locked=True)).mappings().first()
        if row is None:
            return None
        values = {"due_at": now + LEASE_S, "tries": row["tries"] + 1}
        connection.execute(update(deliveries).where(deliveries.c.id == row["id"]).values(**values))
        return _delivery({**row, **values})


def told(store: Store, delivery: Delivery, answer: str) -> None:
    """It has arrived."""
    with store.write() as connection:
        ended = {"state": DeliveryState.DELIVERED, "ended_at": store.now(connection)}
        this = update(deliveries).where(deliveries.c.id == delivery.id)
        connection.execute(this.values(answer=answer, **ended))


def not_told(store: Store, delivery: Delivery, answer: str, is_unwanted: bool = False) -> None:
    """It has not: later again, or given up after MAX_TRIES.

    ``is_unwanted``: the endpoint wants no more of anything (410 Gone), so it is turned off.
    """
    with store.write() as connection:
        now = store.now(connection)
        values: dict[str, object] = {"answer": answer, "due_at": now + wait_s(delivery.tries)}
        if is_unwanted or delivery.tries >= MAX_TRIES:
            values |= {"state": DeliveryState.DEAD, "ended_at": now}
        connection.execute(update(deliveries).where(deliveries.c.id == delivery.id).values(**values))
        if is_unwanted:
            off = update(endpoints).where(endpoints.c.id == delivery.endpoint_id)
            connection.execute(off.values(is_off=True, reason=answer))


def wait_s(tries: int) -> float:
    """Seconds until the next try: growing, and by chance up to half of it less so that many do not meet."""
    longest: float = min(FIRST_WAIT_S * GROWTH ** (tries - 1), LONGEST_WAIT_S)
    return longest * uniform(0.5, 1.0)


def forget_delivered(store: Store) -> int:
    """Remove what arrived longer than KEPT_S ago; how many. What is dead stays until its endpoint goes."""
    with store.write() as connection:
        is_old = deliveries.c.ended_at < store.now(connection) - KEPT_S
        is_told = deliveries.c.state == DeliveryState.DELIVERED
        return connection.execute(delete(deliveries).where(is_told, is_old)).rowcount


def _is_due(now: float) -> tuple[ColumnElement[bool], ...]:
    return (deliveries.c.state == DeliveryState.WAITING, deliveries.c.due_at <= now)


def _set(
    desk: Desk, endpoint_id: str, values: Mapping[str, object], kind: str, check: Check[Endpoint] = unseen
) -> Endpoint:
    with desk.store.write() as connection:
        check(_locked(connection, desk, endpoint_id))
        this = update(endpoints).where(endpoints.c.id == endpoint_id)
        connection.execute(this.values(**values, updated_at=desk.store.now(connection)))
        desk.log(connection, endpoint_id, kind)
        return _found(connection, desk, endpoint_id)


def _locked(connection: Connection, desk: Desk, endpoint_id: str) -> Endpoint:
    return _endpoint(locked(connection, desk, endpoints, endpoint_id, _WHAT))


def _found(connection: Connection, desk: Desk, endpoint_id: str) -> Endpoint:
    return _endpoint(desk.one(connection, endpoints, endpoint_id, _WHAT))


def _endpoint(row: RowMapping) -> Endpoint:
    kinds: Sequence[str] = row["kinds"]
    return Endpoint(**{**row, "kinds": tuple(Kind(kind) for kind in kinds)})


def _delivery(row: Mapping[str, object] | RowMapping) -> Delivery:
    values = {name: row[name] for name in Delivery.__annotations__}
    kind, state = Kind(str(values["kind"])), DeliveryState(str(values["state"]))
    return Delivery(**{**values, "kind": kind, "state": state})  # type: ignore[arg-type]


def _new_secret() -> str:
    """As Standard Webhooks writes them: 24 to 64 random bytes in base 64 behind a prefix."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
