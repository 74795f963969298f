"""SendGrid's words, known to no other pure room: letters become request bodies, answers and events become our nouns.

Pages read on 2026-11-23: twilio.com/docs/sendgrid, api-reference/mail-send (limits, errors, personalizations),
for-developers/tracking-events/event, api-reference/email-logs.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Protocol

import orjson
from email_validator import EmailNotValidError, validate_email

from bulkmail.errors import InputError
from bulkmail.limits import RECIPIENTS_PER_REQUEST
from bulkmail.model import CONFIRMATION, Campaign, DeliveryEvent, EventKind, Message
from bulkmail.tips.sender_requirements import bounce_class

# ---------------------------------------------------------------- letters become a request body

# One addressee: address, name, position in the plan, values of the letter's tags, headers of this one letter.
Addressee = tuple[str, str, int, Mapping[str, str], Mapping[str, str]]

SUBSCRIPTION_TRACKING = False  # SendGrid's own unsubscribe headers and link
# SendGrid splits names at these (limitations page); a line break would end the header.
_NOT_IN_A_NAME = str.maketrans(dict.fromkeys(";,\r\n\t\0", " "))


class StaticLetter(Protocol):
    """What all recipients of one request share: subject and parts, with tags where the values of each one go."""

    @property
    def subject(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def text(self) -> str: ...


def mail_send_body(
    *,
    campaign: Campaign,
    letter_static: StaticLetter,
    people: Sequence[Addressee],
    attempt: str,
    plan: str,
    categories: Sequence[str] = (),
    open_tracking: bool = True,
    click_tracking: bool = True,
    send_at: datetime | None = None,
    batch_id: str = "",
) -> dict[str, object]:
    """The body of one mail/send request to all `people`; equal arguments give equal bytes. InputError for a sender
    address or a header SendGrid cannot take, ValueError unless there are 1 to 1,000 people."""
    if not 0 < len(people) <= RECIPIENTS_PER_REQUEST.value:
        raise ValueError(f"one request takes 1 to {RECIPIENTS_PER_REQUEST.value:.0f} people, not {len(people)}")
    body: dict[str, object] = {
        "personalizations": [_personalization(person, attempt, plan) for person in people],
        "from": _sender(campaign),
        **({"reply_to": {"email": _ascii_address(campaign.sender.reply_to)}} if campaign.sender.reply_to else {}),
        "subject": letter_static.subject,
        "content": _content(letter_static),
        "categories": list(categories) or [category_of(campaign.id)],
        "tracking_settings": _tracking(open_tracking, click_tracking),
    }
    if campaign.kind == CONFIRMATION:  # its reader has just asked for it, and may be on the list of unsubscribes
        body["mail_settings"] = {"bypass_unsubscribe_management": {"enable": True}}
    if send_at is not None:
        body["send_at"] = int(send_at.timestamp())
    if batch_id:
        body["batch_id"] = batch_id
    return body


def single_body(
    *, campaign: Campaign, message: Message, address: str, name: str, position: int, **options: Any
) -> dict[str, object]:
    """The body of a request for one person whose letter is already rendered whole; `options` as in mail_send_body."""
    person = (address, name, position, {}, message.headers)
    return mail_send_body(campaign=campaign, letter_static=message, people=[person], **options)


def dump(body: Mapping[str, object]) -> bytes:
    """The bytes that go over the wire, UTF-8 JSON."""
    return orjson.dumps(body)


def category_of(campaign_id: str) -> str:
    """An ASCII name for SendGrid's statistics; ids that lose letters on the way keep a few of their hash apart."""
    slug = re.sub(r"[^a-z0-9]+", "-", campaign_id.lower()).strip("-")[:80]
    digest = sha256(campaign_id.encode()).hexdigest()[:8]
    return slug if slug == campaign_id else f"{slug or 'campaign'}-{digest}"


def _personalization(person: Addressee, attempt: str, plan: str) -> dict[str, object]:
    """One recipient. The three custom arguments come back with every event; they are opaque because SendGrid keeps
    them for good. Both unsubscribe headers travel here and not at the root, which is the form known to merge right."""
    address, name, position, substitutions, headers = person
    clean = " ".join(name.translate(_NOT_IN_A_NAME).split())
    address = _ascii_address(address)
    whole: dict[str, object] = {"to": [{"email": address, "name": clean} if clean else {"email": address}]}
    if headers:
        whole["headers"] = _without_line_breaks(headers, position)
    if substitutions:
        whole["substitutions"] = dict(substitutions)
    whole["custom_args"] = {"bm_c": plan, "bm_a": attempt, "bm_r": str(int(position))}
    return whole


def _without_line_breaks(headers: Mapping[str, str], position: int) -> dict[str, str]:
    for header, value in headers.items():
        if "\n" in value or "\r" in value:
            raise InputError(
                "The header {header} of letter {position} holds a line break. Remove it from the field it comes from.",
                header=header,
                position=int(position),
            )
    return dict(headers)


def _sender(campaign: Campaign) -> dict[str, str]:
    address = _ascii_address(campaign.sender.address)
    if not address.isascii():  # limitations page: Unicode is not supported for the from address
        raise InputError(
            "The sender's address has letters outside ASCII before the @, which SendGrid does not send from. "
            "Choose another sender address."
        )
    name = " ".join(campaign.sender.name.split())
    return {"email": address, "name": name} if name else {"email": address}


def _ascii_address(address: str) -> str:
    """The address with its domain in ASCII; left as it is where there is no such form, for SendGrid to name as bad."""
    if address.isascii():
        return address
    try:
        return validate_email(address, check_deliverability=False).ascii_email or address
    except EmailNotValidError:
        return address


def _content(letter: StaticLetter) -> list[dict[str, str]]:
    """The parts in the order SendGrid asks for: plain text, then HTML. An empty part would be refused."""
    parts = (("text/plain", letter.text), ("text/html", letter.html))
    return [{"type": kind, "value": value} for kind, value in parts if value]


def _tracking(opens: bool, clicks: bool) -> dict[str, object]:
    """Each setting said aloud, since an account's defaults may differ. SendGrid's own unsubscribe stays off: the
    letter brings its own link and headers, and two would contradict each other."""
    return {
        "click_tracking": {"enable": clicks, "enable_text": False},
        "open_tracking": {"enable": opens},
        "subscription_tracking": {"enable": SUBSCRIPTION_TRACKING},
    }


# ---------------------------------------------------------------- answers become one of eight kinds


class AnswerKind(StrEnum):
    """What an answer lets us conclude. Only NOT_SENT and the refusals are certain failures; IN_DOUBT is neither."""

    ACCEPTED = "accepted"
    REFUSED_RECIPIENTS = "refused_recipients"
    REFUSED_REQUEST = "refused_request"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    STOP = "stop"
    IN_DOUBT = "in_doubt"
    NOT_SENT = "not_sent"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`bad_positions` are places in the request's list of recipients, from 0 (not positions of the plan). `remaining`
    requests may follow until `reset_at`, both None where SendGrid did not say; `wait_until` is when to come back after
    too many. `trouble` of a STOP is credits or suspended where the account is why. `detail` holds no address."""

    kind: AnswerKind
    message_id: str = ""
    bad_positions: tuple[int, ...] = ()
    wait_until: datetime | None = None
    remaining: int | None = None
    reset_at: datetime | None = None
    trouble: str = ""
    detail: str = ""


NOT_SENT = "not_sent"  # how the adapter's `error` begins when no byte of the request can have arrived
_STOPS = {401, 402, 403, 404, 405}
# What SendGrid says of an account that may not send: 401 "Maximum credits exceeded" is no matter of the key, and an
# account under review or frozen answers as if the key were bad (support articles 37945843123995 and 360041790293).
_TROUBLES = {
    "credits": re.compile(r"credits exceeded|credit limit|over package quota", re.IGNORECASE),
    "suspended": re.compile(
        r"suspend|under review|deactivated|account (?:is |has been )?(?:disabled|frozen)", re.IGNORECASE
    ),
}
_NAMED = re.compile(r"personalizations[.\[](\d+)")
_ADDRESS = re.compile(r"[^\s\[\]<>()\"',;:]+@[^\s\[\]<>()\"',;:]+")


def read_answer(status: int | None, headers: Mapping[str, str], body: bytes, error: str | None) -> Answer:
    """What became of a mail/send request. `error` is None when a whole answer arrived, begins with "not_sent" when it
    could not connect, and is anything else when the line broke later: then nobody knows, whatever `status` says."""
    if error is not None:
        return Answer(kind=AnswerKind.NOT_SENT if error.startswith(NOT_SENT) else AnswerKind.IN_DOUBT, detail=error)
    lowered = {name.lower(): value for name, value in headers.items()}
    answer = _read_whole(status, lowered, body)
    return replace(answer, remaining=_remaining(lowered), reset_at=_reset(lowered))


def _read_whole(status: int | None, headers: Mapping[str, str], body: bytes) -> Answer:
    if status is not None and 200 <= status < 300:
        message_id = headers.get("x-message-id", "").strip()
        kind = AnswerKind.ACCEPTED if message_id else AnswerKind.IN_DOUBT
        return Answer(kind=kind, message_id=message_id, detail="" if message_id else f"{status} without X-Message-Id")
    if status is not None and 400 <= status < 500:
        return _read_refusal(status, headers, _errors(body))
    return Answer(kind=AnswerKind.IN_DOUBT, detail=f"HTTP {status}")


def _read_refusal(status: int, headers: Mapping[str, str], errors: list[tuple[str, str]]) -> Answer:
    detail = _detail(status, errors)
    trouble = next((trouble for trouble, words in _TROUBLES.items() if words.search(detail)), "")
    if status in _STOPS or trouble:
        return Answer(kind=AnswerKind.STOP, trouble=trouble, detail=detail)
    if status == 429:
        return Answer(kind=AnswerKind.RATE_LIMITED, wait_until=_reset(headers), detail=detail)
    if status == 413:
        return Answer(kind=AnswerKind.TOO_LARGE, detail=detail)
    if status in {400, 415}:
        return _read_bad_request(errors, detail)
    return Answer(kind=AnswerKind.IN_DOUBT, detail=detail)  # say 408 or 499: a machine between us lost patience


def _read_bad_request(errors: list[tuple[str, str]], detail: str) -> Answer:
    """Who is named decides: recipients can be left out; a fault of the whole letter, or a page that is not SendGrid's,
    would meet every further request too, so the run stops; what names nothing is found by halving."""
    named = [_NAMED.match(field) for field, _ in errors]
    if not errors or any(field and not field.startswith("personalizations") for field, _ in errors):
        return Answer(kind=AnswerKind.STOP, detail=detail)
    if not all(named):
        return Answer(kind=AnswerKind.REFUSED_REQUEST, detail=detail)
    bad = tuple(sorted({int(match[1]) for match in named if match}))
    return Answer(kind=AnswerKind.REFUSED_RECIPIENTS, bad_positions=bad, detail=detail)


def _errors(body: bytes) -> list[tuple[str, str]]:
    """(field, message) of each error SendGrid names; empty where the body is not SendGrid's."""
    try:
        entries = orjson.loads(body)["errors"]
        pairs = [(entry.get("field") or "", entry.get("message") or "") for entry in entries]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return []
    return [(str(field), str(message)) for field, message in pairs]


def _detail(status: int, errors: list[tuple[str, str]]) -> str:
    """One short line; SendGrid quotes addresses in some messages, and they stay out."""
    said = "; ".join(f"{message} ({field})" if field else message for field, message in errors[:5])
    return _ADDRESS.sub("[address]", f"HTTP {status}: {said}" if said else f"HTTP {status}")[:300]


def _remaining(headers: Mapping[str, str]) -> int | None:
    """How many requests may follow in this window of the rate limit; None where SendGrid does not say."""
    said = headers.get("x-ratelimit-remaining", "").strip()
    return int(said) if re.fullmatch(r"[0-9]{1,9}", said) else None


def _reset(headers: Mapping[str, str]) -> datetime | None:
    """When the window opens again. SendGrid gives seconds since 1970; anything else is no answer."""
    reset = headers.get("x-ratelimit-reset", "").strip()
    if not re.fullmatch(r"[0-9]{10}", reset):
        return None
    return datetime.fromtimestamp(int(reset), UTC)


# ---------------------------------------------------------------- batches, to call a request back


def read_batch(status: int | None, headers: Mapping[str, str], body: bytes, error: str | None) -> str | Answer:
    """The id in an answer to mail/batch; where there is none, what follows for the request that waits for it: it was
    refused for the reason given, or simply not sent."""
    if error is None and status == 201 and (batch_id := _text(_object(body), "batch_id")):
        return batch_id
    answer = read_answer(status, headers, body, error)
    is_refusal = answer.kind in (AnswerKind.STOP, AnswerKind.RATE_LIMITED)
    return answer if is_refusal else replace(answer, kind=AnswerKind.NOT_SENT, detail=f"no batch id: {answer.detail}")


def read_is_cancelled(
    batch_id: str, status: int | None, headers: Mapping[str, str], body: bytes, error: str | None
) -> bool:
    """Whether an answer to user/scheduled_sends says that this batch is cancelled; no answer never does."""
    if error is not None or status != 200:
        return False
    try:
        entries = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    entries = entries if isinstance(entries, list) else [entries]
    return any(
        isinstance(entry, dict) and entry == {**entry, "batch_id": batch_id, "status": "cancel"} for entry in entries
    )


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


# ---------------------------------------------------------------- events become DeliveryEvent

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
    at, word = _moment(entry.get("timestamp")), _text(entry, "event")
    if at is None or not word:
        return None
    kind = _KINDS.get(word, EventKind.UNKNOWN)
    position = _text(entry, "bm_r")
    return DeliveryEvent(
        id=_event_id(entry),
        kind=kind,
        at=at,
        address=_text(entry, "email", 320),
        attempt=_text(entry, "bm_a", 64),
        position=int(position) if re.fullmatch(r"[0-9]{1,9}", position) else -1,
        message_id=_text(entry, "sg_message_id").partition(".")[0],  # the part before the dot is X-Message-Id
        reason=_reason(entry, word if kind is EventKind.UNKNOWN else ""),
        hard=kind is EventKind.BOUNCED and is_hard_bounce(entry),
        by_machine=kind is EventKind.OPENED and entry.get("sg_machine_open") is True,
        url=_text(entry, "url", 2000),
    )


def _event_id(entry: Mapping[str, object]) -> str:
    """Equal for repeats of one event: SendGrid's own sg_event_id changes when it posts the same event again."""
    parts = ("sg_message_id", "email", "event", "timestamp", "url", "attempt", "reason")
    return sha256("|".join(str(entry.get(part, "")) for part in parts).encode("utf-8", "replace")).hexdigest()[:32]


def _reason(entry: Mapping[str, object], word: str) -> str:
    """What the receiving server or SendGrid said; for a type we do not know, its name."""
    return word or _text(entry, "reason", 500) or _text(entry, "response", 500)


def _text(entry: Mapping[str, object], key: str, length: int = 300) -> str:
    """A field as text that any database takes, or "" where it is missing or of another type."""
    value = entry.get(key)
    return value.replace("\0", "")[:length] if isinstance(value, str) else ""


def _moment(timestamp: object) -> datetime | None:
    if isinstance(timestamp, str) and re.fullmatch(r"[0-9]{1,11}", timestamp):
        timestamp = int(timestamp)
    if isinstance(timestamp, bool) or not isinstance(timestamp, int) or not 0 < timestamp < 1e11:
        return None
    return datetime.fromtimestamp(timestamp, UTC)


def is_hard_bounce(entry: Mapping[str, object]) -> bool:
    """Whether the reply says that this mailbox does not exist, by the table of replies of tip 7. Policy (x.7.x),
    temporary (4.x.x), full, paced and blocked never count: they would punish the person for a fault of the sender.
    SendGrid's own class counts only where the table does not know the reply."""
    if entry.get("type") == "blocked":
        return False
    said = f"{_text(entry, 'status')} {_text(entry, 'reason', 2000)}"
    found = bounce_class(_text(entry, "email", 320).rpartition("@")[2].lower(), said)
    is_invalid = _text(entry, "bounce_classification").lower() == "invalid address"
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
        at, address = _moment(known.get("created")), _text(known, "email", 320)
        hard = name == "invalid_emails" or (name == "bounces" and is_hard_bounce(known))
        if at and address:
            found.append(DeliveryEvent(id="", kind=_LISTED[name], at=at, address=address, hard=hard))
    return found


# ---------------------------------------------------------------- Email Logs, to settle a lost answer


def logs_query(address: str, since: datetime) -> dict[str, object]:
    """The body that asks Email Logs for the letters to `address` after `since`. A request is accepted or refused whole,
    so asking for a few of its people settles all of them."""
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    known = _ascii_address(address).replace('"', "")
    return {"query": f'to_email = "{known}" AND sg_message_id_created_at > TIMESTAMP "{moment}"', "limit": 100}


def read_log_ids(body: bytes) -> list[str]:
    """The ids in an answer to `logs_query`, to be asked for one by one. ValueError when the body is not JSON."""
    answer = orjson.loads(body)
    messages = answer.get("messages", ()) if isinstance(answer, dict) else ()
    return [_text(message, "sg_message_id") for message in messages if isinstance(message, dict)]


def read_log(body: bytes) -> tuple[str, int, str]:
    """(attempt, position, message id) of one letter in Email Logs; "" and -1 where it is not one of ours."""
    log = orjson.loads(body)
    arguments = log.get("custom_args") or {}
    position = _text(arguments, "bm_r")
    known = re.fullmatch(r"[0-9]{1,9}", position)
    return _text(arguments, "bm_a", 64), int(position) if known else -1, _text(log, "sg_message_id").partition(".")[0]
