"""A sheet of cells as it stands in the file: nothing named yet, nothing dropped."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail import limits
from bulkmail.errors import InputError

_ADDRESS = re.compile(r"[^\s@＠<]+[@＠][^\s@＠>]+[.。．][^\s@＠>]+>?[\s;,]*\Z")
_LONGEST = 400  # characters of a cell that may be an address with a name


@dataclass(frozen=True, kw_only=True)
class Grid:
    """All records of a sheet, header and titles among them. `cells` are texts, never null; `rows` is the number of each
    record as a person sees it; `odd` names rows that were hard to read (`ragged`, `quotes`); the last column of `cells`
    is called `surplus` where records had more cells than there are columns."""

    cells: pa.Table
    rows: np.ndarray
    delimiter: str = ""
    sheet: str = ""
    odd: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def head(self, count: int) -> list[list[str]]:
        """The first records as lists of trimmed cells."""
        records = zip(*(column.to_pylist() for column in self.cells.slice(0, count).columns), strict=True)
        return [[cell.strip() for cell in record] for record in records]


def is_empty(cells: pa.Table) -> np.ndarray:
    """Which records have no character in any cell."""
    empty = np.ones(cells.num_rows, bool)
    for column in cells.columns:
        empty &= pc.equal(column, "").to_numpy()
    return empty


def trimmed(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells without white space at their ends: that of ASCII costs a tenth of the rest, which few lists hold."""
    chunks = [pc.ascii_trim_whitespace(chunk) for chunk in cells.chunks]
    chunks = [pc.utf8_trim_whitespace(chunk) if _may_hold_space(chunk) else chunk for chunk in chunks]
    return pa.chunked_array(chunks, cells.type)


def _may_hold_space(cells: pa.LargeStringArray) -> bool:
    """Whether there is a byte that white space beside that of ASCII begins with in UTF-8: control characters, or the
    lead bytes from U+0085 and U+00A0 to the blocks around U+1680, U+2000 and U+3000 (C2 to E3)."""
    _, offsets, data = cells.buffers()
    ends = np.frombuffer(offsets, np.int64)[[cells.offset, cells.offset + len(cells)]]
    octets = np.frombuffer(data or b"", np.uint8)[ends[0] : ends[1]]
    if not len(octets) or (octets.min() >= 0x20 and octets.max() < 0x80):
        return False
    return bool(octets.min() < 0x20 or ((octets >= 0xC2) & (octets <= 0xE3)).any())


def check_width(columns: int) -> None:
    """Raise InputError where a list has more columns than any list of people has."""
    most = int(limits.LIST_COLUMNS.value)
    if columns > most:
        raise InputError("The list has more than {most} columns; no more can be read.", most=most)


def looks_like_address(cell: str) -> bool:
    """Whether a cell ends as an address does, alone or after a name. Not a verdict: that is tip 2."""
    return ("@" in cell or "＠" in cell) and len(cell) <= _LONGEST and _ADDRESS.search(cell) is not None
