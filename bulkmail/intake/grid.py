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
    """The cells without white space at their ends. Few cells have any: the octets at the ends tell for a fifth of what
    trimming costs, and what has none stays where it lies in memory."""
    return pa.chunked_array([_trimmed(chunk) for chunk in cells.chunks], cells.type)


def equal_trimmed(cells: pa.ChunkedArray, text: str) -> np.ndarray:
    """Which cells are a text, but for white space at their ends. Only those that begin as it does, or with white space,
    are looked at."""
    alike = np.concatenate([_begins_like(chunk, text.encode()[0]) for chunk in cells.chunks])
    alike[alike] = pc.equal(pc.utf8_trim_whitespace(cells.filter(pa.array(alike))), text).to_numpy()
    return alike


def _begins_like(cells: pa.LargeStringArray, octet: int) -> np.ndarray:
    octets, ends = _octets(cells)
    first = octets.take(ends[:-1], mode="clip") if octets.size else np.zeros(len(cells), np.uint8)
    return (first == octet) | _begins_space(first)


def _trimmed(cells: pa.LargeStringArray) -> pa.LargeStringArray:
    spaced = _may_be_trimmed(cells)
    if not spaced.any():
        return cells
    some = pc.ascii_trim_whitespace(cells.filter(pa.array(spaced)))  # costs a tenth of the rest, which few lists need
    left = _may_be_trimmed(some)
    if left.any():
        where = pa.array(left)
        some = pc.replace_with_mask(some, where, pc.utf8_trim_whitespace(some.filter(where)))
    return pc.replace_with_mask(cells, pa.array(spaced), some)


def _may_be_trimmed(cells: pa.LargeStringArray) -> np.ndarray:
    """Which cells may have white space at an end; few are taken for such that have none."""
    octets, ends = _octets(cells)
    spaces = _begins_space(octets) if _may_have_space(octets) else np.zeros(1, bool)
    if not spaces.any():
        return np.zeros(len(cells), bool)
    first, last = (spaces.take(where, mode="clip") for where in (ends[:-1], ends[1:] - 1))
    found = first | last
    if octets.max() >= 0x80:
        found |= _beyond_ascii(octets, ends)
    return found


def _beyond_ascii(octets: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Which cells may end in a space of two or three octets."""
    last, *before = (octets.take(ends[1:] - back, mode="clip") for back in (1, 2, 3))
    return (last >= 0x80) & (_begins_space(before[0]) | _begins_space(before[1]))


def _octets(cells: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """The octets of all cells, and where each cell begins in them and the last one ends."""
    _, offsets, data = cells.buffers()
    ends = np.frombuffer(offsets, np.int64)[cells.offset : cells.offset + len(cells) + 1]
    start = ends[0] if len(ends) else 0
    return np.frombuffer(data or b"", np.uint8)[start : ends[-1]], ends - start if start else ends


def _may_have_space(octets: np.ndarray) -> bool:
    return octets.size > 0 and (octets.min() <= 0x20 or octets.max() >= 0xC2)


def _begins_space(octets: np.ndarray) -> np.ndarray:
    """Which octets begin white space in UTF-8: space and controls, or the lead octets from U+0085 and U+00A0 to the
    blocks around U+1680, U+2000 and U+3000 (C2 to E3)."""
    return (octets <= 0x20) | (octets - np.uint8(0xC2) <= 0x21)


def check_width(columns: int) -> None:
    """Raise InputError where a list has more columns than any list of people has."""
    most = int(limits.LIST_COLUMNS.value)
    if columns > most:
        raise InputError("The list has more than {most} columns; no more can be read.", most=most)


def looks_like_address(cell: str) -> bool:
    """Whether a cell ends as an address does, alone or after a name. Not a verdict: that is tip 2."""
    return ("@" in cell or "＠" in cell) and len(cell) <= _LONGEST and _ADDRESS.search(cell) is not None
