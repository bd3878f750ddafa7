"""All of a studio at one moment, copied while workers run; and back into an empty place."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from rushes.core.errors import UsageError
from rushes.studio import schema
from rushes.studio.files import FileStore
from rushes.studio.store import Store, open_store

DATABASE, FILES = "studio.db", "files"


def back_up(store: Store, files: FileStore, folder: Path) -> int:
    """Copy database and files into a new ``folder``; how many files.

    The database comes first, by SQLite's own backup: files are never changed and there before a row tells of
    them, so all that it knows can be copied afterwards. What is evicted meanwhile is made again when needed.
    Raises UsageError where ``folder`` exists, and for PostgreSQL, which has pg_dump.
    """
    if not store.is_sqlite:
        raise UsageError("a PostgreSQL database is backed up with pg_dump, its files by copying the folder")
    if folder.exists():
        raise UsageError(f"{str(folder)!r} exists: choose another folder")
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with store.read() as connection, closing(sqlite3.connect(partial / DATABASE)) as copy:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.backup(copy)
    count = 0
    for source in _known(partial / DATABASE, files):
        if source.exists():
            target = partial / FILES / source.relative_to(files.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            count += 1
    partial.replace(folder)
    return count


def restore(folder: Path, home: Path) -> None:
    """Put a backup into ``home``, which must hold no studio yet; UsageError otherwise."""
    if not (folder / DATABASE).is_file():
        raise UsageError(f"{str(folder)!r} is no backup: give the folder that backup made")
    if home.exists() and any(home.iterdir()):
        raise UsageError(f"{str(home)!r} holds a studio: move it away first, or set another RUSHES_HOME")
    partial = home.with_name(f".{home.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(folder, partial)
    if home.exists():
        home.rmdir()
    partial.replace(home)


def _known(database: Path, files: FileStore) -> list[Path]:
    """Where the files lie that a database tells of."""
    copy = open_store(f"sqlite:///{database}")
    try:
        with copy.read() as connection:
            rows = connection.execute(select(schema.files.c.tenant_id, schema.files.c.sha256)).all()
    finally:
        copy.engine.dispose()
    return [files.path(row.tenant_id, row.sha256) for row in rows]
