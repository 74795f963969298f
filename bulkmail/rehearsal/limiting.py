"""A rate limit as SendGrid keeps one: so many requests a window, told in the headers of each answer."""

import threading
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bulkmail.rehearsal.faults import Fault


class RateLimit:
    """Takes `fault.count` requests to `fault.path` in each window of `fault.seconds`; `refused` counts the others."""

    def __init__(self, fault: Fault) -> None:
        self.path, self.most, self.seconds = fault.path, fault.count, max(int(fault.seconds), 1)
        self.window, self.taken, self.refused = -1, 0, 0
        self._lock = threading.Lock()

    def take(self, now: float) -> tuple[bool, dict[str, str]]:
        """Whether one more request is taken now, and the headers that say how many may follow."""
        with self._lock:
            window = int(now // self.seconds)
            if window != self.window:
                self.window, self.taken = window, 0
            is_taken = self.taken < self.most
            self.taken += is_taken
            self.refused += not is_taken
            return is_taken, self._told()

    def _told(self) -> dict[str, str]:
        remaining, reset = self.most - self.taken, (self.window + 1) * self.seconds
        return {
            "X-RateLimit-Limit": str(self.most),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(reset),
        }


async def telling(app: ASGIApp, headers: Mapping[str, str], scope: Scope, receive: Receive, send: Send) -> None:
    """Let the application answer, with these headers added."""
    added = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    await app(scope, receive, add)
