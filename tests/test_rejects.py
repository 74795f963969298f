"""The workbook of rows to correct: complete, and harmless to open."""

import io

import openpyxl
import pandas as pd
import pytest

from bulkmail.intake import read_list
from bulkmail.rejects import reject_workbook
from bulkmail.tips import addressing
from tests.builders import a_table

LABELS = {"invalid_address": "不是有效的電郵地址", "no_address": "No address"}


def cells_of(data):
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)]


def test_the_rows_with_a_reason_are_listed_with_it_and_what_may_be_right():
    table = a_table("""
        original_address    | name | suggestion    | field.學院 | mailbox
        ana@lotusbay.edu.mo | Ana  |               | 法學院     | ana@lotusbay.edu.mo
        bo@gmail,com        | Bo   | bo@gmail.com  | 文學院     |
                            | Cai  |               |            |
    """)
    reasons = pd.Series(["", "invalid_address", "no_address"])
    assert cells_of(reject_workbook(table, reasons, LABELS)) == [
        ["Row", "Reason", "Suggestion", "address", "name", "學院"],
        [3, "不是有效的電郵地址", "bo@gmail.com", "bo@gmail,com", "Bo", "文學院"],
        [4, "No address", None, None, "Cai", None],
    ]


def test_headers_are_those_of_the_file_and_captions_those_of_the_reader():
    reading = read_list("姓名,電郵,學院\n陳大文,chan,法學院\n李四,li@lotusbay.edu.mo,\n".encode(), "list.csv")
    table = addressing.annotate(reading.table, person_key=b"k")
    data = reject_workbook(table, table["addressing_reason"], LABELS, reading.columns, ("列", "原因", "建議"))
    assert cells_of(data) == [
        ["列", "原因", "建議", "電郵", "姓名", "學院"],
        [2, "不是有效的電郵地址", None, "chan", "陳大文", "法學院"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_taken_for_a_formula(start):
    hostile = f"{start}HYPERLINK(1)"
    table = pd.DataFrame(
        {"source_row": [2], "original_address": [hostile], "suggestion": [hostile], f"field.{hostile}": ["x"]}
    )
    book = openpyxl.load_workbook(
        io.BytesIO(reject_workbook(table, pd.Series(["no_address"]), {"no_address": hostile}))
    )
    written = [cell for row in book.active.iter_rows() for cell in row if cell.value and "HYPERLINK" in str(cell.value)]
    assert [(cell.value[0], cell.data_type, cell.hyperlink) for cell in written] == [("'", "s", None)] * 4


def test_links_control_characters_and_very_long_cells_are_plain_text():
    table = pd.DataFrame(
        {"source_row": [2], "original_address": ["http://x.mo"], "name": ["a\x00\x07b"], "title": ["x" * 40_000]}
    )
    sheet = openpyxl.load_workbook(io.BytesIO(reject_workbook(table, pd.Series(["?"]), {}))).active
    assert sheet["D2"].hyperlink is None and sheet["B2"].value == "?"
    assert len(sheet["F2"].value) == 32_767


def test_the_reasons_may_stand_in_the_table():
    table = a_table("original_address | reason\nana | invalid_address\nbo@lotusbay.edu.mo |")
    assert cells_of(reject_workbook(table, labels=LABELS))[1:] == [[2, "不是有效的電郵地址", None, "ana"]]


def test_a_missing_date_is_an_empty_cell():
    table = a_table("original_address\nana").assign(consent_at=pd.Series([pd.NaT], dtype="datetime64[us, UTC]"))
    assert cells_of(reject_workbook(table, pd.Series(["no_address"]), LABELS))[1] == [
        2,
        "No address",
        None,
        "ana",
        None,
    ]


def test_nothing_to_correct_is_a_header_alone():
    table = a_table("original_address\nana@lotusbay.edu.mo")
    assert cells_of(reject_workbook(table, pd.Series([""]), {})) == [["Row", "Reason", "Suggestion", "address"]]
