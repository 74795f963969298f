"""The rows that cannot be mailed, as a workbook to correct: the list's own columns, the reason, and a suggestion."""

import io
from collections.abc import Mapping, Sequence

import pandas as pd
import xlsxwriter

from bulkmail.model import FIELD_PREFIX, KNOWN_FIELDS

# https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3,
# read 2026-11-23: rows below a header, and characters of a cell
_LARGEST_SHEET = 1_048_575
_LONGEST_CELL = 32_767
# OWASP ASVS 1.2.10, read 2026-11-23, and the full-width forms that Excel takes for the same in Chinese and Japanese
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")


def reject_workbook(
    table: pd.DataFrame,
    reasons: pd.Series | None = None,
    labels: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    captions: Sequence[str] = ("Row", "Reason", "Suggestion"),
) -> bytes:
    """An XLSX of the rows of `table` that have a reason: row number, reason, suggestion, then the list's own columns.

    `reasons` has the index of `table`, a code or "" for each row, and is the column `reason` where it is not given;
    `labels` says a code in words; `columns` gives a column its header in the file (`Reading.columns`; without it, all
    columns a file can have are written); `captions` are the first three headers in the reader's language. No cell is a
    formula or a link: what starts like a formula gets an apostrophe before it.
    """
    codes = table["reason"] if reasons is None else reasons
    rejected = (codes != "").to_numpy()
    chosen, words = table[rejected], labels or {}
    own = _columns(table, columns or {})
    records = [
        chosen["source_row"].tolist(),
        [words.get(code, code) for code in codes[rejected]],
        chosen["suggestion"].tolist() if "suggestion" in chosen else [""] * len(chosen),
        *(chosen[column].astype("str").fillna("").tolist() for column in own),  # dates that were read may be missing
    ]
    return _workbook([*captions, *own.values()], list(zip(*records, strict=True)))


def _columns(table: pd.DataFrame, headers: Mapping[str, str]) -> dict[str, str]:
    """The columns of `table` that the file had, each with its header there, the address first."""
    extra = (column for column in table.columns if column.startswith(FIELD_PREFIX))
    named = {"original_address": headers.get("address", "address")}
    for column in (*KNOWN_FIELDS, *extra):
        if column in table and column != "address" and (column in headers or not headers):
            named[column] = headers.get(column, column.removeprefix(FIELD_PREFIX))
    return named


def _workbook(header: Sequence[str], records: Sequence[Sequence[object]]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True})
    for start in range(0, max(len(records), 1), _LARGEST_SHEET):
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(header):
            sheet.write_string(0, column, harmless(name), bold)
        for row, record in enumerate(records[start : start + _LARGEST_SHEET], 1):
            for column, cell in enumerate(record):
                _write(sheet, row, column, cell)
    book.close()
    return file.getvalue()


def _write(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: object) -> None:
    if isinstance(cell, int):
        sheet.write_number(row, column, cell)
    elif cell:
        sheet.write_string(row, column, harmless(str(cell)))


def harmless(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula, cut to what a cell can hold."""
    return f"'{cell}"[:_LONGEST_CELL] if cell.startswith(_FORMULA_STARTS) else cell[:_LONGEST_CELL]
