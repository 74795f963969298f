"""Consent events lose the unique index of their facts: in a ledger of a million it took as long as all the rest.

What keeps a fact from being written twice is the ledger itself, which lets one write at a time and looks first.
"""

from collections.abc import Callable

from alembic import op
from alembic.operations import BatchOperations

revision = "0013"
down_revision = "0012"

REFUSED = "the consent ledger is append-only"


def upgrade() -> None:
    _change(lambda table: table.drop_constraint("uq_consent_event_fact"))


def downgrade() -> None:
    _change(lambda table: table.create_unique_constraint("uq_consent_event_fact", ["fact"]))


def _change(how: Callable[[BatchOperations], None]) -> None:
    """SQLite makes the table anew for it, and forgets its triggers."""
    with op.batch_alter_table("consent_event") as table:
        how(table)
    if op.get_bind().dialect.name == "sqlite":
        for action in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER keep_consent_event_{action} BEFORE {action} ON consent_event FOR EACH ROW "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )
