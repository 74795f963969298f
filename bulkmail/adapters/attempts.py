"""Attempts: the handing-over of one range of letters, written down before it happens and after.

Every move is one UPDATE that names the state it moves from; when no row moved, somebody else was first or the move is
not legal, and that is a StateError. The legal moves are those of `delivery.MOVES`; a test holds both tables equal.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

import pandas as pd
from sqlalchemy import Connection, Row, Select, Update, func, insert, or_, select, update

from bulkmail.adapters import files, tables
from bulkmail.adapters.plans import of_this_mode, plan_row
from bulkmail.adapters.runs import CLAIMABLE, update_runs
from bulkmail.adapters.workers import Worker
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.errors import StateError
from bulkmail.model import AttemptState

MOVES: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.PLANNED: frozenset({AttemptState.SUBMITTING, AttemptState.CANCELLED}),
    AttemptState.SUBMITTING: frozenset({AttemptState.ACCEPTED, AttemptState.REFUSED, AttemptState.IN_DOUBT}),
    AttemptState.IN_DOUBT: frozenset({AttemptState.ACCEPTED, AttemptState.REFUSED}),
    AttemptState.ACCEPTED: frozenset(),
    AttemptState.REFUSED: frozenset(),
    AttemptState.CANCELLED: frozenset(),
}
WHOLE_REQUEST = "request_refused"  # the reason of people whose whole attempt was refused


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One handing-over of positions `start` to `stop` (exclusive) less the exceptions recorded for single people.

    `people` is how many are left; `replaced` says that newer attempts carry them; `digest` is "" until recorded.
    """

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
    """An attempt that is ours to send: `letters` are the snapshot's rows still to be sent, without `skipped`."""

    attempt: Attempt
    letters: pd.DataFrame
    skipped: Mapping[int, str] = field(default_factory=dict)


class Totals(TypedDict):
    """What became of the people of a plan. The seven states sum to `recipients`, `reasons` to refused and skipped."""

    recipients: int
    planned: int
    submitting: int
    accepted: int
    refused: int
    in_doubt: int
    skipped: int
    cancelled: int
    reasons: dict[str, int]


LastLook = Callable[[Connection, Attempt, pd.DataFrame], Mapping[int, str]]

# ---------------------------------------------------------------- looking


def attempt(ws: Workspace, attempt_id: str) -> Attempt:
    """The attempt with this id. StateError when there is none."""
    with reading(ws) as connection:
        return _one(connection, attempt_id)


def attempts(ws: Workspace, plan_hash: str, *states: AttemptState) -> list[Attempt]:
    """The attempts of a plan, all or those in one of the states, by position; replaced ones come before newer ones."""
    statement = _attempts().where(tables.attempt.c.plan_hash == plan_hash)
    if states:
        statement = statement.where(tables.attempt.c.state.in_(states))
    order = (tables.attempt.c.start, tables.attempt.c.replaced.desc(), tables.attempt.c.started_at, tables.attempt.c.id)
    with reading(ws) as connection:
        return [_attempt(row) for row in connection.execute(statement.order_by(*order))]


def doubtful(ws: Workspace) -> list[Attempt]:
    """All attempts in doubt, of all plans of this mode, the oldest first."""
    in_doubt = _attempts().where(tables.attempt.c.state == AttemptState.IN_DOUBT, of_this_mode(ws))
    with reading(ws) as connection:
        return [_attempt(row) for row in connection.execute(in_doubt.order_by(tables.attempt.c.started_at))]


def next_due(ws: Workspace, plan_hash: str | None = None) -> datetime | None:
    """When the next planned attempt of a queued or running run may be claimed here; None when there is none."""
    first = func.min(func.coalesce(tables.attempt.c.not_before, tables.run.c.approved_at), type_=tables.Instant)
    statement = (
        _claimable(ws, plan_hash)
        .with_only_columns(first.label("first"), tables.run.c.hold_until)
        .group_by(tables.run.c.plan_hash, tables.run.c.hold_until)
    )
    with reading(ws) as connection:
        rows = connection.execute(statement).all()
    return min((max(row.first, row.hold_until or row.first) for row in rows), default=None)


def totals(ws: Workspace, plan_hash: str) -> Totals:
    """What became of the people of the plan; before approval all are planned. StateError should the sum not hold."""
    live = (tables.attempt.c.plan_hash == plan_hash) & ~tables.attempt.c.replaced
    by_state = select(tables.attempt.c.state, func.sum(tables.attempt.c.people)).where(live)
    excepted = select(tables.exception.c.kind, tables.exception.c.reason, func.count())
    excepted = excepted.where(tables.exception.c.plan_hash == plan_hash)
    with reading(ws) as connection:
        plan = plan_row(connection, plan_hash)
        states = dict(connection.execute(by_state.group_by(tables.attempt.c.state)).all())
        exceptions = connection.execute(excepted.group_by(tables.exception.c.kind, tables.exception.c.reason)).all()
    if not states:
        states = {"cancelled" if plan.voided_at else "planned": plan.recipients}
    return _summed(plan.recipients, states, exceptions)


def _summed(recipients: int, states: Mapping[str, int], exceptions: Sequence[Row]) -> Totals:
    counts = {state.value: int(states.get(state, 0)) for state in AttemptState} | {"skipped": 0}
    reasons = {WHOLE_REQUEST: counts["refused"]} if counts["refused"] else {}
    for kind, reason, people in exceptions:
        counts[kind] += people
        reasons[reason] = reasons.get(reason, 0) + people
    if sum(counts.values()) != recipients:
        raise StateError(
            "The journal does not add up: {sum} of {all} people.", sum=sum(counts.values()), all=recipients
        )
    return Totals(recipients=recipients, reasons=reasons, **counts)


# ---------------------------------------------------------------- claiming


def claim(
    ws: Workspace, worker: Worker, now: datetime, last_look: LastLook, *, plan_hash: str | None = None
) -> Claimed | None:
    """A due attempt of this mode, from now on submitting and ours alone; None when there is none.

    In one transaction: choose, ask `last_look(connection, attempt, letters)` for positions to skip and why, write the
    skips, mark. An attempt of which nobody is left is cancelled and the next one tried, so what comes back has letters.
    """
    while True:
        with writing(ws) as connection:
            row = connection.execute(_due(ws, now, plan_hash)).one_or_none()
            claimed = row and _claim(connection, ws, worker, _attempt(row), now, last_look)
        if row is None or claimed.letters.empty or row.run_state == "queued":
            update_runs(ws, now)
        if row is None or not claimed.letters.empty:
            return claimed


def _claim(
    connection: Connection, ws: Workspace, worker: Worker, attempt: Attempt, now: datetime, last_look: LastLook
) -> Claimed:
    letters = _letters(connection, ws, attempt)
    skipped = {int(position): str(reason) for position, reason in last_look(connection, attempt, letters).items()}
    left = letters[~letters["position"].isin(list(skipped))].reset_index(drop=True)
    state = AttemptState.CANCELLED if left.empty else AttemptState.SUBMITTING
    values = {"state": state.value, "people": len(left), "worker_id": worker.id, "started_at": now}
    _move(connection, attempt.id, (AttemptState.PLANNED,), values)
    _except(connection, attempt, "skipped", skipped, now)
    return Claimed(attempt=_one(connection, attempt.id), letters=left, skipped=skipped)


def _claimable(ws: Workspace, plan_hash: str | None) -> Select:
    """What a worker may take: a live one never what was rehearsed, nor the other way round."""
    waiting = (tables.attempt.c.state == AttemptState.PLANNED, tables.run.c.state.in_(CLAIMABLE), of_this_mode(ws))
    statement = _attempts().join(tables.run, tables.run.c.plan_hash == tables.attempt.c.plan_hash).where(*waiting)
    return statement if plan_hash is None else statement.where(tables.attempt.c.plan_hash == plan_hash)


def _due(ws: Workspace, now: datetime, plan_hash: str | None) -> Select:
    """The attempt to claim next: the one due longest. On PostgreSQL what another worker holds is passed over."""
    not_before, hold_until = tables.attempt.c.not_before, tables.run.c.hold_until
    return (
        _claimable(ws, plan_hash)
        .add_columns(tables.run.c.state.label("run_state"))
        .where(or_(not_before.is_(None), not_before <= now), or_(hold_until.is_(None), hold_until <= now))
        .order_by(func.coalesce(not_before, tables.run.c.approved_at), tables.attempt.c.start)
        .limit(1)
        .with_for_update(of=tables.attempt, skip_locked=True)
    )


def _letters(connection: Connection, ws: Workspace, attempt: Attempt) -> pd.DataFrame:
    """The snapshot's rows of the attempt without the exceptions. StateError when these are not the people it says; its
    `values` name the plan, so that the sender can pause it and go on with others."""
    content_hash = plan_row(connection, attempt.plan_hash).snapshot_hash
    try:
        rows = files.load_table(ws.home, content_hash, start=attempt.start, stop=attempt.stop)
    except StateError as gone:
        raise StateError(gone.template, **gone.values, plan=attempt.plan_hash) from gone
    gone = _excepted(connection, attempt)
    left = rows[~rows["position"].isin(list(gone))] if gone else rows
    if len(left) != attempt.people:
        raise StateError(
            "The snapshot of this plan has changed on the disk. Make the plan again.", plan=attempt.plan_hash
        )
    return left.reset_index(drop=True)


# ---------------------------------------------------------------- before the wire


def record_digest(ws: Workspace, attempt_id: str, sha256: str, recipients: int) -> None:
    """Commit the digest of the body; only then may its first byte leave.

    StateError when the attempt is not ours to send any more, has a digest already, or `recipients` is not its people.
    """
    ready = (tables.attempt.c.digest == "") & (tables.attempt.c.people == recipients)
    with writing(ws) as connection:
        _move(connection, attempt_id, (AttemptState.SUBMITTING,), {"digest": sha256}, ready)


def refuse(ws: Workspace, attempt_id: str, refused: Mapping[int, str], now: datetime) -> int:
    """Before the wire, take out people whose letter cannot be made; how many are left. With none left it is refused."""
    with writing(ws) as connection:
        attempt = _one(connection, attempt_id)
        left = attempt.people - len(refused)
        values = {"people": left, "state": (AttemptState.SUBMITTING if left else AttemptState.REFUSED).value}
        unsent = (tables.attempt.c.digest == "") & (tables.attempt.c.people == attempt.people)
        values |= {} if left else {"settled_at": now}
        _move(connection, attempt_id, (AttemptState.SUBMITTING,), values, unsent)
        _except(connection, attempt, "refused", refused, now)
    if not left:
        update_runs(ws, now)
    return left


# ---------------------------------------------------------------- after the wire


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
    """Write down the outcome: accepted, refused, in doubt. Already so is harmless; an illegal move is a StateError."""
    before = [state for state, after in MOVES.items() if to in after and state is not AttemptState.PLANNED]
    if not before or to is AttemptState.SUBMITTING:
        raise StateError("An attempt is settled as accepted, refused or in doubt.")
    values = {"state": to.value, "settled_at": now, "status": status, "detail": detail}
    with writing(ws) as connection:
        current = _one(connection, attempt_id)
        if current.state is to and not current.replaced:
            return
        _move(connection, attempt_id, before, values | ({"message_id": message_id} if message_id else {}))
    update_runs(ws, now)


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
    """The ids of new planned attempts over `ranges` that carry the people of this one, which is refused from now on.

    For what has certainly not been sent. `refused` names the people who are not tried again, and why; everybody else
    must be inside a range. Trying the same people later is the same range with `not_before`. In a cancelled run the
    new attempts are cancelled too. All in one transaction.
    """
    refused = refused or {}
    with writing(ws) as connection:
        old = _one(connection, attempt_id)
        born = _birth_state(connection, old.plan_hash)
        values = {"state": AttemptState.REFUSED.value, "replaced": True, "settled_at": now}
        sent_or_doubtful = (AttemptState.SUBMITTING, AttemptState.IN_DOUBT)
        _move(connection, old.id, sent_or_doubtful, values | {"status": status, "detail": detail})
        _except(connection, old, "refused", refused, now)
        heirs = _heirs(old, sorted(ranges), _excepted(connection, old), not_before)
        for heir in heirs:
            heir.update(state=born.value, settled_at=now if born is AttemptState.CANCELLED else None)
        if heirs:
            connection.execute(insert(tables.attempt), heirs)
    update_runs(ws, now)
    return tuple(heir["id"] for heir in heirs)


def _birth_state(connection: Connection, plan_hash: str) -> AttemptState:
    """The state of new attempts. The run is locked, so that a cancelling waits for us or we for it; done goes on."""
    mine = tables.run.c.plan_hash == plan_hash
    state = connection.execute(select(tables.run.c.state).where(mine).with_for_update()).scalar_one()
    if state == "done":
        connection.execute(update(tables.run).where(mine).values(state="running"))
    return AttemptState.CANCELLED if state == "cancelled" else AttemptState.PLANNED


def _heirs(
    old: Attempt, ranges: Sequence[tuple[int, int]], gone: set[int], not_before: datetime | None
) -> list[dict[str, object]]:
    """New rows for the ranges that have people; StateError when the ranges overlap, stray or leave somebody out."""
    edges = [edge for start_stop in ranges for edge in start_stop]
    covered = {position for start, stop in ranges for position in range(start, stop)}
    inside = not ranges or (old.start <= edges[0] and edges[-1] <= old.stop and edges == sorted(edges))
    if not inside or not set(range(old.start, old.stop)) <= covered | gone:
        raise StateError("The new attempts do not carry exactly the people of the old one.")
    heirs = []
    for start, stop in ranges:
        people = stop - start - sum(start <= position < stop for position in gone)
        if people:
            heirs.append(planned_attempt(old.plan_hash, start, stop, old.variant, not_before) | {"people": people})
    return heirs


# ---------------------------------------------------------------- rows


def planned_attempt(
    plan_hash: str, start: int, stop: int, variant: str, not_before: datetime | None
) -> dict[str, object]:
    """A fresh row of the journal. The id is random: nobody may guess one and settle a doubt with a made-up event."""
    return {
        "id": secrets.token_hex(16),
        "plan_hash": plan_hash,
        "start": start,
        "stop": stop,
        "variant": variant,
        "not_before": not_before,
        "state": AttemptState.PLANNED.value,
        "people": stop - start,
        "replaced": False,
        "status": 0,
    }


def _attempts() -> Select:
    joined = tables.plan.c.hash == tables.attempt.c.plan_hash
    return select(tables.attempt, tables.plan.c.campaign_id).join(tables.plan, joined)


def _attempt(row: Row) -> Attempt:
    known = {name: value for name, value in row._mapping.items() if name in Attempt.__dataclass_fields__}
    return Attempt(**known | {"state": AttemptState(row.state), "worker": row.worker_id or ""})


def _one(connection: Connection, attempt_id: str) -> Attempt:
    row = connection.execute(_attempts().where(tables.attempt.c.id == attempt_id)).one_or_none()
    if row is None:
        raise StateError("The journal has no such attempt.")
    return _attempt(row)


def _move(
    connection: Connection, attempt_id: str, before: Sequence[AttemptState], values: Mapping[str, object], *also: object
) -> None:
    """Change the attempt if it is in one of the states `before`; else StateError."""
    statement: Update = update(tables.attempt).where(tables.attempt.c.id == attempt_id, ~tables.attempt.c.replaced)
    statement = statement.where(tables.attempt.c.state.in_(before), *also)
    if connection.execute(statement.values(**values)).rowcount != 1:
        raise StateError("This attempt has moved on meanwhile; nothing was changed.")


def _excepted(connection: Connection, attempt: Attempt) -> set[int]:
    position = tables.exception.c.position
    mine = (tables.exception.c.plan_hash == attempt.plan_hash) & position.between(attempt.start, attempt.stop - 1)
    return set(connection.execute(select(position).where(mine)).scalars())


def _except(connection: Connection, attempt: Attempt, kind: str, reasons: Mapping[int, str], now: datetime) -> None:
    """Write why single people get no letter from this attempt. StateError for a position not (or no more) in it."""
    gone = _excepted(connection, attempt)
    if any(position in gone or not attempt.start <= position < attempt.stop for position in reasons):
        raise StateError("A person named here is not in this attempt.")
    same = {"plan_hash": attempt.plan_hash, "kind": kind, "attempt_id": attempt.id, "at": now}
    rows = [{**same, "position": int(position), "reason": str(reason)} for position, reason in reasons.items()]
    if rows:
        connection.execute(insert(tables.exception), rows)
