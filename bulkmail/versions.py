"""Two versions of one list side by side: who is new, who is gone, what changed, and which mends still hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from bulkmail.model import Text, say

CHANGE_COLUMNS = ("source_row", "column", "before", "after")
NAMES = ("name", "given_name", "family_name")
# What became of a mend of the version before.
FATES: Mapping[str, Text] = {
    "applies": say("still needed, and taken over"),
    "corrected": say("corrected in the new file already"),
    "lost": say("no longer to be found: the row is gone, or says something else now"),
}


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What differs between two versions. `new` are rows of the later one, `gone` rows of the earlier; `changed` has a
    row for each cell that differs (CHANGE_COLUMNS, by the rows of the later); `same` counts rows without a change;
    `columns_new` and `columns_gone` are headers of the file that only one of them has."""

    new: pd.DataFrame
    gone: pd.DataFrame
    changed: pd.DataFrame
    same: int
    columns_new: tuple[str, ...]
    columns_gone: tuple[str, ...]

    @property
    def rows_changed(self) -> int:
        """How many rows have a cell that changed."""
        return int(self.changed["source_row"].nunique())


def changes(before: pd.DataFrame, after: pd.DataFrame) -> Changes:
    """What changed between two versions with a `mailbox` each, as they were uploaded.

    A row is the same row where its mailbox is, or without one its address and name as written; several rows of one
    mailbox are paired in their order.
    """
    left, right = _numbered(before), _numbered(after)
    place = left.get_indexer(right)  # for each later row where it stood before, or -1
    met = place >= 0
    gone = np.ones(len(before), bool)
    gone[place[met]] = False
    shared = [name for name in _own(after) if name in before]
    changed = _cells_changed(before.iloc[place[met]], after[met], shared)
    return Changes(
        new=after[~met],
        gone=before[gone],
        changed=changed,
        same=int(met.sum()) - int(changed["source_row"].nunique()),
        columns_new=tuple(name for name in _own(after) if name not in before),
        columns_gone=tuple(name for name in _own(before) if name not in after),
    )


def _own(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if name not in ("source_row", "mailbox")]


def _numbered(table: pd.DataFrame) -> pd.MultiIndex:
    """For each row its key and how many rows with that key stand above it."""
    name = table.get("name", "")
    key = table["mailbox"].where(table["mailbox"] != "", table["original_address"] + "\0" + name)
    codes, _ = pd.factorize(key)
    nth = pd.Series(codes).groupby(codes).cumcount()
    return pd.MultiIndex.from_arrays([key.to_numpy(dtype=object), nth.to_numpy()])


def _cells_changed(before: pd.DataFrame, after: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    parts = []
    for name in columns:
        old, new = before[name].to_numpy(dtype=object), after[name].to_numpy(dtype=object)
        differ = old != new
        rows = after["source_row"].to_numpy()[differ]
        parts.append(pd.DataFrame({"source_row": rows, "column": name, "before": old[differ], "after": new[differ]}))
    empty = pd.DataFrame({name: [] for name in CHANGE_COLUMNS})
    kinds = {"source_row": "int64", "column": "str", "before": "str", "after": "str"}
    stacked = pd.concat(parts or [empty]).astype(kinds)
    return stacked.sort_values(["source_row", "column"], ignore_index=True)


# ---------------------------------------------------------------- mends of the version before


def carry(before: pd.DataFrame, mended: pd.DataFrame, mends: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The mends with their `fate` (a key of FATES) in a later version, and the row they have there (0 for none).

    `before` is the earlier version as uploaded and `mended` with its mends. A row is found again by all of its cells,
    by address and names, or by its address, as they were uploaded or as they were mended. What leaves a row out holds
    as long as the row is there; another mend is still needed where its cell says what it said before.
    """
    touched = before["source_row"].isin(mends["source_row"])
    where = _found_again(before[touched], mended[touched], after)
    rows = mends["source_row"].map(where).fillna(0).astype("int64")
    now = _cells_at(after, rows, mends["column"])
    by_hand = mends["column"].eq("left_out")
    corrected = ~by_hand & now.eq(mends["after"])
    fate = np.select(
        [rows.eq(0), by_hand & mends["after"].eq(""), corrected, by_hand | now.eq(mends["before"])],
        ["lost", "corrected", "corrected", "applies"],
        "lost",
    )
    return mends.assign(source_row=rows, fate=pd.Series(fate, index=mends.index, dtype="str"))


def _found_again(before: pd.DataFrame, mended: pd.DataFrame, after: pd.DataFrame) -> dict[int, int]:
    """Earlier row to later row, by the closest of its likenesses."""
    before, mended, after = (_spelt_alike(table) for table in (before, mended, after))
    likely = after[after["original_address"].isin([*before["original_address"], *mended["original_address"]])]
    every = [name for name in before.columns if name in after and name != "source_row"]
    few = ["original_address", *(name for name in NAMES if name in every)]
    found: dict[int, int] = {}
    for table, columns in product((before, mended), (every, few, ["original_address"])):
        some = table if len(columns) > 1 else table[table["original_address"] != ""]
        place = pd.Series(likely["source_row"].to_numpy(), index=_keys(likely, columns))
        met = pd.Series(some["source_row"].to_numpy(), index=_keys(some, columns))
        both = met.index.intersection(place.index)
        found = dict(zip(met[both].tolist(), place[both].tolist(), strict=True)) | found
    return found


def _spelt_alike(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(original_address=table["original_address"].str.strip().str.lower())


def _keys(table: pd.DataFrame, columns: Sequence[str]) -> pd.MultiIndex:
    """For each row a hash of its cells, and how many rows alike stand above it."""
    hashes = pd.util.hash_pandas_object(table[list(columns)].astype(object), index=False)
    return pd.MultiIndex.from_arrays([hashes.to_numpy(), hashes.groupby(hashes).cumcount().to_numpy()])


def _cells_at(table: pd.DataFrame, rows: pd.Series, columns: pd.Series) -> pd.Series:
    """The cell of the table at each of these rows and columns, missing where there is none."""
    wanted = table[table["source_row"].isin(rows)].drop_duplicates("source_row").set_index("source_row")
    cells = pd.Series(pd.NA, index=rows.index, dtype="str")
    for name in columns.unique():
        if name in wanted:
            here = columns.eq(name)
            cells[here] = rows[here].map(wanted[name]).astype("str").to_numpy()
    return cells
