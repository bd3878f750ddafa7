"""What somebody saw of a thing before changing it: looked at again in the transaction that changes it."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, RowMapping, Table

from rushes.studio.desk import Desk

Thing = TypeVar("Thing")
# Gets the thing as it stands, locked, and raises where it is not as it was seen; then nothing is changed.
Check = Callable[[Thing], None]


def unseen(_thing: object) -> None:
    """The check of those who change a thing however it stands."""


def locked(connection: Connection, desk: Desk, table: Table, row_id: str, kind: str) -> RowMapping:
    """:meth:`Desk.one`, which nobody else changes until the transaction ends.

    PostgreSQL locks the row; SQLite has one writer anyway.
    """
    asked = desk.only(table).where(table.c.id == row_id).with_for_update()
    row = connection.execute(asked).mappings().first()
    return desk.one(connection, table, row_id, kind) if row is None else row
