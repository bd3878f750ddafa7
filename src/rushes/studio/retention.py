"""How long files of takes are kept, and letting them go. Rows stay: a take can be made again by its recipe.

Without a word from its tenant or project a take is kept for ever. One that a shot points to or that somebody
circled is kept too, unless they say that such takes go as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Text,
    cast,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from rushes.core.errors import UsageError
from rushes.studio.cache import forget
from rushes.studio.desk import Desk
from rushes.studio.files import FileStore
from rushes.studio.jobs.queue import cancel_locked, lock_jobs
from rushes.studio.previews import drop_previews
from rushes.studio.reviews import Choice
from rushes.studio.schema import (
    events,
    files,
    jobs,
    masters,
    pins,
    projects,
    renditions,
    retentions,
    reviews,
    shots,
    stage_results,
    takes,
    tenants,
)
from rushes.studio.seen import Check, locked, unseen
from rushes.studio.store import Store

DELETED, EXPIRED = "take deleted", "take files let go"
LEAST_S = 3600.0
_OWN = retentions.alias("own")
# Written out: a list SQLAlchemy would render, and parameters SQLite would plan for, at every execution.
_IS_BUSY = (jobs.c.state == literal_column("'queued'")) | (jobs.c.state == literal_column("'running'"))


@dataclass(frozen=True)
class Retention:
    """``keep_s`` seconds after a take's work ended; ``includes_chosen``: current and circled takes too."""

    keep_s: float
    includes_chosen: bool = False

    def __post_init__(self) -> None:
        """Raise UsageError for a time too short to look at a take."""
        if not self.keep_s >= LEAST_S:
            raise UsageError(
                f"{self.keep_s:g} s is too short to look at a take: keep it {LEAST_S:g} s at least"
            )


@dataclass(frozen=True)
class Gone:
    """A take whose files went, and the bytes that freed; files others need stay and count nothing."""

    tenant_id: str
    take_id: str
    code: str
    freed_bytes: int


def set_retention(
    desk: Desk, project_id: str, retention: Retention | None, check: Check[Retention | None] = unseen
) -> None:
    """Say how long takes of a project are kept; of all projects that say nothing themselves where it is "".

    None takes back what was said. What ``check`` raises leaves it as it was.
    """
    table, key = retentions, {"tenant_id": desk.tenant_id, "project_id": project_id}
    dialect = sqlite if desk.store.is_sqlite else postgresql
    with desk.store.write() as connection:
        _lock_owner(connection, desk, project_id)
        check(_said(connection, desk, project_id))
        if retention is None:
            mine = (table.c.tenant_id == desk.tenant_id) & (table.c.project_id == project_id)
            connection.execute(delete(table).where(mine))
        else:
            terms = {"keep_s": retention.keep_s, "includes_chosen": retention.includes_chosen}
            connection.execute(
                dialect.insert(table)
                .values(**key, **terms)
                .on_conflict_do_update(index_elements=list(key), set_=terms)
            )
        detail = {} if retention is None else {"keep_s": retention.keep_s}
        desk.log(connection, project_id or desk.tenant_id, "retention set", detail)


def retention_of(desk: Desk, project_id: str) -> Retention | None:
    """What a project says itself, or the tenant for "" ."""
    with desk.store.read() as connection:
        return _said(connection, desk, project_id)


def expire(store: Store, kept: FileStore) -> tuple[Gone, ...]:
    """Let go of the files of all takes whose time is over, and of deleted ones that were made afterwards.

    Each take is a transaction of its own, so a server goes on working meanwhile and a kill loses no place.
    """
    gone = []
    for row in _overdue(store):
        with store.write() as connection:
            # Chosen, or queued anew, since it was found?
            if _is_over(connection, row["id"], store.now(connection)):
                gone.append(_let_go(connection, store, kept, row, EXPIRED))
    return tuple(gone)


def delete_take(
    desk: Desk, kept: FileStore, take_id: str, check: Callable[[Connection], None] = unseen
) -> None:
    """Stop a take's work, let go of its files, and show it no longer; its record stays, as of all takes.

    ``check`` looks at it in the transaction that does it; what it raises leaves all as it was. A worker that
    publishes before it hears of the stop leaves files for the next housekeeping.
    """
    with desk.store.write() as connection:
        # Jobs first, as a worker that publishes does.
        work = lock_jobs(connection, desk, take_id)
        row = locked(connection, desk, takes, take_id, "take")
        check(connection)
        cancel_locked(connection, desk, work)
        freed = _free(connection, kept, row)
        desk.log(connection, take_id, DELETED, {"freed_bytes": freed})
    drop_previews(kept, desk.tenant_id, [each["id"] for each in work])


def is_deleted() -> ColumnElement[bool]:
    """Whether the take of a query was deleted."""
    return exists().where(
        events.c.tenant_id == takes.c.tenant_id, events.c.subject == takes.c.id, events.c.kind == DELETED
    )


def expires_at() -> ColumnElement[float | None]:
    """When the files of a query's take go, seconds since 1970: null for never, and while they are made."""
    of_take = jobs.c.take_id == takes.c.id
    is_busy = exists().where(of_take, _IS_BUSY).correlate(takes)
    # These stand two queries deep below, where SQLAlchemy does not find the take by itself.
    newest = select(reviews.c.choice).where(reviews.c.take_id == takes.c.id).correlate(takes)
    choice = newest.order_by(reviews.c.number.desc()).limit(1).scalar_subquery()
    is_current = (
        exists().where(shots.c.id == takes.c.shot_id, shots.c.current_take_id == takes.c.id).correlate(takes)
    )
    said = _OWN.c.tenant_id == takes.c.tenant_id, _OWN.c.project_id == takes.c.project_id
    is_silent = ~exists().where(*said).correlate(takes)
    is_chosen = is_current | (func.coalesce(choice, "") == Choice.CIRCLED)
    speaks = (retentions.c.project_id == takes.c.project_id) | ((retentions.c.project_id == "") & is_silent)
    return (
        select(_ended_at() + retentions.c.keep_s)
        .where(retentions.c.tenant_id == takes.c.tenant_id, speaks, ~is_busy)
        .where(retentions.c.includes_chosen | ~is_chosen)
        .correlate(takes)
        .scalar_subquery()
    )


def _lock_owner(connection: Connection, desk: Desk, project_id: str) -> None:
    """Let nobody else say how long meanwhile; what was not said yet has no row of its own to lock."""
    if project_id:
        locked(connection, desk, projects, project_id, "project")
    else:
        connection.execute(select(tenants.c.id).where(tenants.c.id == desk.tenant_id).with_for_update())


def _said(connection: Connection, desk: Desk, project_id: str) -> Retention | None:
    asked = desk.only(retentions).where(retentions.c.project_id == project_id)
    row = connection.execute(asked).mappings().first()
    return None if row is None else Retention(row["keep_s"], row["includes_chosen"])


def _ended_at() -> ColumnElement[float]:
    last = select(func.max(jobs.c.ended_at)).where(jobs.c.take_id == takes.c.id)
    return func.coalesce(last.correlate(takes).scalar_subquery(), takes.c.created_at)


def _overdue(store: Store) -> Sequence[RowMapping]:
    with store.read() as connection:
        asked = select(takes).where(_overdue_clause(store.now(connection))).order_by(takes.c.created_at)
        return connection.execute(asked).mappings().all()


def _is_over(connection: Connection, take_id: str, now: float) -> bool:
    asked = select(takes.c.id).where(takes.c.id == take_id, _overdue_clause(now))
    return connection.scalar(asked) is not None


def _overdue_clause(now: float) -> ColumnElement[bool]:
    """Takes without work left whose files did not go since: deleted ones, and those past their time."""
    is_busy = exists().where(jobs.c.take_id == takes.c.id, _IS_BUSY)
    is_done = exists().where(
        events.c.tenant_id == takes.c.tenant_id, events.c.subject == takes.c.id,
        events.c.kind.in_((DELETED, EXPIRED)), events.c.created_at >= _ended_at(),
    )  # fmt: skip
    return ~is_busy & ~is_done & (is_deleted() | (func.coalesce(expires_at(), now) < now))


def _let_go(connection: Connection, store: Store, kept: FileStore, row: RowMapping, kind: str) -> Gone:
    """Free a take's files; the journal says it, and that no person did it."""
    freed = _free(connection, kept, row)
    connection.execute(
        insert(events).values(
            tenant_id=row["tenant_id"], subject=row["id"], kind=kind,
            detail={"code": row["code"], "freed_bytes": freed}, created_at=store.now(connection),
        )
    )  # fmt: skip
    return Gone(row["tenant_id"], row["id"], row["code"], freed)


def _free(connection: Connection, kept: FileStore, take: RowMapping) -> int:
    """Remove what only this take needs: pins, files, and stages' results that stand for them; the bytes."""
    tenant_id, take_id = take["tenant_id"], take["id"]
    hashes = {each["sha256"] for each in take["inputs"]}
    for table in (masters, renditions):
        hashes |= set(connection.scalars(select(table.c.sha256).where(table.c.take_id == take_id)))
    its_own = pins.c.subject.like(f"{take_id} %")
    mine = (pins.c.tenant_id == tenant_id) & pins.c.sha256.in_(hashes) & its_own
    connection.execute(delete(pins).where(mine))
    ours = (pins.c.tenant_id == tenant_id) & pins.c.sha256.in_(hashes)
    loose = hashes - set(connection.scalars(select(pins.c.sha256).where(ours)))
    if not loose:
        return 0
    text = cast(stage_results.c.files, Text)
    stands_for = or_(*(text.like(f"%{sha256}%") for sha256 in sorted(loose)))
    standing = (stage_results.c.tenant_id == tenant_id) & stands_for
    values = connection.scalars(delete(stage_results).where(standing).returning(stage_results.c.value)).all()
    # Latents are the same pictures: they go with them, also where another take would have been made of them.
    parts = {key for value in values for key in value.get("parts", ())}
    freed = sum(forget(connection, kept, tenant_id, key) for key in parts)
    theirs = (files.c.tenant_id == tenant_id) & files.c.sha256.in_(loose)
    sizes = connection.scalars(delete(files).where(theirs).returning(files.c.size_bytes)).all()
    # Inside the transaction: whoever stores these bytes again waits for it, and then sees that they are gone.
    for sha256 in loose:
        kept.path(tenant_id, sha256).unlink(missing_ok=True)
    return freed + int(sum(sizes))
