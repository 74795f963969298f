"""What the provider's line allows now, shared by all workers; runs that start later, by a ramp or ahead of time; and
what is known of an attempt in doubt."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "line",
        sa.Column("rehearsal", sa.Boolean, nullable=False),
        sa.Column("hold_until", INSTANT),
        sa.Column("remaining", sa.Integer),
        sa.Column("reset_at", INSTANT),
        sa.Column("kind", sa.String(32), nullable=False, server_default=""),
        sa.Column("in_a_row", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("rehearsal", name="pk_line"),
    )
    op.add_column("run", sa.Column("starts_at", INSTANT))
    op.add_column("run", sa.Column("exactly_once", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("run", sa.Column("ramp", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("attempt", sa.Column("batch_id", sa.Text, nullable=False, server_default=""))
    op.add_column("attempt", sa.Column("send_at", INSTANT))
    op.add_column("attempt", sa.Column("asked", sa.Integer, nullable=False, server_default="0"))
    op.add_column("attempt", sa.Column("asked_from", INSTANT))
    op.add_column("attempt", sa.Column("asked_to", INSTANT))


def downgrade() -> None:
    for column in ("asked_to", "asked_from", "asked", "send_at", "batch_id"):
        op.drop_column("attempt", column)
    for column in ("ramp", "exactly_once", "starts_at"):
        op.drop_column("run", column)
    op.drop_table("line")
