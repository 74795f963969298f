"""Misbehaviour on order: the faults a test or a trainer asks the rehearsal for, each for a counted number of times."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

# What each kind does. The letter is kept (SendGrid took it on) where the name says "accept".
REQUEST_FAULTS: Mapping[str, str] = {
    "accept_then_drop": "keep the letters, then hang up without an answer",
    "accept_then_hang": "keep the letters, then say nothing for `seconds`",
    "accept_then_truncate": "keep the letters, then send the first `bytes` of the answer and hang up",
    "accept_then_answer": "keep the letters, then answer with `status`",
    "drop": "hang up without an answer and keep nothing",
    "hang": "say nothing for `seconds` and keep nothing",
    "answer": "answer with `status` and `message` and keep nothing",
    "too_many_requests": "answer 429, with a rate limit that ends after `seconds`",
}
LINE_FAULTS: Mapping[str, str] = {
    "refuse_connections": "hang up everywhere and refuse connections for `seconds`",
    "rate_limit": "take `count` requests in each window of `seconds`, say so in the headers, answer 429 to the others",
}
EVENT_FAULTS: Mapping[str, str] = {
    "lose_events": "never post the next `count` events",
    "repeat_events": "post the next `count` events twice, with new ids of their own",
    "shuffle_events": "post the next `count` batches in the wrong order",
}
KINDS = {**REQUEST_FAULTS, **LINE_FAULTS, **EVENT_FAULTS}


@dataclass
class Fault:
    """One order: `kind` for `count` times, after letting `skip` requests pass, on requests to `path`."""

    kind: str
    count: int = 1
    skip: int = 0
    path: str = "/v3/mail/send"
    seconds: float = 1.0
    status: int = 500
    message: str = "simulated fault"
    bytes: int = 16

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault; known are {', '.join(KINDS)}")


class Faults:
    """The faults still to come, in order."""

    def __init__(self, ordered: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._coming = list(ordered)

    def order(self, faults: Iterable[Fault]) -> None:
        """Forget what was ordered before and misbehave so from now on; nothing ordered is good behaviour."""
        with self._lock:
            self._coming = list(faults)

    def coming(self) -> list[dict[str, Any]]:
        """What is still to come, as plain values."""
        with self._lock:
            return [asdict(fault) for fault in self._coming]

    def for_request(self, path: str) -> Fault | None:
        """The fault that meets a request to `path` now, used up by one; None lets it pass."""
        with self._lock:
            for fault in self._coming:
                if fault.kind in REQUEST_FAULTS and fault.path == path:
                    if fault.skip:
                        fault.skip -= 1
                        return None
                    return self._used(fault, 1)
        return None

    def take(self, kind: str, wanted: int = 1) -> int:
        """How many of `wanted` this kind of fault meets, used up by as many."""
        with self._lock:
            fault = next((fault for fault in self._coming if fault.kind == kind), None)
            met = min(wanted, fault.count) if fault else 0
            if fault and met:
                self._used(fault, met)
            return met

    def _used(self, fault: Fault, times: int) -> Fault:
        fault.count -= times
        if fault.count <= 0:
            self._coming.remove(fault)
        return fault


def read_faults(orders: object) -> list[Fault]:
    """Faults from JSON: a list of objects with `kind` and any of the other fields. ValueError says what is wrong."""
    if not isinstance(orders, list) or not all(isinstance(order, dict) and "kind" in order for order in orders):
        raise ValueError("expected a list of objects with a kind")
    known = {field.name for field in fields(Fault)}
    if unknown := {name for order in orders for name in order} - known:
        raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
    return [Fault(**order) for order in orders]
