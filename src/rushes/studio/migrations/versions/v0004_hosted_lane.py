"""A lane of its own for takes of hosted models."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the lane."""
    op.bulk_insert(sa.table("lanes", sa.column("name", sa.String)), [{"name": "hosted"}])
