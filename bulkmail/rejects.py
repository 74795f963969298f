"""The rows that cannot be mailed, as a workbook to correct: the list's own columns, the reason, and a suggestion; and
what was corrected, read from it again row by row."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import xlsxwriter

from bulkmail.errors import InputError
from bulkmail.model import FIELD_PREFIX, KNOWN_FIELDS

# A hidden sheet says which file the rows are of and which column is which, so that headers may be in any language.
ABOUT = "bulkmail"

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
    *,
    mark: str = "",
) -> bytes:
    """An XLSX of the rows of `table` that have a reason: row number, reason, suggestion, then the list's own columns.

    `reasons` has the index of `table`, a code or "" for each row, and is the column `reason` where it is not given;
    `labels` says a code in words; `columns` gives a column its header in the file (`Reading.columns`; without it, all
    columns a file can have are written); `captions` are the first three headers in the reader's language; with a
    `mark`, by which the list as it stood is known again, `corrections` can read the workbook. No cell is a formula or a
    link: what starts like a formula gets an apostrophe before it.
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
    about = [("mark", mark), ("source_row", captions[0]), *own.items()] if mark else []
    return _workbook([*captions, *own.values()], list(zip(*records, strict=True)), about)


def list_workbook(table: pd.DataFrame, columns: Mapping[str, str]) -> bytes:
    """An XLSX of the whole list under its own headers, as it can be read again: every cell is text, and one that starts
    like a formula is marked as text for the spreadsheet (quotePrefix) instead of being changed."""
    own = _columns(table, columns)
    cells = [table[column].astype("str").fillna("").tolist() for column in own]
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, plain = book.add_worksheet(), book.add_format({"quote_prefix": True, "num_format": "@"})
    for row, record in enumerate(([*own.values()], *zip(*cells, strict=True))):
        for column, cell in enumerate(record):
            if cell:
                sheet.write_string(row, column, cell[:_LONGEST_CELL], plain)
    book.close()
    return file.getvalue()


def _columns(table: pd.DataFrame, headers: Mapping[str, str]) -> dict[str, str]:
    """The columns of `table` that the file had, each with its header there, the address first."""
    extra = (column for column in table.columns if column.startswith(FIELD_PREFIX))
    named = {"original_address": headers.get("address", "address")}
    for column in (*KNOWN_FIELDS, *extra):
        if column in table and column != "address" and (column in headers or not headers):
            named[column] = headers.get(column, column.removeprefix(FIELD_PREFIX))
    return named


def _workbook(
    header: Sequence[str], records: Sequence[Sequence[object]], about: Sequence[tuple[str, str]] = ()
) -> bytes:
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
    if about:
        sheet = book.add_worksheet(ABOUT)
        sheet.very_hidden()
        for row, words in enumerate(about):
            for column, word in enumerate(words):
                sheet.write_string(row, column, harmless(word))
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


# ---------------------------------------------------------------- corrected, and back


@dataclass(frozen=True, kw_only=True)
class Corrections:
    """What a corrected workbook says: `cells` has a row for each cell that differs (source_row, column, before, after);
    `rows` is how many rows of the list it holds; `unknown` are row numbers that the list has not."""

    cells: pd.DataFrame
    rows: int
    unknown: tuple[str, ...]


def mark_of(sheets: Mapping[str, pa.Table]) -> str:
    """The mark that a workbook was given, from the texts of its sheets. InputError where it has none."""
    return _about(sheets).get("mark", "")


def corrections(table: pd.DataFrame, sheets: Mapping[str, pa.Table]) -> Corrections:
    """What was corrected in a workbook since it was made of `table`, by the number of each row.

    Columns may stand in another order, rows and columns may be missing or new. Raises InputError where it is no such
    workbook, or gives a row twice.
    """
    about = _about(sheets)
    parts = [_corrected_rows(sheet, about) for name, sheet in sheets.items() if name != ABOUT]
    given = pd.concat(parts, ignore_index=True).fillna("")
    given = given[given.drop(columns="source_row").ne("").any(axis=1) | given["source_row"].ne("")]
    repeated = given.loc[given["source_row"].duplicated(), "source_row"]
    if len(repeated):
        raise InputError("The row {row} stands in the workbook twice. Keep one of them.", row=repeated.iloc[0])
    place = pd.Index(table["source_row"].astype("str")).get_indexer(given["source_row"])
    known = given[place >= 0]
    cells = _differing(table.iloc[place[place >= 0]], known)
    return Corrections(cells=cells, rows=len(known), unknown=tuple(given.loc[place < 0, "source_row"]))


def _about(sheets: Mapping[str, pa.Table]) -> dict[str, str]:
    """The mark, and the header that each column has in the workbook."""
    if ABOUT not in sheets:
        raise InputError(
            "This is no workbook of rows to correct: it has lost what says which list it is of. Save it as .xlsx, with "
            "all its sheets."
        )
    names, words = (column.to_pylist() for column in sheets[ABOUT].columns[:2])
    return dict(zip(names, words, strict=True))


def _corrected_rows(sheet: pa.Table, about: Mapping[str, str]) -> pd.DataFrame:
    """The rows of a sheet in the columns of the list, as far as the sheet still has them."""
    cells = [column.to_pylist() for column in sheet.columns]
    headers = [column[0].strip() for column in cells]
    found: dict[str, list[str]] = {}
    for name, word in about.items():
        if name != "mark" and word.strip() in headers:
            place = headers.index(word.strip())
            headers[place] = "\0"  # taken: several columns of a file may have one header
            found[name] = cells[place][1:]
    if "source_row" not in found:
        raise InputError("The column {column} is missing from the workbook.", column=about.get("source_row", ""))
    found["source_row"] = [cell.strip() for cell in found["source_row"]]
    return pd.DataFrame(found, dtype="str")


def _differing(table: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """The cells of the workbook that are not as the list (row by row the same) has them."""
    parts = []
    for name in given.columns:
        if name == "source_row" or name not in table:
            continue
        before = table[name].astype("str").fillna("").reset_index(drop=True)
        after = given[name].reset_index(drop=True)
        differs = after.str.strip().ne(before.map(harmless).str.strip()) & after.str.strip().ne(before.str.strip())
        part = {"source_row": table["source_row"].to_numpy()[differs], "before": before[differs]}
        parts.append(pd.DataFrame({**part, "column": name, "after": after[differs].str.strip().map(_as_typed)}))
    kinds = {"source_row": "int64", "column": "str", "before": "str", "after": "str"}
    return pd.concat(parts, ignore_index=True)[list(kinds)].astype(kinds) if parts else pd.DataFrame(columns=[*kinds])


def _as_typed(cell: str) -> str:
    """The cell without the apostrophe that made it harmless."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA_STARTS) else cell
