"""Events, SendGrid's own lists and Email Logs become DeliveryEvents and places in an attempt."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

import orjson

from bulkmail.model import DeliveryEvent, EventKind
from bulkmail.sendgrid_format.fields import moment_in, text_in
from bulkmail.tips.sender_requirements import bounce_class

_KINDS = {
    "processed": EventKind.QUEUED,
    "dropped": EventKind.REJECTED,
    "bounce": EventKind.BOUNCED,
    "deferred": EventKind.DEFERRED,
    "delivered": EventKind.DELIVERED,
    "open": EventKind.OPENED,
    "click": EventKind.CLICKED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
}


class EventsRead(list[DeliveryEvent]):
    """The events of one webhook call; `unreadable` counts entries that were not even an event with a time."""

    unreadable: int = 0


def read_events(body: bytes) -> EventsRead:
    """The events in the body of a webhook call whose signature has been verified. Never raises: what cannot be read is
    counted, and a type we do not know arrives as EventKind.UNKNOWN."""
    found = EventsRead()
    try:
        entries = orjson.loads(body)
    except orjson.JSONDecodeError:
        entries = None
    for entry in entries if isinstance(entries, list) else [entries]:
        event = _event(entry) if isinstance(entry, dict) else None
        if event is None:
            found.unreadable += 1
        else:
            found.append(event)
    return found


def _event(entry: Mapping[str, object]) -> DeliveryEvent | None:
    at, word = moment_in(entry.get("timestamp")), text_in(entry, "event")
    if at is None or not word:
        return None
    kind = _KINDS.get(word, EventKind.UNKNOWN)
    position = text_in(entry, "bm_r")
    return DeliveryEvent(
        id=_event_id(entry),
        kind=kind,
        at=at,
        address=text_in(entry, "email", 320),
        attempt=text_in(entry, "bm_a", 64),
        position=int(position) if re.fullmatch(r"[0-9]{1,9}", position) else -1,
        message_id=text_in(entry, "sg_message_id").partition(".")[0],  # the part before the dot is X-Message-Id
        reason=_reason(entry, word if kind is EventKind.UNKNOWN else ""),
        hard=kind is EventKind.BOUNCED and is_hard_bounce(entry),
        by_machine=kind is EventKind.OPENED and entry.get("sg_machine_open") is True,
        url=text_in(entry, "url", 2000),
    )


def _event_id(entry: Mapping[str, object]) -> str:
    """Equal for repeats of one event: SendGrid's own sg_event_id changes when it posts the same event again."""
    parts = ("sg_message_id", "email", "event", "timestamp", "url", "attempt", "reason")
    return sha256("|".join(str(entry.get(part, "")) for part in parts).encode("utf-8", "replace")).hexdigest()[:32]


def _reason(entry: Mapping[str, object], word: str) -> str:
    """What the receiving server or SendGrid said; for a type we do not know, its name."""
    return word or text_in(entry, "reason", 500) or text_in(entry, "response", 500)


def is_hard_bounce(entry: Mapping[str, object]) -> bool:
    """Whether the reply says that this mailbox does not exist, by the table of replies of tip 7. Policy (x.7.x),
    temporary (4.x.x), full, paced and blocked never count: they would punish the person for a fault of the sender.
    SendGrid's own class counts only where the table does not know the reply."""
    if entry.get("type") == "blocked":
        return False
    said = f"{text_in(entry, 'status')} {text_in(entry, 'reason', 2000)}"
    found = bounce_class(text_in(entry, "email", 320).rpartition("@")[2].lower(), said)
    is_invalid = text_in(entry, "bounce_classification").lower() == "invalid address"
    return found == "no_mailbox" or (is_invalid and found in ("unknown", "other"))


# ---------------------------------------------------------------- SendGrid's own lists

_LISTED = {
    "unsubscribes": EventKind.UNSUBSCRIBED,
    "spam_reports": EventKind.COMPLAINED,
    "bounces": EventKind.BOUNCED,
    "invalid_emails": EventKind.BOUNCED,
}


def read_suppressed(name: str, entries: Sequence[object]) -> list[DeliveryEvent]:
    """The entries of one of SendGrid's lists as the events that put them there. Those without address or time are
    nobody; an invalid address is a mailbox that does not exist, a bounce is hard only where its words say so."""
    found = []
    for entry in entries:
        known = entry if isinstance(entry, dict) else {}
        at, address = moment_in(known.get("created")), text_in(known, "email", 320)
        hard = name == "invalid_emails" or (name == "bounces" and is_hard_bounce(known))
        if at and address:
            found.append(DeliveryEvent(id="", kind=_LISTED[name], at=at, address=address, hard=hard))
    return found


# ---------------------------------------------------------------- Email Logs, to settle a lost answer


def read_log_ids(body: bytes) -> list[str]:
    """The ids in an answer to `logs_query`, to be asked for one by one. ValueError when the body is not JSON."""
    answer = orjson.loads(body)
    messages = answer.get("messages", ()) if isinstance(answer, dict) else ()
    return [text_in(message, "sg_message_id") for message in messages if isinstance(message, dict)]


def read_log(body: bytes) -> tuple[str, int, str]:
    """(attempt, position, message id) of one letter in Email Logs; "" and -1 where it is not one of ours."""
    log = orjson.loads(body)
    arguments = log.get("custom_args") or {}
    position = text_in(arguments, "bm_r")
    known = re.fullmatch(r"[0-9]{1,9}", position)
    return (
        text_in(arguments, "bm_a", 64),
        int(position) if known else -1,
        text_in(log, "sg_message_id").partition(".")[0],
    )
