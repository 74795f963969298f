"""The tables of the database, declared once. `bulkmail/migrations` builds them; a test holds both equal.

Times are aware and in UTC at both doors. Large and immutable tables rest in Parquet files (`files`); rows here name
them by content hash. What is append-only is so by trigger as well (first migration), not only by good manners.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

# What a notice says beside its words.
NOTICE_DETAILS = (
    "purpose", "controller", "data", "recipients", "storage", "retention", "withdrawal", "conditions",
)  # fmt: skip


class Instant(TypeDecorator[datetime]):
    """An aware time in UTC, also on SQLite, which would forget the zone. A naive time is a ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times are aware and in UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


# ---------------------------------------------------------------- the house

secret = Table(
    "secret",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    _text("who"),
    _text("what"),
    Column("about", JSON, nullable=False),
)

role = Table(
    "role",
    metadata,
    Column("person", String(320), primary_key=True),  # a member of staff, as the sign-in names them
    Column("role", String(16), nullable=False),
    _text("given_by"),
    Column("given_at", Instant, nullable=False),
)

cadence_rules = Table(
    "cadence_rules",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document", JSON, nullable=False),
    _text("saved_by"),
    Column("saved_at", Instant, nullable=False),
)

# ---------------------------------------------------------------- people

list_version = Table(
    "list_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, index=True),
    Column("content_hash", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("meta", JSON, nullable=False),
    Column("saved_at", Instant, nullable=False),
)

deed = Table(
    "deed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list_id", Integer, ForeignKey("list_version.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    _text("who"),
    Column("what", String(16), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("undoes", Integer, nullable=False),  # another deed, or 0
    Column("about", JSON, nullable=False),
)

mend = Table(
    "mend",
    metadata,
    Column("deed", Integer, ForeignKey("deed.id"), primary_key=True),
    Column("source_row", Integer, primary_key=True, autoincrement=False),
    Column("column", String(255), primary_key=True),
    _text("before"),
    _text("after"),
)

consent_event = Table(
    "consent_event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # counted by us: the links of the chain, from 1
    Column("person", String(32), nullable=False, index=True),
    _text("purpose"),
    _text("basis"),
    Column("state", String(16), nullable=False),
    Column("at", Instant),
    Column("recorded_at", Instant, nullable=False),
    _text("method"),
    _text("source"),
    _text("wording"),
    _text("evidence"),
    _text("recorded_by"),
    Column("fact", String(64), nullable=False),  # what is said, without who recorded it when
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("notice", String(64), nullable=False, server_default=""),
    _text("jurisdiction"),
    _text("conditions"),
    _text("proof"),
    _text("frequency"),
    Column("valid_until", Instant),
)

notice = Table(
    "notice",
    metadata,
    Column("hash", String(64), primary_key=True),  # of the text: what people saw, found again by what they saw
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("language", String(16), nullable=False),
    Column("text", Text, nullable=False),
    *(_text(name) for name in NOTICE_DETAILS),
    _text("recorded_by"),
    Column("recorded_at", Instant, nullable=False),
    UniqueConstraint("name", "version", "language"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("person", String(32), primary_key=True),
    Column("purpose", String(255), primary_key=True),
    Column("reason", String(16), primary_key=True),
    Column("rehearsal", Boolean, primary_key=True),  # in the key: what was simulated keeps nothing real out
    Column("at", Instant, nullable=False),
    _text("origin"),
    _text("address"),
)

# ---------------------------------------------------------------- the way in and the way out

sign_up_form = Table(
    "sign_up_form",
    metadata,
    Column("slug", String(128), primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("sender", JSON, nullable=False),
    Column("open", Boolean, nullable=False),
    _text("changed_by"),
    Column("changed_at", Instant, nullable=False),
)

sign_up = Table(
    "sign_up",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("slug", String(128), ForeignKey("sign_up_form.slug"), nullable=False),
    Column("person", String(32), nullable=False),
    _text("address"),
    _text("name"),
    Column("language", String(16), nullable=False),
    _text("frequency"),
    _text("notice"),
    Column("network", String(32), nullable=False),  # a keyed hash: to count requests, not to find anybody
    Column("rehearsal", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("plan_hash", String(64), nullable=False, server_default=""),  # of the letter that asks to confirm
    Column("settled_at", Instant),  # when that letter was planned, or was found not to be one to send
    Column("confirmed_at", Instant),
    Index("ix_sign_up_person_at", "person", "at"),
    Index("ix_sign_up_network_at", "network", "at"),
    Index("ix_sign_up_settled_at", "settled_at"),
)

preference = Table(
    "preference",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", String(32), nullable=False, index=True),
    _text("frequency"),
    _text("language"),
    Column("rehearsal", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
)

opt_out = Table(
    "opt_out",
    metadata,
    Column("id", String(64), primary_key=True),  # of the mail and the person: the same mail again asks for nothing new
    Column("person", String(32), nullable=False),
    _text("address"),
    _text("purpose"),
    _text("said"),
    Column("arrived_at", Instant, nullable=False),
    _text("brought_by"),
    Column("brought_at", Instant, nullable=False),
    Column("rehearsal", Boolean, nullable=False),
    _text("decision"),
    _text("decided_by"),
    Column("decided_at", Instant),
)

drill = Table(
    "drill",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("url", Text, nullable=False),
    Column("steps", JSON, nullable=False),
)

provider_sync = Table(
    "provider_sync",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("until", Instant, nullable=False),
    Column("ran_at", Instant, nullable=False),
)

# ---------------------------------------------------------------- letters and plans

campaign = Table(
    "campaign",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("document", JSON, nullable=False),
    Column("saved_at", Instant, nullable=False),
)

brand = Table(
    "brand",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document", JSON, nullable=False),
    Column("saved_at", Instant, nullable=False),
)

draft_version = Table(
    "draft_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("campaign_id", String(64), nullable=False, index=True),
    Column("begun_at", Instant, nullable=False),
    Column("saved_at", Instant, nullable=False),
    Column("document", JSON, nullable=False),
)

letter_look = Table(
    "letter_look",
    metadata,
    Column("letters_hash", String(64), primary_key=True),
    Column("kind", String(255), primary_key=True),
    Column("at", Instant, nullable=False),
)

campaign_author = Table(
    "campaign_author",
    metadata,
    Column("campaign_id", String(64), primary_key=True),
    Column("person", String(320), primary_key=True),
)

plan = Table(
    "plan",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("campaign_id", String(64), nullable=False, index=True),  # no foreign key: a plan outlives a deleted draft
    Column("campaign", JSON, nullable=False),  # as it stood when the plan was stored: drafts change, plans do not
    Column("rehearsal", Boolean, nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("excluded", JSON, nullable=False),
    Column("batches", JSON, nullable=False),
    Column("parts", JSON, nullable=False),
    Column("findings", JSON, nullable=False),
    Column("snapshot_hash", String(64), nullable=False),
    Column("excluded_hash", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("voided_at", Instant),
    _text("void_reason"),
)

run = Table(
    "run",
    metadata,
    Column("plan_hash", String(64), ForeignKey("plan.hash"), primary_key=True),
    Column("state", String(16), nullable=False),
    _text("approved_by"),
    Column("approved_at", Instant, nullable=False),
    _text("changed_by"),
    Column("changed_at", Instant, nullable=False),
    _text("reason"),
    Column("hold_until", Instant),
    Column("starts_at", Instant),  # the end of the countdown
    Column("exactly_once", Boolean, nullable=False, server_default=false()),
    Column("ramp", Boolean, nullable=False, server_default=false()),
)

line = Table(
    "line",
    metadata,
    Column("rehearsal", Boolean, primary_key=True),  # a row for each mode
    Column("hold_until", Instant),
    Column("remaining", Integer),  # requests that may still leave before `reset_at`
    Column("reset_at", Instant),
    Column("kind", String(32), nullable=False, server_default=""),
    Column("in_a_row", Integer, nullable=False, server_default="0"),  # answers of this kind, one after another
)

# ---------------------------------------------------------------- the journal

worker = Table(
    "worker",
    metadata,
    Column("id", String(32), primary_key=True),
    _text("host"),
    Column("pid", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("heartbeat_at", Instant, nullable=False),
    Column("retired_at", Instant),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("plan_hash", String(64), ForeignKey("plan.hash"), nullable=False),
    Column("start", Integer, nullable=False),
    Column("stop", Integer, nullable=False),
    Column("variant", String(16), nullable=False),
    Column("not_before", Instant),
    Column("state", String(16), nullable=False),
    Column("people", Integer, nullable=False),  # positions from start to stop less the exceptions among them
    Column("replaced", Boolean, nullable=False),  # newer attempts carry its people
    Column("worker_id", String(32), ForeignKey("worker.id")),
    Column("started_at", Instant),
    Column("settled_at", Instant),
    Column("digest", String(64), nullable=False, server_default=""),
    _text("message_id"),
    Column("status", SmallInteger, nullable=False),
    _text("detail"),
    _text("batch_id"),  # by which the provider can be told to let go of it
    Column("send_at", Instant),  # when the provider sends it, where that was put off
    Column(
        "asked", Integer, nullable=False, server_default="0"
    ),  # how often the log knew nothing of it, from when to when
    Column("asked_from", Instant),
    Column("asked_to", Instant),
    Index("ix_attempt_plan_hash_start", "plan_hash", "start"),
    Index("ix_attempt_state_not_before", "state", "not_before"),
)

exception = Table(
    "exception",
    metadata,
    Column("plan_hash", String(64), ForeignKey("plan.hash"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),  # refused (by the provider or by composing), skipped (last look)
    _text("reason"),
    Column("attempt_id", String(32), ForeignKey("attempt.id"), nullable=False),
    Column("at", Instant, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    _text("address"),
    Column("attempt", String(64), nullable=False, index=True),  # strangers write it: no foreign key
    Column("position", Integer, nullable=False),
    _text("message_id"),
    _text("reason"),
    Column("hard", Boolean, nullable=False),
    Column("by_machine", Boolean, nullable=False),
    _text("url"),
    Column("received_at", Instant, nullable=False, index=True),
)

# ---------------------------------------------------------------- past engagement, brought in from elsewhere

past_import = Table(
    "past_import",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("content_hash", String(64), nullable=False, unique=True),
    Column("rows", Integer, nullable=False),
    Column("imported_at", Instant, nullable=False),
)

# ---------------------------------------------------------------- the sender, as people and providers see it

acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("plan_hash", String(64), nullable=False),  # no foreign key: a plan is stored when it is approved
    Column("campaign_id", String(64), nullable=False, index=True),
    Column("code", String(8), nullable=False),
    Column("said_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("service", String(32), primary_key=True),
    Column("confirmed_at", Instant, nullable=False),
    Column("said_by", Text, nullable=False),
)

seed_letter = Table(
    "seed_letter",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("domain", String(255), nullable=False),
    Column("document", JSON, nullable=False),  # what was seen of it; the letter itself is not kept
    Column("saved_at", Instant, nullable=False),
)

postmaster_day = Table(
    "postmaster_day",
    metadata,
    Column("domain", String(255), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("figures", JSON, nullable=False),
)

domain_answer = Table(
    "domain_answer",
    metadata,
    Column("domain", String(255), primary_key=True),
    Column("answer", String(16), nullable=False),  # receives or cannot
    Column("asked_at", Instant, nullable=False),
)
