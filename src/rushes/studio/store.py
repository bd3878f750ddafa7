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
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from rushes.core.errors import StoreAwayError, StoreError, UsageError
from rushes.studio.schema import REVISION

# How long a writer waits for another one, seconds.
BUSY_S = 30.0
# Connections to SQLite that are kept open: one for each thread that may answer a request (AnyIO has 40), and
# some for workers and couriers. With fewer, readers would wait until writers have had their turn.
_MOST_CONNECTIONS = 56
# Pages each of them keeps, KiB. By itself 2 MiB, which all of them fill in time; reading takes no longer
# without, since the system keeps the file in memory too.
_PAGES_KIB = 128
# How often a database that is away is tried again, seconds.
AWAY_S = 1.0
# PostgreSQL answers, and waiting would not change what it says.
_FINAL = ("does not exist", "authentication failed", "no password supplied", "pg_hba.conf", "not permitted")


@dataclass(frozen=True)
class DatabaseFile:
    """SQLite's file as it was when it was opened.

    A process that holds a file open goes on writing to it after somebody deleted it or put another one in
    its place, and nobody would ever see what it wrote.
    """

    path: Path
    place: tuple[int, int]

    @classmethod
    def at(cls, path: Path) -> "DatabaseFile":
        """The file that lies there now."""
        found = path.stat()
        return cls(path, (found.st_dev, found.st_ino))

    def check(self) -> None:
        """Raise StoreAwayError unless the very same file still lies there."""
        try:
            found = self.path.stat()
        except OSError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self.place:
            what = "is gone" if found is None else "is another file than when it was opened"
            raise StoreAwayError(
                f"the database {str(self.path)!r} {what}, so nothing is written: put back the file that was "
                "there; or end all that uses it, restore the latest backup and start again"
            )


@dataclass(frozen=True)
class Store:
    """A migrated database. ``clock`` gives seconds since 1970 where the database has no clock of its own.

    All workers of one database must agree on the time, so PostgreSQL is asked for its own. ``file`` is
    SQLite's: transactions raise StoreAwayError once it is gone or another.
    """

    engine: Engine
    clock: Callable[[], float] = time.time
    file: DatabaseFile | None = None
    _turn: Lock = field(default_factory=Lock, repr=False, compare=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the one-file database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        self._check_file()
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is kept as a whole when the block ends well, and leaves no trace otherwise.

        SQLite has one writer at a time: the lock is taken at once, since one that is asked for in the middle
        of a transaction may be refused without waiting.
        """
        with self._in_turn():
            self._check_file()
            writer = self.engine.connect().execution_options(rushes_writes=True)
            with writer as connection, connection.begin():
                yield connection
            # Whoever took the file away meanwhile has what was written just now.
            self._check_file()

    def _check_file(self) -> None:
        if self.file is not None:
            self.file.check()

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
    """Connect and bring the schema up to date.

    ``sqlite:///path/to/file`` or ``postgresql+psycopg://user@host/name``. Raises UsageError for a URL that
    leads nowhere, StoreAwayError where waiting may help, StoreError otherwise.
    """
    try:
        engine = _engine(url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(
            f"database {url!r} cannot be used ({error}): write sqlite:///FILE or "
            "postgresql+psycopg://USER@HOST/NAME, the latter with pip install 'rushes[postgres]'"
        ) from error
    name = engine.url.render_as_string()
    try:
        with engine.connect() as connection:
            found = _revision(connection)
        if found != REVISION:
            from rushes.studio.migrate import upgrade  # noqa: PLC0415  Alembic takes half a second to load

            upgrade(engine)
    except OperationalError as error:
        kind = StoreAwayError if is_away(error) else StoreError
        raise kind(f"database {name!r} cannot be opened: {_one_line(error)}") from error
    except DatabaseError as error:
        if engine.dialect.name != "sqlite":
            raise
        raise StoreError(damaged_database(name, error)) from error
    path = engine.url.database if engine.dialect.name == "sqlite" else None
    return Store(engine, file=DatabaseFile.at(Path(path)) if path else None)


def open_store_when_there(url: str, say: Callable[[str], None]) -> Store:
    """:func:`open_store`, which waits for a database that is away, and says so once for each reason."""
    said = ""
    while True:
        try:
            return open_store(url)
        except StoreAwayError as error:
            if str(error) != said:
                said = str(error)
                say(f"{said}; waiting for it")
            time.sleep(AWAY_S)


def is_away(error: BaseException) -> bool:
    """Whether the database is out of reach for a while: restarting, stopped, unreachable, locked, moved."""
    if isinstance(error, StoreAwayError):
        return True
    if not isinstance(error, OperationalError):
        return False
    said = str(error.orig)
    if type(error.orig).__module__.startswith("sqlite3"):
        return "locked" in said
    # The server itself answered with a code: of these only a shutdown (57P..) or a connection's end (08...).
    code = getattr(error.orig, "sqlstate", None)
    return code[:2] in ("08", "57") if code else not any(words in said for words in _FINAL)


def database_error(error: OperationalError) -> StoreError:
    """What went wrong in the database as one sentence for a person."""
    said = _one_line(error)
    if is_away(error):
        return StoreAwayError(f"the studio's database is away ({said})")
    return StoreError(f"the studio's database cannot do it ({said}): rushes doctor looks for the cause")


def damaged_database(name: str, error: DatabaseError) -> str:
    """What to say of a SQLite file that is none, or torn."""
    return f"{name} is damaged ({_one_line(error)}): move the studio's folder away and restore a backup"


def _one_line(error: DatabaseError) -> str:
    return " ".join(str(error.orig).split())


def new_id(kind: str) -> str:
    """An id nobody can guess, with its kind in front for people: ``take_5f0c...``."""
    return f"{kind}_{secrets.token_hex(12)}"


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        _check_place(Path(parsed.database))
    engine = create_engine(
        parsed, connect_args={"timeout": BUSY_S}, poolclass=QueuePool, pool_size=_MOST_CONNECTIONS,
        pool_use_lifo=True,
    )  # fmt: skip
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _check_place(path: Path) -> None:
    """Make the folder of a new file. Raises StoreError where none can be, or where half of one lies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"folder {str(path.parent)!r} of the database cannot be made ({error.strerror}): set RUSHES_HOME "
            "or RUSHES_DATABASE to a place that can be written to"
        ) from error
    journal = path.with_name(f"{path.name}-wal")
    if journal.exists() and not path.exists():
        # SQLite would begin an empty file and throw away what the journal holds.
        raise StoreError(
            f"the database {str(path)!r} is gone and {journal.name}, which holds its last changes, is there: "
            "put it back beside it, or move both away to begin anew"
        )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers beside one writer; a killed process loses nothing, a power cut perhaps the last commits."""
    connection.isolation_level = None
    for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"cache_size=-{_PAGES_KIB}"):
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
