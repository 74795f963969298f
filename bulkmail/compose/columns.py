"""Values by the column: what letters may name as Arrow columns, and the distinct rows of some of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail.compose.letter import CHOOSE_INSTEAD, letter_fields

TEXT = pa.large_string()
# All that letters may name: field → one value per row. Every column has the same length.
Values = Mapping[str, pa.LargeStringArray]


def text_column(cells: Sequence[str] | pd.Series) -> pa.LargeStringArray:
    """The cells as one Arrow column; a missing value is ""."""
    column = pa.array(cells, type=TEXT)
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return column.fill_null("") if column.null_count else column


def values_of(
    frame: pd.DataFrame, unsubscribe_urls: Sequence[str] | str, organisation: str, fields: Sequence[str]
) -> dict[str, pa.LargeStringArray]:
    """Those of `fields` that there are, for each row of the table: its own, the organisation, and the links to
    unsubscribe (one for each row, or one for all) and to choose instead."""
    cells, rows = letter_fields(frame), len(frame)
    known = {name: text_column(cells[name]) for name in fields if name in cells}
    one_for_all = isinstance(unsubscribe_urls, str)
    links = pa.repeat(pa.scalar(unsubscribe_urls, TEXT), rows) if one_for_all else text_column(unsubscribe_urls)
    return known | {
        "organisation": pa.repeat(pa.scalar(organisation, TEXT), rows),
        "unsubscribe_url": links,
        "preferences_url": pc.replace_substring_regex(links, *CHOOSE_INSTEAD),
    }


class Combinations(NamedTuple):
    """The distinct rows of some columns, as they first occur: field → values; `first` is the first row of each."""

    columns: Mapping[str, list[str]]
    first: np.ndarray

    def records(self) -> list[dict[str, str]]:
        """Each combination as field → value."""
        if not self.columns:
            return [{} for _ in self.first]
        return [dict(zip(self.columns, row, strict=True)) for row in zip(*self.columns.values(), strict=True)]


def distinct(values: Values, fields: Sequence[str]) -> tuple[np.ndarray, Combinations]:
    """For each row the number of its combination of the fields, and the combinations. Fields not there are left out."""
    known = [field for field in fields if field in values]
    numbers = np.zeros(len(next(iter(values.values()))), dtype="int64")
    for field in known:
        coded = values[field].dictionary_encode()
        numbers = numbers * max(len(coded.dictionary), 1) + coded.indices.to_numpy()
        numbers = pd.factorize(numbers)[0].astype("int64")  # small again, whatever the number of fields
    first = np.unique(numbers, return_index=True)[1]
    return numbers, Combinations({field: values[field].take(pa.array(first)).to_pylist() for field in known}, first)
