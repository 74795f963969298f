"""The brand of the organisation, versions of drafts, and which letters of a text somebody has looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "brand",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_brand"),
    )
    op.create_table(
        "draft_version",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("campaign_id", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_draft_version"),
    )
    op.create_index("ix_draft_version_campaign_id", "draft_version", ["campaign_id"])
    op.create_table(
        "letter_look",
        sa.Column("letters_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("letters_hash", "kind", name="pk_letter_look"),
    )


def downgrade() -> None:
    for name in ("letter_look", "draft_version", "brand"):
        op.drop_table(name)
