"""A table of imports of past engagement; the letters themselves are Parquet files."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "past_import",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_past_import"),
        sa.UniqueConstraint("content_hash", name="uq_past_import_content_hash"),
    )


def downgrade() -> None:
    op.drop_table("past_import")
