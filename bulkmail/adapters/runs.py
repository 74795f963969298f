"""The run of an approved plan: queued, running, paused, and over when cancelled or done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, Select, Update, exists, or_, select, update

from bulkmail.adapters import tables
from bulkmail.adapters.database import record
from bulkmail.adapters.plans import of_this_mode
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.errors import StateError
from bulkmail.model import TRIAL, AttemptState

ACTIVE = ("queued", "running", "paused")
CLAIMABLE = ("queued", "running")
REQUESTS: Mapping[str, tuple[str, ...]] = {  # what may be asked for, and of a run in which state
    "running": ("queued", "paused"),
    "paused": ("queued", "running"),
    "cancelled": ("queued", "running", "paused"),
}
OPEN_STATES = (AttemptState.PLANNED, AttemptState.SUBMITTING)


@dataclass(frozen=True, kw_only=True)
class Run:
    """An approved plan at work. `state` is queued, running, paused, cancelled or done; `reason` says why it changed.

    Nothing of it leaves before `starts_at`, the end of its countdown, nor before `hold_until`, which the provider's
    rate limit or the ramp has set. `exactly_once` and `ramp` are how it is sent (see `approve`).
    """

    plan_hash: str
    campaign_id: str
    rehearsal: bool
    state: str
    approved_by: str
    approved_at: datetime
    changed_by: str
    changed_at: datetime
    reason: str
    hold_until: datetime | None
    starts_at: datetime | None
    exactly_once: bool
    ramp: bool


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
            cancel_planned(connection, plan_hash, now)
        record(connection, by, f"run.{state}", {"plan": plan_hash, "reason": reason}, now)


def run(ws: Workspace, plan_hash: str) -> Run | None:
    """The run of the plan, or None when it is not approved."""
    with reading(ws) as connection:
        row = run_row(connection, plan_hash)
    return _run(row) if row else None


def runs(ws: Workspace, *states: str, both_modes: bool = False) -> list[Run]:
    """All runs of this mode (or of both), or those in one of the states, newest first. No test letters."""
    real = ~tables.plan.c.campaign_id.contains(TRIAL, autoescape=True)
    statement = _runs().where(real).order_by(tables.run.c.approved_at.desc(), tables.run.c.plan_hash)
    if states:
        statement = statement.where(tables.run.c.state.in_(states))
    if not both_modes:
        statement = statement.where(of_this_mode(ws))
    with reading(ws) as connection:
        return [_run(row) for row in connection.execute(statement)]


def run_state(ws: Workspace, plan_hash: str) -> str:
    """queued, running, paused, cancelled or done; "" when the plan is not approved."""
    found = run(ws, plan_hash)
    return found.state if found else ""


def _runs() -> Select:
    line = tables.line.c
    return (
        select(tables.run, tables.plan.c.campaign_id, tables.plan.c.rehearsal, line.hold_until.label("line_hold_until"))
        .join(tables.plan)
        .join(tables.line, line.rehearsal == tables.plan.c.rehearsal, isouter=True)
    )


def _run(row: Row) -> Run:
    values = dict(row._mapping)
    holds = [moment for moment in (values.pop("line_hold_until"), row.hold_until) if moment]
    return Run(**values | {"hold_until": max(holds, default=None)})


def run_row(connection: Connection, plan_hash: str) -> Row | None:
    """The row of a run with its campaign, inside a transaction, or None."""
    return connection.execute(_runs().where(tables.run.c.plan_hash == plan_hash)).one_or_none()


def update_runs(ws: Workspace, now: datetime) -> None:
    """Bring the states of runs into line with their attempts: a run is done when nothing is planned or submitting.

    In a transaction of its own, after the change of an attempt has been committed: two workers that settle the last two
    attempts at once do not see one another's change before that. Whoever finds nothing to do calls it too. As long as
    nothing is out of line, which is so after most attempts, it only reads.
    """
    has_begun = tables.run.c.state.in_(("queued",)) & _any_attempt(AttemptState.SUBMITTING)
    is_over = tables.run.c.state.in_(ACTIVE) & ~_any_attempt(*OPEN_STATES)
    with reading(ws) as connection:
        if connection.execute(select(tables.run.c.plan_hash).where(or_(has_begun, is_over)).limit(1)).first() is None:
            return
    with writing(ws) as connection:
        _lock_active(connection)
        connection.execute(_moved(has_begun, "running", now))
        connection.execute(_moved(is_over, "done", now))


def _lock_active(connection: Connection) -> None:
    """Keep the active runs as they are; in one order, so that two who do this never wait for one another."""
    active = select(tables.run.c.plan_hash).where(tables.run.c.state.in_(ACTIVE)).order_by(tables.run.c.plan_hash)
    connection.execute(active.with_for_update()).all()


def _any_attempt(*states: AttemptState) -> ColumnElement[bool]:
    mine = tables.attempt.c.plan_hash == tables.run.c.plan_hash
    return exists().where(mine, tables.attempt.c.state.in_(states))


def _moved(when: ColumnElement[bool], after: str, now: datetime) -> Update:
    return update(tables.run).where(when).values(state=after, changed_at=now, changed_by="", reason="")


def cancel_planned(connection: Connection, plan_hash: str, now: datetime) -> None:
    """Cancel what is still planned, inside a transaction."""
    planned = (tables.attempt.c.plan_hash == plan_hash) & (tables.attempt.c.state == AttemptState.PLANNED)
    gone = {"state": AttemptState.CANCELLED.value, "settled_at": now}
    connection.execute(update(tables.attempt).where(planned).values(gone))
