"""The organisation's rules of cadence: every version that was ever saved, the newest in force."""

from collections.abc import Mapping
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, insert, select

from bulkmail.adapters import tables
from bulkmail.adapters.database import record
from bulkmail.adapters.workspace import Workspace, reading, writing


def newest(ws: Workspace) -> dict[str, object] | None:
    """The document of the rules in force; None where none were ever saved."""
    with reading(ws) as connection:
        return newest_among(connection)


def newest_among(connection: Connection) -> dict[str, object] | None:
    """As `newest`, inside a transaction."""
    last = select(tables.cadence_rules.c.document).order_by(tables.cadence_rules.c.id.desc()).limit(1)
    return connection.execute(last).scalar_one_or_none()


def save(ws: Workspace, document: Mapping[str, object], *, by: str, now: datetime) -> None:
    """Put these rules in force; audited, and earlier ones stay to be read."""
    with writing(ws) as connection:
        row = {"document": dict(document), "saved_by": by, "saved_at": now}
        connection.execute(insert(tables.cadence_rules).values(**row))
        record(connection, by, "cadence.rules_saved", document, now)


def history(ws: Workspace) -> pd.DataFrame:
    """Every version, the newest first: saved_at, saved_by, document."""
    columns = [tables.cadence_rules.c[name] for name in ("saved_at", "saved_by", "document")]
    with reading(ws) as connection:
        rows = connection.execute(select(*columns).order_by(tables.cadence_rules.c.id.desc())).all()
    return pd.DataFrame(rows, columns=[column.name for column in columns])
