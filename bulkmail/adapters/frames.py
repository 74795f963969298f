"""Rows of the database as a pandas table, read by the column: a row object and a parsed time for each cell cost ten
times as much, which shows from a hundred thousand rows on."""

from collections.abc import Mapping, Sequence

import pandas as pd
from sqlalchemy import Connection, Row, Select, String, type_coerce

from bulkmail.adapters.tables import Instant

TIME = "datetime64[us, UTC]"


def frame_of(connection: Connection, statement: Select, kinds: Mapping[str, str]) -> pd.DataFrame:
    """The rows that the statement selects, in columns of the dtypes `kinds` (also without rows); NULL times are NaT."""
    columns = [statement.selected_columns[name] for name in kinds]
    raw = [type_coerce(one, String).label(one.key) if isinstance(one.type, Instant) else one for one in columns]
    return frame_of_rows(connection.execute(statement.with_only_columns(*raw)).all(), kinds)


def frame_of_rows(rows: Sequence[Row], kinds: Mapping[str, str]) -> pd.DataFrame:
    """As `frame_of`, of rows in the order of `kinds` that are here already."""
    frame = pd.DataFrame([tuple(row) for row in rows], columns=list(kinds), dtype=object)
    times = {
        name: pd.to_datetime(frame[name], utc=True, format="ISO8601") for name, kind in kinds.items() if kind == TIME
    }
    return frame.assign(**times).astype(kinds)
