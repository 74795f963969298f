"""Approval: binds to a plan's hash, and to nobody being mailed twice.

At most one plan of a campaign is at work at a time, and none is approved that has people whom another plan of the
campaign has mailed since it was made: however long a plan lies in somebody's browser, its approval is judged now.
Plans of a rehearsal and plans for people are nothing to one another.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, insert, select, update

from bulkmail.adapters import files, tables
from bulkmail.adapters.attempts import planned_attempt
from bulkmail.adapters.database import record
from bulkmail.adapters.history import handled_in
from bulkmail.adapters.plans import batch_in, of_this_mode, plan_row
from bulkmail.adapters.runs import ACTIVE, cancel_planned, run_row
from bulkmail.adapters.workspace import Workspace, writing
from bulkmail.errors import StateError
from bulkmail.model import Text


def approve(
    ws: Workspace,
    plan_hash: str,
    by: str,
    now: datetime,
    *,
    countdown: timedelta = timedelta(0),
    exactly_once: bool = False,
    ramp: bool = False,
) -> None:
    """Let the plan with exactly this hash be sent: a run, and one planned attempt per batch. Twice is once.

    Nothing leaves before the end of the `countdown`, within which cancelling undoes everything. `exactly_once` has each
    request scheduled ahead, so that an unsure one can be called back. `ramp` spreads the letters over days, as many a
    day as the sender's domain is used to send and somewhat more.

    StateError when the plan is unknown or void, of the other mode, has nobody in it, or could mail somebody twice.
    """
    with writing(ws) as connection:
        plan = plan_row(connection, plan_hash)
        _lock_campaign(connection, plan.campaign_id)
        plan = plan_row(connection, plan_hash)
        _check_mode(ws, plan)
        if run_row(connection, plan_hash) is not None and plan.voided_at is None:
            return
        _check_approvable(connection, ws, plan)
        started = {"state": "queued", "approved_by": by, "approved_at": now, "changed_by": by, "changed_at": now}
        manner = {"exactly_once": exactly_once, "ramp": ramp, "starts_at": now + countdown if countdown else None}
        connection.execute(insert(tables.run).values(plan_hash=plan_hash, **started, **manner))
        connection.execute(
            insert(tables.attempt), [planned_attempt(plan_hash, **vars(batch_in(b))) for b in plan.batches]
        )
        about = {"plan": plan_hash, "recipients": plan.recipients, "rehearsal": plan.rehearsal}
        record(connection, by, "plan.approved", about, now)


def _lock_campaign(connection: Connection, campaign_id: str) -> None:
    """Let nobody else approve a plan of this campaign until the end of the transaction."""
    mine = select(tables.plan.c.hash).where(tables.plan.c.campaign_id == campaign_id).order_by(tables.plan.c.hash)
    connection.execute(mine.with_for_update(key_share=True)).all()


def _check_mode(ws: Workspace, plan: Row) -> None:
    """StateError unless the plan was made for where letters go now."""
    if plan.rehearsal and not ws.settings.rehearsal:
        raise StateError("This plan was made in rehearsal. Make a new plan to mail people.")
    if ws.settings.rehearsal and not plan.rehearsal:
        raise StateError("This plan is for mailing people, and this is a rehearsal. Make a new plan to rehearse.")


def _check_approvable(connection: Connection, ws: Workspace, plan: Row) -> None:
    if plan.voided_at is not None:
        raise StateError("This plan is void: {why}. Make a new plan and approve that.", why=Text(plan.void_reason))
    if plan.recipients == 0:
        raise StateError("There is nobody to mail in this plan.")
    if not files.is_sound(ws.home, plan.snapshot_hash):
        raise StateError("The snapshot of this plan has changed on the disk. Make the plan again.")
    others = (tables.plan.c.campaign_id == plan.campaign_id) & (tables.plan.c.hash != plan.hash) & of_this_mode(ws)
    at_work = select(tables.run.c.state).join(tables.plan).where(others, tables.run.c.state.in_(ACTIVE))
    if connection.execute(at_work).first():
        raise StateError("Another plan of this campaign is at work. Wait until it is done, or cancel it first.")
    twice = _mailed_before(connection, ws, plan)
    if twice:
        raise StateError(
            "{count} of {all} people of this plan have had this campaign by now, or may have. Make the plan again.",
            count=twice,
            all=plan.recipients,
        )


def _mailed_before(connection: Connection, ws: Workspace, plan: Row) -> int:
    """How many people of the plan another plan of the campaign has mailed meanwhile, or may have."""
    handled = handled_in(connection, ws, plan.campaign_id)
    if handled.empty:
        return 0
    persons = files.load_table(ws.home, plan.snapshot_hash, columns=["person"])["person"]
    return int(persons.isin(handled["person"]).sum())


def void(ws: Workspace, plan_hash: str, why: str, now: datetime) -> None:
    """The plan may not be sent any more: what is still planned is cancelled, what has gone has gone. Twice is once."""
    with writing(ws) as connection:
        if plan_row(connection, plan_hash).voided_at is not None:
            return
        valid = (tables.plan.c.hash == plan_hash) & tables.plan.c.voided_at.is_(None)
        connection.execute(update(tables.plan).where(valid).values(voided_at=now, void_reason=why))
        active = (tables.run.c.plan_hash == plan_hash) & tables.run.c.state.in_(ACTIVE)
        connection.execute(update(tables.run).where(active).values(state="cancelled", changed_at=now, reason=why))
        cancel_planned(connection, plan_hash, now)
        record(connection, "", "plan.voided", {"plan": plan_hash, "why": why}, now)
