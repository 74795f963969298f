"""What happened to letters, as the provider tells it: in any order, repeatedly, and sometimes against our own books."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime

import pandas as pd
from sqlalchemy import ColumnElement, case, func, select, update

from bulkmail.adapters import tables
from bulkmail.adapters.frames import TIME, frame_of
from bulkmail.adapters.plans import of_this_mode
from bulkmail.adapters.suppressions import insert_suppressions
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.model import AttemptState, DeliveryEvent, EventKind, Suppression

EVENT_COLUMNS = (*(field.name for field in fields(DeliveryEvent)), "received_at")
OUTCOME_COLUMNS = ("kind", "letters", "letters_by_people", "letters_hard", "events")
CLOSED = (AttemptState.REFUSED, AttemptState.CANCELLED)
LISTED_BY_PROVIDER = ("unsubscribed address", "bounced address", "spam reporting address", "invalid")
UNNAMED, NOBODYS = -1, -2  # positions of events without a letter: not looked into, and looked into in vain
TIMES = {"at": TIME, "received_at": TIME}


def store_events(
    ws: Workspace, events: Sequence[DeliveryEvent], suppressions: Iterable[Suppression] = (), *, now: datetime
) -> int:
    """How many of the events are new. What they mean for suppressions is committed with them, all or nothing."""
    rows = [{**vars(event), "kind": event.kind.value, "received_at": now} for event in events]
    with writing(ws) as connection:
        insert_suppressions(connection, suppressions)
        return insert_new(connection, tables.event, rows)


def events(ws: Workspace, plan_hash: str | None = None) -> pd.DataFrame:
    """The events of a plan (None: all), by time: the fields of DeliveryEvent and `received_at`."""
    statement = select(*(tables.event.c[name] for name in EVENT_COLUMNS)).order_by(tables.event.c.at, tables.event.c.id)
    if plan_hash is not None:
        statement = statement.where(_of_plan(plan_hash))
    kinds = dict.fromkeys(EVENT_COLUMNS, "str") | {"position": "int64", "hard": "bool", "by_machine": "bool"} | TIMES
    with reading(ws) as connection:
        return frame_of(connection, statement, kinds)


def unnamed_bounces(ws: Workspace) -> dict[str, str]:
    """Bounces that came without our ids, and were not looked into yet: event id → address. SendGrid posts a bounce so
    when the receiving server took the letter first and sent it back later."""
    event = tables.event.c
    unnamed = (event.attempt == "") & (event.position == UNNAMED) & (event.kind == EventKind.BOUNCED.value)
    with reading(ws) as connection:
        return {row.id: row.address for row in connection.execute(select(event.id, event.address).where(unnamed))}


def name_bounces(ws: Workspace, letters: Mapping[str, tuple[str, int]]) -> None:
    """Write down which letter each of these events is about: event id → (attempt, position), or ("", NOBODYS)."""
    with writing(ws) as connection:
        for event_id, (attempt, position) in letters.items():
            mine = update(tables.event).where(tables.event.c.id == event_id)
            connection.execute(mine.values(attempt=attempt, position=position))


def heard_at(ws: Workspace) -> datetime | None:
    """When an event was last received; None when none ever was."""
    with reading(ws) as connection:
        return connection.execute(select(func.max(tables.event.c.received_at))).scalar_one()


def dropped(ws: Workspace, plan_hash: str) -> int:
    """How many letters of a plan the provider took and then did not try, for another reason than that it keeps the
    address on a list of its own: then something is wrong with the account or the letter."""
    event = tables.event.c
    letters = select(event.attempt, event.position, event.address).distinct()
    not_listed = func.lower(event.reason).not_in(LISTED_BY_PROVIDER)
    letters = letters.where(event.kind == EventKind.REJECTED, not_listed, _of_plan(plan_hash)).subquery()
    with reading(ws) as connection:
        return connection.execute(select(func.count()).select_from(letters)).scalar_one()


def stored_events(ws: Workspace) -> int:
    """How many events are stored; it only grows."""
    with reading(ws) as connection:
        return connection.execute(select(func.count()).select_from(tables.event)).scalar_one()


def letters_since(ws: Workspace, kind: EventKind, since: datetime) -> int:
    """How many letters this happened to since then; a letter counts once, however often it was told.

    Letters of the other mode do not count; those of no attempt of ours do.
    """
    event = tables.event.c
    letters = select(event.attempt, event.position, event.address).distinct()
    others = select(tables.attempt.c.id).join(tables.plan).where(~of_this_mode(ws))
    letters = letters.where(event.kind == kind.value, event.at >= since, event.attempt.not_in(others)).subquery()
    with reading(ws) as connection:
        return connection.execute(select(func.count()).select_from(letters)).scalar_one()


def outcomes(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """A row per kind of event: letters it happened to, those where a person did it, those where it was hard, events.

    A letter counts once per kind, however often it was opened or told.
    """
    event = tables.event.c
    letter = (
        select(
            event.kind,
            func.max(case((event.by_machine, 0), else_=1)).label("by_people"),
            func.max(case((event.hard, 1), else_=0)).label("hard"),
            func.count().label("events"),
        )
        .where(_of_plan(plan_hash))
        .group_by(event.kind, event.attempt, event.position, event.address)
        .subquery()
    )
    sums = (func.count(), func.sum(letter.c.by_people), func.sum(letter.c.hard), func.sum(letter.c.events))
    with reading(ws) as connection:
        rows = connection.execute(select(letter.c.kind, *sums).group_by(letter.c.kind).order_by(letter.c.kind)).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=list(OUTCOME_COLUMNS))
    return frame.astype({name: "str" if name == "kind" else "int64" for name in OUTCOME_COLUMNS})


def contradictions(ws: Workspace, plan_hash: str) -> int:
    """How many letters have events though their attempt was refused or cancelled: the provider sent what it should not.

    Such people may have had the letter twice if a newer attempt carried them. A person must look at it.
    """
    event = tables.event.c
    closed = (tables.attempt.c.plan_hash == plan_hash) & tables.attempt.c.state.in_(CLOSED)
    letters = select(event.attempt, event.position, event.address).distinct()
    letters = letters.join(tables.attempt, tables.attempt.c.id == event.attempt).where(closed).subquery()
    with reading(ws) as connection:
        return connection.execute(select(func.count()).select_from(letters)).scalar_one()


def _of_plan(plan_hash: str) -> ColumnElement[bool]:
    mine = select(tables.attempt.c.id).where(tables.attempt.c.plan_hash == plan_hash)
    return tables.event.c.attempt.in_(mine)
