"""SendGrid over HTTP: the official package, on a pooled and time-limited line that never repeats a request by itself.

The package's own client opens a new connection for every call and has no time limit. It names `_make_request` and
`_build_client` as its seam; `PooledClient` puts urllib3 there, so the package's helpers and exceptions still work.
What the line must tell apart: *nothing was sent* (safe to try again) from *sent, but the answer is lost* (in doubt).
"""

import http.client
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.request import Request

import sendgrid
import urllib3
from cryptography.exceptions import UnsupportedAlgorithm
from python_http_client import Client, exceptions
from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader

from bulkmail.limits import CONNECT_TIMEOUT_SECONDS, EVENT_AGE_HOURS, IDLE_LINE_SECONDS, SEND_TIMEOUT_SECONDS

HOST = "https://api.sendgrid.com"
CONNECTIONS = 16
CLOCKS_APART = timedelta(hours=1)  # how far SendGrid's clock may be ahead of ours
ANSWER_BYTES = 20_000_000  # an answer longer than this is not SendGrid's

# The package writes headers and letters to its log at DEBUG, whatever the house's logging says; here they end.
logging.getLogger("python_http_client.client").addFilter(lambda record: record.levelno > logging.DEBUG)


class Reply(NamedTuple):
    """What came back. `error` is None for a whole answer, begins with "not_sent" when no byte of the request left, and
    is anything else when the answer was lost or cut; it names the kind of failure and holds no address or key."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    error: str | None


class NotSent(Exception):
    """No byte of the request has left this machine. Not an OSError, so that urllib3 lets it pass as it is."""


class SendGrid:
    """SendGrid's API for one key. Threads may share it: it holds no state of a call."""

    def __init__(
        self,
        key: str,
        host: str = HOST,
        *,
        connect_seconds: float = CONNECT_TIMEOUT_SECONDS.value,
        answer_seconds: float = SEND_TIMEOUT_SECONDS.value,
    ) -> None:
        self.host = host.rstrip("/")
        self._line = _Line(connect_seconds, answer_seconds)
        self.api = sendgrid.SendGridAPIClient(api_key=key, host=self.host)
        headers = {name: value for name, value in self.api._default_headers.items() if name != "Authorization"}
        self.api.client = PooledClient(self.host, headers, self._line, f"Bearer {key}")

    def __repr__(self) -> str:
        return f"SendGrid({self.host!r})"

    def post_mail(self, body: bytes) -> Reply:
        """Hand one mail/send request over, once. Never raises for what the network or SendGrid does."""
        return self.call("post", "mail/send", body=body)

    def call(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: bytes = b"") -> Reply:
        """One request to `path` under /v3, say call("get", "suppression/bounces", query={"limit": 500}). Put no
        address into `path` or `query`: addresses in URLs end in logs. Never raises for what the network does."""
        client = self.api.client
        for part in path.strip("/").split("/"):
            client = client._(part)
        # Any content type but the bare "application/json" makes the package take a text as it is.
        content = {"request_headers": {"Content-Type": "application/json; charset=utf-8"}} if body else {}
        try:
            answer = getattr(client, method)(request_body=body.decode() or None, query_params=query, **content)
        except exceptions.HTTPError as refusal:
            return Reply(refusal.status_code, refusal.headers, refusal.body, None)
        except NotSent as failure:
            return Reply(None, {}, b"", f"not_sent: {failure}")
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as failure:
            return Reply(None, {}, b"", f"unknown: {type(failure).__name__}")
        return Reply(answer.status_code, answer.headers, answer.body, None)

    def close(self) -> None:
        """Close the lines at rest. The next call opens new ones."""
        self._line.close()


# ---------------------------------------------------------------- under the package: a pool of lines


class PooledClient(Client):
    """The package's client with its two seams overridden. The key joins at the last moment, so that the headers the
    package holds (and would log) never have it."""

    def __init__(
        self,
        host: str,
        headers: Mapping[str, str],
        line: "_Line",
        authorization: str,
        url_path: list[str] | None = None,
    ) -> None:
        # A copy for each client: the package would merge the headers of one call into all later ones.
        super().__init__(host=host, request_headers=dict(headers), version=3, url_path=url_path)
        self.line, self.authorization = line, authorization

    def _build_client(self, name: str | None = None) -> "PooledClient":
        path = [*self._url_path, name] if name else self._url_path
        return PooledClient(self.host, self.request_headers, self.line, self.authorization, path)

    def _make_request(self, opener: object, request: Request, timeout: float | None = None) -> "_Answer":
        headers = {**dict(request.header_items()), "Authorization": self.authorization}
        answer = self.line.request(request.get_method(), request.full_url, headers, request.data, timeout)
        if answer.status >= 400:
            kind = exceptions.err_dict.get(answer.status, exceptions.HTTPError)
            raise kind(answer.status, answer.reason, answer.body, answer.headers)
        return answer


class _Answer(NamedTuple):
    """A whole answer in the shape the package reads."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    def getcode(self) -> int:
        return self.status

    def read(self) -> bytes:
        return self.body

    def info(self) -> Mapping[str, str]:
        return self.headers


class _Line:
    """A pool of connections that tries once, follows nowhere, and does not trust a connection that rested: the far side
    may be hanging up this very moment, and a request lost that way would be in doubt for nothing."""

    def __init__(self, connect_seconds: float, answer_seconds: float) -> None:
        self.connect_seconds, self.answer_seconds = connect_seconds, answer_seconds
        self.pool = urllib3.PoolManager(num_pools=2, maxsize=CONNECTIONS)
        self.pool.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        self.used_at = time.monotonic()

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: Any, answer_seconds: float | None
    ) -> _Answer:
        """One attempt. Raises NotSent, or an urllib3 or http.client error when the answer is lost or cut."""
        if time.monotonic() - self.used_at > IDLE_LINE_SECONDS.value:
            self.pool.clear()
        limit = urllib3.Timeout(connect=self.connect_seconds, read=answer_seconds or self.answer_seconds)
        try:
            answer = self.pool.request(
                method, url, body=body, headers=headers, timeout=limit, retries=False, redirect=False,
                preload_content=False,
            )  # fmt: skip
        except _BEFORE_SENDING as failure:
            raise NotSent(type(failure).__name__) from None
        try:
            return _Answer(answer.status, answer.reason or "", dict(answer.headers.items()), _whole_body(answer))
        finally:
            answer.release_conn()
            self.used_at = time.monotonic()

    def close(self) -> None:
        """Hang up on all lines at rest."""
        self.pool.clear()


_BEFORE_SENDING = (
    urllib3.exceptions.ClosedPoolError,
    urllib3.exceptions.EmptyPoolError,
    urllib3.exceptions.LocationValueError,
)


def _whole_body(answer: urllib3.BaseHTTPResponse) -> bytes:
    """The body, read to its end, where urllib3 compares it with its announced length. Raises ProtocolError when it is
    cut or endless."""
    body = bytearray()
    while part := answer.read(65536, decode_content=False):
        body += part
        if len(body) > ANSWER_BYTES:
            answer.close()
            raise urllib3.exceptions.ProtocolError("an answer without end")
    return bytes(body)


class _LastLine:
    """A file that remembers the last line read from it."""

    def __init__(self, file: Any) -> None:
        self.file, self.last = file, b""

    def readline(self, limit: int = -1) -> bytes:
        self.last = self.file.readline(limit)
        return self.last

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


class _WholeHeaders(http.client.HTTPResponse):
    """An answer whose headers ended with the empty line they must end with. http.client takes the end of the stream
    for the end of the headers, so that "HTTP/1.1 202 Acc" and then silence would read as an acceptance."""

    def begin(self) -> None:
        lines = self.fp = _LastLine(self.fp)
        super().begin()
        if self.fp is lines:
            self.fp = lines.file
        if lines.last not in (b"\r\n", b"\n"):
            self.close()
            raise http.client.IncompleteRead(b"")


class _Connecting:
    """Mixed into urllib3's connections: a failure while connecting (name, socket, TLS) is certain not to have sent."""

    response_class = _WholeHeaders

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        except Exception as failure:
            self.close()  # type: ignore[attr-defined]
            raise NotSent(type(failure).__name__) from None
        # The limit for connecting would else hold for sending the whole body, too short for a slow uplink.
        self.sock.settimeout(SEND_TIMEOUT_SECONDS.value)  # type: ignore[attr-defined]


class _HTTPConnection(_Connecting, urllib3.connection.HTTPConnection):
    pass


class _HTTPSConnection(_Connecting, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


# ---------------------------------------------------------------- signed events

SIGNATURE_HEADER, TIMESTAMP_HEADER = EventWebhookHeader.SIGNATURE, EventWebhookHeader.TIMESTAMP


def verify_signature(
    key: str,
    body: bytes,
    signature: str,
    timestamp: str,
    *,
    now: datetime | None = None,
    max_age: timedelta = timedelta(hours=EVENT_AGE_HOURS.value),
) -> bool:
    """Whether `body` was signed for this `timestamp` with the private half of `key` (base64, SPKI DER), at most
    `max_age` ago. False for anything unreadable; never raises. SendGrid tries again for 24 hours, and whether it
    signs anew is not written anywhere, hence the long window: replays inside it are harmless, events are idempotent."""
    try:
        age = (now or datetime.now(UTC)) - datetime.fromtimestamp(int(timestamp), UTC)
        if not -CLOCKS_APART <= age <= max_age:
            return False
        return bool(_webhook("".join(key.split())).verify_signature(body.decode(), signature, timestamp))
    except (ValueError, TypeError, AttributeError, ArithmeticError, OSError, UnsupportedAlgorithm):
        return False  # what the package and cryptography raise for keys, signatures, bodies and times that are not any


@lru_cache(maxsize=4)
def _webhook(key: str) -> EventWebhook:
    return EventWebhook(key)
