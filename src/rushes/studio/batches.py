"""Batches: takes submitted together, found again by their name so that a second submit adds nothing."""

from sqlalchemy import insert, select

from rushes.studio import schema
from rushes.studio.desk import Desk
from rushes.studio.store import new_id


def open_batch(desk: Desk, project_id: str, name: str) -> str:
    """Id of the batch with this name, made where it is new."""
    table = schema.batches
    asked = select(table.c.id).where(
        table.c.tenant_id == desk.tenant_id, table.c.project_id == project_id, table.c.name == name
    )
    with desk.store.write() as connection:
        found = connection.scalar(asked)
        if found is not None:
            return str(found)
        batch_id = new_id("batch")
        connection.execute(
            insert(table).values(
                id=batch_id, tenant_id=desk.tenant_id, project_id=project_id, name=name,
                person_id=desk.person_id, created_at=desk.store.now(connection),
            )
        )  # fmt: skip
        desk.log(connection, batch_id, "batch made", {"name": name})
    return batch_id
