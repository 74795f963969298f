"""Exactly once by cancel: each request is scheduled ahead under a batch of its own, and whatever is unsure of it is
called back before its time and planned anew.

Whether the provider has taken a lost request does not matter then: a cancelled batch sends nothing, also when the
request arrives late. The provider keeps at most ten batches cancelled at once (limits.CANCELLED_BATCHES); an attempt
that finds no place waits, and from ten minutes before its time on it is settled as any other doubt is.
Page read on 2026-11-23: twilio.com/docs/sendgrid, api-reference/cancel-scheduled-sends.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from bulkmail import limits, sendgrid_format
from bulkmail.adapters import journal
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import StateError
from bulkmail.send.doubts import Ask
from bulkmail.sendgrid_format import Answer

AHEAD = timedelta(minutes=limits.SENDING_AHEAD_MINUTES.value)
LATEST = timedelta(minutes=limits.CANCEL_AHEAD_MINUTES.value)
# How long after its time a cancelled batch is let go of: what was cancelled is thrown away at its time.
SLOT_KEPT = timedelta(hours=1)


class Ticket(NamedTuple):
    """How a request is scheduled: under which batch of the provider, and for when."""

    batch_id: str = ""
    send_at: datetime | None = None


def new_ticket(ask: Ask, now: datetime) -> Ticket | Answer:
    """A fresh batch of the provider's for one request, or why there is none: then nothing has been sent."""
    batch_id = sendgrid_format.read_batch(*ask("post", "mail/batch"))
    return Ticket(batch_id, now + AHEAD) if isinstance(batch_id, str) else batch_id


def call_back(ws: Workspace, ask: Ask, now: datetime) -> int:
    """Cancel what is in doubt and still scheduled, and plan its people anew; how many attempts that settled."""
    settled = 0
    for attempt in journal.doubtful(ws):
        if _can_be_cancelled(attempt, now) and _is_cancelled(ask, attempt.batch_id):
            with suppress(StateError):  # another worker was quicker
                again = [(attempt.start, attempt.stop)]
                journal.replace(ws, attempt.id, again, now=now, detail=journal.CALLED_BACK)
                settled += 1
    return settled


def recall(ws: Workspace, ask: Ask, now: datetime) -> int:
    """Undo what a cancelled run has handed over and the provider has not sent yet; how many people that spares."""
    spared = 0
    for attempt in journal.recallable(ws, now + LATEST):
        if _is_cancelled(ask, attempt.batch_id):
            with suppress(StateError):
                journal.recalled(ws, attempt.id, now)
                spared += attempt.people
    return spared


def let_go(ws: Workspace, ask: Ask, now: datetime) -> None:
    """Free the provider's places of batches that were cancelled and whose time is long over."""
    for attempt in journal.called_back(ws, now - SLOT_KEPT):
        status, _, _, error = ask("delete", f"user/scheduled_sends/{attempt.batch_id}")
        if error is None and status in (204, 404):
            journal.forget_batch(ws, attempt.id)


def _can_be_cancelled(attempt: journal.Attempt, now: datetime) -> bool:
    return bool(attempt.batch_id and attempt.send_at and attempt.send_at - now > LATEST)


def _is_cancelled(ask: Ask, batch_id: str) -> bool:
    """Whether the provider says that this batch is cancelled: now, or since an earlier call whose answer got lost."""
    order = sendgrid_format.dump({"batch_id": batch_id, "status": "cancel"})
    status, _, _, error = ask("post", "user/scheduled_sends", body=order)
    if error is None and status == 201:
        return True
    return sendgrid_format.read_is_cancelled(batch_id, *ask("get", f"user/scheduled_sends/{batch_id}"))
