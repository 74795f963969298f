"""Workbooks as lists, and workbooks as weapons: each is a table, or refused before it takes memory."""

import io
import struct
import zipfile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkmail.errors import InputError
from bulkmail.intake import packages, read_list

LIST = [["Email", "Member", "Paid"], ["ana@lotusbay.edu.mo", 1204, 1.5], ["bo@lotusbay.edu.mo", 85366001234, True]]


def a_workbook(sheets):
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    for name, records in sheets.items():
        sheet = book.add_worksheet(name)
        for place, record in enumerate(records):
            sheet.write_row(place, 0, record)
    book.close()
    return file.getvalue()


def a_package(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return file.getvalue()


def rows(reading):
    return reading.table["source_row"].tolist()


# ---------------------------------------------------------------- XLSX


def test_the_first_sheet_with_addresses_is_read_and_others_are_named():
    data = a_workbook({"notes": [["hello"]], "2026": LIST, "empty": [], "2025": LIST})
    reading = read_list(data, "list.xlsx")
    assert reading.sheet == "2026"
    assert reading.table["field.Member"].tolist() == ["1204", "85366001234"]
    assert [str(found.message) for found in reading.findings] == [
        "The sheet 2026 was read; addresses are also in: 2025."
    ]
    assert read_list(data, "list.xlsx", sheet="2025").sheet == "2025"


def test_a_sheet_that_is_not_there_is_named():
    with pytest.raises(InputError, match="The workbook has: 2026"):
        read_list(a_workbook({"2026": LIST}), "list.xlsx", sheet="2024")


def test_a_workbook_without_addresses_is_refused():
    with pytest.raises(InputError, match="No column holds addresses"):
        read_list(a_workbook({"a": [["Name"], ["Ana"]], "b": []}), "list.xlsx")


def test_empty_rows_of_a_sheet_are_no_rows_and_numbers_stay():
    records = [LIST[0], LIST[1], [], ["", "", "note"], LIST[2]]
    assert rows(read_list(a_workbook({"a": records}), "list.xlsx")) == [2, 4, 5]


def test_what_a_file_is_called_does_not_matter():
    assert read_list(a_workbook({"a": LIST}), "list.csv").rows == 2
    assert read_list(b"Email\nana@lotusbay.edu.mo\n", "list.xls").rows == 1


# ---------------------------------------------------------------- ODS

OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
SHEET = "application/vnd.oasis.opendocument.spreadsheet"


def an_open_document(*records):
    names = " ".join(f'xmlns:{name}="{OFFICE}:{name}:1.0"' for name in ("office", "table", "text"))
    table = f'<table:table table:name="List">{"".join(records)}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{SHEET}"/>'
    manifest = f'<manifest:manifest xmlns:manifest="{OFFICE}:manifest:1.0">{entry}</manifest:manifest>'
    content = f"<office:document-content {names}>{body}</office:document-content>"
    return a_package({"mimetype": SHEET, "META-INF/manifest.xml": manifest, "content.xml": content})


def ods_row(*cells, times=1):
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


def ods_cell(text, kind="string", value=""):
    return f'<table:table-cell office:value-type="{kind}" {value}><text:p>{text}</text:p></table:table-cell>'


def ods_nothing(times):
    return f'<table:table-cell table:number-columns-repeated="{times}"/>'


def test_an_open_document_is_read():
    day = ods_cell("4/3/26", "date", 'office:date-value="2026-03-04"')
    number = ods_cell("1,204", "float", 'office:value="1204"')
    data = an_open_document(
        ods_row(ods_cell("Email"), ods_cell("Consent date"), ods_cell("Member")),
        ods_row(ods_cell("ana@lotusbay.edu.mo"), day, number, ods_nothing(16_381)),
        ods_row(ods_nothing(16_384), times=1_048_574),
    )
    reading = read_list(data, "list.ods")
    assert reading.table.values.tolist() == [[2, "ana@lotusbay.edu.mo", "2026-03-04", "1204"]]


@pytest.mark.parametrize(
    "record",
    [
        ods_row(ods_cell("a@lotusbay.edu.mo"), times=99_999_999),
        ods_row(ods_cell("a@lotusbay.edu.mo"), times="9" * 5_000),
        ods_row(ods_nothing(900), ods_cell("a@lotusbay.edu.mo"), times=1_000_000),
        ods_row(ods_nothing(1), times=99_999_999) + ods_row(ods_cell("a@lotusbay.edu.mo")),
    ],
)
def test_repeated_rows_of_an_open_document_are_refused_before_memory_is_taken(record):
    with pytest.raises(InputError, match="too large"):
        read_list(an_open_document(ods_row(ods_cell("Email")), record), "list.ods")


# ---------------------------------------------------------------- weapons


def test_a_text_document_in_a_package_is_no_workbook():
    with pytest.raises(InputError, match="package of another kind"):
        read_list(a_package({"word/document.xml": "<w:document/>"}), "list.xlsx")


def repacked(cells=b"", old=b"", new=b""):
    """A workbook with more cells in the XML of its sheet, and with a shared text replaced."""
    source = zipfile.ZipFile(io.BytesIO(a_workbook({"a": LIST})))
    members = {name: source.read(name) for name in source.namelist()}
    members["xl/worksheets/sheet1.xml"] = members["xl/worksheets/sheet1.xml"].replace(
        b"</sheetData>", cells + b"</sheetData>"
    )
    members["xl/sharedStrings.xml"] = members["xl/sharedStrings.xml"].replace(old, new)
    return a_package(members)


@pytest.mark.parametrize(
    "cells",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1048576"><c s="0" r="ABC1048576"><v>1</v></c></row>',
        b'<row r="4294967295"><c r="A4294967295"><v>1</v></c></row>',
        b'<row r="99999999"><c><v>1</v></c></row>',
        b"<row r='9'><c r='xfd1048000'><v>1</v></c></row>",
    ],
)
def test_a_cell_in_the_far_corner_is_refused_before_memory_is_taken(cells):
    with pytest.raises(InputError, match="too large"):
        read_list(repacked(cells), "list.xlsx")


def test_a_wide_but_small_sheet_is_read():
    reading = read_list(repacked(b'<row r="9"><c r="AZ9"><v>1</v></c></row>'), "list.xlsx")
    assert rows(reading) == [2, 3, 9]


@pytest.fixture
def small_limits(monkeypatch):
    """Bounds of a tenth of a megabyte unpacked and of 200 cells, so that a bomb in a test need not be a big one."""
    small = packages.limits.Limit(100_000, "bytes", "house", packages.limits.LIST_UNPACKED_BYTES.read_on)
    monkeypatch.setattr(packages.limits, "LIST_UNPACKED_BYTES", small)
    few = packages.limits.Limit(200, "cells", "house", packages.limits.LIST_UNPACKED_BYTES.read_on)
    monkeypatch.setattr(packages.limits, "LIST_FILLED_CELLS", few)


def test_a_bomb_is_refused_even_where_it_lies_about_its_size(small_limits):
    bomb = bytearray(repacked(b"<!--" + b" " * 300_000 + b"-->"))
    entry = zipfile.ZipFile(io.BytesIO(bytes(bomb))).getinfo("xl/worksheets/sheet1.xml")
    central = bomb.rindex(b"PK\x01\x02", 0, bomb.rindex(b"xl/worksheets/sheet1.xml"))
    for place in (entry.header_offset + 22, central + 24):
        struct.pack_into("<I", bomb, place, 10)
    with pytest.raises(InputError, match="too large"):
        read_list(bytes(bomb), "list.xlsx")


def cells_of_shared_text(number):
    return b"".join(b'<row r="%d"><c r="A%d" t="s"><v>%d</v></c></row>' % (row, row, number) for row in range(10, 60))


def test_more_cells_than_memory_should_hold_are_refused(small_limits):
    with pytest.raises(InputError, match="too large"):
        read_list(repacked(b"<row>" + b"<c/>" * 300 + b"</row>"), "list.xlsx")


def test_a_long_text_shared_by_many_cells_is_refused(small_limits):
    with pytest.raises(InputError, match="too large"):
        read_list(repacked(cells_of_shared_text(0), b"Email", b"E" * 9_000), "list.xlsx")


def test_a_long_text_beside_many_short_ones_is_read(small_limits):
    assert read_list(repacked(cells_of_shared_text(1), b"Paid", b"P" * 9_000), "list.xlsx").rows == 52


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 5_000), st.binary(min_size=1, max_size=3))
def test_a_damaged_workbook_is_a_list_or_one_sentence(place, noise):
    data = a_workbook({"a": LIST})
    place %= len(data)
    try:
        read_list(data[:place] + noise + data[place + len(noise) :], "list.xlsx")
    except InputError as refused:
        assert str(refused)


def test_several_sheets_with_addresses_are_named_to_ask_which():
    data = a_workbook({"notes": [["hello"]], "2026": LIST, "2025": LIST})
    assert read_list(data, "list.xlsx").sheets == ("2026", "2025")
    assert read_list(data, "list.xlsx", sheet="2025").sheets == ()
    assert read_list(a_workbook({"2026": LIST}), "list.xlsx").sheets == ()
