"""Renditions by file first: SQLite took the index by tenant for those of one take, and read them all."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Turn the index round."""
    op.drop_index(op.f("ix_renditions_tenant_id_sha256"), "renditions")
    columns = ["sha256", "tenant_id"]
    op.create_index(op.f("ix_renditions_sha256_tenant_id"), "renditions", columns, unique=False)
