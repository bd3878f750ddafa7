"""The database: SQLite in one file by default, PostgreSQL by URL; read and written in short transactions."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from rushes.core.errors import StoreError, UsageError
from rushes.studio.schema import REVISION

# How long a writer waits for another one, seconds.
BUSY_S = 30.0
# Connections to SQLite that are kept open: one for each thread that may answer a request (AnyIO has 40), and
# some for workers and couriers. With fewer, readers would wait until writers have had their turn.
_MOST_CONNECTIONS = 56


@dataclass(frozen=True)
class Store:
    """A migrated database. ``clock`` gives seconds since 1970 where the database has no clock of its own.

    All workers of one database must agree on the time, so PostgreSQL is asked for its own.
    """

    engine: Engine
    clock: Callable[[], float] = time.time
    _turn: Lock = field(default_factory=Lock, repr=False, compare=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the one-file database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is kept as a whole when the block ends well, and leaves no trace otherwise.

        SQLite has one writer at a time: the lock is taken at once, since one that is asked for in the middle
        of a transaction may be refused without waiting.
        """
        with self._in_turn():
            writer = self.engine.connect().execution_options(rushes_writes=True)
            with writer as connection, connection.begin():
                yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let the threads of this process write to SQLite one after the other.

        SQLite itself has no queue: who waits looks again every now and then, and of many, one may find it
        locked every time until BUSY_S are over. Who has waited so long here does ask SQLite.
        """
        is_mine = self.is_sqlite and self._turn.acquire(timeout=BUSY_S)
        try:
            yield
        finally:
            if is_mine:
                self._turn.release()

    def now(self, connection: Connection) -> float:
        """Seconds since 1970 by the clock all workers share."""
        if self.is_sqlite:
            return self.clock()
        return float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0)


def open_store(url: str) -> Store:
    """Connect and bring the schema up to date. Raises UsageError for a URL that leads nowhere.

    ``sqlite:///path/to/file`` or ``postgresql+psycopg://user@host/name``.
    """
    try:
        engine = _engine(url)
        with engine.connect() as connection:
            found = _revision(connection)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(
            f"database {url!r} cannot be used ({error}): write sqlite:///FILE or "
            "postgresql+psycopg://USER@HOST/NAME, the latter with pip install 'rushes[postgres]'"
        ) from error
    except OperationalError as error:
        raise StoreError(f"database {url!r} cannot be opened: {error.orig}") from error
    if found != REVISION:
        from rushes.studio.migrate import upgrade  # noqa: PLC0415  Alembic takes half a second to load

        upgrade(engine)
    return Store(engine)


def new_id(kind: str) -> str:
    """An id nobody can guess, with its kind in front for people: ``take_5f0c...``."""
    return f"{kind}_{secrets.token_hex(12)}"


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        parsed, connect_args={"timeout": BUSY_S}, poolclass=QueuePool, pool_size=_MOST_CONNECTIONS,
        pool_use_lifo=True,
    )  # fmt: skip
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers beside one writer; a killed process loses nothing, a power cut perhaps the last commits."""
    connection.isolation_level = None
    for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    # Python's driver would begin by itself, too late and without the writer's lock.
    writes = connection.get_execution_options().get("rushes_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(connection: Connection) -> str | None:
    """The newest migration the database has; None for an empty one."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))
