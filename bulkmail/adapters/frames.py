"""Rows of the database as a pandas table, read by the column: a row object and a parsed time for each cell cost ten
times as much, which shows from a hundred thousand rows on."""

from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Row, Select, String, type_coerce

from bulkmail.adapters.tables import Instant

TIME = "datetime64[us, UTC]"
AT_ONCE = 1_000  # rows that are Python objects at a time: more would be slower, for they leave the processor's cache


def frame_of(connection: Connection, statement: Select, kinds: Mapping[str, str]) -> pd.DataFrame:
    """The rows that the statement selects, in columns of the dtypes `kinds` (also without rows); NULL times are NaT."""
    columns = [statement.selected_columns[name] for name in kinds]
    raw = [type_coerce(one, String).label(one.key) if isinstance(one.type, Instant) else one for one in columns]
    time = pa.large_string() if connection.dialect.name == "sqlite" else pa.timestamp("us", "UTC")
    types = [time if kind == TIME else pa.large_string() if kind == "str" else None for kind in kinds.values()]
    cursor = connection.execute(statement.with_only_columns(*raw)).cursor
    parts = [_columns_of(rows, types, list(kinds)) for rows in iter(lambda: cursor.fetchmany(AT_ONCE), [])]
    if not parts:
        return frame_of_rows([], kinds)
    return _of_kinds(pa.Table.from_batches(parts).combine_chunks().to_pandas(), kinds)


def frame_of_rows(rows: Sequence[Row], kinds: Mapping[str, str]) -> pd.DataFrame:
    """As `frame_of`, of rows in the order of `kinds` that are here already."""
    return _of_kinds(pd.DataFrame([tuple(row) for row in rows], columns=list(kinds), dtype=object), kinds)


def _columns_of(rows: Sequence[tuple], types: Sequence[pa.DataType | None], names: list[str]) -> pa.RecordBatch:
    """Rows turned into columns. Numbers, yes and no are of the type they look like (None)."""
    arrays = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names)


def _of_kinds(frame: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    times = {
        name: pd.to_datetime(frame[name], utc=True, format="ISO8601") for name, kind in kinds.items() if kind == TIME
    }
    return frame.assign(**times).astype(kinds)
