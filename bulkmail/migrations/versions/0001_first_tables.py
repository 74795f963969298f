"""The first tables, and triggers that keep the append-only ones append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)

NOT_AN_ERASURE = " OR ".join(
    (
        "NEW.address <> ''",
        *(f"NEW.{name} <> OLD.{name}" for name in ("person", "purpose", "reason", "rehearsal", "at", "origin")),
    )
)
# table, what is forbidden, for which rows, and what the database answers
KEPT = (
    ("audit", "UPDATE", "", "the audit trail is append-only"),
    ("audit", "DELETE", "", "the audit trail is append-only"),
    ("consent_event", "UPDATE", "", "the consent ledger is append-only"),
    ("consent_event", "DELETE", "", "the consent ledger is append-only"),
    ("suppression", "DELETE", "", "a suppression is never removed"),
    ("suppression", "UPDATE", NOT_AN_ERASURE, "a suppression changes only by the erasure of its address"),
)


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def upgrade() -> None:
    house_and_people()
    plans()
    journal()
    events()
    for table, action, when, why in KEPT:
        keep(table, action, when, why)


def house_and_people() -> None:
    op.create_table(
        "secret",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secret"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        text("who"),
        text("what"),
        sa.Column("about", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_table(
        "list_version",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("meta", sa.JSON, nullable=False),
        sa.Column("saved_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_list_version"),
        sa.UniqueConstraint("name", "content_hash", name="uq_list_version_name_content_hash"),
    )
    op.create_table(
        "consent_event",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("person", sa.String(32), nullable=False),
        text("purpose"),
        text("basis"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", INSTANT),
        sa.Column("recorded_at", INSTANT, nullable=False),
        text("method"),
        text("source"),
        text("wording"),
        text("evidence"),
        text("recorded_by"),
        sa.Column("fact", sa.String(64), nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consent_event"),
        sa.UniqueConstraint("fact", name="uq_consent_event_fact"),
    )
    op.create_index("ix_consent_event_person", "consent_event", ["person"])
    op.create_table(
        "suppression",
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(255), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("rehearsal", sa.Boolean, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        text("origin"),
        text("address"),
        sa.PrimaryKeyConstraint("person", "purpose", "reason", "rehearsal", name="pk_suppression"),
    )


def plans() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("saved_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_campaign"),
    )
    op.create_table(
        "plan",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("campaign_id", sa.String(64), nullable=False),
        sa.Column("campaign", sa.JSON, nullable=False),
        sa.Column("rehearsal", sa.Boolean, nullable=False),
        sa.Column("recipients", sa.Integer, nullable=False),
        sa.Column("excluded", sa.JSON, nullable=False),
        sa.Column("batches", sa.JSON, nullable=False),
        sa.Column("parts", sa.JSON, nullable=False),
        sa.Column("findings", sa.JSON, nullable=False),
        sa.Column("snapshot_hash", sa.String(64), nullable=False),
        sa.Column("excluded_hash", sa.String(64), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("voided_at", INSTANT),
        text("void_reason"),
        sa.PrimaryKeyConstraint("hash", name="pk_plan"),
    )
    op.create_index("ix_plan_campaign_id", "plan", ["campaign_id"])
    op.create_table(
        "run",
        sa.Column("plan_hash", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        text("approved_by"),
        sa.Column("approved_at", INSTANT, nullable=False),
        text("changed_by"),
        sa.Column("changed_at", INSTANT, nullable=False),
        text("reason"),
        sa.Column("hold_until", INSTANT),
        sa.ForeignKeyConstraint(["plan_hash"], ["plan.hash"], name="fk_run_plan_hash"),
        sa.PrimaryKeyConstraint("plan_hash", name="pk_run"),
    )


def journal() -> None:
    op.create_table(
        "worker",
        sa.Column("id", sa.String(32), nullable=False),
        text("host"),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("heartbeat_at", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_worker"),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("plan_hash", sa.String(64), nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("stop", sa.Integer, nullable=False),
        sa.Column("variant", sa.String(16), nullable=False),
        sa.Column("not_before", INSTANT),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("replaced", sa.Boolean, nullable=False),
        sa.Column("worker_id", sa.String(32)),
        sa.Column("started_at", INSTANT),
        sa.Column("settled_at", INSTANT),
        sa.Column("digest", sa.String(64), nullable=False, server_default=""),
        text("message_id"),
        sa.Column("status", sa.SmallInteger, nullable=False),
        text("detail"),
        sa.ForeignKeyConstraint(["plan_hash"], ["plan.hash"], name="fk_attempt_plan_hash"),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name="fk_attempt_worker_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_plan_hash_start", "attempt", ["plan_hash", "start"])
    op.create_index("ix_attempt_state_not_before", "attempt", ["state", "not_before"])
    op.create_table(
        "exception",
        sa.Column("plan_hash", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        text("reason"),
        sa.Column("attempt_id", sa.String(32), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["plan_hash"], ["plan.hash"], name="fk_exception_plan_hash"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_exception_attempt_id"),
        sa.PrimaryKeyConstraint("plan_hash", "position", name="pk_exception"),
    )


def events() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        text("address"),
        sa.Column("attempt", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        text("message_id"),
        text("reason"),
        sa.Column("hard", sa.Boolean, nullable=False),
        sa.Column("by_machine", sa.Boolean, nullable=False),
        text("url"),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
    )
    op.create_index("ix_event_attempt", "event", ["attempt"])
    op.create_index("ix_event_received_at", "event", ["received_at"])


def keep(table: str, action: str, when: str, why: str) -> None:
    """A trigger that refuses the action."""
    name = f"keep_{table}_{action.lower()}"
    condition = f"WHEN ({when})" if when else ""
    head = f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW {condition}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{why}'); END")
        return
    body = f"BEGIN RAISE EXCEPTION '{why}'; END"
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    op.execute(f"{head} EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    """Nothing leads back past the first tables: dropping a ledger is not a migration."""
    raise NotImplementedError
