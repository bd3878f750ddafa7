"""Walk a database up to the newest schema. Loads Alembic, so only a database that is behind comes here."""

from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, text

from rushes.core.errors import StoreError
from rushes.studio.schema import metadata

# Any number, the same for all who migrate: PostgreSQL lets one of them in at a time.
_LOCK = 7_279_736


def scripts() -> ScriptDirectory:
    """The steps of the schema, oldest first by their ``down_revision``."""
    return ScriptDirectory(str(Path(__file__).parent / "migrations"))


def upgrade(engine: Engine, target: str = "head") -> None:
    """Bring the database to ``target`` in one transaction: whole, or as it was before.

    Raises StoreError for a database that a newer version of rushes has migrated.
    """
    script = scripts()

    def steps(revision: Any, _context: MigrationContext) -> Any:
        return script._upgrade_revs(target, revision)  # what alembic's own `upgrade` command calls

    with engine.connect().execution_options(rushes_writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        options = {"fn": steps, "script": script, "target_metadata": metadata, "transactional_ddl": True}
        context = MigrationContext.configure(connection, opts=options)
        try:
            with Operations.context(context):
                context.run_migrations()
        except CommandError as error:
            raise StoreError(
                f"the database was made by a newer version of rushes ({error}): update rushes"
            ) from error
