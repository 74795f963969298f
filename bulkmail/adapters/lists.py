"""Versions of uploaded lists, as normalised: a row in the database, the table itself in a Parquet file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Row, select

from bulkmail.adapters import files
from bulkmail.adapters.tables import list_version
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.errors import StateError


@dataclass(frozen=True, kw_only=True)
class ListVersion:
    """One upload of one list. The same content under the same name is the same version."""

    id: int
    name: str
    content_hash: str
    rows: int
    meta: Mapping[str, object]
    saved_at: datetime


def save_list_version(
    ws: Workspace, name: str, table: pd.DataFrame, meta: Mapping[str, object], now: datetime
) -> ListVersion:
    """The version under which the table is kept; the earlier one when this content was saved under this name before."""
    content_hash = files.save_table(ws.home, table)
    row = {"name": name, "content_hash": content_hash, "rows": len(table), "meta": dict(meta), "saved_at": now}
    with writing(ws) as connection:
        insert_new(connection, list_version, [row])
        wanted = (list_version.c.name == name) & (list_version.c.content_hash == content_hash)
        return _version(connection.execute(select(list_version).where(wanted)).one())


def lists(ws: Workspace) -> list[ListVersion]:
    """All versions of all lists, newest first."""
    with reading(ws) as connection:
        newest_first = select(list_version).order_by(list_version.c.saved_at.desc(), list_version.c.id.desc())
        return [_version(row) for row in connection.execute(newest_first)]


def list_version_of(ws: Workspace, list_id: int) -> ListVersion:
    """The version with this id. StateError when there is none."""
    with reading(ws) as connection:
        row = connection.execute(select(list_version).where(list_version.c.id == list_id)).one_or_none()
    if row is None:
        raise StateError("There is no list with the number {number}.", number=list_id)
    return _version(row)


def load_list(ws: Workspace, list_id: int) -> pd.DataFrame:
    """The table of a version, as it was saved."""
    return files.load_table(ws.home, list_version_of(ws, list_id).content_hash)


def _version(row: Row) -> ListVersion:
    return ListVersion(**row._mapping)
