"""Plans as stored, their approval, and the state of the run that an approval starts.

A plan is kept with its snapshot, is approved by its hash, and is void for good once void. At most one plan of a
campaign is at work at a time, and none is approved that was made before another one mailed people: else somebody gets
two letters.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
import pandas as pd
from sqlalchemy import ColumnElement, Connection, Row, Select, Update, exists, insert, or_, select, update

from bulkmail.adapters import files, tables
from bulkmail.adapters.database import campaign_of_document, record
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.errors import StateError
from bulkmail.model import AttemptState, Batch, Campaign, Plan

ACTIVE = ("queued", "running", "paused")
CLAIMABLE = ("queued", "running")
REQUESTS: Mapping[str, tuple[str, ...]] = {  # what may be asked for, and of a run in which state
    "running": ("queued", "paused"),
    "paused": ("queued", "running"),
    "cancelled": ("queued", "running", "paused"),
}
OPEN_STATES = (AttemptState.PLANNED, AttemptState.SUBMITTING)
MAYBE_MAILED = (AttemptState.SUBMITTING, AttemptState.ACCEPTED, AttemptState.IN_DOUBT)


@dataclass(frozen=True, kw_only=True)
class StoredPlan:
    """A plan as kept: `findings` as given to `store_plan`, `made_at` when stored, `voided_at` None while valid."""

    plan: Plan
    findings: object
    made_at: datetime
    voided_at: datetime | None
    void_reason: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """An approved plan at work. `state` is queued, running, paused, cancelled or done; `reason` says why it changed."""

    plan_hash: str
    campaign_id: str
    state: str
    approved_by: str
    approved_at: datetime
    changed_by: str
    changed_at: datetime
    reason: str
    hold_until: datetime | None


# ---------------------------------------------------------------- storing


def store_plan(
    ws: Workspace, plan: Plan, snapshot: pd.DataFrame, excluded: pd.DataFrame, findings: object, now: datetime
) -> None:
    """Keep the plan with its snapshot, exclusions and findings (JSON, as text or as a value); again is harmless.

    The campaign rests beside it as it was saved last, so that later edits of the draft do not reach this plan.
    StateError when the snapshot is not what the plan says: one row per position, each person once, batches end to end.
    """
    _check_snapshot(plan, snapshot)
    row = {
        "hash": plan.hash,
        "campaign_id": plan.campaign_id,
        "recipients": plan.recipients,
        "excluded": dict(plan.excluded),
        "batches": [_batch_out(batch) for batch in plan.batches],
        "parts": dict(plan.parts),
        "findings": orjson.loads(findings) if isinstance(findings, str | bytes) else findings,
        "snapshot_hash": files.save_table(ws.home, snapshot),
        "excluded_hash": files.save_table(ws.home, excluded),
        "made_at": now,
    }
    with writing(ws) as connection:
        draft = select(tables.campaign.c.document).where(tables.campaign.c.id == plan.campaign_id)
        row["campaign"] = connection.execute(draft).scalar_one_or_none() or {}
        if not insert_new(connection, tables.plan, [row]):
            # the same plan, made anew in the knowledge of today: it holds as of now
            unapproved = ~exists().where(tables.run.c.plan_hash == plan.hash)
            fresh = {"made_at": now, "findings": row["findings"]}
            connection.execute(update(tables.plan).where(tables.plan.c.hash == plan.hash, unapproved).values(fresh))


def _check_snapshot(plan: Plan, snapshot: pd.DataFrame) -> None:
    edges = [0, *(batch.stop for batch in plan.batches)]
    end_to_end = [batch.start for batch in plan.batches] == edges[:-1] and edges[-1] == plan.recipients
    in_order = bool((snapshot["position"].to_numpy() == range(len(snapshot))).all()) if len(snapshot) else True
    if len(snapshot) != plan.recipients or not end_to_end or not in_order:
        raise StateError("The plan and its snapshot do not agree. Make the plan again.")
    if not snapshot["person"].is_unique:
        raise StateError("A person stands twice in the plan. Make the plan again.")


def _batch_out(batch: Batch) -> dict[str, object]:
    return {**asdict(batch), "not_before": batch.not_before and batch.not_before.isoformat()}


def _batch_in(row: Mapping[str, object]) -> Batch:
    return Batch(**{**row, "not_before": row["not_before"] and datetime.fromisoformat(row["not_before"])})


def load_plan(ws: Workspace, plan_hash: str) -> StoredPlan:
    """The plan with this hash. StateError when there is none."""
    with reading(ws) as connection:
        return _stored(plan_row(connection, plan_hash))


def plan_campaign(ws: Workspace, plan_hash: str) -> Campaign | None:
    """The campaign as it stood when the plan was stored; None for an unknown plan. The beginning of a hash will do."""
    theirs = select(tables.plan.c.campaign).where(tables.plan.c.hash.startswith(plan_hash, autoescape=True)).limit(1)
    with reading(ws) as connection:
        document = connection.execute(theirs).scalar_one_or_none()
    return campaign_of_document(document) if document else None


def plans(ws: Workspace, campaign_id: str | None = None) -> list[StoredPlan]:
    """All plans, or those of a campaign, newest first."""
    statement = select(tables.plan).order_by(tables.plan.c.made_at.desc(), tables.plan.c.hash)
    if campaign_id is not None:
        statement = statement.where(tables.plan.c.campaign_id == campaign_id)
    with reading(ws) as connection:
        return [_stored(row) for row in connection.execute(statement)]


def plan_row(connection: Connection, plan_hash: str) -> Row:
    """The row of a plan, inside a transaction. StateError when there is none."""
    row = connection.execute(select(tables.plan).where(tables.plan.c.hash == plan_hash)).one_or_none()
    if row is None:
        raise StateError("There is no plan {plan}.", plan=plan_hash[:12])
    return row


def _stored(row: Row) -> StoredPlan:
    plan = Plan(
        hash=row.hash,
        campaign_id=row.campaign_id,
        recipients=row.recipients,
        excluded=row.excluded,
        batches=tuple(_batch_in(batch) for batch in row.batches),
        parts=row.parts,
    )
    return StoredPlan(
        plan=plan, findings=row.findings, made_at=row.made_at, voided_at=row.voided_at, void_reason=row.void_reason
    )


def load_snapshot(ws: Workspace, plan_hash: str, start: int = 0, stop: int | None = None) -> pd.DataFrame:
    """Rows `start` to `stop` (exclusive) of the plan's snapshot, in order of position."""
    with reading(ws) as connection:
        content_hash = plan_row(connection, plan_hash).snapshot_hash
    return files.load_table(ws.home, content_hash, start=start, stop=stop)


def load_excluded(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """Who the plan leaves out, with reasons, as given to `store_plan`."""
    with reading(ws) as connection:
        content_hash = plan_row(connection, plan_hash).excluded_hash
    return files.load_table(ws.home, content_hash)


# ---------------------------------------------------------------- approving


def approve(ws: Workspace, plan_hash: str, by: str, now: datetime) -> None:
    """Let the plan with exactly this hash be sent: a run, and one planned attempt per batch. Twice is once.

    StateError when the plan is unknown or void, has nobody in it, or when sending it could mail somebody twice.
    """
    with writing(ws) as connection:
        plan = plan_row(connection, plan_hash)
        _lock_campaign(connection, plan.campaign_id)
        plan = plan_row(connection, plan_hash)
        if _run_row(connection, plan_hash) is not None and plan.voided_at is None:
            return
        _check_approvable(connection, ws, plan)
        started = {"state": "queued", "approved_by": by, "approved_at": now, "changed_by": by, "changed_at": now}
        connection.execute(insert(tables.run).values(plan_hash=plan_hash, **started))
        connection.execute(
            insert(tables.attempt), [planned_attempt(plan_hash, **vars(_batch_in(b))) for b in plan.batches]
        )
        record(connection, by, "plan.approved", {"plan": plan_hash, "recipients": plan.recipients}, now)


def planned_attempt(
    plan_hash: str, start: int, stop: int, variant: str, not_before: datetime | None
) -> dict[str, object]:
    """A fresh row of the journal. The id is random: nobody may guess one and settle a doubt with a made-up event."""
    return {
        "id": secrets.token_hex(16),
        "plan_hash": plan_hash,
        "start": start,
        "stop": stop,
        "variant": variant,
        "not_before": not_before,
        "state": AttemptState.PLANNED.value,
        "people": stop - start,
        "replaced": False,
        "status": 0,
    }


def _lock_campaign(connection: Connection, campaign_id: str) -> None:
    """Let nobody else approve a plan of this campaign until the end of the transaction."""
    mine = select(tables.plan.c.hash).where(tables.plan.c.campaign_id == campaign_id).order_by(tables.plan.c.hash)
    connection.execute(mine.with_for_update(key_share=True)).all()


def _check_approvable(connection: Connection, ws: Workspace, plan: Row) -> None:
    if plan.voided_at is not None:
        raise StateError("This plan is void: {why}. Make a new plan and approve that.", why=plan.void_reason)
    if plan.recipients == 0:
        raise StateError("There is nobody to mail in this plan.")
    if not files.is_sound(ws.home, plan.snapshot_hash):
        raise StateError("The snapshot of this plan has changed on the disk. Make the plan again.")
    others = (tables.plan.c.campaign_id == plan.campaign_id) & (tables.plan.c.hash != plan.hash)
    at_work = select(tables.run.c.state).join(tables.plan).where(others, tables.run.c.state.in_(ACTIVE))
    if connection.execute(at_work).first():
        raise StateError("Another plan of this campaign is at work. Wait until it is done, or cancel it first.")
    since = select(tables.attempt.c.id).join(tables.plan, tables.plan.c.hash == tables.attempt.c.plan_hash)
    since = since.where(others, tables.attempt.c.state.in_(MAYBE_MAILED), tables.attempt.c.started_at > plan.made_at)
    if connection.execute(since).first():
        raise StateError("People of this campaign have been mailed since this plan was made. Make the plan again.")


def void(ws: Workspace, plan_hash: str, why: str, now: datetime) -> None:
    """The plan may not be sent any more: what is still planned is cancelled, what has gone has gone. Twice is once."""
    with writing(ws) as connection:
        if plan_row(connection, plan_hash).voided_at is not None:
            return
        valid = (tables.plan.c.hash == plan_hash) & tables.plan.c.voided_at.is_(None)
        connection.execute(update(tables.plan).where(valid).values(voided_at=now, void_reason=why))
        active = (tables.run.c.plan_hash == plan_hash) & tables.run.c.state.in_(ACTIVE)
        connection.execute(update(tables.run).where(active).values(state="cancelled", changed_at=now, reason=why))
        _cancel_planned(connection, plan_hash, now)
        record(connection, "", "plan.voided", {"plan": plan_hash, "why": why}, now)


def _cancel_planned(connection: Connection, plan_hash: str, now: datetime) -> None:
    planned = (tables.attempt.c.plan_hash == plan_hash) & (tables.attempt.c.state == AttemptState.PLANNED)
    gone = {"state": AttemptState.CANCELLED.value, "settled_at": now}
    connection.execute(update(tables.attempt).where(planned).values(gone))


# ---------------------------------------------------------------- runs


def request(ws: Workspace, plan_hash: str, state: str, by: str, now: datetime, *, reason: str = "") -> None:
    """Ask that the run go on (`running`), rest (`paused`) or end (`cancelled`); what is on the wire is not called back.

    Asking for what is so already is harmless. StateError when the plan is not approved or its run is over.
    """
    with writing(ws) as connection:
        mine = tables.run.c.plan_hash == plan_hash
        asked = {"state": state, "changed_by": by, "changed_at": now, "reason": reason}
        movable = update(tables.run).where(mine, tables.run.c.state.in_(REQUESTS[state]))
        if not connection.execute(movable.values(asked)).rowcount:
            current = connection.execute(select(tables.run.c.state).where(mine)).scalar_one_or_none()
            if current == state:
                return
            if current is None:
                raise StateError("This plan is not approved.")
            raise StateError("This run is over and cannot be changed.")
        if state == "cancelled":
            _cancel_planned(connection, plan_hash, now)
        record(connection, by, f"run.{state}", {"plan": plan_hash, "reason": reason}, now)


def hold(ws: Workspace, until: datetime) -> None:
    """Let no attempt be claimed before `until`: a rate limit of the provider concerns every run and every worker."""
    sooner = or_(tables.run.c.hold_until.is_(None), tables.run.c.hold_until < until)
    with writing(ws) as connection:
        _lock_active(connection)
        connection.execute(update(tables.run).where(tables.run.c.state.in_(ACTIVE), sooner).values(hold_until=until))


def run(ws: Workspace, plan_hash: str) -> Run | None:
    """The run of the plan, or None when it is not approved."""
    with reading(ws) as connection:
        row = _run_row(connection, plan_hash)
    return Run(**row._mapping) if row else None


def runs(ws: Workspace, *states: str) -> list[Run]:
    """All runs, or those in one of the states, the one approved last first."""
    statement = _runs().order_by(tables.run.c.approved_at.desc(), tables.run.c.plan_hash)
    if states:
        statement = statement.where(tables.run.c.state.in_(states))
    with reading(ws) as connection:
        return [Run(**row._mapping) for row in connection.execute(statement)]


def run_state(ws: Workspace, plan_hash: str) -> str:
    """queued, running, paused, cancelled or done; "" when the plan is not approved."""
    found = run(ws, plan_hash)
    return found.state if found else ""


def _runs() -> Select:
    return select(tables.run, tables.plan.c.campaign_id).join(tables.plan)


def _run_row(connection: Connection, plan_hash: str) -> Row | None:
    return connection.execute(_runs().where(tables.run.c.plan_hash == plan_hash)).one_or_none()


def update_runs(ws: Workspace, now: datetime) -> None:
    """Bring the states of runs into line with their attempts: a run is done when nothing is planned or submitting.

    In a transaction of its own, after the change of an attempt has been committed: two workers that settle the last two
    attempts at once do not see one another's change before that. Whoever finds nothing to do calls it too.
    """
    with writing(ws) as connection:
        _lock_active(connection)
        connection.execute(_moved(("queued",), "running", _any_attempt(AttemptState.SUBMITTING), now))
        connection.execute(_moved(ACTIVE, "done", ~_any_attempt(*OPEN_STATES), now))


def _lock_active(connection: Connection) -> None:
    """Keep the active runs as they are; in one order, so that two who do this never wait for one another."""
    active = select(tables.run.c.plan_hash).where(tables.run.c.state.in_(ACTIVE)).order_by(tables.run.c.plan_hash)
    connection.execute(active.with_for_update()).all()


def _any_attempt(*states: AttemptState) -> ColumnElement[bool]:
    mine = tables.attempt.c.plan_hash == tables.run.c.plan_hash
    return exists().where(mine, tables.attempt.c.state.in_(states))


def _moved(before: tuple[str, ...], after: str, when: ColumnElement[bool], now: datetime) -> Update:
    run = tables.run
    return (
        update(run).where(run.c.state.in_(before), when).values(state=after, changed_at=now, changed_by="", reason="")
    )
