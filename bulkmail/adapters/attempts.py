"""Attempts: the handing-over of one range of letters, written down before it happens and after.

Every move is one UPDATE that names the state it moves from; when no row moved, somebody else was first or the move is
not legal, and that is a StateError. The legal moves are those of `delivery.MOVES`; a test holds both tables equal.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypedDict

import pandas as pd
from sqlalchemy import Connection, Row, Select, Update, func, insert, or_, select, update

from bulkmail.adapters import files, tables
from bulkmail.adapters.line import line_in, take_permit
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
    AttemptState.ACCEPTED: frozenset({AttemptState.CANCELLED}),
    AttemptState.REFUSED: frozenset(),
    AttemptState.CANCELLED: frozenset(),
}
OUTCOMES = (AttemptState.ACCEPTED, AttemptState.REFUSED, AttemptState.IN_DOUBT)
WHOLE_REQUEST = "request_refused"  # the reason of people whose whole attempt was refused


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One handing-over of positions `start` to `stop` (exclusive) less the exceptions recorded for single people.

    `people` is how many are left; `replaced` says that newer attempts carry them; `digest` is "" until recorded.
    Where the provider was told to send it later, at `send_at`, `batch_id` is how to call it back. While in doubt it is
    `asked` about: so often, from `asked_from` to `asked_to`, did the provider's log answer and know nothing of it.
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
    batch_id: str
    send_at: datetime | None
    asked: int
    asked_from: datetime | None
    asked_to: datetime | None


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """An attempt that is ours to send: `letters` are the snapshot's rows still to be sent, without `skipped`; its
    run may ask that it be sent `exactly_once`, by the means of `send.ahead`."""

    attempt: Attempt
    letters: pd.DataFrame
    skipped: Mapping[int, str] = field(default_factory=dict)
    exactly_once: bool = False


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


class Room(NamedTuple):
    """How many people a run on its ramp may still mail before `until`, when more may follow."""

    people: int
    until: datetime


RoomOf = Callable[[Connection, Attempt], Room]
LastLook = Callable[[Connection, Attempt, pd.DataFrame], Mapping[int, str]]

# ---------------------------------------------------------------- looking


def attempt(ws: Workspace, attempt_id: str) -> Attempt:
    """The attempt with this id. StateError when there is none."""
    with reading(ws) as connection:
        return one_attempt(connection, attempt_id)


def attempts(ws: Workspace, plan_hash: str, *states: AttemptState) -> list[Attempt]:
    """The attempts of a plan, all or those in one of the states, by position; replaced ones come before newer ones."""
    statement = attempt_rows().where(tables.attempt.c.plan_hash == plan_hash)
    if states:
        statement = statement.where(tables.attempt.c.state.in_(states))
    order = (tables.attempt.c.start, tables.attempt.c.replaced.desc(), tables.attempt.c.started_at, tables.attempt.c.id)
    with reading(ws) as connection:
        return [attempt_of(row) for row in connection.execute(statement.order_by(*order))]


def next_due(ws: Workspace, plan_hash: str | None = None) -> datetime | None:
    """When the next planned attempt of a queued or running run may be claimed here; None when there is none."""
    run = tables.run.c
    first = func.min(func.coalesce(tables.attempt.c.not_before, run.approved_at), type_=tables.Instant)
    statement = (
        _claimable(ws, plan_hash)
        .with_only_columns(first.label("first"), run.hold_until, run.starts_at)
        .group_by(run.plan_hash, run.hold_until, run.starts_at)
    )
    with reading(ws) as connection:
        rows = connection.execute(statement).all()
        provider = line_in(connection, ws)
    due = min((max(moment for moment in row if moment) for row in rows), default=None)
    return due and provider.opens_at(due)


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
    ws: Workspace,
    worker: Worker,
    now: datetime,
    last_look: LastLook,
    room_of: RoomOf | None = None,
    *,
    plan_hash: str | None = None,
) -> Claimed | None:
    """A due attempt of this mode, from now on submitting and ours alone; None when there is none, or when the
    provider's line does not let one more request leave now.

    In one transaction: choose, ask `last_look(connection, attempt, letters)` for positions to skip and why, write the
    skips, mark. An attempt of which nobody is left is cancelled and the next one tried, so what comes back has letters.
    Of a run on its ramp, `room_of` says how many people there is room for today; the others of an attempt wait.
    """
    while True:
        with writing(ws) as connection:
            row = connection.execute(_due(ws, now, plan_hash)).one_or_none()
            if row is not None and row.ramp and room_of and not _fits(connection, attempt_of(row), room_of):
                continue
            if row is not None and not take_permit(connection, ws, now):
                return None
            claimed = row and _claim(connection, ws, worker, row, now, last_look)
        if row is None or claimed.letters.empty or row.run_state == "queued":
            update_runs(ws, now)
        if row is None or not claimed.letters.empty:
            return claimed


def _claim(
    connection: Connection, ws: Workspace, worker: Worker, row: Row, now: datetime, last_look: LastLook
) -> Claimed:
    attempt = attempt_of(row)
    letters = _letters(connection, ws, attempt)
    skipped = {int(position): str(reason) for position, reason in last_look(connection, attempt, letters).items()}
    left = letters[~letters["position"].isin(list(skipped))].reset_index(drop=True)
    state = AttemptState.CANCELLED if left.empty else AttemptState.SUBMITTING
    values = {"state": state.value, "people": len(left), "worker_id": worker.id, "started_at": now}
    move(connection, attempt.id, (AttemptState.PLANNED,), values)
    except_people(connection, attempt, "skipped", skipped, now)
    claimed = one_attempt(connection, attempt.id)
    return Claimed(attempt=claimed, letters=left, skipped=skipped, exactly_once=row.exactly_once)


def _fits(connection: Connection, attempt: Attempt, room_of: RoomOf) -> bool:
    """Whether the whole attempt may leave today. Else the run is held until it may, or the attempt is cut in two."""
    room = room_of(connection, attempt)
    if attempt.people <= room.people:
        return True
    if not room.people:
        mine = tables.run.c.plan_hash == attempt.plan_hash
        connection.execute(update(tables.run).where(mine).values(hold_until=room.until))
        return False
    gone = excepted(connection, attempt)
    cut = [position for position in range(attempt.start, attempt.stop) if position not in gone][room.people]
    rest = planned_attempt(attempt.plan_hash, cut, attempt.stop, attempt.variant, attempt.not_before)
    connection.execute(insert(tables.attempt), [rest | {"people": attempt.people - room.people}])
    move(connection, attempt.id, (AttemptState.PLANNED,), {"stop": cut, "people": room.people})
    return False


def _claimable(ws: Workspace, plan_hash: str | None) -> Select:
    """What a worker may take: a live one never what was rehearsed, nor the other way round."""
    waiting = (tables.attempt.c.state == AttemptState.PLANNED, tables.run.c.state.in_(CLAIMABLE), of_this_mode(ws))
    statement = attempt_rows().join(tables.run, tables.run.c.plan_hash == tables.attempt.c.plan_hash).where(*waiting)
    return statement if plan_hash is None else statement.where(tables.attempt.c.plan_hash == plan_hash)


def _due(ws: Workspace, now: datetime, plan_hash: str | None) -> Select:
    """The attempt to claim next: the one due longest. On PostgreSQL what another worker holds is passed over."""
    not_before = tables.attempt.c.not_before
    moments = (not_before, tables.run.c.hold_until, tables.run.c.starts_at)
    return (
        _claimable(ws, plan_hash)
        .add_columns(tables.run.c.state.label("run_state"), tables.run.c.exactly_once, tables.run.c.ramp)
        .where(*(or_(moment.is_(None), moment <= now) for moment in moments))
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
    gone = excepted(connection, attempt)
    left = rows[~rows["position"].isin(list(gone))] if gone else rows
    if len(left) != attempt.people:
        raise StateError(
            "The snapshot of this plan has changed on the disk. Make the plan again.", plan=attempt.plan_hash
        )
    return left.reset_index(drop=True)


# ---------------------------------------------------------------- before the wire


def record_digest(
    ws: Workspace, attempt_id: str, sha256: str, recipients: int, *, batch_id: str = "", send_at: datetime | None = None
) -> None:
    """Commit the digest of the body, and how to call it back where it is scheduled; only then may its first byte leave.

    StateError when the attempt is not ours to send any more, has a digest already, or `recipients` is not its people.
    """
    ready = (tables.attempt.c.digest == "") & (tables.attempt.c.people == recipients)
    with writing(ws) as connection:
        values = {"digest": sha256, "batch_id": batch_id, "send_at": send_at}
        move(connection, attempt_id, (AttemptState.SUBMITTING,), values, ready)


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
    before = [state for state, after in MOVES.items() if to in after]
    if to not in OUTCOMES:
        raise StateError("An attempt is settled as accepted, refused or in doubt.")
    values = {"state": to.value, "settled_at": now, "status": status, "detail": detail}
    with writing(ws) as connection:
        current = one_attempt(connection, attempt_id)
        if current.state is to and not current.replaced:
            return
        move(connection, attempt_id, before, values | ({"message_id": message_id} if message_id else {}))
    update_runs(ws, now)


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


def attempt_rows() -> Select:
    """The statement whose rows `attempt_of` reads."""
    joined = tables.plan.c.hash == tables.attempt.c.plan_hash
    return select(tables.attempt, tables.plan.c.campaign_id).join(tables.plan, joined)


def attempt_of(row: Row) -> Attempt:
    """The attempt of a row."""
    known = {name: value for name, value in row._mapping.items() if name in Attempt.__dataclass_fields__}
    return Attempt(**known | {"state": AttemptState(row.state), "worker": row.worker_id or ""})


def one_attempt(connection: Connection, attempt_id: str) -> Attempt:
    """The attempt with this id, inside a transaction. StateError when there is none."""
    row = connection.execute(attempt_rows().where(tables.attempt.c.id == attempt_id)).one_or_none()
    if row is None:
        raise StateError("The journal has no such attempt.")
    return attempt_of(row)


def move(
    connection: Connection, attempt_id: str, before: Sequence[AttemptState], values: Mapping[str, object], *also: object
) -> None:
    """Change the attempt if it is in one of the states `before`; else StateError."""
    statement: Update = update(tables.attempt).where(tables.attempt.c.id == attempt_id, ~tables.attempt.c.replaced)
    statement = statement.where(tables.attempt.c.state.in_(before), *also)
    if connection.execute(statement.values(**values)).rowcount != 1:
        raise StateError("This attempt has moved on meanwhile; nothing was changed.")


def excepted(connection: Connection, attempt: Attempt) -> set[int]:
    """The positions in the attempt's range that are not in it any more."""
    position = tables.exception.c.position
    mine = (tables.exception.c.plan_hash == attempt.plan_hash) & position.between(attempt.start, attempt.stop - 1)
    return set(connection.execute(select(position).where(mine)).scalars())


def except_people(
    connection: Connection, attempt: Attempt, kind: str, reasons: Mapping[int, str], now: datetime
) -> None:
    """Write why single people get no letter from this attempt. StateError for a position not (or no more) in it."""
    gone = excepted(connection, attempt)
    if any(position in gone or not attempt.start <= position < attempt.stop for position in reasons):
        raise StateError("A person named here is not in this attempt.")
    same = {"plan_hash": attempt.plan_hash, "kind": kind, "attempt_id": attempt.id, "at": now}
    rows = [{**same, "position": int(position), "reason": str(reason)} for position, reason in reasons.items()]
    if rows:
        connection.execute(insert(tables.exception), rows)
