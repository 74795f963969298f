"""What DNS said of the domains of lists, with its age."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "domain_answer",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("domain", name="pk_domain_answer"),
    )


def downgrade() -> None:
    op.drop_table("domain_answer")
