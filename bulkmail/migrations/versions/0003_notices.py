"""The registry of notices, and what a consent event says after ISO/IEC TS 27560 beyond the first columns."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

DETAILS = ("purpose", "controller", "data", "recipients", "storage", "retention", "withdrawal", "conditions")
KEPT = "the registry of notices is append-only"


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def upgrade() -> None:
    op.add_column("consent_event", sa.Column("notice", sa.String(64), nullable=False, server_default=""))
    for name in ("jurisdiction", "conditions", "proof", "frequency"):
        op.add_column("consent_event", text(name))
    op.add_column("consent_event", sa.Column("valid_until", sa.DateTime(timezone=True)))
    op.create_table(
        "notice",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        *map(text, (*DETAILS, "recorded_by")),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_notice"),
        sa.UniqueConstraint("name", "version", "language", name="uq_notice_name_version_language"),
    )
    keep("UPDATE")
    keep("DELETE")


def keep(action: str) -> None:
    """A trigger that refuses the action."""
    name = f"keep_notice_{action.lower()}"
    head = f"CREATE TRIGGER {name} BEFORE {action} ON notice FOR EACH ROW"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{KEPT}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{KEPT}'; END $$"
    )
    op.execute(f"{head} EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    """Consent that rests on a notice cannot be told without it."""
    raise NotImplementedError
