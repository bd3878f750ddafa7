"""A lane of its own for takes of hosted models; takes of a tenant by age."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the lane, and an index for pages of takes."""
    op.bulk_insert(sa.table("lanes", sa.column("name", sa.String)), [{"name": "hosted"}])
    columns = ["tenant_id", "created_at", "id"]
    op.create_index(op.f("ix_takes_tenant_id_created_at_id"), "takes", columns, unique=False)
