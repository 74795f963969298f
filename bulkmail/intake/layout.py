"""Where the header of a grid stands, and what each of its columns is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from bulkmail.intake import headers
from bulkmail.intake.grid import Grid, is_empty, looks_like_address

_HEAD_ROWS = 40
_SAMPLE_ROWS = 5_000
_MOSTLY = 0.5


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The place of the first record of a person, the headers, the column that each becomes, and whether the addresses
    were found by their cells alone."""

    first: int
    headers: tuple[str, ...]
    columns: tuple[str, ...]
    by_cells: bool = False


def layout_of(grid: Grid, mapping: Mapping[str, str]) -> Layout:
    """The layout of a grid; without "address" among its columns where none could be found."""
    head = grid.head(_HEAD_ROWS)
    place = headers.find_header(head, [header for header, field in mapping.items() if field == "address"])
    column = None if place is not None else _address_column(grid)
    if column is None:
        return _layout(grid, head, place or 0, mapping)
    layout = _layout(grid, head, _header_above(head, column), mapping)
    if "address" in layout.columns or layout.headers[column] in mapping:
        return layout
    columns = (*layout.columns[:column], "address", *layout.columns[column + 1 :])
    return replace(layout, columns=columns, by_cells=True)


def people(grid: Grid, layout: Layout) -> Grid:
    """The grid below its header. Rows of a workbook without any cell are no rows."""
    below = replace(grid, cells=grid.cells.slice(layout.first), rows=grid.rows[layout.first :])
    if not grid.sheet:
        return below
    kept = ~is_empty(below.cells)
    return replace(below, cells=below.cells.filter(pa.array(kept)), rows=below.rows[kept])


def _layout(grid: Grid, head: list[list[str]], place: int, mapping: Mapping[str, str]) -> Layout:
    """The layout with the header at `place`, or with none where it is -1: columns are then called after their place."""
    record = head[place] if 0 <= place < len(head) else [""] * grid.cells.num_columns
    names = [cell or f"Column {number}" for number, cell in enumerate(record, 1)]
    if grid.cells.column_names[-1:] == ["surplus"]:
        names[-1] = "surplus"
    return Layout(first=place + 1, headers=tuple(names), columns=tuple(headers.assign(names, mapping)))


def _address_column(grid: Grid) -> int | None:
    """The column most of whose cells look like addresses, judged by the first rows; None where there is none."""
    shares = [_share(column.to_pylist()) for column in grid.cells.slice(0, _SAMPLE_ROWS).columns]
    best = max(range(len(shares)), key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] > _MOSTLY else None


def _share(cells: list[str]) -> float:
    filled = [cell for cell in cells if cell.strip()]
    return sum(map(looks_like_address, filled)) / max(len(filled), 1)


def _header_above(head: list[list[str]], column: int) -> int:
    """The place of the fullest record above the first address, which is most like a header; -1 where there is none."""
    first = next((place for place, record in enumerate(head) if looks_like_address(record[column])), 0)
    filled = [sum(map(bool, record)) for record in head[:first]]
    return filled.index(max(filled)) if filled else -1
