"""What was seen of earlier letters: replies, rates by day, letters unheard of; and where one is enrolled."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time

import pandas as pd
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from bulkmail.adapters.database import record
from bulkmail.adapters.plans import of_this_mode
from bulkmail.adapters.tables import attempt, enrolment, event, plan, postmaster_day
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.model import AttemptState, EventKind

DAY_COLUMNS = ("day", "domain", "kind", "letters")
_TOLD = (EventKind.BOUNCED, EventKind.DEFERRED, EventKind.REJECTED)
_DISTINCT_REPLIES = 5_000  # more kinds of reply than anybody reads; the most frequent are kept


def replies_since(ws: Workspace, since: datetime) -> tuple[tuple[str, str, int], ...]:
    """(domain, reply of the provider, how many) of letters that were refused or deferred since then, in this mode."""
    with reading(ws) as connection:
        domain = _domain(connection)
        asked = select(domain, event.c.reason, func.count().label("letters")).where(
            event.c.kind.in_([kind.value for kind in _TOLD]), event.c.at >= since, event.c.reason != "", _ours(ws)
        )
        rows = connection.execute(asked.group_by(domain, event.c.reason).order_by(func.count().desc()))
        return tuple((row[0], row[1], row[2]) for row in rows.fetchmany(_DISTINCT_REPLIES))


def moments_since(ws: Workspace, since: datetime, domains: Collection[str]) -> list[tuple[datetime, str]]:
    """(when, reply of the provider) for letters to these domains that were refused or deferred since then, in this
    mode; the newest first, as many as anybody looks at."""
    with reading(ws) as connection:
        told = event.c.kind.in_([kind.value for kind in _TOLD]) & (event.c.at >= since) & (event.c.reason != "")
        asked = select(event.c.at, event.c.reason).where(told, _domain(connection).in_(domains), _ours(ws))
        rows = connection.execute(asked.order_by(event.c.at.desc())).fetchmany(_DISTINCT_REPLIES)
        return [(row[0], row[1]) for row in rows]


def heard_since(ws: Workspace, since: datetime, until: datetime) -> tuple[int, int]:
    """(letters accepted between the two moments, those of them that an event names), in this mode."""
    window = (attempt.c.state == AttemptState.ACCEPTED.value) & attempt.c.settled_at.between(since, until)
    mine = select(attempt.c.id).join(plan).where(window, of_this_mode(ws))
    letters = select(func.coalesce(func.sum(attempt.c.people), 0)).where(attempt.c.id.in_(mine))
    named = select(event.c.attempt, event.c.position).distinct().where(event.c.attempt.in_(mine)).subquery()
    with reading(ws) as connection:
        accepted = connection.execute(letters).scalar_one()
        return int(accepted), connection.execute(select(func.count()).select_from(named)).scalar_one()


def by_day_and_domain(ws: Workspace, since: datetime) -> pd.DataFrame:
    """A row per day (UTC), domain and kind (delivered, bounced, complained): how many letters, in this mode."""
    kinds = [kind.value for kind in (EventKind.DELIVERED, EventKind.BOUNCED, EventKind.COMPLAINED)]
    with reading(ws) as connection:
        day, domain = _day(connection), _domain(connection)
        letter = (
            select(day.label("day"), domain.label("domain"), event.c.kind, event.c.attempt, event.c.position)
            .where(event.c.kind.in_(kinds), event.c.at >= since, _ours(ws))
            .distinct()
            .subquery()
        )
        keys = (letter.c.day, letter.c.domain, letter.c.kind)
        rows = connection.execute(select(*keys, func.count()).group_by(*keys).order_by(*keys)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=list(DAY_COLUMNS)).astype({"day": "str"})


def _ours(ws: Workspace) -> ColumnElement[bool]:
    """The condition that an event is of no attempt of the other mode."""
    return event.c.attempt.not_in(select(attempt.c.id).join(plan).where(~of_this_mode(ws)))


def _domain(connection: Connection) -> ColumnElement[str]:
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return func.lower(func.substr(event.c.address, place(event.c.address, "@") + 1))


def _day(connection: Connection) -> ColumnElement[str]:
    if connection.dialect.name == "sqlite":
        return func.date(event.c.at)
    return func.to_char(func.timezone("UTC", event.c.at), "YYYY-MM-DD")


# ---------------------------------------------------------------- enrolled with the providers' monitors


def enrolments(ws: Workspace) -> dict[str, date]:
    """Service → the day on which somebody last confirmed it."""
    with reading(ws) as connection:
        rows = connection.execute(select(enrolment.c.service, enrolment.c.confirmed_at)).all()
    return {service: confirmed_at.date() for service, confirmed_at in rows}


def confirm_enrolment(ws: Workspace, service: str, day: date | None, *, by: str, now: datetime) -> None:
    """Keep the day on which somebody confirmed an enrolment; None takes it back."""
    with writing(ws) as connection:
        connection.execute(delete(enrolment).where(enrolment.c.service == service))
        if day is not None:
            moment = datetime.combine(day, time(12), tzinfo=UTC)
            connection.execute(insert(enrolment).values(service=service, confirmed_at=moment, said_by=by))
        record(connection, by, "enrolment.confirmed", {"service": service, "day": day and day.isoformat()}, now)


# ---------------------------------------------------------------- the days of Postmaster Tools


def keep_postmaster_days(ws: Workspace, domain: str, days: Mapping[date, Mapping[str, float]]) -> int:
    """How many days were kept; a day that was here already is replaced."""
    rows = [{"domain": domain, "day": day, "figures": dict(figures)} for day, figures in days.items()]
    with writing(ws) as connection:
        old = (postmaster_day.c.domain == domain) & postmaster_day.c.day.in_(list(days))
        connection.execute(delete(postmaster_day).where(old))
        if rows:
            connection.execute(insert(postmaster_day), rows)
    return len(rows)


def postmaster_days(ws: Workspace, domain: str) -> dict[date, dict[str, float]]:
    """Day → figures of a domain, the newest first."""
    asked = select(postmaster_day.c.day, postmaster_day.c.figures).where(postmaster_day.c.domain == domain)
    with reading(ws) as connection:
        return {day: dict(figures) for day, figures in connection.execute(asked.order_by(postmaster_day.c.day.desc()))}
