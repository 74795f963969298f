"""Attempts in doubt: which they are, what has been found out about them, and how events and people settle them."""

from datetime import datetime

from sqlalchemy import func, select, update

from bulkmail.adapters import tables
from bulkmail.adapters.attempts import Attempt, attempt, attempt_of, attempt_rows, move, settle
from bulkmail.adapters.database import audit
from bulkmail.adapters.plans import of_this_mode
from bulkmail.adapters.replacing import replace
from bulkmail.adapters.runs import update_runs
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.errors import StateError
from bulkmail.model import AttemptState

CALLED_BACK = "called back before its time"  # the detail of an attempt that the provider was told to cancel


def doubtful(ws: Workspace, plan_hash: str | None = None) -> list[Attempt]:
    """All attempts in doubt, of a plan or of all plans of this mode, the oldest first."""
    in_doubt = attempt_rows().where(tables.attempt.c.state == AttemptState.IN_DOUBT, of_this_mode(ws))
    if plan_hash is not None:
        in_doubt = in_doubt.where(tables.attempt.c.plan_hash == plan_hash)
    with reading(ws) as connection:
        return [attempt_of(row) for row in connection.execute(in_doubt.order_by(tables.attempt.c.started_at))]


def note_silence(ws: Workspace, attempt_id: str, now: datetime) -> None:
    """Write down that the provider's log was asked, answered, and knows no letter of this attempt."""
    silent = tables.attempt.c
    known = {"asked": silent.asked + 1, "asked_from": func.coalesce(silent.asked_from, now), "asked_to": now}
    in_doubt = (silent.id == attempt_id) & (silent.state == AttemptState.IN_DOUBT)
    with writing(ws) as connection:
        connection.execute(update(tables.attempt).where(in_doubt).values(known))


def settle_by_events(ws: Workspace, now: datetime) -> int:
    """How many attempts in doubt are accepted now, because an event names them: the provider did take the request."""
    names_it = tables.event.c.attempt == tables.attempt.c.id
    message_id = select(func.max(tables.event.c.message_id)).where(names_it).scalar_subquery()
    named = (tables.attempt.c.state == AttemptState.IN_DOUBT) & select(tables.event.c.id).where(names_it).exists()
    if not _any(ws, named):
        return 0
    known = {"state": AttemptState.ACCEPTED.value, "settled_at": now, "detail": "an event settled it"}
    with writing(ws) as connection:
        settled = connection.execute(
            update(tables.attempt).where(named).values(**known, message_id=message_id)
        ).rowcount
    update_runs(ws, now)
    return settled


def _any(ws: Workspace, condition: object) -> bool:
    with reading(ws) as connection:
        return connection.execute(select(tables.attempt.c.id).where(condition).limit(1)).first() is not None


def decide(ws: Workspace, attempt_id: str, was_mailed: bool, by: str, now: datetime, *, known: str) -> None:
    """Settle a doubt on the word of a person, who answers for it: `by` and what was `known` enter the audit trail.

    Mailed: the attempt counts as accepted. Not mailed: its people are planned anew, and get the letter. StateError when
    it is not in doubt (any more), or nobody's name is given.
    """
    doubt = attempt(ws, attempt_id)
    if not by.strip():
        raise StateError("Write your name: a decision without one is worth nothing.")
    if doubt.state is not AttemptState.IN_DOUBT:
        raise StateError("This is not in doubt any more; nothing was changed.")
    detail = f"{by} decided"
    if was_mailed:
        settle(ws, attempt_id, AttemptState.ACCEPTED, now=now, status=doubt.status, detail=detail)
    else:
        replace(ws, attempt_id, [(doubt.start, doubt.stop)], now=now, status=doubt.status, detail=detail)
    about = {"plan": doubt.plan_hash, "attempt": attempt_id, "people": doubt.people, "known": known}
    audit(ws, by, "doubt.mailed" if was_mailed else "doubt.unsent", about, now)


# ---------------------------------------------------------------- what the provider was told to let go of


def recallable(ws: Workspace, later_than: datetime) -> list[Attempt]:
    """The accepted attempts of cancelled runs that the provider sends later than this moment."""
    waiting = (tables.attempt.c.state == AttemptState.ACCEPTED) & (tables.attempt.c.batch_id != "")
    waiting &= (tables.attempt.c.send_at > later_than) & of_this_mode(ws) & (tables.run.c.state == "cancelled")
    statement = attempt_rows().join(tables.run, tables.run.c.plan_hash == tables.attempt.c.plan_hash).where(waiting)
    with reading(ws) as connection:
        return [attempt_of(row) for row in connection.execute(statement.order_by(tables.attempt.c.send_at))]


def recalled(ws: Workspace, attempt_id: str, now: datetime) -> None:
    """Write down that the provider cancelled an accepted attempt: nobody gets a letter from it."""
    values = {"state": AttemptState.CANCELLED.value, "settled_at": now, "detail": CALLED_BACK}
    with writing(ws) as connection:
        move(connection, attempt_id, (AttemptState.ACCEPTED,), values, tables.attempt.c.batch_id != "")


def called_back(ws: Workspace, before: datetime) -> list[Attempt]:
    """The attempts that were called back, of batches whose time was before this moment."""
    done = (tables.attempt.c.detail == CALLED_BACK) & (tables.attempt.c.batch_id != "")
    done &= (tables.attempt.c.send_at < before) & of_this_mode(ws)
    with reading(ws) as connection:
        return [attempt_of(row) for row in connection.execute(attempt_rows().where(done))]


def forget_batch(ws: Workspace, attempt_id: str) -> None:
    """Write down that the provider no longer keeps the batch of this attempt."""
    with writing(ws) as connection:
        connection.execute(update(tables.attempt).where(tables.attempt.c.id == attempt_id).values(batch_id=""))
