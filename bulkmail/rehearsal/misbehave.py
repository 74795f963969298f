"""Carries out the ordered faults of requests: a layer round the application that may cut the line under an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from bulkmail.rehearsal.api import refused
from bulkmail.rehearsal.faults import Fault
from bulkmail.rehearsal.limiting import telling
from bulkmail.rehearsal.stage import Stage


def lines_of(stage: Stage) -> type[asyncio.Protocol]:
    """uvicorn's protocol class, its open lines kept in `stage.lines` where a fault can find and cut them."""

    class Line(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            stage.lines[self.client] = transport

        def connection_lost(self, failure: Exception | None) -> None:
            super().connection_lost(failure)
            stage.lines.pop(self.client, None)

    return Line


def misbehaving(app: ASGIApp, stage: Stage) -> ASGIApp:
    """The application, behaving as badly as `stage.faults` asks."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        fault = stage.faults.for_request(scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            await _within_limit(app, stage, scope, receive, send)
            return
        if fault.kind.startswith("accept"):
            status, headers = await _silently(app, scope, receive)
        else:
            status, headers = 0, []
            await _read(receive)
        await _ACTS[fault.kind](fault, stage, scope, receive, send, status, headers)

    return answer


async def _within_limit(app: ASGIApp, stage: Stage, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer well, or with 429 where a rate limit is ordered and used up."""
    if stage.limit is None or scope.get("path") != stage.limit.path:
        await app(scope, receive, send)
        return
    is_taken, headers = stage.limit.take(stage.clock())
    if is_taken:
        await telling(app, headers, scope, receive, send)
        return
    await _read(receive)
    await refused(429, (None, "too many requests"), headers=headers)(scope, receive, send)


async def _silently(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Let the application do its work and keep its answer back: (status, headers)."""
    started: list[Message] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append(message)

    await app(scope, receive, keep)
    return started[0]["status"], started[0]["headers"]


async def _read(receive: Receive) -> None:
    """Take the request in and do nothing with it."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass


def _cut(stage: Stage, scope: Scope) -> None:
    """Hang up at once."""
    if transport := stage.lines.get(tuple(scope["client"])):
        transport.abort()


async def _gone(receive: Receive) -> None:
    """Wait until the line is down, so that the server does not try to answer on it."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _drop(fault: Fault, stage: Stage, scope: Scope, receive: Receive, *_: Any) -> None:
    _cut(stage, scope)
    await _gone(receive)


async def _hang(fault: Fault, stage: Stage, scope: Scope, receive: Receive, *_: Any) -> None:
    try:
        await asyncio.wait_for(_gone(receive), fault.seconds)
    except TimeoutError:
        _cut(stage, scope)
        await _gone(receive)


async def _truncate(
    fault: Fault, stage: Stage, scope: Scope, receive: Receive, send: Send, status: int, headers: list
) -> None:
    """Send the first bytes of the true answer, then hang up."""
    lines = [b"HTTP/1.1 %d Accepted" % status, *(name + b": " + value for name, value in headers), b"", b""]
    if transport := stage.lines.get(tuple(scope["client"])):
        transport.write(b"\r\n".join(lines)[: fault.bytes])
        transport.close()
    await _gone(receive)


async def _answer(fault: Fault, stage: Stage, scope: Scope, receive: Receive, send: Send, *_: Any) -> None:
    await refused(fault.status, (None, fault.message))(scope, receive, send)


async def _limit(fault: Fault, stage: Stage, scope: Scope, receive: Receive, send: Send, *_: Any) -> None:
    limits = {
        "X-RateLimit-Limit": "600",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(stage.clock() + fault.seconds + 0.999)),
    }
    await refused(429, (None, "too many requests"), headers=limits)(scope, receive, send)


_ACTS: dict[str, Callable[..., Awaitable[None]]] = {
    "accept_then_drop": _drop,
    "accept_then_hang": _hang,
    "accept_then_truncate": _truncate,
    "accept_then_answer": _answer,
    "drop": _drop,
    "hang": _hang,
    "answer": _answer,
    "too_many_requests": _limit,
}
