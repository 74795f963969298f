"""The cells of the fields that letters use: how many are filled, the longest, and those that look wrong."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail.compose.columns import text_column
from bulkmail.compose.letter import letter_fields
from bulkmail.tips.personalization import VALUE_COLUMNS

# In no name: digits, addresses, links, "test", a lone Latin letter, spaces at the edges (full-width ones too).
_ODD = (
    r"(?i)[0-9０-９@＠_<>{}\[\]]|https?:|www\.|^\s*(?:x+|test(?:ing|er)?|測試|测试|n/?a|none|null|-+|\?+|\.+)\s*$|"
    r"^\s*[a-z]\.?\s*$|^[\s\x{3000}\x{a0}]+\S|\S[\s\x{3000}\x{a0}]+$"
)
_CAPITALS = r"^[^\p{Ll}]*\p{Lu}[^\p{Ll}]*\p{Lu}[^\p{Ll}]*\p{Lu}[^\p{Ll}]*\p{Lu}[^\p{Ll}]*$"
# Cards of Hong Kong, Macau and the mainland, and bank cards: numbers that open doors in the wrong hands.
_IDENTIFIER = (
    r"\b[A-Z]{1,2}[0-9]{6}\([0-9A]\)|\b[1578][0-9]{6}\([0-9]\)|\b[1578]/[0-9]{6}/[0-9]\b|"
    r"\b[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9][0-9]{3}[0-9Xx]\b|"
    r"\b(?:[0-9]{4}[ -]?){3}[0-9]{4}\b"
)


def value_table(people: pd.DataFrame, fields: Iterable[str]) -> pd.DataFrame:
    """A row per field that the list has: VALUE_COLUMNS. Rows are source rows; no value of the list is in it."""
    cells, rows = letter_fields(people), people["source_row"].to_numpy()
    known = [_values(name, text_column(cells[name]), rows) for name in sorted(fields) if name in cells]
    return pd.DataFrame(known, columns=list(VALUE_COLUMNS))


def _values(name: str, column: pa.LargeStringArray, rows: np.ndarray) -> dict[str, object]:
    lengths = pc.utf8_length(column).to_numpy(zero_copy_only=False)
    place = int(lengths.argmax()) if len(lengths) else 0
    return {
        "field": name,
        "filled": int(pc.sum(pc.match_substring_regex(column, r"\S")).as_py() or 0),
        "longest": int(lengths[place]) if len(lengths) else 0,
        "longest_row": int(rows[place]) if len(lengths) else 0,
        "odd_rows": _where(column, _ODD, rows),
        "capital_rows": _where(column, _CAPITALS, rows),
        "identifier_rows": _where(column, _IDENTIFIER, rows),
    }


def _where(column: pa.LargeStringArray, pattern: str, rows: np.ndarray) -> tuple[int, ...]:
    found = pc.match_substring_regex(column, pattern).to_numpy(zero_copy_only=False).astype(bool)
    return tuple(rows[found].tolist())
