"""How every public path answers: each method there is, with headers that let nothing load, run, frame or be kept.

Beside Streamlit, what a route leaves open is answered by the dashboard; so each path answers every method itself.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from bulkmail.web.page import STYLE_HASH

Clock = Callable[[], datetime]
Handler = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Methods:
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
        """What the handler of the method answers; 405 with the methods that there are for any other."""
        handler = self.handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler:
            return await handler(request)
        allowed = [*self.handlers, *(["HEAD"] if "GET" in self.handlers else [])]
        return PlainTextResponse("Method Not Allowed", 405, headers={"Allow": ", ".join(sorted(allowed))})


async def read_body(request: Request, most: int) -> bytes | None:
    """The raw body, or None as soon as it is longer than `most` bytes."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > most:
            return None
    return bytes(received)
