"""The suppressions: who is not to be mailed, for which purpose, and why. Nothing takes a row away.

What a person did later can outweigh a row (`tips.unsubscribe.annotate` says when); so a reason keeps its first date,
unless the person came back in between and leaves again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, func, or_, select, update

from bulkmail.adapters.frames import TIME, frame_of, frame_of_rows
from bulkmail.adapters.tables import Instant, consent_event, suppression
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.model import BY_THE_PERSON, REHEARSED, ConsentState, Suppression, SuppressionReason

COLUMNS = ("person", "reason", "purpose", "at", "origin", "address", "rehearsal")
KINDS = dict.fromkeys(COLUMNS, "str") | {"at": TIME, "rehearsal": "bool"}
KEY = ("person", "purpose", "reason", "rehearsal")
CHUNK = 5_000  # rows a statement: well below the variables that either database allows
CANARY_PLAN = "0" * 16  # of no letter: links of drills
LINK_ORIGIN = "link "  # origin of a suppression that came by a letter's own link: this, and how its plan's hash begins
STRENGTH = {reason.value: rank for rank, reason in enumerate(SuppressionReason)}


def add_suppressions(ws: Workspace, rows: Iterable[Suppression]) -> int:
    """Record that people are not to be mailed; how many are new. Nothing is undone."""
    with writing(ws) as connection:
        return insert_suppressions(connection, rows)


def insert_suppressions(connection: Connection, rows: Iterable[Suppression]) -> int:
    """As `add_suppressions`, inside a transaction."""
    records = [{**asdict(row), "reason": str(row.reason)} for row in rows]
    return sum(_insert(connection, chunk) for chunk in _chunks(records))


def _insert(connection: Connection, records: list[dict[str, object]]) -> int:
    new = insert_new(connection, suppression, records)
    if new < len(records):
        connection.execute(_leaving_again(), [{f"new_{name}": value for name, value in row.items()} for row in records])
    return new


def _leaving_again() -> ColumnElement:
    """The update that gives a row the date of a later request, where the person had come back since the first one."""
    consent = consent_event.c
    came_back = exists().where(
        consent.person == suppression.c.person,
        or_(*(consent.evidence == evidence for evidence in (*BY_THE_PERSON, REHEARSED))),  # many rows take no IN
        or_(consent.state == ConsentState.GIVEN.value, consent.state == ConsentState.RECONFIRMED.value),
        consent.at >= suppression.c.at,
    )
    same = [suppression.c[name] == bindparam(f"new_{name}") for name in KEY]
    later = suppression.c.at < bindparam("new_at", type_=Instant)
    values = {name: bindparam(f"new_{name}") for name in ("at", "origin", "address")}
    return update(suppression).where(*same, later, came_back).values(values)


def suppressions(ws: Workspace) -> pd.DataFrame:
    """All suppressions of this mode, newest first: person, reason, purpose ("" = all), at, origin, address ("" once
    erased), rehearsal. Real ones are there always, those of a rehearsal only while rehearsing."""
    newest_first = _held(rehearsal=ws.settings.rehearsal).order_by(suppression.c.at.desc(), suppression.c.person)
    with reading(ws) as connection:
        return frame_of(connection, newest_first, KINDS)


def suppressions_among(connection: Connection, persons: Sequence[str], *, rehearsal: bool) -> pd.DataFrame:
    """As `suppressions`, those of some persons, inside a transaction (the last look asks so)."""
    held = _held(rehearsal=rehearsal)
    chunks = _chunks(list(persons))
    rows = [row for chunk in chunks for row in connection.execute(held.where(suppression.c.person.in_(chunk)))]
    return frame_of_rows(rows, KINDS)


def is_suppressed(ws: Workspace, person: str) -> bool:
    """Whether anything at all keeps letters from this person, who may be a canary."""
    with reading(ws) as connection:
        return connection.execute(select(suppression.c.at).where(suppression.c.person == person)).first() is not None


def left_by_link(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """Who unsubscribed by the link or the header of a letter of this plan: person, at."""
    columns = (suppression.c.person, func.min(suppression.c.at, type_=Instant).label("at"))
    by_letter = suppression.c.origin == f"{LINK_ORIGIN}{plan_hash[:16]}"
    with reading(ws) as connection:
        rows = connection.execute(select(*columns).where(by_letter).group_by(suppression.c.person)).all()
    return frame_of_rows(rows, {"person": "str", "at": TIME})


def suppressed_by_reason(ws: Workspace) -> dict[str, int]:
    """How many people are not to be mailed, by reason, strongest first; one with two reasons is counted for each."""
    people = func.count(func.distinct(suppression.c.person))
    held = select(suppression.c.reason, people).where(_holds(rehearsal=ws.settings.rehearsal))
    with reading(ws) as connection:
        rows = connection.execute(held.group_by(suppression.c.reason)).all()
    return dict(sorted(rows, key=lambda row: STRENGTH.get(row[0], len(STRENGTH))))


def erase_address(ws: Workspace, person: str) -> int:
    """Forget the address of a suppressed person; how many rows held it. The keyed hash stays and still matches."""
    held = (suppression.c.person == person) & (func.length(suppression.c.address) > 0)
    with writing(ws) as connection:
        return connection.execute(update(suppression).where(held).values(address="")).rowcount


def _held(*, rehearsal: bool) -> Select:
    return select(*(suppression.c[name] for name in COLUMNS)).where(_holds(rehearsal=rehearsal))


def of_people() -> ColumnElement[bool]:
    """The condition that a row is of a person: canaries of drills are none."""
    return suppression.c.origin != f"{LINK_ORIGIN}{CANARY_PLAN}"


def _holds(*, rehearsal: bool) -> ColumnElement[bool]:
    return of_people() if rehearsal else of_people() & ~suppression.c.rehearsal


def _chunks(rows: list) -> Iterator[list]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
