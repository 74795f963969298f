"""Who of the staff may do what, and who wrote a campaign: an approver should be somebody else."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "role",
        sa.Column("person", sa.String(320), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("given_by", sa.Text, nullable=False, server_default=""),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_role"),
    )
    op.create_table(
        "campaign_author",
        sa.Column("campaign_id", sa.String(64), nullable=False),
        sa.Column("person", sa.String(320), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "person", name="pk_campaign_author"),
    )


def downgrade() -> None:
    op.drop_table("campaign_author")
    op.drop_table("role")
