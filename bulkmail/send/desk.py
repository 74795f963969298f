"""What a sender has before it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial

from bulkmail.adapters import journal
from bulkmail.adapters.workspace import Workspace
from bulkmail.model import Campaign
from bulkmail.send.doubts import Ask, Reply
from bulkmail.send.parcels import Letters, campaign_of, write_letters

# Hands one request over, once.
Post = Callable[[bytes], Reply]


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a sender has before it. `letters` gives those of a plan, `campaign` only who it is for; `ask` is the rest of
    the provider's API, where there is one; `rest` waits for so many seconds; `at_step` is called with the name of each
    step of the loop as soon as it is done."""

    ws: Workspace
    post: Post
    worker: journal.Worker
    clock: Callable[[], datetime]
    letters: Callable[[str], Letters]
    campaign: Callable[[str], Campaign]
    at_step: Callable[[str], object]
    ask: Ask | None
    rest: Callable[[float], object]


def a_desk(
    ws: Workspace,
    post: Post,
    worker: journal.Worker,
    *,
    ask: Ask | None = None,
    clock: Callable[[], datetime] = utc_now,
    rest: Callable[[float], object] = time.sleep,
    at_step: Callable[[str], object] = lambda step: None,
) -> Desk:
    """Return a desk on which the letters of the last few plans stay at hand."""
    return Desk(
        ws=ws,
        post=post,
        worker=worker,
        clock=clock,
        letters=lru_cache(maxsize=8)(partial(write_letters, ws)),
        campaign=lru_cache(maxsize=8)(partial(campaign_of, ws)),
        at_step=at_step,
        ask=ask,
        rest=rest,
    )
