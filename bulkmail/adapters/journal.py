"""The send journal: what was approved, what was handed over, what became of it. (Signatures first; the rooms behind follow.)"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from bulkmail.adapters.workspace import Workspace
from bulkmail.model import AttemptState, DeliveryEvent, Plan, Suppression

# The legal moves as the SQL below enforces them; a test beside `delivery.MOVES` holds both equal.
MOVES: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.PLANNED: frozenset({AttemptState.SUBMITTING, AttemptState.CANCELLED}),
    AttemptState.SUBMITTING: frozenset({AttemptState.ACCEPTED, AttemptState.REFUSED, AttemptState.IN_DOUBT}),
    AttemptState.IN_DOUBT: frozenset({AttemptState.ACCEPTED, AttemptState.REFUSED}),
    AttemptState.ACCEPTED: frozenset(),
    AttemptState.REFUSED: frozenset(),
    AttemptState.CANCELLED: frozenset(),
}


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One handing-over of positions `start` to `stop` (exclusive) less the exceptions recorded for single people.
    `people` is how many are left; `replaced` says that newer attempts carry its people; `digest` is "" until recorded."""

    id: str
    plan_hash: str
    campaign_id: str
    start: int
    stop: int
    variant: str
    not_before: datetime | None
    state: AttemptState
    people: int
    replaced: bool
    worker: str
    started_at: datetime | None
    settled_at: datetime | None
    digest: str
    message_id: str
    status: int
    detail: str


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """An attempt that is ours to send: `letters` are the snapshot rows still to be sent (skips are already gone, positions kept)."""

    attempt: Attempt
    letters: pd.DataFrame
    skipped: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Run:
    """An approved plan at work. `state` is queued, running, paused, cancelled or done; `reason` says why it was paused."""

    plan_hash: str
    campaign_id: str
    state: str
    approved_by: str
    approved_at: datetime
    changed_by: str
    changed_at: datetime
    reason: str
    hold_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class StoredPlan:
    plan: Plan
    findings: object
    made_at: datetime
    voided_at: datetime | None
    void_reason: str


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A sending process; it is alive while it holds `lock` (home/locks/<id>.lock)."""

    id: str
    host: str
    pid: int
    lock: object = field(repr=False)


LastLook = Callable[[Connection, Attempt, pd.DataFrame], Mapping[int, str]]


# ---- plans and runs
def store_plan(
    ws: Workspace, plan: Plan, snapshot: pd.DataFrame, excluded: pd.DataFrame, findings: object, now: datetime
) -> None: ...
def load_plan(ws: Workspace, plan_hash: str) -> StoredPlan: ...
def plans(ws: Workspace, campaign_id: str | None = None) -> list[StoredPlan]: ...
def load_snapshot(ws: Workspace, plan_hash: str, start: int = 0, stop: int | None = None) -> pd.DataFrame: ...
def load_excluded(ws: Workspace, plan_hash: str) -> pd.DataFrame: ...
def approve(ws: Workspace, plan_hash: str, by: str, now: datetime) -> None: ...
def void(ws: Workspace, plan_hash: str, why: str, now: datetime) -> None: ...
def request(ws: Workspace, plan_hash: str, state: str, by: str, now: datetime, *, reason: str = "") -> None: ...
def hold(ws: Workspace, until: datetime) -> None:
    """No attempt of any active run is claimed before `until` (a rate limit concerns every worker)."""


def run(ws: Workspace, plan_hash: str) -> Run | None: ...
def runs(ws: Workspace, *states: str) -> list[Run]: ...
def run_state(ws: Workspace, plan_hash: str) -> str:
    """ "" when not approved."""


# ---- workers
def register_worker(ws: Workspace, now: datetime) -> Worker: ...
def heartbeat(ws: Workspace, worker: Worker, now: datetime) -> None: ...
def retire_worker(ws: Workspace, worker: Worker, now: datetime) -> None: ...
def doubt_orphans(ws: Workspace, now: datetime) -> int: ...


# ---- attempts
def claim(
    ws: Workspace, worker: Worker, now: datetime, last_look: LastLook, *, plan_hash: str | None = None
) -> Claimed | None:
    """planned -> submitting with the skips written, in one transaction. An attempt whose people are all skipped is
    cancelled and the next one is tried: what comes back always has letters."""


def record_digest(ws: Workspace, attempt_id: str, sha256: str, recipients: int) -> None:
    """Commit before the first byte. StateError when the attempt is no longer ours (submitting), or `recipients` != people."""


def refuse(ws: Workspace, attempt_id: str, refused: Mapping[int, str], now: datetime) -> int:
    """Before the wire: drop single people of a submitting attempt (say, the letter could not be rendered); returns how many
    people are left; with 0 left the attempt is refused."""


def settle(
    ws: Workspace,
    attempt_id: str,
    to: AttemptState,
    *,
    now: datetime,
    message_id: str = "",
    status: int = 0,
    detail: str = "",
) -> None:
    """submitting|in_doubt -> accepted|refused, submitting -> in_doubt. Already there is a no-op; anything else StateError."""


def replace(
    ws: Workspace,
    attempt_id: str,
    ranges: Sequence[tuple[int, int]],
    refused: Mapping[int, str] | None = None,
    *,
    now: datetime,
    not_before: datetime | None = None,
    status: int = 0,
    detail: str = "",
) -> tuple[str, ...]:
    """submitting|in_doubt -> refused, its people to new planned attempts over `ranges` (inside start..stop), all but the
    `refused` ones. Positions outside the ranges must be refused here or excepted before. Retry = the same range and a
    `not_before`. In a cancelled run the new attempts are born cancelled. Returns the new ids."""


def attempt(ws: Workspace, attempt_id: str) -> Attempt: ...
def attempts(ws: Workspace, plan_hash: str, *states: AttemptState) -> list[Attempt]: ...
def next_due(ws: Workspace, plan_hash: str | None = None) -> datetime | None:
    """When the next planned attempt of a queued or running run may be claimed; None when there is none."""


def totals(ws: Workspace, plan_hash: str) -> dict:
    """recipients, planned, submitting, accepted, refused, in_doubt, skipped, cancelled (these seven sum to recipients), and
    `reasons`: dict reason -> people for the refused and the skipped."""


# ---- events
def store_events(
    ws: Workspace, events: Sequence[DeliveryEvent], suppressions: Iterable[Suppression] = (), *, now: datetime
) -> int:
    """How many events are new."""


def settle_by_events(ws: Workspace, now: datetime) -> int: ...
def outcomes(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """kind, letters, letters_by_people, letters_hard, events"""


def events(ws: Workspace, plan_hash: str) -> pd.DataFrame: ...
def contradictions(ws: Workspace, plan_hash: str) -> int: ...


# ---- history
def letters(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """The snapshot with columns state (accepted, refused, in_doubt, planned, submitting, skipped, cancelled), reason, attempt."""


def contacts_since(ws: Workspace, since: datetime) -> pd.DataFrame:
    """person, mailed_at, campaign, state (accepted or in_doubt)"""


def handled(ws: Workspace, campaign_id: str) -> pd.DataFrame:
    """person, reason (already_mailed, in_doubt_before)"""
