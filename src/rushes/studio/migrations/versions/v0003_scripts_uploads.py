"""What a script's shots are and how they stand to it; files that people sent; takes by batch."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add columns, indexes and two tables; what is there stays."""
    op.add_column("scenes", sa.Column("number", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "scenes", sa.Column("is_omitted", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column(
        "script_revisions", sa.Column("breakdown_sha256", sa.Text(), server_default="", nullable=False)
    )
    op.add_column("script_revisions", sa.Column("summary", sa.JSON(none_as_null=True), nullable=True))
    op.create_index(op.f("ix_shots_scene_id"), "shots", ["scene_id"], unique=False)
    op.create_index(op.f("ix_takes_batch_id"), "takes", ["batch_id"], unique=False)
    _scripted_shots()
    _uploads()


def _scripted_shots() -> None:
    op.create_table(
        "scripted_shots",
        sa.Column("shot_id", sa.String(length=40), nullable=False),
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["shot_id"], ["shots.id"], name=op.f("fk_scripted_shots_shot_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_scripted_shots_tenant_id")),
        sa.PrimaryKeyConstraint("shot_id", name=op.f("pk_scripted_shots")),
    )


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_uploads_person_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_uploads_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name=op.f("pk_uploads")),
    )
    op.create_index(
        op.f("ix_uploads_tenant_id_created_at"), "uploads", ["tenant_id", "created_at"], unique=False
    )
