"""Answers become one of eight kinds: what each lets us conclude of a letter, and no more than that."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

import orjson

from bulkmail.sendgrid_format.fields import object_in, text_in


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
    if error is None and status == 201 and (batch_id := text_in(object_in(body), "batch_id")):
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
