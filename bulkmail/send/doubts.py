"""What was left hanging: attempts of dead workers, and answers that got lost. Settled by proof only."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bulkmail import sendgrid_format
from bulkmail.adapters import journal
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import StateError
from bulkmail.model import AttemptState

# Status, headers, body, and None for a whole answer (else what happened to it).
Reply = tuple[int | None, Mapping[str, str], bytes, str | None]
# Asks the provider: (method, path, body=…).
Ask = Callable[..., Reply]
Found = TypeVar("Found")


def recover(ws: Workspace, now: datetime) -> int:
    """Put in doubt what dead workers left, and plan anew those of their attempts that have no digest: of these not one
    byte can have left, since `record_digest` is refused to whoever comes late. Return how many were planned anew."""
    journal.doubt_orphans(ws, now)
    unsent = [attempt for attempt in journal.doubtful(ws) if not attempt.digest]
    for attempt in unsent:
        with suppress(StateError):  # another worker was quicker
            again = [(attempt.start, attempt.stop)]
            journal.replace(ws, attempt.id, again, now=now, detail="nothing was sent: there is no digest")
    return len(unsent)


def settle_by_logs(ws: Workspace, ask: Ask, now: datetime) -> int:
    """Ask the provider's log about each attempt in doubt, and accept those whose letters it knows. Return how many.

    A request is taken or refused whole, so the first, the middle and the last recipient stand for all. That the log
    knows nothing proves nothing: such an attempt stays in doubt.
    """
    settled = 0
    for attempt in journal.doubtful(ws):
        if message_id := _in_the_log(ws, ask, attempt):
            detail = "the provider's log settled it"
            journal.settle(ws, attempt.id, AttemptState.ACCEPTED, now=now, message_id=message_id, detail=detail)
            settled += 1
    return settled


def _in_the_log(ws: Workspace, ask: Ask, attempt: journal.Attempt) -> str:
    """The id of the request as the log has it, or "" when it knows none, or does not answer."""
    letters = journal.load_snapshot(ws, attempt.plan_hash, attempt.start, attempt.stop)
    asked = {0, len(letters) // 2, len(letters) - 1}
    since = (attempt.started_at or datetime.min.replace(tzinfo=UTC)) - timedelta(minutes=1)
    for address in letters["address"].iloc[sorted(asked)]:
        query = sendgrid_format.dump(sendgrid_format.logs_query(address, since))
        for log_id in _read(ask("post", "logs", body=query), sendgrid_format.read_log_ids, []):
            found, _, message_id = _read(ask("get", f"logs/{log_id}"), sendgrid_format.read_log, ("", -1, ""))
            if found == attempt.id:
                return message_id
    return ""


def _read(reply: Reply, reader: Callable[[bytes], Found], nothing: Found) -> Found:
    """What the reader makes of a whole and good answer; `nothing` for any other."""
    status, _, body, error = reply
    if error is not None or status != 200:
        return nothing
    try:
        return reader(body)
    except ValueError:
        return nothing
