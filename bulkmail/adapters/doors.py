"""Knocks at our own public address, as a stranger would: no cookies, redirects or retries, and with a time limit."""

import socket
import ssl
import time
from dataclasses import dataclass

import urllib3

from bulkmail.facts import DoorFacts

ANSWER_BYTES = 200_000


@dataclass(frozen=True, kw_only=True)
class Knock:
    """How one request was answered. `status` is None where no answer came; `trouble` says how: refused, timeout,
    certificate or unreachable."""

    status: int | None
    seconds: float
    headers: dict[str, str]
    body: bytes
    trouble: str = ""


def knock(method: str, url: str, *, body: bytes = b"", content_type: str = "", seconds: float) -> Knock:
    """The answer to one request; never raises for what the other side does."""
    began = time.perf_counter()
    headers = {"User-Agent": "bulkmail drill", **({"Content-Type": content_type} if content_type else {})}
    with urllib3.PoolManager(num_pools=1, maxsize=1) as pool:
        try:
            answer = pool.request(
                method, url, body=body or None, headers=headers, timeout=urllib3.Timeout(total=seconds),
                retries=False, redirect=False, preload_content=False,
            )  # fmt: skip
            content = answer.read(ANSWER_BYTES, decode_content=True)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as failure:
            return Knock(status=None, seconds=time.perf_counter() - began, headers={}, body=b"", trouble=_word(failure))
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Knock(status=answer.status, seconds=time.perf_counter() - began, headers=named, body=content)


def door_of(public_url: str, *, events_path: str, seconds: float) -> DoorFacts:
    """How our public address answers where it is watched and where events are posted; one that does not answer the
    first question is not asked the second."""
    health = knock("GET", f"{public_url}/healthz", seconds=seconds)
    if health.status is None:
        return DoorFacts(health=None, events=None, trouble=health.trouble)
    events = knock("GET", f"{public_url}{events_path}", seconds=seconds)
    return DoorFacts(health=health.status, events=events.status, trouble=events.trouble)


def _word(failure: Exception) -> str:
    """What went wrong, in one word that holds no address."""
    causes = [failure]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    for kinds, word in _WORDS:
        if any(isinstance(cause, kinds) for cause in causes):
            return word
    return "unreachable"


_WORDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((ssl.SSLError, urllib3.exceptions.SSLError), "certificate"),
    ((ConnectionRefusedError,), "refused"),
    ((socket.gaierror,), "unreachable"),
    ((urllib3.exceptions.TimeoutError, TimeoutError), "timeout"),
)
