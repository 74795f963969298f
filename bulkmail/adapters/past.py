"""Past engagement brought in from elsewhere: one row per letter sent, kept as Parquet, listed in the database."""

from datetime import datetime

import pandas as pd
from sqlalchemy import select

from bulkmail.adapters import files
from bulkmail.adapters.tables import past_import
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing


def save_import(ws: Workspace, name: str, letters: pd.DataFrame, now: datetime) -> int:
    """How many imports this added: 1, or 0 where there are no letters or the same letters are here already."""
    if letters.empty:
        return 0
    content_hash = files.save_table(ws.home, letters)
    row = {"name": name, "content_hash": content_hash, "rows": len(letters), "imported_at": now}
    with writing(ws) as connection:
        return insert_new(connection, past_import, [row])


def imported_letters(ws: Workspace) -> pd.DataFrame | None:
    """All imported letters in the columns of `engagement.LETTER_COLUMNS`, or None where nothing was imported."""
    with reading(ws) as connection:
        hashes = connection.execute(select(past_import.c.content_hash).order_by(past_import.c.id)).scalars().all()
    if not hashes:
        return None
    return pd.concat([files.load_table(ws.home, content_hash) for content_hash in hashes], ignore_index=True)
