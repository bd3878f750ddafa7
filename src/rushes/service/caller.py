"""Who asks: from a request's key to a desk. A route without a desk cannot reach a single row."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Annotated, TypeVar

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from rushes.service.errors import BusyError, ScopeError, UnknownKeyError
from rushes.service.house import House
from rushes.service.keys import Scope
from rushes.service.tracing import trace_of
from rushes.studio.desk import LOCAL_TENANT, Desk, open_desk

_bearer = HTTPBearer(
    auto_error=False, description="A key of `rushes keys`; on loopback without keys, anything."
)


_MOST_BUCKETS = 10_000
_Seen = TypeVar("_Seen")


@dataclass(frozen=True)
class Caller:
    """One request's house, desk and rights."""

    house: House
    desk: Desk
    scopes: tuple[str, ...]


@dataclass
class _Bucket:
    left: float
    at: float


@dataclass
class Door:
    """Opens desks by key, and counts how often each key knocks."""

    house: House
    _desks: dict[tuple[str, str], Desk] = field(default_factory=dict)
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def enter(self, text: str | None, address: str = "") -> Caller:
        """The caller with this key, from this address. Raises UnknownKeyError, BusyError for too many."""
        who, scopes = self._admit(text, address)
        return Caller(self.house, self._desks.get(who) or self._open(who), scopes)

    async def let_in(self, text: str | None, address: str) -> Caller:
        """:meth:`enter` in the event loop; only who comes for the first time waits for the database."""
        who, scopes = self._admit(text, address)
        desk = self._desks.get(who)
        if desk is None:
            desk = await run_in_threadpool(self._open, who)
        return Caller(self.house, desk, scopes)

    def _admit(self, text: str | None, address: str) -> tuple[tuple[str, str], tuple[str, ...]]:
        """Tenant and person, and what they may do."""
        house = self.house
        key = house.keys.find(text, time.time()) if text else None
        if key is None and not house.is_open:
            if text:
                self._count(f"wrong {address}", house.limits.wrong_keys_per_minute)
            raise UnknownKeyError("the key is missing, unknown or expired: send Authorization: Bearer KEY")
        self._count(key.id if key else "", house.limits.requests_per_minute)
        if key is None:
            return (LOCAL_TENANT, ""), tuple(Scope)
        return (key.tenant, key.person), key.scopes

    def _open(self, who: tuple[str, str]) -> Desk:
        house = self.house
        desk = replace(open_desk(house.store, *who), gate=house.gate.judge, price=house.price)
        desk = replace(desk, hosted=house.engine.hosted_models)
        self._desks[who] = desk
        return desk

    def _count(self, name: str, most: int) -> None:
        """A bucket for each key or address: full it holds one minute's requests, and it refills steadily."""
        now = time.monotonic()
        with self._lock:
            bucket = self._buckets.setdefault(name, _Bucket(most, now))
            bucket.left = min(most, bucket.left + (now - bucket.at) * most / 60)
            bucket.at = now
            if bucket.left < 1:
                raise BusyError(f"more than {most} requests in a minute: wait a few seconds")
            bucket.left -= 1
            if len(self._buckets) > _MOST_BUCKETS:
                # Full ones say nothing: whoever comes back begins with a full one.
                self._buckets = {key: each for key, each in self._buckets.items() if each.at > now - 60}


async def glance(desk: Desk, look: Callable[[], _Seen]) -> _Seen:
    """A short read. SQLite's readers wait for nobody, and the way to a thread takes longer than they do."""
    return look() if desk.store.is_sqlite else await run_in_threadpool(look)


def need(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, if the key has this scope."""

    async def caller(
        request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
    ) -> Caller:
        door: Door = request.app.state.door
        address = request.client.host if request.client else ""
        found = await door.let_in(given.credentials if given else None, address)
        if scope not in found.scopes:
            raise ScopeError(f"the key lacks the scope {scope}: ask for a key with it")
        return replace(found, desk=replace(found.desk, trace=trace_of(request.scope)))

    return caller


Reader = Annotated[Caller, Depends(need(Scope.READ))]
Writer = Annotated[Caller, Depends(need(Scope.WRITE))]
Reviewer = Annotated[Caller, Depends(need(Scope.REVIEW))]
Operator = Annotated[Caller, Depends(need(Scope.OPERATE))]
