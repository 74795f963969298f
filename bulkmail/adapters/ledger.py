"""The consent ledger and the suppressions: who may be mailed, and who never again. Both only grow.

The ledger is a chain: each event's hash covers the event and the hash before it, so that a later edit shows
(ISO/IEC TS 27560 asks for a record that can be relied on; the chain is ours).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from functools import cache

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, text, true, update

from bulkmail.adapters.frames import TIME, frame_of, frame_of_rows
from bulkmail.adapters.tables import Instant, consent_event, suppression
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.model import ConsentEvent, Suppression, SuppressionReason

EVENT_COLUMNS = tuple(field.name for field in fields(ConsentEvent))
RECORDING = ("recorded_at", "recorded_by")  # who wrote it down and when: not part of the fact itself
FACT_COLUMNS = tuple(name for name in EVENT_COLUMNS if name not in RECORDING)
TIMES = ("at", "recorded_at")
SUPPRESSION_COLUMNS = ("person", "reason", "purpose", "at", "origin", "address", "rehearsal")
CHUNK = 5_000  # rows a statement: well below the variables that either database allows
BEGINNING = "0" * 64
LINK_ORIGIN = "link "  # origin of a suppression that came by a letter's own link: this, and how its plan's hash begins

# ---------------------------------------------------------------- consent


def append_consent(ws: Workspace, events: pd.DataFrame) -> int:
    """Add events (columns = the fields of ConsentEvent) to the ledger; how many are new.

    A fact that is in the ledger already is not added again, whoever brings it and whenever: importing a list twice is
    harmless. Missing text is "", a missing `at` is unknown.
    """
    if events.empty:
        return 0
    rows = _with_facts(events)
    with writing(ws) as connection:
        _one_writer(connection)
        known = set(_known_facts(connection, list(rows)))
        fresh = _chained([row for fact, row in rows.items() if fact not in known], *_head(connection))
        for chunk in _chunks(fresh):
            connection.execute(insert(consent_event), chunk)
    return len(fresh)


def consent_events(ws: Workspace, purpose: str | None = None) -> pd.DataFrame:
    """The ledger in the order of recording: the fields of ConsentEvent, of one purpose or (None) of all."""
    statement = _events()
    if purpose is not None:
        statement = statement.where(consent_event.c.purpose == purpose)
    with reading(ws) as connection:
        return frame_of(connection, statement, _kinds(EVENT_COLUMNS))


def consent_among(connection: Connection, persons: Sequence[str], purpose: str | None = None) -> pd.DataFrame:
    """The ledger of these persons for one purpose or (None) all, inside a transaction (the last look asks so)."""
    wanted = _events().where(consent_event.c.person.in_(persons))
    return _event_frame(connection, wanted if purpose is None else wanted.where(consent_event.c.purpose == purpose))


def ledger_size(ws: Workspace) -> int:
    """How many consent events there are."""
    with reading(ws) as connection:
        return connection.execute(select(func.count()).select_from(consent_event)).scalar_one()


def first_broken_link(ws: Workspace) -> int | None:
    """The id of the first event that is not as it was recorded, or None when the whole chain holds."""
    previous, expected = BEGINNING, 1
    with reading(ws) as connection:
        result = connection.execute(select(consent_event).order_by(consent_event.c.id)).mappings()
        for row in result:
            in_place = row["id"] == expected and row["prev_hash"] == previous
            if not in_place or row["fact"] != _fact(row) or row["hash"] != _link(previous, row):
                return expected
            previous, expected = row["hash"], expected + 1
    return None


def verify_chain(ws: Workspace) -> bool:
    """Whether every event of the ledger is as it was recorded, and none is missing before the last."""
    return first_broken_link(ws) is None


def _events() -> Select:
    return select(*(consent_event.c[name] for name in EVENT_COLUMNS)).order_by(consent_event.c.id)


def _event_frame(connection: Connection, statement: Select) -> pd.DataFrame:
    rows = connection.execute(statement).all()
    return frame_of_rows(rows, _kinds(EVENT_COLUMNS)) if rows else _no_events().copy()


@cache
def _no_events() -> pd.DataFrame:
    """Made once: the last look of most letters finds nothing."""
    return frame_of_rows([], _kinds(EVENT_COLUMNS))


def _kinds(columns: Iterable[str]) -> dict[str, str]:
    return {name: TIME if name in TIMES else "str" for name in columns}


def _with_facts(events: pd.DataFrame) -> dict[str, dict[str, object]]:
    """Rows by the hash of their fact; of equal facts the first stays."""
    rows: dict[str, dict[str, object]] = {}
    for row in _plain(events).to_dict("records"):
        row["fact"] = _fact(row)
        rows.setdefault(row["fact"], row)
    return rows


def _plain(events: pd.DataFrame) -> pd.DataFrame:
    """The fields of ConsentEvent as the database takes them: str, datetime to the microsecond, None."""
    columns = {}
    for name, column in events.reset_index(drop=True)[list(EVENT_COLUMNS)].items():
        if name in TIMES:
            moments = pd.to_datetime(column, utc=True).dt.floor("us").dt.as_unit("us")
            columns[name] = pd.Series(moments.dt.to_pydatetime(), dtype=object).where(moments.notna(), None)
        else:
            columns[name] = column.astype(object).where(column.notna(), "").map(str)
    return pd.DataFrame(columns, dtype=object)


def _fact(row: Mapping[str, object]) -> str:
    return _digest([row[name] for name in FACT_COLUMNS])


def _link(previous: str, row: Mapping[str, object]) -> str:
    return _digest([previous, row["fact"], *(row[name] for name in RECORDING)])


def _digest(values: Sequence[object]) -> str:
    """The hash of some values in order; each goes in with its length, so that no two rows look alike."""
    parts = [value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value or "" for value in values]
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def _chained(rows: list[dict[str, object]], last: int, previous: str) -> list[dict[str, object]]:
    for number, row in enumerate(rows, start=last + 1):
        row.update(id=number, prev_hash=previous, hash=_link(previous, row))
        previous = row["hash"]
    return rows


def _head(connection: Connection) -> tuple[int, str]:
    last = select(consent_event.c.id, consent_event.c.hash).order_by(consent_event.c.id.desc()).limit(1)
    row = connection.execute(last).one_or_none()
    return (row.id, row.hash) if row else (0, BEGINNING)


def _one_writer(connection: Connection) -> None:
    """Let nobody else append until the end of this transaction. SQLite has let nobody else in already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE consent_event IN SHARE ROW EXCLUSIVE MODE"))


def _known_facts(connection: Connection, facts: list[str]) -> Iterator[str]:
    for chunk in _chunks(facts):
        yield from connection.execute(select(consent_event.c.fact).where(consent_event.c.fact.in_(chunk))).scalars()


def _chunks(rows: list) -> Iterator[list]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


# ---------------------------------------------------------------- suppressions

STRENGTH = {reason.value: rank for rank, reason in enumerate(SuppressionReason)}


def add_suppressions(ws: Workspace, rows: Iterable[Suppression]) -> int:
    """Record that people are not to be mailed; how many are new. A reason keeps its first date; nothing is undone."""
    with writing(ws) as connection:
        return insert_suppressions(connection, rows)


def insert_suppressions(connection: Connection, rows: Iterable[Suppression]) -> int:
    """As `add_suppressions`, inside a transaction."""
    records = [{**asdict(row), "reason": str(row.reason)} for row in rows]
    return sum(insert_new(connection, suppression, chunk) for chunk in _chunks(records))


def suppressions(ws: Workspace) -> pd.DataFrame:
    """All suppressions that hold here, newest first: person, reason, purpose ("" = all), at, origin, address ("" once
    erased), rehearsal. Real ones hold always, those of a rehearsal only while rehearsing."""
    columns = [suppression.c[name] for name in SUPPRESSION_COLUMNS]
    held = select(*columns).where(_holds(rehearsal=ws.settings.rehearsal))
    newest_first = held.order_by(suppression.c.at.desc(), suppression.c.person)
    with reading(ws) as connection:
        return frame_of(connection, newest_first, _kinds(SUPPRESSION_COLUMNS) | {"rehearsal": "bool"})


def left_by_link(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """Who unsubscribed by the link or the header of a letter of this plan: person, at."""
    columns = (suppression.c.person, func.min(suppression.c.at, type_=Instant).label("at"))
    by_letter = suppression.c.origin == f"{LINK_ORIGIN}{plan_hash[:16]}"
    with reading(ws) as connection:
        rows = connection.execute(select(*columns).where(by_letter).group_by(suppression.c.person)).all()
    return frame_of_rows(rows, _kinds(("person", "at")))


def suppressed_by_reason(ws: Workspace) -> dict[str, int]:
    """How many people are not to be mailed, by reason, strongest first; one with two reasons is counted for each."""
    people = func.count(func.distinct(suppression.c.person))
    held = select(suppression.c.reason, people).where(_holds(rehearsal=ws.settings.rehearsal))
    with reading(ws) as connection:
        rows = connection.execute(held.group_by(suppression.c.reason)).all()
    return dict(sorted(rows, key=lambda row: _rank(row[0])))


def _holds(*, rehearsal: bool) -> ColumnElement[bool]:
    return true() if rehearsal else ~suppression.c.rehearsal


def suppressed_among(
    connection: Connection, persons: Sequence[str], purpose: str, *, rehearsal: bool
) -> dict[str, str]:
    """Person to the strongest reason, for those of `persons` not to be mailed for the purpose; inside a transaction.

    As `suppressions` says it: those of a rehearsal count if `rehearsal`.
    """
    found: dict[str, str] = {}
    for chunk in _chunks(list(persons)):
        about = suppression.c.person.in_(chunk) & suppression.c.purpose.in_(("", purpose))
        held = select(suppression.c.person, suppression.c.reason).where(about, _holds(rehearsal=rehearsal))
        for person, reason in connection.execute(held):
            found[person] = min(found.get(person, reason), reason, key=_rank)
    return found


def _rank(reason: str) -> int:
    return STRENGTH.get(reason, len(STRENGTH))


def erase_address(ws: Workspace, person: str) -> int:
    """Forget the address of a suppressed person; how many rows held it. The keyed hash stays and still matches."""
    held = (suppression.c.person == person) & (func.length(suppression.c.address) > 0)
    with writing(ws) as connection:
        return connection.execute(update(suppression).where(held).values(address="")).rowcount
