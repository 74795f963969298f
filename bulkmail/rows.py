"""The rows behind a number: those of one reason, or those that a finding names, as a person reads them."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

# What tells a person which row it is and what is wrong with it; the rest of the list stays in the list.
SHOWN_COLUMNS = (
    "source_row", "name", "original_address", "suggestion", "reason", "left_out", "details", "addressing_note",
)  # fmt: skip


def with_reasons(eligible: pd.DataFrame, excluded: pd.DataFrame) -> pd.DataFrame:
    """Every row of an audience in the order of the list: those of SHOWN_COLUMNS that it has; `reason` and `details` are
    "" where it is eligible."""
    parts = (eligible.assign(reason="", details=""), excluded)
    both = pd.concat([part[[name for name in SHOWN_COLUMNS if name in part]] for part in parts], ignore_index=True)
    return both.sort_values("source_row", kind="stable", ignore_index=True)


def places(
    rows: pd.DataFrame,
    *,
    reason: str | None = None,
    excluded: bool | None = None,
    numbers: Collection[int] | None = None,
    find: str = "",
) -> np.ndarray:
    """Where the rows (`with_reasons`) stand of one first reason, excluded or not, of these source rows, and with a text
    in their name or address in any case. What is None or "" narrows nothing."""
    chosen = np.ones(len(rows), bool)
    if reason is not None:
        chosen &= (rows["reason"] == reason).to_numpy()
    if excluded is not None:
        chosen &= ((rows["reason"] != "") == excluded).to_numpy()
    if numbers is not None:
        chosen &= np.isin(rows["source_row"].to_numpy(), np.fromiter(numbers, np.int64))
    if find:
        chosen &= _holds(rows, find)
    return np.flatnonzero(chosen)


def _holds(rows: pd.DataFrame, find: str) -> np.ndarray:
    held = np.zeros(len(rows), bool)
    for column in ("name", "original_address"):
        if column in rows:
            held |= rows[column].str.contains(find, case=False, regex=False).to_numpy(dtype=bool)
    return held


def readable(rows: pd.DataFrame, words: Mapping[str, str], columns: Collection[str] = SHOWN_COLUMNS) -> pd.DataFrame:
    """The rows with those of `columns` that they have and that say anything, reasons and notes in `words`."""
    named = {name: _worded(rows[name], words) for name in columns if name in rows}
    said = {name: cells for name, cells in named.items() if name == "source_row" or (cells != "").any()}
    return pd.DataFrame(said, index=rows.index)


def _worded(cells: pd.Series, words: Mapping[str, str]) -> pd.Series:
    """Codes as words, several in one cell joined as they were; other cells as they are."""
    if cells.name == "addressing_note":
        return cells.map(lambda note: words.get(note, note)).astype("str")
    if cells.name not in ("reason", "details"):
        return cells
    told = {cell: "; ".join(words.get(code, code) for code in cell.split(";")) for cell in cells.unique()}
    return cells.map(told).astype("str")


def examples(table: pd.DataFrame) -> dict[str, str]:
    """For each column of texts the first cell that says something, "" where none does."""
    texts = {name: table[name] for name in table.columns if pd.api.types.is_string_dtype(table[name])}
    said = {name: cells[cells != ""].head(1).tolist() for name, cells in texts.items()}
    return {name: cells[0] if cells else "" for name, cells in said.items()}
