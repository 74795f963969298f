"""The public doors, which strangers reach: health, unsubscribing, and the events of the sending service.

Each path answers every method itself, with 405 where it does not take one: beside Streamlit, what a route leaves open
is answered by the dashboard. No cookie, no redirect, no third party, no script, no address in an answer or a log.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from html import escape
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bulkmail import delivery, limits, sendgrid_format
from bulkmail.adapters import journal, ledger, sendgrid_api, settings
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import DeliveryEvent, Suppression, SuppressionReason
from bulkmail.tips import addressing, unsubscribe

Clock = Callable[[], datetime]
Handler = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def routes(ws: Workspace, *, clock: Clock = utc_now, webhook_key: Callable[[], str] | None = None) -> list[Route]:
    """Return the public routes. `webhook_key` gives the public key that signs events, asked for at each call (the
    rehearsal has its own, known once it runs); the key of the settings where it is not given."""
    key = webhook_key or (lambda: ws.settings.webhook_key)
    show = partial(_show_page, _ASK)
    return [
        Route("/healthz", _Methods({"GET": partial(_health, ws)})),
        Route("/u/{token:path}", _Methods({"GET": show, "POST": partial(_unsubscribe, ws, clock)})),
        Route("/webhooks/sendgrid", _Methods({"POST": partial(_take_events, ws, clock, key)})),
    ]


def public_app(ws: Workspace, *, clock: Clock = utc_now, webhook_key: Callable[[], str] | None = None) -> Starlette:
    """Return an application with the public routes and nothing else, for a machine that faces the Internet."""
    return Starlette(routes=routes(ws, clock=clock, webhook_key=webhook_key))


# ---------------------------------------------------------------- every method has an answer

# The page's own style, allowed by its hash: nothing else may load, run, frame or be framed.
_STYLE = """
:root { color-scheme: light dark; font: 1.125rem/1.6 system-ui, sans-serif }
body { max-width: 34rem; margin: 10vh auto; padding: 0 1.25rem }
h1 { font-size: 1.5rem; line-height: 1.3 }
button { font: inherit; min-height: 3rem; padding: .5rem 1.25rem; margin: .5rem .5rem .5rem 0; border-radius: .5rem;
  border: 1px solid currentColor; background: transparent; color: inherit; cursor: pointer }
button.first { background: #14532d; border-color: #14532d; color: #fff }
button:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class _Methods:
    """An ASGI endpoint that answers every method there is: by its handler, or 405 with Allow (RFC 9110, 15.5.6)."""

    handlers: Mapping[str, Handler]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self.answer(Request(scope, receive))
        except ClientDisconnect:
            return  # they hung up before they had said what they want
        response.headers.update(_HEADERS)
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        handler = self.handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler:
            return await handler(request)
        allowed = [*self.handlers, *(["HEAD"] if "GET" in self.handlers else [])]
        return PlainTextResponse("Method Not Allowed", 405, headers={"Allow": ", ".join(sorted(allowed))})


async def _body(request: Request, most: int) -> bytes | None:
    """The raw body, or None as soon as it is longer than `most` bytes."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > most:
            return None
    return bytes(received)


# ---------------------------------------------------------------- health


async def _health(ws: Workspace, request: Request) -> Response:
    try:
        await run_in_threadpool(journal.runs, ws, "running")
    except Exception:  # whatever is wrong with the database, the answer is the same, and its words stay inside
        return JSONResponse({"status": "the database does not answer"}, 503)
    return JSONResponse({"status": "ok"})


# ---------------------------------------------------------------- unsubscribing

# Title, sentence and buttons (scope, label) of each state of the page. Both languages stand on it at once, because
# nobody has told us the reader's; so these words are pairs and not in the catalogue.
_Page = tuple[tuple[str, str], tuple[str, str], tuple[tuple[str, str], ...]]
_LIST_BUTTON = ("list", "取消訂閱 · Unsubscribe")
_ALL_BUTTON = ("all", "停止所有來信 · Stop everything")
_ASK: _Page = (
    ("取消訂閱", "Unsubscribe"),
    (
        "按下按鈕，我們便立即停止向你發送這類電郵；毋須登入，亦毋須填寫任何資料。",
        "Press the button and we stop sending you this kind of email at once. No sign-in, nothing to fill in.",
    ),
    (_LIST_BUTTON, _ALL_BUTTON),
)
_LEFT_LIST: _Page = (
    ("已取消訂閱", "You have unsubscribed"),
    (
        "我們不會再向你發送這類電郵。如亦不願收到我們的其他電郵，請按下方按鈕。",
        "We will not send you this kind of email again. If you want none of our other emails either, press the button.",
    ),
    (_ALL_BUTTON,),
)
_LEFT_ALL: _Page = (
    ("已停止所有來信", "You will get no more email from us"),
    ("我們不會再向你發送任何電郵。", "We will not send you any email again."),
    (),
)
_BROKEN: _Page = (
    ("連結不完整", "This link is not complete"),
    (
        "未有作出任何更改。請從電郵複製整條連結再試，或直接回覆該電郵要求取消訂閱。",
        "Nothing was changed. Copy the whole link from the email and try again, or reply and ask us to stop.",
    ),
    (),
)


def _show(page: _Page, status: int = 200) -> HTMLResponse:
    titles, sentences, buttons = page
    pressed = "".join(
        f'<button type="submit" name="scope" value="{scope}"{" class=first" if scope == "list" else ""}>'
        f"{escape(label)}</button>"
        for scope, label in buttons
    )
    form = f'<form method="post">{pressed}</form>' if buttons else ""
    return HTMLResponse(
        '<!doctype html><html lang="zh-Hant"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(' · '.join(titles))}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{escape(titles[0])} · <span lang="en">{escape(titles[1])}</span></h1>'
        f'<p>{escape(sentences[0])}</p><p lang="en">{escape(sentences[1])}</p>{form}</main></body></html>',
        status,
    )


async def _show_page(page: _Page, request: Request) -> Response:
    """The same page for every token, good or bad; nothing is read and nothing changes (scanners follow links)."""
    return _show(page)


async def _unsubscribe(ws: Workspace, clock: Clock, request: Request) -> Response:
    """Act on the button of the page, or on a mail program's one-click request (RFC 8058, section 3.2), whatever the
    form of its body: leave the letter's purpose, or everything. The answer says so only once it is stored."""
    token = unsubscribe.read_token(request.path_params["token"], ws.token_keys)
    everything = _wants_everything(request, await _body(request, _FORM_BYTES) or b"")
    if token is None:
        return _show(_BROKEN, 404)
    left = await run_in_threadpool(_leave, ws, token, everything, clock())
    return _show(_LEFT_LIST if left else _LEFT_ALL)


_FORM_BYTES = 16_384


def _wants_everything(request: Request, body: bytes) -> bool:
    """Whether the page's second button was pressed. A one-click request, urlencoded or multipart, never says so."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return False
    return parse_qs(body.decode("ascii", "replace")).get("scope") == ["all"]


def _leave(ws: Workspace, token: unsubscribe.Token, everything: bool, now: datetime) -> str:
    """Store the suppression; return the purpose that was left, "" for all of them (also when we no longer know it)."""
    letter = None if everything else journal.plan_campaign(ws, token.plan)
    purpose = letter.purpose if letter else ""
    suppression = Suppression(
        person=token.person,
        reason=SuppressionReason.UNSUBSCRIBED,
        at=now,
        origin=f"{ledger.LINK_ORIGIN}{token.plan}",
        purpose=purpose,
        rehearsal=journal.is_rehearsed(ws, token.plan),  # the letter's, not ours: a real reader may come at any time
    )
    journal.store_events(ws, [], [suppression], now=now)
    return purpose


# ---------------------------------------------------------------- events

_SIGNED = (sendgrid_api.SIGNATURE_HEADER, sendgrid_api.TIMESTAMP_HEADER)


async def _take_events(ws: Workspace, clock: Clock, key: Callable[[], str], request: Request) -> Response:
    body = await _body(request, int(limits.EVENT_BODY_BYTES.value))
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
    journal.store_events(ws, events, suppressions, now=now)
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
