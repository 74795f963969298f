"""Past engagement brought in from elsewhere: one row per letter sent, kept as Parquet, listed in the database."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import select

from bulkmail.adapters import files
from bulkmail.adapters.history import CONTACT_KINDS
from bulkmail.adapters.tables import past_import
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing

_COUNTED = ("person", "sent_at", "campaign", "delivered", "complained")


def save_import(ws: Workspace, name: str, letters: pd.DataFrame, now: datetime) -> int:
    """How many imports this added: 1, or 0 where there are no letters or the same letters are here already."""
    if letters.empty:
        return 0
    content_hash = files.save_table(ws.home, letters)
    row = {"name": name, "content_hash": content_hash, "rows": len(letters), "imported_at": now}
    with writing(ws) as connection:
        return insert_new(connection, past_import, [row])


def imported_letters(ws: Workspace, columns: Sequence[str] | None = None) -> pd.DataFrame | None:
    """All imported letters in the columns of `engagement.LETTER_COLUMNS` (or some), or None where there are none."""
    with reading(ws) as connection:
        hashes = connection.execute(select(past_import.c.content_hash).order_by(past_import.c.id)).scalars().all()
    if not hashes:
        return None
    parts = [files.load_table(ws.home, content_hash, columns=columns) for content_hash in hashes]
    letters = pd.concat(parts, ignore_index=True)
    return letters if columns is not None or "at_gmail" in letters else letters.assign(at_gmail=0)


def contacts_since(ws: Workspace, since: datetime) -> pd.DataFrame:
    """The imported letters since then, as `journal.contacts_since` tells of ours: they were sent, by whomever."""
    recent = _recent(ws, since)
    if recent is None:
        return pd.DataFrame(columns=list(CONTACT_KINDS)).astype(CONTACT_KINDS)
    told = recent.rename(columns={"sent_at": "mailed_at"}).assign(state="accepted")
    return told[list(CONTACT_KINDS)].astype(CONTACT_KINDS).reset_index(drop=True)


def counts_since(ws: Workspace, since: datetime) -> tuple[int, int]:
    """How many of the imported letters sent since then were delivered, and how many were complained about."""
    recent = _recent(ws, since)
    return (0, 0) if recent is None else (int(recent["delivered"].sum()), int(recent["complained"].sum()))


def _recent(ws: Workspace, since: datetime) -> pd.DataFrame | None:
    letters = imported_letters(ws, _COUNTED)
    return None if letters is None else letters[letters["sent_at"] >= pd.Timestamp(since)]
