"""What people mended in a version of a list: deeds, and the cells that each changed. Both only grow."""

from collections.abc import Mapping
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, func, insert, select

from bulkmail.adapters import database
from bulkmail.adapters.frames import TIME, frame_of
from bulkmail.adapters.tables import deed, mend
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.errors import StateError

DEED_KINDS = {"id": "int64", "at": TIME, "who": "str", "what": "str", "rows": "int64", "undoes": "int64"}
MEND_KINDS = {"deed": "int64", "source_row": "int64", "column": "str", "before": "str", "after": "str"}
CHUNK = 20_000  # rows a statement is given at once


def add_deed(
    ws: Workspace,
    list_id: int,
    who: str,
    what: str,
    mends: pd.DataFrame,
    now: datetime,
    *,
    about: Mapping[str, object] | None = None,
) -> int:
    """The id under which a deed and its mends are kept, together with a line in the audit trail (without any cell).
    `about` is what else a person should know of it."""
    with writing(ws) as connection:
        return record(connection, list_id, who, what, mends, now, about=about)


def record(
    connection: Connection,
    list_id: int,
    who: str,
    what: str,
    mends: pd.DataFrame,
    now: datetime,
    *,
    undoes: int = 0,
    about: Mapping[str, object] | None = None,
) -> int:
    """As `add_deed`, inside a transaction."""
    known = {"rows": int(mends["source_row"].nunique()), "undoes": undoes}
    row = {"list_id": list_id, "at": now, "who": who, "what": what, "about": dict(about or {}), **known}
    number = connection.execute(insert(deed).values(**row)).inserted_primary_key[0]
    for start in range(0, len(mends), CHUNK):
        part = mends.iloc[start : start + CHUNK].assign(deed=number)
        connection.execute(insert(mend), part[list(MEND_KINDS)].to_dict("records"))
    database.record(connection, who, "list.mended", {"list": list_id, "deed": number, "what": what, **known}, now)
    return number


def undo(ws: Workspace, deed_id: int, who: str, now: datetime) -> int:
    """The id of the deed that undoes another. StateError where there is no such deed."""
    with writing(ws) as connection:
        found = connection.execute(select(deed.c.list_id).where(deed.c.id == deed_id)).scalar_one_or_none()
        if found is None:
            raise StateError("There is no change with the number {number}.", number=deed_id)
        nothing = pd.DataFrame(columns=list(MEND_KINDS)).astype(MEND_KINDS)
        return record(connection, found, who, "undone", nothing, now, undoes=deed_id)


def deeds(ws: Workspace, list_id: int) -> pd.DataFrame:
    """The deeds on a version in the order they were done: id, at, who, what, rows, undoes (an id, or 0), about."""
    columns = [deed.c[name] for name in DEED_KINDS]
    ours = deed.c.list_id == list_id
    with reading(ws) as connection:
        frame = frame_of(connection, select(*columns).where(ours).order_by(deed.c.id), DEED_KINDS)
        about = connection.execute(select(deed.c.about).where(ours).order_by(deed.c.id)).scalars().all()
    return frame.assign(about=pd.Series(list(about), dtype=object))


def newest_deed(ws: Workspace, list_id: int) -> int:
    """The id of the last deed on a version, 0 without one: a version with its mends is another where this is."""
    with reading(ws) as connection:
        return last_deed(connection, list_id)


def last_deed(connection: Connection, list_id: int) -> int:
    """As `newest_deed`, inside a transaction."""
    return connection.execute(select(func.max(deed.c.id)).where(deed.c.list_id == list_id)).scalar() or 0


def mends(ws: Workspace, list_id: int, *, deed_id: int | None = None) -> pd.DataFrame:
    """The mends of all deeds on a version, or of one of them: deed, source_row, column, before, after."""
    columns = [mend.c[name] for name in MEND_KINDS]
    chosen = select(*columns).join(deed).where(deed.c.list_id == list_id).order_by(mend.c.deed, mend.c.source_row)
    if deed_id is not None:
        chosen = chosen.where(deed.c.id == deed_id)
    with reading(ws) as connection:
        return frame_of(connection, chosen, MEND_KINDS)
