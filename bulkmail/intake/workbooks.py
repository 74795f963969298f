"""Workbooks (XLSX, ODS) to grids, by fastexcel, after `packages` has looked for what would burst the memory."""

from collections.abc import Callable

import fastexcel
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail.errors import InputError
from bulkmail.intake.grid import Grid, check_width
from bulkmail.intake.packages import check_package

_MIDNIGHT = r"\A(\d{4}-\d\d-\d\d) 00:00:00\z"


def open_workbook(data: bytes) -> tuple[tuple[str, ...], Callable[[str], Grid]]:
    """The names of the sheets, and a function that reads one. Raises InputError for what is no workbook of lists."""
    check_package(data)
    try:
        book = fastexcel.read_excel(data)
    except fastexcel.FastExcelError as error:
        raise InputError("The workbook cannot be read. Save it again as .xlsx and upload that.") from error
    if not book.sheet_names:
        raise InputError("The workbook has no sheet.")
    return tuple(book.sheet_names), lambda name: _sheet(book, name)


def _sheet(book: fastexcel.ExcelReader, name: str) -> Grid:
    """All rows of a sheet as texts: dates as ISO 8601, whole numbers without a fraction."""
    try:
        sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_arrow()
    except fastexcel.FastExcelError as error:
        raise InputError("The sheet {sheet} cannot be read. Save the workbook again as .xlsx.", sheet=name) from error
    check_width(sheet.num_columns)
    columns = [_as_text(column) for column in sheet.columns]
    cells = pa.table(columns, [f"c{place}" for place in range(len(columns))])
    return Grid(cells=cells, rows=np.arange(1, cells.num_rows + 1), sheet=name)


def _as_text(column: pa.Array) -> pa.Array:
    texts = pc.fill_null(column.cast(pa.large_string()), "")
    has_dates = pc.any(pc.match_substring_regex(texts, _MIDNIGHT)).as_py()
    return pc.replace_substring_regex(texts, _MIDNIGHT, r"\1") if has_dates else texts
