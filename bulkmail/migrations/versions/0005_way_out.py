"""The way in and the way out: sign-ups, preferences, requests to stop, drills; and a suppression may grow younger.

Who left, came back and leaves again has left: the row of a suppression takes the later date then, and nothing else.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INSTANT = sa.DateTime(timezone=True)
SAME = " AND ".join(f"NEW.{name} = OLD.{name}" for name in ("person", "purpose", "reason", "rehearsal"))
ERASED = "NEW.address = '' AND NEW.at = OLD.at AND NEW.origin = OLD.origin"
REFUSED = "a suppression changes only by the erasure of its address, or to a later date"


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def upgrade() -> None:
    _let_suppressions_grow_younger()
    op.create_table(
        "sign_up_form",
        sa.Column("slug", sa.String(128), nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("sender", sa.JSON, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        text("changed_by"),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_sign_up_form"),
    )
    _sign_up()
    op.create_table(
        "preference",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        text("frequency"),
        text("language"),
        sa.Column("rehearsal", sa.Boolean, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_preference"),
    )
    op.create_index("ix_preference_person", "preference", ["person"])
    _opt_out()
    op.create_table(
        "drill",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("steps", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drill"),
    )
    op.create_table(
        "provider_sync",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("ran_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_provider_sync"),
    )


def _let_suppressions_grow_younger() -> None:
    allowed = f"{SAME} AND ({ERASED} OR NEW.at > OLD.at)"
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER keep_suppression_update")
        op.execute(
            "CREATE TRIGGER keep_suppression_update BEFORE UPDATE ON suppression FOR EACH ROW "
            f"WHEN (NOT ({allowed})) BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )
        return
    op.execute("DROP TRIGGER keep_suppression_update ON suppression")
    op.execute(
        "CREATE OR REPLACE FUNCTION keep_suppression_update() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER keep_suppression_update BEFORE UPDATE ON suppression FOR EACH ROW "
        f"WHEN (NOT ({allowed})) EXECUTE FUNCTION keep_suppression_update()"
    )


def _sign_up() -> None:
    op.create_table(
        "sign_up",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("slug", sa.String(128), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        text("address"),
        text("name"),
        sa.Column("language", sa.String(16), nullable=False),
        text("frequency"),
        text("notice"),
        sa.Column("network", sa.String(32), nullable=False),
        sa.Column("rehearsal", sa.Boolean, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("plan_hash", sa.String(64), nullable=False, server_default=""),
        sa.Column("settled_at", INSTANT),
        sa.Column("confirmed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_sign_up"),
        sa.ForeignKeyConstraint(["slug"], ["sign_up_form.slug"], name="fk_sign_up_slug_sign_up_form"),
    )
    op.create_index("ix_sign_up_person_at", "sign_up", ["person", "at"])
    op.create_index("ix_sign_up_network_at", "sign_up", ["network", "at"])
    op.create_index("ix_sign_up_settled_at", "sign_up", ["settled_at"])


def _opt_out() -> None:
    op.create_table(
        "opt_out",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        text("address"),
        text("purpose"),
        text("said"),
        sa.Column("arrived_at", INSTANT, nullable=False),
        text("brought_by"),
        sa.Column("brought_at", INSTANT, nullable=False),
        sa.Column("rehearsal", sa.Boolean, nullable=False),
        text("decision"),
        text("decided_by"),
        sa.Column("decided_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_opt_out"),
    )


def downgrade() -> None:
    """A request to stop that is not kept is not honoured."""
    raise NotImplementedError
