"""Columns of texts in Arrow, which the kernels of this tip take and give."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def cells_of(table: pd.DataFrame, name: str) -> pa.LargeStringArray:
    """A column of a table in one piece."""
    return one_array(pa.array(table[name], pa.large_string()))


def one_array(cells: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """The cells in one piece, a null as ""."""
    whole = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    return whole.cast(pa.large_string()).fill_null("")


def texts_of(values: Iterable[str]) -> pa.LargeStringArray:
    """A column of texts."""
    return pa.array(list(values), pa.large_string())


def text_of(value: str) -> pa.LargeStringScalar:
    """A text beside columns of them."""
    return pa.scalar(value, pa.large_string())


def columns_of(rows: Iterable[tuple[str, ...]], width: int) -> list[pa.LargeStringArray]:
    """Rows of texts turned into columns."""
    return list(map(texts_of, zip(*rows, strict=True))) or [texts_of(())] * width


def mask(booleans: pa.BooleanArray | pa.ChunkedArray) -> np.ndarray:
    """A column of truths for numpy."""
    return booleans.to_numpy(zero_copy_only=False) if isinstance(booleans, pa.Array) else booleans.to_numpy()


def places(first: np.ndarray, others: pa.Array) -> np.ndarray:
    """Where each row went after the rows of `first` were put in front and the others, each value once, behind them."""
    place = np.empty(len(first), np.int64)
    count = int(first.sum())
    place[first] = np.arange(count)
    place[~first] = count + others.to_numpy()
    return place


def fingerprints(cells: pa.LargeStringArray) -> np.ndarray:
    """A number for each text: equal texts have the same, and different ones seldom do (those beyond 40 octets may)."""
    width = 40
    if not len(cells):
        return np.empty(0, np.uint64)
    blank = pc.ascii_rpad(cells, width, "\0")
    starts = np.frombuffer(blank.buffers()[1], np.int64)[blank.offset : blank.offset + len(blank)]
    octets = np.frombuffer(blank.buffers()[2] or b"", np.uint8)
    rows = np.lib.stride_tricks.sliding_window_view(octets, width)[starts]
    words = np.ascontiguousarray(rows).view(np.uint64)
    return words @ (np.uint64(0x9E3779B97F4A7C15) ** np.arange(1, width // 8 + 1, dtype=np.uint64))


def repeated(numbers: np.ndarray) -> np.ndarray:
    """Which numbers stand more than once."""
    return pd.Series(numbers).duplicated(keep=False).to_numpy()
