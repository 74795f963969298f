"""Uploaded bytes to a recipient table: nothing dropped, every row with the number a person sees, every oddity said."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from bulkmail import limits
from bulkmail.errors import InputError
from bulkmail.intake import headers, oddities, workbooks
from bulkmail.intake.decoding import Decoded, decode, supposed_utf_8
from bulkmail.intake.delimited import read_delimited
from bulkmail.intake.grid import Grid, is_empty, trimmed
from bulkmail.intake.layout import Layout, layout_of, people
from bulkmail.model import KNOWN_FIELDS, Finding

_DOCUMENTS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"{\\rtf", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"RIFF")
_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
_WEB_PAGE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|table|head|meta)", re.IGNORECASE)
_ZIPPED = b"PK"
_PROBE = 1_000
_BLANK = b"\0\t\r\n \xef\xbb\xbf\xfe\xff"


@dataclass(frozen=True, kw_only=True)
class HowRead:
    """How a list was read. `columns` says for each column which header it came from; `headers` are all headers of the
    file; `rows` is how many its table has; `findings` tell what was odd; `sheets` are the sheets of a workbook that
    hold addresses, where there are several and none was asked for."""

    encoding: str
    delimiter: str
    sheet: str
    columns: dict[str, str]
    headers: tuple[str, ...]
    findings: tuple[Finding, ...]
    rows: int
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reading(HowRead):
    """A list as read, and how."""

    table: pd.DataFrame


def read_list(
    data: bytes,
    filename: str,
    *,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Reading:
    """The table of an uploaded or pasted list: `source_row`, `original_address`, known fields, `field.<name>` columns.

    CSV and the like, XLSX, ODS or plain text; what the file is decides, not its name. `mapping` turns a header into a
    known field, "field" (keep it as it is) or "" (ignore it). Raises InputError for what cannot be read as a list.
    """
    _check_file(data, filename)
    wanted = _checked(mapping or {})
    if data.startswith(_ZIPPED):
        grid, unread, decoded = *_choose_sheet(data, sheet, wanted), Decoded(text=b"", encoding="")
    else:
        (grid, decoded), unread = _read_text(data, encoding), ()
    layout = layout_of(grid, wanted)
    _check_layout(layout, wanted)
    body = people(grid, layout)
    if not len(body.rows):
        raise InputError("The file {file} has a header and no rows below it.", file=filename)
    table, columns = _table(body, layout)
    return Reading(
        table=table,
        encoding=decoded.encoding,
        delimiter=grid.delimiter,
        sheet=grid.sheet,
        columns=columns,
        headers=layout.headers,
        findings=tuple(oddities.find(body, layout, decoded, unread)),
        rows=len(table),
        sheets=(grid.sheet, *unread) if unread else (),
    )


def _check_file(data: bytes, filename: str) -> None:
    most = int(limits.LIST_FILE_BYTES.value)
    if len(data) > most:
        raise InputError("The file {file} is larger than {most} bytes. Split the list.", file=filename, most=most)
    if not data[:_PROBE].strip(_BLANK) and not data.strip(_BLANK):
        raise InputError("The file {file} is empty.", file=filename)
    if data.startswith(_DOCUMENTS):
        raise InputError("The file {file} is a document, picture or archive. Upload CSV, XLSX or ODS.", file=filename)
    if data.startswith(_OLD_OR_LOCKED):
        raise InputError("The file {file} is an old Excel file or has a password. Save it as .xlsx.", file=filename)
    if _WEB_PAGE.match(data):
        raise InputError("The file {file} is a web page. Open it in Excel and save it as .xlsx.", file=filename)


def _read_text(data: bytes, encoding: str | None) -> tuple[Grid, Decoded]:
    """The grid of a text, and how it was decoded."""
    supposed = None if encoding else supposed_utf_8(data)
    if supposed is not None:
        with suppress(UnicodeDecodeError):
            return read_delimited(supposed), Decoded(text=supposed, encoding="utf-8")
    decoded = decode(data, encoding)
    return read_delimited(decoded.text), decoded


def _checked(mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping with trimmed headers, once every field in it is known and given to one header only."""
    wanted = {header.strip(): field for header, field in mapping.items()}
    given = list(wanted.values())
    for header, field in wanted.items():
        if field not in (*KNOWN_FIELDS, "field", ""):
            raise InputError("The header {header} is mapped to {field}, which is no field.", header=header, field=field)
        if field in KNOWN_FIELDS and given.count(field) > 1:
            raise InputError("More than one header is mapped to {field}.", field=field)
    return wanted


def _check_layout(layout: Layout, mapping: Mapping[str, str]) -> None:
    names = ", ".join(name[:40] for name in layout.headers[:20] if "@" not in name)
    absent = [header for header in mapping if header not in layout.headers]
    if absent:
        raise InputError("There is no header {header}. The headers are: {headers}.", header=absent[0], headers=names)
    if "address" not in layout.columns:
        raise InputError(
            "No column holds addresses. Say which header does, or name it Email; the headers are: {headers}.",
            headers=names,
        )


def _choose_sheet(data: bytes, sheet: str | None, mapping: Mapping[str, str]) -> tuple[Grid, tuple[str, ...]]:
    """The sheet asked for, or the first with a column of addresses; and the other sheets that have one too."""
    names, load = workbooks.open_workbook(data)
    if sheet and sheet not in names:
        raise InputError("There is no sheet {sheet}. The workbook has: {sheets}.", sheet=sheet, sheets=", ".join(names))
    grids = {name: load(name) for name in ([sheet] if sheet else names)}
    usable = [name for name, grid in grids.items() if "address" in layout_of(grid, mapping).columns]
    chosen, *others = usable or grids
    return grids[chosen], tuple(others) if usable else ()


def _table(body: Grid, layout: Layout) -> tuple[pd.DataFrame, dict[str, str]]:
    """The table, and the header of each of its columns. Ignored columns and nameless empty ones are left out."""
    kept = {
        column: (header, cells)
        for cells, column, header in zip(body.cells.columns, layout.columns, layout.headers, strict=True)
        if column and not (_is_nameless(header) and is_empty(pa.table([cells], ["cells"])).all())
    }
    order = sorted(kept, key=lambda column: KNOWN_FIELDS.index(column) if column in KNOWN_FIELDS else len(KNOWN_FIELDS))
    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        cleaned = pool.map(_cleaned, [kept[column][1] for column in order], order)
        series = dict(zip(order, (pd.Series(pd.array(cells, dtype="str")) for cells in cleaned), strict=True))
    series = {"source_row": pd.Series(body.rows), "original_address": series.pop("address"), **series}
    return pd.DataFrame(series, copy=False), {column: header for column, (header, _) in kept.items()}


def _is_nameless(header: str) -> bool:
    return header == "surplus" or re.fullmatch(r"Column \d+", header) is not None


def _cleaned(cells: pa.ChunkedArray, column: str) -> pa.ChunkedArray:
    """The cells as the table holds them: addresses as they were written, languages by their code, the rest trimmed."""
    if column == "address":
        return cells
    if column == "language":
        words = cells.combine_chunks().dictionary_encode()
        codes = pa.array(map(headers.language_of, words.dictionary.to_pylist()), pa.large_string())
        return codes.take(words.indices)
    return trimmed(cells)
