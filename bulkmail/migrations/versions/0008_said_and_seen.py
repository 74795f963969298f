"""What people say to warnings, monitors they enrolled with, letters that came back, and days of Postmaster Tools."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "acknowledgement",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("plan_hash", sa.String(64), nullable=False),
        sa.Column("campaign_id", sa.String(64), nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("said_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acknowledgement"),
    )
    op.create_index("ix_acknowledgement_campaign_id", "acknowledgement", ["campaign_id"])
    op.create_table(
        "enrolment",
        sa.Column("service", sa.String(32), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("service", name="pk_enrolment"),
    )
    op.create_table(
        "seed_letter",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_seed_letter"),
    )
    op.create_table(
        "postmaster_day",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("figures", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("domain", "day", name="pk_postmaster_day"),
    )


def downgrade() -> None:
    for name in ("acknowledgement", "enrolment", "seed_letter", "postmaster_day"):
        op.drop_table(name)
