"""What the checks of tip 3 judge. What is None was not looked at, and is judged UNKNOWN."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bulkmail.model import say

NOTHING_TO_DO = say("Nothing to do.")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request of a drill: `name` is head, get, post, again (the same post repeated) or multipart (a link of the
    oldest key). `status` is None where no answer came, and `trouble` says how; `suppressed` is how the canary stood as
    soon as the answer was there."""

    name: str
    status: int | None
    seconds: float
    suppressed: bool
    cookie: bool = False
    moved: bool = False
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class Drill:
    """What a drill saw: when, at which address, request by request; and of the page that the link shows how many
    passwords and other things it asks for, and whether it offers to stop everything."""

    at: datetime
    url: str
    steps: tuple[Step, ...]
    asks: int = 0
    offers_everything: bool = False

    @property
    def reached(self) -> bool:
        """Whether every request had an answer."""
        return bool(self.steps) and all(step.status is not None for step in self.steps)

    def of(self, *names: str) -> list[Step]:
        """The steps with these names."""
        return [step for step in self.steps if step.name in names]


@dataclass(frozen=True, kw_only=True)
class Requests:
    """Requests to stop that are not honoured yet. `waiting` were brought here and wait for a person, the oldest since
    `oldest`; `unheard_since` is when the sending service's own lists were last read whole (None: not yet), and
    `listens` whether they are to be read at all."""

    waiting: int
    oldest: datetime | None
    listens: bool = False
    unheard_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Received:
    """What a letter of ours says that somebody received: when (None where it does not say); the names that each DKIM
    signature covers, in lower case, of those that verify (`signed`) and of those whose key could not be asked for
    (`unsure`); how often List-Unsubscribe and List-Unsubscribe-Post are there (None: was not counted); whether one is
    encoded (RFC 2047) or broken inside a link."""

    at: datetime | None
    signed: tuple[frozenset[str], ...]
    counts: tuple[int, int] | None
    mangled: bool
    unsure: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class UnsubscribeFacts:
    """What the checks judge: the public address of this installation, one letter as it goes out (or its Jinja source)
    with its headers, whether letters go to the rehearsal, and the letter's variant (zh-Hant, en or both).

    Further: the newest drill; the ids of the keys that sign links; requests that wait, as of `now`; how many letters of
    the last month were `mailed`, and how many of them after their reader had left; whether the sending service is asked
    to add unsubscribe headers of its own; and a letter as it was received.
    """

    public_url: str
    headers: Mapping[str, str]
    html: str
    text: str
    rehearsal: bool
    variant: str = "both"
    drill: Drill | None = None
    key_ids: tuple[int, ...] = ()
    requests: Requests | None = None
    now: datetime | None = None
    mailed: int | None = None
    mailed_after_leaving: int | None = None
    provider_adds_headers: bool = False
    received: Received | None = None
