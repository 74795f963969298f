"""Mends of a list: what people changed in it, laid over the version that was uploaded, which itself never changes.

A *deed* is what a person did at once (accepted suggestions, corrected a row, left rows out, merged a workbook); a
*mend* is one cell of it. Nothing is ever taken away: to undo is a deed too, and can itself be undone.
"""

import hashlib
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from bulkmail.errors import InputError
from bulkmail.model import KNOWN_FIELDS, Text, say

# The columns of mends. `column` is one of the list's, or LEFT_OUT: then `after` says why, and "" takes the row back in.
MEND_COLUMNS = ("source_row", "column", "before", "after")
LEFT_OUT = "left_out"
DEEDS: Mapping[str, Text] = {
    "accepted": say("Suggestions accepted"),
    "edited": say("Row corrected"),
    "left_out": say("Rows left out"),
    "taken_in": say("Rows taken in again"),
    "merged": say("Corrected workbook merged"),
    "carried": say("Mends of the version before taken over"),
    "undone": say("Undone"),
}
_KINDS = {"source_row": "int64", "column": "str", "before": "str", "after": "str"}


def own_columns(table: pd.DataFrame) -> list[str]:
    """The columns that came with the list and can be mended, the address first."""
    known = ["original_address", *(field for field in KNOWN_FIELDS if field != "address")]
    extra = (name for name in table.columns if name.startswith("field."))
    return [name for name in (*known, *extra) if name in table]


# ---------------------------------------------------------------- what holds


def undone(deeds: pd.DataFrame) -> set[int]:
    """The ids of the deeds (id in the order of doing, undoes: an id or 0) that do not hold, being undone."""
    gone: set[int] = set()
    for deed, undoes in zip(deeds["id"].tolist()[::-1], deeds["undoes"].tolist()[::-1], strict=True):
        if undoes and deed not in gone:
            gone.add(undoes)
    return gone


def standing(deeds: pd.DataFrame, mends: pd.DataFrame) -> pd.DataFrame:
    """MEND_COLUMNS of what holds: of the mends (with their `deed`) that are not undone the last for each cell."""
    holds = mends[~mends["deed"].isin(undone(deeds))]
    last = holds.drop_duplicates(["source_row", "column"], keep="last")
    return last[list(MEND_COLUMNS)].reset_index(drop=True)


def overlay(table: pd.DataFrame, mends: pd.DataFrame) -> pd.DataFrame:
    """The list with what holds laid over it. Rows that somebody left out are marked in two more columns:
    `left_out_reason`, a key of `audience.REASONS` or "", and `left_out`, why in that person's words."""
    columns = {column: _laid_over(table, column, part) for column, part in mends.groupby("column", sort=False)}
    if LEFT_OUT in columns:
        columns["left_out_reason"] = _one_of(["", "left_out"], (columns[LEFT_OUT] != "").to_numpy(), table)
    return table.assign(**columns)


def _laid_over(table: pd.DataFrame, column: str, mends: pd.DataFrame) -> pd.Series:
    cells = table[column] if column in table else _one_of([""], np.zeros(len(table), bool), table)
    places = pd.Index(mends["source_row"]).get_indexer(table["source_row"])
    mended, laid = places >= 0, cells.astype("str")  # only these are touched: a long list has few of them
    laid[mended] = mends["after"].astype("str").array.take(places[mended])
    return laid


def _one_of(words: list[str], places: np.ndarray, table: pd.DataFrame) -> pd.Series:
    return pd.Series(pd.array(words, dtype="str").take(places.astype(np.int64)), table.index)


def digest(mends: pd.DataFrame) -> str:
    """A hash (SHA-256, hex) of what holds, "" where nothing does: equal for equal mends, whatever their order."""
    if mends.empty:
        return ""
    ordered = mends.sort_values(["source_row", "column"])
    cells = (ordered[name].astype("str") for name in ("source_row", "column", "after"))
    lines = ("\0".join(cells) for cells in zip(*cells, strict=True))
    return hashlib.sha256("\1".join(lines).encode()).hexdigest()


def mended_hash(file_hash: str, mends: pd.DataFrame) -> str:
    """What a plan knows a mended list by: the hash of the file, and of the mends where there are any."""
    return hashlib.sha256(f"{file_hash} {digest(mends)}".encode()).hexdigest() if len(mends) else file_hash


# ---------------------------------------------------------------- what a person does


def accept(table: pd.DataFrame, rows: Collection[int] | None = None) -> pd.DataFrame:
    """The mends that put the suggestion of each row, or of some rows, of an annotated list in place of its address."""
    chosen = table["suggestion"] != ""
    if rows is not None:
        chosen &= table["source_row"].isin(list(rows))
    part = table.loc[chosen, ["source_row", "original_address", "suggestion"]]
    renamed = part.rename(columns={"original_address": "before", "suggestion": "after"})
    return _mends(renamed.assign(column="original_address"))


def edit(table: pd.DataFrame, row: int, cells: Mapping[str, str]) -> pd.DataFrame:
    """The mends that give one row these cells; those that are so already are none. InputError where there is no row."""
    found = table[table["source_row"] == row]
    if found.empty:
        raise InputError("There is no row {row} in this list.", row=row)
    written = {column: after.strip() for column, after in cells.items()}
    before = {column: str(found[column].iloc[0]) for column in written}
    changed = [column for column, after in written.items() if after != before[column]]
    records = [{"source_row": row, "column": name, "before": before[name], "after": written[name]} for name in changed]
    return _mends(pd.DataFrame(records, columns=list(MEND_COLUMNS)))


def leave_out(table: pd.DataFrame, rows: Collection[int], why: str) -> pd.DataFrame:
    """The mends that leave rows out of every letter, for a reason in words. InputError without one."""
    if not why.strip():
        raise InputError("Write why these rows are left out: nobody can check a reason that was not given.")
    return _marked(table, rows, why.strip())


def take_in(table: pd.DataFrame, rows: Collection[int]) -> pd.DataFrame:
    """The mends that take rows in again that were left out by hand."""
    return _marked(table, rows, "")


def _marked(table: pd.DataFrame, rows: Collection[int], why: str) -> pd.DataFrame:
    part = table[table["source_row"].isin(list(rows))]
    before = part.get(LEFT_OUT, "")
    told = part[["source_row"]].assign(column=LEFT_OUT, before=before, after=why)
    return _mends(told[told["before"] != told["after"]])


def _mends(table: pd.DataFrame) -> pd.DataFrame:
    return table[list(MEND_COLUMNS)].astype(_KINDS).reset_index(drop=True)


def none() -> pd.DataFrame:
    """No mends at all."""
    return _mends(pd.DataFrame(columns=list(MEND_COLUMNS)))
