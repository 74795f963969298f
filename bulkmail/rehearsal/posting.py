"""Posts SendGrid's signed events as SendGrid does: in batches, and again until the receiver says yes."""

import base64
import random
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import NamedTuple

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from bulkmail.rehearsal.stage import Stage

AT_ONCE = 500  # events in one call
SIMULATED = "bulkmail rehearsal (simulated)"


class _Waiting(NamedTuple):
    """An event that happened and is not yet posted."""

    id: int
    kind: str
    at: float
    details: str
    address: str
    arguments: str
    message_id: str
    received_at: float
    place: int
    categories: str


def post_events(stage: Stage) -> int:
    """Post a batch of what happened. Returns how many events left; after a refusal the next try waits a little."""
    url = stage.webhook_url  # read once: another thread may take it away meanwhile
    if not url or stage.clock() < stage.post_again_at:
        return 0
    rows = stage.store.rows(
        "SELECT event.id, kind, at, details, address, arguments, message_id, received_at, place, categories FROM event"
        " JOIN letter ON letter.id = letter_id JOIN request ON request.id = request_id"
        " WHERE happened = 1 AND posted = 0 ORDER BY event.due_at, event.id LIMIT ?",
        (AT_ONCE,),
    )
    waiting = [_Waiting(*row) for row in rows]
    lost = stage.faults.take("lose_events", len(waiting))
    kept = waiting[lost:]
    if kept and not _is_taken(stage, url, kept):
        stage.post_again_at = stage.clock() + 1
        return 0
    with stage.store.writing() as db:
        db.executemany("UPDATE event SET posted = 1 WHERE id = ?", [(event.id,) for event in waiting])
    return len(waiting)


def _is_taken(stage: Stage, url: str, waiting: list[_Waiting]) -> bool:
    again = stage.faults.take("repeat_events", len(waiting))
    entries = [orjson.dumps(_entry(event)) for event in waiting + waiting[:again]]
    if stage.faults.take("shuffle_events"):
        random.Random(stage.seed).shuffle(entries)
    body = b"[" + b",\r\n".join(entries) + b"]\r\n"
    status = post(url, body, {"Content-Type": "application/json", **signed(stage, body)})
    return status is not None and 200 <= status < 300


def _entry(event: _Waiting) -> dict[str, object]:
    """The event in SendGrid's words. A late bounce comes with neither our arguments nor an id."""
    details = orjson.loads(event.details)
    late = details.get("sg_message_id") == ""
    letter_id = f"{event.message_id}.recvd-rehearsal-1-{int(event.received_at):X}-{event.place}.0"
    return {
        **({} if late else orjson.loads(event.arguments)),
        "email": event.address,
        "timestamp": int(event.at),
        "event": event.kind,
        "sg_event_id": secrets.token_urlsafe(24),
        "sg_message_id": letter_id,
        "smtp-id": f"<{event.message_id}@rehearsal.invalid>",
        "category": orjson.loads(event.categories),
        **details,
    }


def signed(stage: Stage, body: bytes) -> dict[str, str]:
    """The two headers of a signed webhook call: ECDSA over P-256 and SHA-256 of the timestamp and the raw body."""
    timestamp = str(int(time.time()))
    signature = stage.signing_key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


# ---------------------------------------------------------------- one request


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
    """The status of the answer, or None where there was none within ten seconds."""
    request = urllib.request.Request(url, data=body, headers={"User-Agent": SIMULATED, **headers}, method="POST")
    try:
        with _OPENER.open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code
    except (OSError, ValueError):
        return None
