"""Past engagement brought in from elsewhere: one row per letter sent, kept as Parquet, listed in the database."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from sqlalchemy import select

from bulkmail.adapters import files
from bulkmail.adapters.history import CONTACT_KINDS
from bulkmail.adapters.tables import past_import
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.errors import InputError

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


# ---------------------------------------------------------------- files, part by part

_PART_ROWS = 500_000
_PART_BYTES = 64_000_000
_PARQUET, _JSON = b"PAR1", (b"{", b"[")


def shape_of(file: BinaryIO) -> str:
    """Parquet, json (lines) or csv, by how the file begins; the file is read from its beginning afterwards."""
    start = file.read(64)
    file.seek(0)
    if start[:4] == _PARQUET:
        return "parquet"
    return "json" if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in _JSON else "csv"


def table_parts(file: BinaryIO, name: str, rows: int = _PART_ROWS) -> Iterator[tuple[pd.DataFrame, list[int]]]:
    """The rows of a CSV (UTF-8) or Parquet file, some hundred thousand at a time, all cells of a CSV as text; with each
    part the numbers of its rows that are torn (too many cells or too few), which it lacks. InputError for other files.
    """
    try:
        yield from _parquet_parts(file, rows) if shape_of(file) == "parquet" else _csv_parts(file)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError, OSError) as error:
        raise InputError(
            "{file} is neither a CSV in UTF-8 nor Parquet: unpack it, or save it as one of these.", file=name
        ) from error


def line_parts(file: BinaryIO) -> Iterator[list[bytes]]:
    """The lines of a file, some hundred thousand at a time."""
    while lines := list(islice(file, _PART_ROWS // 5)):
        yield lines


def _parquet_parts(file: BinaryIO, rows: int) -> Iterator[tuple[pd.DataFrame, list[int]]]:
    for batch in pq.ParquetFile(file).iter_batches(rows):
        yield batch.to_pandas(), []


def _csv_parts(file: BinaryIO) -> Iterator[tuple[pd.DataFrame, list[int]]]:
    header = file.readline().decode("utf-8-sig")
    file.seek(0)
    names = pa_csv.read_csv(pa.BufferReader(header.encode())).column_names
    torn: list[int] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        torn.append(row.number - 1 if row.number else 0)  # the header is row 1
        return "skip"

    reader = pa_csv.open_csv(
        file,
        read_options=pa_csv.ReadOptions(block_size=_PART_BYTES, use_threads=False),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, null_values=[]
        ),
    )
    for batch in reader:
        yield batch.to_pandas(), torn[:]
        torn.clear()
    if torn:
        yield pd.DataFrame(columns=names, dtype="str"), torn


# ---------------------------------------------------------------- what is known already


def keys_of(letters: pd.DataFrame) -> np.ndarray:
    """A 64-bit number for each letter's campaign, person and time: of twenty million, the odds that any two share one
    are 1 in 100,000."""
    at = pd.to_datetime(letters["sent_at"], utc=True).astype("datetime64[us, UTC]")
    return pd.util.hash_pandas_object(letters[["campaign", "person"]].assign(at=at), index=False).to_numpy()


def known_keys(ws: Workspace) -> np.ndarray:
    """The keys of all imported letters, sorted."""
    letters = imported_letters(ws, ("campaign", "person", "sent_at"))
    return np.empty(0, dtype=np.uint64) if letters is None else np.sort(keys_of(letters))
