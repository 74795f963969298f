"""Listens to the sending service: signed events, stored with the suppressions they demand."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bulkmail import delivery, limits, sendgrid_format
from bulkmail.adapters import journal, sendgrid_api, settings
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import StorageError
from bulkmail.model import DeliveryEvent, Suppression
from bulkmail.tips import addressing
from bulkmail.web.answering import Clock, read_body

_SIGNED = (sendgrid_api.SIGNATURE_HEADER, sendgrid_api.TIMESTAMP_HEADER)


async def take(ws: Workspace, clock: Clock, key: Callable[[], str], request: Request) -> Response:
    """Take the events of one call, once their signature is verified; 413 for a body that is too long."""
    body = await read_body(request, int(limits.EVENT_BODY_BYTES.value))
    if body is None:
        return PlainTextResponse("too large", 413)
    status, word = await run_in_threadpool(_store_events, ws, key(), body, request.headers, clock())
    return PlainTextResponse(word, status)


def _store_events(ws: Workspace, key: str, body: bytes, headers: Mapping[str, str], now: datetime) -> tuple[int, str]:
    """Verify, read and store one call; return status and word of the answer. 2xx only after the commit: whatever else
    is answered, the sending service posts the same events again for a day, and repeats change nothing."""
    if not key:
        return 503, "no verification key is set"
    signature, timestamp = (headers.get(name, "") for name in _SIGNED)
    # one word for every fault, of form, key or age: it must not say which part of a forgery was nearly right
    if not sendgrid_api.verify_signature(key, body, signature, timestamp, now=now):
        return 403, "not signed"
    events = sendgrid_format.read_events(body)
    if not events and events.unreadable:
        return 400, "not events"
    suppressions = _suppressions(ws, events, rehearsal=_is_simulated(ws, key))
    try:
        journal.store_events(ws, events, suppressions, now=now)
    except StorageError:
        return 503, "try again later"
    return 200, "stored"


def _is_simulated(ws: Workspace, key: str) -> bool:
    """Whether it is the rehearsal that signs with this key. Without an API key it is, unless the settings have this key
    as SendGrid's own: a machine that only listens needs no API key, and what it hears is real."""
    chosen = ws.settings
    return chosen.rehearsal and not (key == chosen.webhook_key and chosen.sendgrid_host == settings.SENDGRID_HOST)


def _suppressions(ws: Workspace, events: list[DeliveryEvent], *, rehearsal: bool) -> list[Suppression]:
    """What these events demand at once. The keyed hash of an address is its person; what is no address has none."""
    demanding = [event for event in events if delivery.suppression_of(event, "")]
    people = ((event, addressing.person_of(event.address, ws.person_key)) for event in demanding)
    found = (delivery.suppression_of(event, person) for event, person in people if person)
    return [replace(suppression, rehearsal=rehearsal) for suppression in found if suppression]
