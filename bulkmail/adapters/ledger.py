"""The consent ledger: who agreed to what, when, and how it is known. It only grows.

The ledger is a chain: each event's hash covers the event and the hash before it, so that a later edit shows
(ISO/IEC TS 27560 asks for a record that can be relied on; the chain is ours).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import datetime
from functools import cache
from hashlib import sha256

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from sqlalchemy import Connection, Select, func, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from bulkmail.adapters.frames import TIME, frame_of, frame_of_rows
from bulkmail.adapters.tables import Instant, consent_event
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.model import REHEARSED, ConsentEvent, ConsentState

EVENT_COLUMNS = tuple(field.name for field in fields(ConsentEvent))
RECORDING = ("recorded_at", "recorded_by")  # who wrote it down and when: not part of the fact itself
# What is hashed only as far as something is said: so links from before there were these columns hold.
ADDED = ("notice", "jurisdiction", "conditions", "proof", "frequency", "valid_until")
FACT_COLUMNS = tuple(name for name in EVENT_COLUMNS if name not in (*RECORDING, *ADDED))
TIMES = ("at", "recorded_at", "valid_until")
MANY = 20_000  # people from whom on it is quicker to read the whole ledger
LOOKED_AT = 2_000  # newest events looked at before each campaign
VERIFIED = 50_000  # rows looked at together when the chain is verified
CHUNK = 5_000  # rows a statement: well below the variables that either database allows
AS_COPIED = csv.WriteOptions(include_header=False, quoting_style="all_valid")  # NULL is what stands without quotes
BEGINNING = "0" * 64
_TEXT = pa.large_string()

# ---------------------------------------------------------------- consent


def append_consent(ws: Workspace, events: pd.DataFrame) -> int:
    """Add events (columns = the fields of ConsentEvent; those with a default may be left out); how many are new.

    A fact that is in the ledger already is not added again, whoever brings it and whenever: importing a list twice is
    harmless. Missing text is "", a missing `at` is unknown.
    """
    if events.empty:
        return 0
    rows = _plain(events)
    rows = rows.assign(fact=_facts(rows)).drop_duplicates("fact")
    with writing(ws) as connection:
        _one_writer(connection)
        fresh = rows[~rows["fact"].isin(_known_facts(connection, rows["person"]))]
        with _index_made_after(connection, len(fresh)):
            _insert(connection, _chained(fresh, *_head(connection)))
    return len(fresh)


def record_consent(ws: Workspace, events: Iterable[ConsentEvent]) -> int:
    """As `append_consent`, for a few events at hand: a form that was filled in, a link that was followed."""
    return append_consent(ws, pd.DataFrame([asdict(event) for event in events], columns=list(EVENT_COLUMNS)))


def consent_events(ws: Workspace, purpose: str | None = None) -> pd.DataFrame:
    """The ledger in the order of recording: the fields of ConsentEvent, of one purpose or (None) of all."""
    statement = _events()
    if purpose is not None:
        statement = statement.where(consent_event.c.purpose == purpose)
    with reading(ws) as connection:
        return frame_of(connection, statement, kinds_of(EVENT_COLUMNS))


def consent_among(connection: Connection, persons: Sequence[str], purpose: str | None = None) -> pd.DataFrame:
    """The ledger of these persons for one purpose or (None) all, inside a transaction (the last look asks so)."""
    wanted = _events().where(consent_event.c.person.in_(persons))
    return _event_frame(connection, wanted if purpose is None else wanted.where(consent_event.c.purpose == purpose))


def consent_of(ws: Workspace, persons: Iterable[str]) -> pd.DataFrame:
    """The ledger of these people for all purposes, in the order of recording."""
    wanted = sorted(set(persons))
    with reading(ws) as connection:
        if len(wanted) > MANY:
            return of_mode(frame_of(connection, _events(), kinds_of(EVENT_COLUMNS)), rehearsal=ws.settings.rehearsal)
        found = [_event_frame(connection, _events().where(consent_event.c.person.in_(c))) for c in _chunks(wanted)]
    events = pd.concat(found, ignore_index=True) if found else _no_events().copy()
    return of_mode(events, rehearsal=ws.settings.rehearsal)


def of_mode(events: pd.DataFrame, *, rehearsal: bool) -> pd.DataFrame:
    """The events that count in rehearsal, or for real: what was done with a rehearsed letter is no real consent."""
    return events if rehearsal else events[events["evidence"] != REHEARSED].reset_index(drop=True)


def consent_records(ws: Workspace, persons: Iterable[str]) -> pd.DataFrame:
    """As `consent_of`, with the place and the hash of each event in the chain: id, fact and hash."""
    kinds = kinds_of((*EVENT_COLUMNS, "fact", "hash")) | {"id": "int64"}
    chosen = select(*(consent_event.c[name] for name in kinds)).order_by(consent_event.c.id)
    wanted = sorted(set(persons))
    asked = [chosen] if len(wanted) > MANY else [chosen.where(consent_event.c.person.in_(c)) for c in _chunks(wanted)]
    with reading(ws) as connection:
        return pd.concat([frame_of(connection, one, kinds) for one in asked or [chosen.limit(0)]], ignore_index=True)


def noes(ws: Workspace) -> tuple[int, datetime | None]:
    """How many events of the ledger say no, and when the first of them was recorded."""
    against = consent_event.c.state.in_([ConsentState.REFUSED.value, ConsentState.WITHDRAWN.value])
    counted = select(func.count(), func.min(consent_event.c.recorded_at, type_=Instant)).where(against)
    with reading(ws) as connection:
        return tuple(connection.execute(counted).one())


def agreed(ws: Workspace, purpose: str) -> set[str]:
    """Everybody whose yes to this purpose (or to any) is in the ledger and whose no is not, on whatever list."""
    said = select(consent_event.c.person).where(consent_event.c.purpose.in_([purpose, ""]))
    yes = said.where(consent_event.c.state.in_([ConsentState.GIVEN.value, ConsentState.RECONFIRMED.value]))
    if not ws.settings.rehearsal:
        yes = yes.where(consent_event.c.evidence != REHEARSED)
    no = said.where(consent_event.c.state.in_([ConsentState.REFUSED.value, ConsentState.WITHDRAWN.value]))
    with reading(ws) as connection:
        return set(connection.execute(yes.except_(no)).scalars())


def newest_are_sound(ws: Workspace) -> bool:
    """Whether none of the ledger's events is missing and the newest (LOOKED_AT) are as they were recorded: a look that
    costs little. `first_broken_link` looks at all of them."""
    with reading(ws) as connection:
        count, last = connection.execute(select(func.count(), func.max(consent_event.c.id))).one()
        start = max(count - LOOKED_AT, 0)
        before = connection.execute(select(consent_event.c.hash).where(consent_event.c.id == start)).scalar()
        return count == (last or 0) and _first_broken(connection, before or BEGINNING, start) is None


def ledger_size(ws: Workspace) -> int:
    """How many consent events there are."""
    with reading(ws) as connection:
        return connection.execute(select(func.count()).select_from(consent_event)).scalar_one()


def first_broken_link(ws: Workspace) -> int | None:
    """The id of the first event that is not as it was recorded, or None when the whole chain holds."""
    with reading(ws) as connection:
        return _first_broken(connection, BEGINNING, 0)


def _first_broken(connection: Connection, previous: str, last: int) -> int | None:
    """The first event after `last` that is not as it was recorded, when the hash before it is `previous`."""
    for rows in _ledger_after(connection, last):
        links = [*_links(previous, rows)]
        expect = {"id": range(last + 1, last + 1 + len(rows)), "prev_hash": [previous, *links[:-1]]}
        expect = pd.DataFrame(expect | {"fact": _facts(rows), "hash": links})
        sound = (rows[list(expect)] == expect).all(axis=1)
        if not sound.all():
            return last + 1 + int(sound.to_numpy().argmin())
        previous, last = links[-1], last + len(rows)
    return None


def head(ws: Workspace) -> str:
    """The hash of the last event: noted elsewhere, it shows when events were cut off at the end."""
    with reading(ws) as connection:
        return _head(connection)[1]


def verify_chain(ws: Workspace) -> bool:
    """Whether every event of the ledger is as it was recorded, and none is missing before the last."""
    return first_broken_link(ws) is None


def _events() -> Select:
    return select(*(consent_event.c[name] for name in EVENT_COLUMNS)).order_by(consent_event.c.id)


def _event_frame(connection: Connection, statement: Select) -> pd.DataFrame:
    rows = connection.execute(statement).all()
    return frame_of_rows(rows, kinds_of(EVENT_COLUMNS)) if rows else _no_events().copy()


@cache
def _no_events() -> pd.DataFrame:
    """Made once: the last look of most letters finds nothing."""
    return frame_of_rows([], kinds_of(EVENT_COLUMNS))


def kinds_of(columns: Iterable[str]) -> dict[str, str]:
    """The dtypes of columns of the ledger."""
    return {name: TIME if name in TIMES else "str" for name in columns}


def _plain(events: pd.DataFrame) -> pd.DataFrame:
    """The fields of ConsentEvent, texts and times to the microsecond; what is not given is "" or missing."""
    given = events.reset_index(drop=True).reindex(columns=list(EVENT_COLUMNS))
    texts = {name: _texts(given[name]) for name in EVENT_COLUMNS if name not in TIMES}
    times = {name: pd.to_datetime(given[name], utc=True).dt.floor("us").astype(TIME) for name in TIMES}
    return pd.DataFrame({name: (times if name in times else texts)[name] for name in EVENT_COLUMNS})


def _texts(column: pd.Series) -> pd.Series:
    if column.dtype == "str":
        return column.fillna("")
    return column.astype(object).where(column.notna(), "").map(str).astype("str")


def _facts(rows: pd.DataFrame) -> list[str]:
    """The hash of each fact. Each value goes in with its length, so that no two facts look alike."""
    parts = [_part(rows[name]) for name in FACT_COLUMNS]
    for name in _said(rows):
        part = _part(rows[name])
        parts.append(pc.if_else(pc.equal(part, _word("0:")), _word(""), _join(_word(f"{name}="), part)))
    return [sha256(fact.encode()).hexdigest() for fact in _join(*parts).to_pylist()]


def _said(rows: pd.DataFrame) -> list[str]:
    """The ADDED columns in which anything is said."""
    return [name for name in ADDED if rows[name].dropna().ne("").any()]


def _links(previous: str, rows: pd.DataFrame) -> Iterator[str]:
    """The hash of each event: of the hash before it, its fact and who recorded it when."""
    rest = _join(_part(rows["fact"]), *(_part(rows[name]) for name in RECORDING))
    for one in rest.to_pylist():
        previous = sha256(f"{len(previous)}:{previous}{one}".encode()).hexdigest()
        yield previous


def _part(column: pd.Series) -> pa.Array:
    """Each value as it is hashed: its length in characters, a colon, the value."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        codes, moments = pd.factorize(column)
        words = np.array([*(moment.isoformat() for moment in moments.to_pydatetime()), ""], dtype=object)
        column = pd.Series(words[codes], dtype="str")  # the code of a missing time is -1: the last word
    values = pa.array(column, _TEXT, from_pandas=True)
    return _join(pc.utf8_length(values).cast(_TEXT), _word(":"), values)


def _join(*parts: pa.Array | pa.Scalar) -> pa.Array:
    return pc.binary_join_element_wise(*parts, _word(""))


def _word(text: str) -> pa.Scalar:
    return pa.scalar(text, _TEXT)


def _chained(rows: pd.DataFrame, last: int, previous: str) -> pd.DataFrame:
    links = [*_links(previous, rows)]
    return rows.assign(id=range(last + 1, last + 1 + len(rows)), prev_hash=[previous, *links][: len(rows)], hash=links)


def _ledger_after(connection: Connection, last: int) -> Iterator[pd.DataFrame]:
    """Every later event with its links, in the order of the chain, so many rows at a time."""
    kinds = kinds_of([column.name for column in consent_event.columns]) | {"id": "int64"}
    while True:
        wanted = select(consent_event).where(consent_event.c.id > last).order_by(consent_event.c.id).limit(VERIFIED)
        rows = frame_of(connection, wanted, kinds)
        if rows.empty:
            return
        yield rows
        last = int(rows["id"].iloc[-1])


def _head(connection: Connection) -> tuple[int, str]:
    last = select(consent_event.c.id, consent_event.c.hash).order_by(consent_event.c.id.desc()).limit(1)
    row = connection.execute(last).one_or_none()
    return (row.id, row.hash) if row else (0, BEGINNING)


def _one_writer(connection: Connection) -> None:
    """Let nobody else append until the end of this transaction. SQLite has let nobody else in already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE consent_event IN SHARE ROW EXCLUSIVE MODE"))


def _insert(connection: Connection, rows: pd.DataFrame) -> None:
    """Write the rows as the driver takes them: SQLAlchemy would bind the values of a million one by one. Of a column
    in which nothing is said, the table knows what to write."""
    silent = set(ADDED).difference(_said(rows))
    table = pa.Table.from_pandas(rows.drop(columns=silent), preserve_index=False)
    names = ", ".join(f'"{name}"' for name in table.column_names)
    write = _copy if connection.dialect.name == "postgresql" else _bind
    write(connection.connection.driver_connection, names, table.to_batches(CHUNK))


def _copy(driver: DBAPIConnection, names: str, parts: Iterable[pa.RecordBatch]) -> None:
    with driver.cursor() as cursor, cursor.copy(f"COPY consent_event ({names}) FROM STDIN (FORMAT csv)") as copy:
        for part in parts:
            written = pa.BufferOutputStream()
            csv.write_csv(part, written, AS_COPIED)
            copy.write(written.getvalue())


def _bind(driver: DBAPIConnection, names: str, parts: Iterable[pa.RecordBatch]) -> None:
    for part in parts:
        values = zip(*(_stored(column) for column in part.columns), strict=True)
        places = ", ".join("?" * part.num_columns)
        driver.executemany(f"INSERT INTO consent_event ({names}) VALUES ({places})", values)


@contextmanager
def _index_made_after(connection: Connection, rows: int) -> Iterator[None]:
    """For more rows than there are, SQLite makes the index of people anew in the end: to sort them once takes it half
    the time of finding a place for each."""
    index = next(iter(consent_event.indexes))
    anew = connection.dialect.name == "sqlite" and rows > max(MANY, _head(connection)[0])
    if anew:
        index.drop(connection)
    yield
    if anew:
        index.create(connection)


def _stored(column: pa.Array) -> list[object]:
    """A column as SQLite keeps it: times as SQLAlchemy writes them there, None where one is missing."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us")).cast(_TEXT)
    return column.to_pylist()


def _known_facts(connection: Connection, persons: pd.Series) -> set[str]:
    """The facts in the ledger that are about these persons, or about anybody where they are many. Nothing but the lock
    and this look keeps a fact from being there twice: an index of hashes is what would cost most in recording."""
    wanted = persons.unique().tolist()
    if len(wanted) > MANY:
        return set(connection.execute(select(consent_event.c.fact)).scalars())
    asked = (select(consent_event.c.fact).where(consent_event.c.person.in_(chunk)) for chunk in _chunks(wanted))
    return {fact for one in asked for fact in connection.execute(one).scalars()}


def _chunks(rows: list) -> Iterator[list]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
