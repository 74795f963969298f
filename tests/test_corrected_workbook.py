"""The workbook of rejected rows comes back corrected, and merges by row."""

import io

import openpyxl
import pytest

from bulkmail import intake, mending, prepare, rejects
from bulkmail.errors import InputError
from bulkmail.tips import addressing
from tests.builders import NOW

LIST = """姓名,電郵,備註,備註
陳大文,chan,=1+1,甲
李四,li@gmial.com,,乙
王五,wong@lotusbay.edu.mo,-,丙
"""
ADDRESS, NAME, FIRST_NOTE, SECOND_NOTE = 4, 5, 6, 7


@pytest.fixture
def reading():
    return intake.read_list(LIST.encode(), "list.csv")


def workbook_of(reading, captions=("列", "原因", "建議"), mark="f" * 64):
    table = addressing.annotate(reading.table, person_key=b"k")
    wrong = table["addressing_reason"].mask(table["suggestion"] != "", "slip")
    return rejects.reject_workbook(table, wrong, {}, reading.columns, captions, mark=mark)


def changed(data, change):
    """The workbook after somebody changed its first sheet in a spreadsheet program."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book.worksheets[0])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def merged(reading, data, file_hash="f" * 64):
    return prepare.corrections_of_file(reading.table, data, file_hash)


def cells(found):
    return list(found.cells.itertuples(index=False, name=None))


def test_a_workbook_that_nobody_touched_changes_nothing(reading):
    found = merged(reading, workbook_of(reading))
    assert (cells(found), found.rows, found.unknown) == ([], 2, ())
    assert merged(reading, changed(workbook_of(reading), lambda sheet: None)).cells.empty


def test_what_was_corrected_comes_back_by_row_with_what_stood_there(reading):
    def correct(sheet):
        sheet.cell(2, ADDRESS).value = "chan@lotusbay.edu.mo "
        sheet.cell(3, SECOND_NOTE).value = None

    found = merged(reading, changed(workbook_of(reading), correct))
    assert cells(found) == [
        (2, "original_address", "chan", "chan@lotusbay.edu.mo"),
        (3, f"field.{'備註'}_2", "乙", ""),
    ]
    after = mending.overlay(reading.table, found.cells)
    assert after["original_address"].tolist() == ["chan@lotusbay.edu.mo", "li@gmial.com", "wong@lotusbay.edu.mo"]


def test_rows_and_columns_may_move_go_and_come(reading):
    def rearrange(sheet):
        sheet.cell(3, NAME).value = "李小四"
        sheet.delete_rows(2)
        sheet.delete_cols(2, 2)
        sheet.insert_cols(1)
        sheet.cell(1, 1).value = "checked by"

    assert cells(merged(reading, changed(workbook_of(reading), rearrange))) == [(3, "name", "李四", "李小四")]


def test_what_was_made_harmless_is_not_taken_for_a_correction(reading):
    def correct(sheet):
        assert sheet.cell(2, FIRST_NOTE).value == "'=1+1"
        sheet.cell(3, FIRST_NOTE).value = "'=2+2"

    assert cells(merged(reading, changed(workbook_of(reading), correct))) == [(3, "field.備註", "", "=2+2")]


def test_rows_that_the_list_has_not_are_named_and_a_row_given_twice_is_refused(reading):
    def number(sheet, row):
        sheet.cell(2, 1).value = row

    found = merged(reading, changed(workbook_of(reading), lambda sheet: number(sheet, 77)))
    assert (found.rows, found.unknown) == (1, ("77",))
    with pytest.raises(InputError, match="row 3 stands in the workbook twice"):
        merged(reading, changed(workbook_of(reading), lambda sheet: number(sheet, 3)))


def test_a_workbook_of_another_list_or_none_at_all_is_refused(reading):
    with pytest.raises(InputError, match="of another file"):
        merged(reading, workbook_of(reading, mark="e" * 64))
    with pytest.raises(InputError, match="no workbook of rows to correct"):
        merged(reading, workbook_of(reading, mark=""))
    with pytest.raises(InputError, match=r"is an \.xlsx file"):
        merged(reading, LIST.encode())
    with pytest.raises(InputError, match="The column 列 is missing"):
        merged(reading, changed(workbook_of(reading), lambda sheet: sheet.delete_cols(1)))


def test_the_sheet_that_knows_the_list_is_not_shown(reading):
    book = openpyxl.load_workbook(io.BytesIO(workbook_of(reading)))
    assert [(sheet.title, sheet.sheet_state) for sheet in book] == [("Sheet1", "visible"), ("bulkmail", "veryHidden")]


@pytest.fixture
def version(sqlite_workspace, reading):
    return prepare.save_list(sqlite_workspace, "list.csv", reading, "f" * 64, NOW)


def test_a_corrected_workbook_mends_a_saved_list_in_every_campaign(sqlite_workspace, version, reading):
    ws = sqlite_workspace
    data = workbook_of(reading, mark=prepare.mark(ws, version))
    data = changed(data, lambda sheet: sheet.cell(3, ADDRESS, "li@gmail.com"))
    prepare.mend(ws, version.id, "merged", prepare.corrections(ws, version, data).cells, who="Ana", now=NOW)
    assert prepare.mended_list(ws, version.id)["original_address"].tolist()[1] == "li@gmail.com"
    assert prepare.list_hash(ws, version) != version.meta["file_hash"]


def test_what_was_mended_here_since_the_workbook_was_made_is_not_taken_back_by_it(sqlite_workspace, version, reading):
    ws = sqlite_workspace
    data = changed(workbook_of(reading, mark=prepare.mark(ws, version)), lambda sheet: sheet.cell(2, NAME, "陳大明"))
    prepare.mend(ws, version.id, "edited", mending.edit(reading.table, 3, {"name": "李小四"}), who="Ana", now=NOW)
    found = prepare.corrections(ws, version, data)
    assert cells(found) == [(2, "name", "陳大文", "陳大明")]
    prepare.mend(ws, version.id, "merged", found.cells, who="Bo", now=NOW)
    assert prepare.mended_list(ws, version.id)["name"].tolist() == ["陳大明", "李小四", "王五"]


def test_a_workbook_of_a_list_that_was_mended_before_holds_what_was_mended(sqlite_workspace, version, reading):
    ws = sqlite_workspace
    prepare.mend(ws, version.id, "edited", mending.edit(reading.table, 3, {"name": "李小四"}), who="Ana", now=NOW)
    mended = intake.Reading(**{**vars(reading), "table": prepare.mended_list(ws, version.id)})
    assert prepare.corrections(ws, version, workbook_of(mended, mark=prepare.mark(ws, version))).cells.empty


def test_a_whole_list_is_written_so_that_it_is_read_again_as_it_was(reading):
    again = intake.read_list(rejects.list_workbook(reading.table, reading.columns), "mended.xlsx")
    assert again.columns == reading.columns
    own = mending.own_columns(reading.table)
    assert again.table[own].values.tolist() == reading.table[own].values.tolist()
    book = openpyxl.load_workbook(io.BytesIO(rejects.list_workbook(reading.table, reading.columns)))
    formula = next(cell for row in book.active.iter_rows() for cell in row if cell.value == "=1+1")
    assert (formula.data_type, formula.quotePrefix) == ("s", True)


def test_a_language_is_corrected_in_any_words():
    reading = intake.read_list(b"Email,Language\nbad@,English\n", "list.csv")
    data = changed(workbook_of(reading), lambda sheet: sheet.cell(2, 5, "繁體中文"))
    assert cells(merged(reading, data)) == [(2, "language", "en", "zh-Hant")]
    assert cells(merged(reading, changed(workbook_of(reading), lambda sheet: sheet.cell(2, 5, "English")))) == []
