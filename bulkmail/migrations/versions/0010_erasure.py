"""What was mended in a list changes only by the erasure of a person."""

from alembic import op

revision = "0010"
down_revision = "0009"

WHY = "what was mended in a list changes only by the erasure of a person"
NOT_AN_ERASURE = " OR ".join(
    (
        "NEW.before <> ''",
        "NEW.after <> ''",
        *(f'NEW."{name}" <> OLD."{name}"' for name in ("deed", "source_row", "column")),
    )
)


def upgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(f"DROP TRIGGER keep_mend_update{' ON mend' if on_postgresql else ''}")
    head = f"CREATE TRIGGER keep_mend_update BEFORE UPDATE ON mend FOR EACH ROW WHEN ({NOT_AN_ERASURE})"
    if on_postgresql:
        op.execute(f"{head} EXECUTE FUNCTION keep_mend_update()")
    else:
        op.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{WHY}'); END")


def downgrade() -> None:
    """Nothing leads back: what was erased is gone."""
    raise NotImplementedError
