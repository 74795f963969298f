"""What was left hanging: attempts of dead workers, and answers that got lost. Settled by proof, or by a person."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TypeVar

from bulkmail import limits, sendgrid_format
from bulkmail.adapters import journal
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import StateError
from bulkmail.model import AttemptState, Text, say

# Status, headers, body, and None for a whole answer (else what happened to it).
Reply = tuple[int | None, Mapping[str, str], bytes, str | None]
# Asks the provider: (method, path, body=…).
Ask = Callable[..., Reply]
Found = TypeVar("Found")

NEVER = datetime.min.replace(tzinfo=UTC)


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


# ---------------------------------------------------------------- settled by the provider's log


class Silence(Enum):
    """Why the log named no letter: it ANSWERED, whole, and knows none; or it gave NO_ANSWER, which says nothing."""

    ANSWERED = "answered"
    NO_ANSWER = "no answer"


def settle_by_logs(
    ws: Workspace, ask: Ask, now: datetime, *, plan_hash: str | None = None, at_once: bool = True
) -> int:
    """Ask the provider's log about each attempt in doubt (of a plan), and accept those whose letters it knows. Return
    how many. Unless `at_once`, one that is younger than ASK_LOG_MINUTES, or was asked about since, is left for later:
    the log is filled in its own time.

    A request is taken or refused whole, so the first, the middle and the last recipient stand for all. That the log
    knows nothing proves nothing: such an attempt stays in doubt, and the silence is written down.
    """
    settled = 0
    for attempt in journal.doubtful(ws, plan_hash):
        asked_at = attempt.asked_to or attempt.settled_at or NEVER
        if not at_once and asked_at > now - timedelta(minutes=limits.ASK_LOG_MINUTES.value):
            continue
        found = _in_the_log(ws, ask, attempt)
        if isinstance(found, str):
            with suppress(StateError):  # settled meanwhile, by an event or by another worker
                _accept(ws, attempt, found, now)
                settled += 1
        elif found is Silence.ANSWERED and (attempt.send_at or now) <= now:
            journal.note_silence(ws, attempt.id, now)
    return settled


def _accept(ws: Workspace, attempt: journal.Attempt, message_id: str, now: datetime) -> None:
    detail = "the provider's log settled it"
    journal.settle(ws, attempt.id, AttemptState.ACCEPTED, now=now, message_id=message_id, detail=detail)


def _in_the_log(ws: Workspace, ask: Ask, attempt: journal.Attempt) -> str | Silence:
    """The id of the request as the log has it, or why there is none."""
    letters = journal.load_snapshot(ws, attempt.plan_hash, attempt.start, attempt.stop)
    probes = sorted({0, len(letters) // 2, len(letters) - 1})
    since = (attempt.started_at or NEVER) - timedelta(minutes=1)
    silence = Silence.ANSWERED
    for address in letters["address"].iloc[probes]:
        query = sendgrid_format.dump(sendgrid_format.logs_query(address, since))
        log_ids = _read(ask("post", "logs", body=query), sendgrid_format.read_log_ids)
        if log_ids is None:
            return Silence.NO_ANSWER
        for log_id in log_ids:
            found = _read(ask("get", f"logs/{log_id}"), sendgrid_format.read_log)
            if found is None:
                silence = Silence.NO_ANSWER
            elif found[0] == attempt.id:
                return found[2]
    return silence


def _read(reply: Reply, reader: Callable[[bytes], Found]) -> Found | None:
    """What the reader makes of a whole and good answer; None for any other."""
    status, _, body, error = reply
    if error is not None or status != 200:
        return None
    try:
        return reader(body)
    except ValueError:
        return None


# ---------------------------------------------------------------- settled by a person


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """One request of which it is not known whether it was taken, with what is `known` about it, in sentences.

    `looks_unsent` says that the provider's log was asked often and long enough, and never knew a letter of it: then a
    person may well decide that it was not mailed. It is advice and no proof; the default is to leave it in doubt.
    """

    attempt: journal.Attempt
    known: tuple[Text, ...]
    looks_unsent: bool


def doubts(ws: Workspace, plan_hash: str | None = None) -> list[Doubt]:
    """All requests in doubt, of a plan or of all in this mode, the oldest first, with what is known of each. Reads the
    journal only; `settle_by_logs` asks the provider."""
    heard = journal.heard_at(ws)
    return [_doubt(attempt, heard) for attempt in journal.doubtful(ws, plan_hash)]


def _doubt(attempt: journal.Attempt, heard: datetime | None) -> Doubt:
    asked = attempt.asked_to and attempt.asked_to - attempt.asked_from
    long_enough = bool(asked and asked >= timedelta(minutes=limits.LOG_SILENCE_MINUTES.value))
    known = (_of_the_answer(attempt), _of_the_events(attempt, heard), _of_the_log(attempt), *_of_the_batch(attempt))
    return Doubt(attempt=attempt, known=known, looks_unsent=attempt.asked >= 2 and long_enough)


def _of_the_answer(attempt: journal.Attempt) -> Text:
    if attempt.status:
        return say("The sending service answered with status {status}.", status=attempt.status)
    if attempt.detail == journal.WORKER_STOPPED:
        return say("The sending process was stopped before it could write down an answer.")
    return say("The answer of the sending service got lost ({detail}).", detail=attempt.detail or "?")


def _of_the_events(attempt: journal.Attempt, heard: datetime | None) -> Text:
    if heard is None:
        return say("No event of any letter has arrived yet: whether events reach us is not known.")
    if heard < (attempt.started_at or NEVER):
        return say("No event has arrived since it left.")
    return say("Events of other letters have arrived since, and none of its own.")


def _of_the_log(attempt: journal.Attempt) -> Text:
    if not attempt.asked:
        return say("The log of the sending service has not said anything about it yet.")
    times = {"first": _moment(attempt.asked_from), "last": _moment(attempt.asked_to)}
    return say(
        "The log of the sending service was asked {count} times, from {first} to {last}, and knows no letter of it.",
        count=attempt.asked,
        **times,
    )


def _of_the_batch(attempt: journal.Attempt) -> tuple[Text, ...]:
    if not attempt.batch_id:
        return ()
    return (
        say("It is scheduled for {time} and can be called back until shortly before.", time=_moment(attempt.send_at)),
    )


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "?"


def decide(ws: Workspace, attempt_id: str, was_mailed: bool, *, by: str, now: datetime) -> None:
    """Settle a doubt on the word of a person, whose name and what was known then enter the audit trail.

    `was_mailed`: the request counts as accepted. Otherwise its people are planned anew and get the letter, once more if
    the person is wrong. StateError when it is not in doubt (any more), or `by` is empty.
    """
    (known,) = [doubt.known for doubt in doubts(ws) if doubt.attempt.id == attempt_id] or [()]
    told = " ".join(str(sentence) for sentence in known)
    journal.decide(ws, attempt_id, was_mailed, by.strip(), now, known=told)
