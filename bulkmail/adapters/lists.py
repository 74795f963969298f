"""Versions of uploaded lists, as normalised: a row in the database, the table itself in a Parquet file."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, Row, Select, insert, select, text

from bulkmail.adapters import files
from bulkmail.adapters.tables import list_version
from bulkmail.adapters.workspace import Workspace, reading, writing
from bulkmail.errors import StateError


@dataclass(frozen=True, kw_only=True)
class ListVersion:
    """One upload of one list, which is its name. Uploading what its newest version holds already makes no other."""

    id: int
    name: str
    content_hash: str
    rows: int
    meta: Mapping[str, object]
    saved_at: datetime


def save_list_version(
    ws: Workspace,
    name: str,
    table: pd.DataFrame,
    meta: Mapping[str, object],
    now: datetime,
    *,
    also: Callable[[Connection, int], object] = lambda connection, list_id: None,
) -> ListVersion:
    """The version under which the table is kept: the newest one of this name where that holds the same content, else a
    new one, also where an older one holds it: what was uploaded last is what campaigns use. `also` is done in the
    transaction that makes a new version."""
    content_hash = files.save_table(ws.home, table)
    row = {"name": name, "content_hash": content_hash, "rows": len(table), "meta": dict(meta), "saved_at": now}
    with writing(ws) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE list_version IN SHARE ROW EXCLUSIVE MODE"))  # one writer at a time
        newest = connection.execute(_newest_first().where(list_version.c.name == name).limit(1)).one_or_none()
        if newest is not None and newest.content_hash == content_hash:
            return _version(newest)
        number = connection.execute(insert(list_version).values(**row)).inserted_primary_key[0]
        also(connection, number)
        return _version(connection.execute(select(list_version).where(list_version.c.id == number)).one())


def _newest_first() -> Select:
    return select(list_version).order_by(list_version.c.saved_at.desc(), list_version.c.id.desc())


def lists(ws: Workspace) -> list[ListVersion]:
    """All versions of all lists, newest first."""
    with reading(ws) as connection:
        return [_version(row) for row in connection.execute(_newest_first())]


def newest(ws: Workspace, name: str) -> ListVersion | None:
    """The version of the list of this name that was saved last; None where there is no such list."""
    with reading(ws) as connection:
        row = connection.execute(_newest_first().where(list_version.c.name == name).limit(1)).one_or_none()
    return _version(row) if row is not None else None


def list_version_of(ws: Workspace, list_id: int) -> ListVersion:
    """The version with this id. StateError when there is none."""
    with reading(ws) as connection:
        row = connection.execute(select(list_version).where(list_version.c.id == list_id)).one_or_none()
    if row is None:
        raise StateError("There is no list with the number {number}.", number=list_id)
    return _version(row)


def load_list(ws: Workspace, list_id: int, *, stop: int | None = None) -> pd.DataFrame:
    """The table of a version, as it was saved, or its rows before `stop`."""
    return files.load_table(ws.home, list_version_of(ws, list_id).content_hash, stop=stop)


def load_rows(ws: Workspace, list_id: int, numbers: Collection[int]) -> pd.DataFrame:
    """The rows of a version with these numbers (source_row), as they were saved."""
    return files.load_rows(ws.home, list_version_of(ws, list_id).content_hash, "source_row", numbers)


def _version(row: Row) -> ListVersion:
    return ListVersion(**row._mapping)
