"""Reading a list with the columns chosen by hand."""

import io

import pandas as pd
import pytest

from bulkmail import intake
from bulkmail.errors import InputError
from bulkmail.intake import by_hand
from bulkmail.intake.by_hand import headers_of, mapping_of, sheets_of

ODD = b"who,write to,shoe size\nAna,ana at example,38\nBo,bo at example,44\n"


def a_workbook():
    file = io.BytesIO()
    with pd.ExcelWriter(file, engine="xlsxwriter") as writer:
        pd.DataFrame({"note": ["hello"]}).to_excel(writer, sheet_name="Cover", index=False)
        pd.DataFrame({"Email": ["a@example.org"]}).to_excel(writer, sheet_name="People", index=False)
    return file.getvalue()


def test_headers_are_known_where_no_address_is_found():
    with pytest.raises(InputError):
        intake.read_list(ODD, "odd.csv")
    assert headers_of(ODD) == ("who", "write to", "shoe size")


def test_what_is_chosen_by_hand_is_how_the_list_is_read():
    mapping = mapping_of({"address": "write to", "name": "who", "title": ""}, headers_of(ODD), left_out=["shoe size"])
    reading = intake.read_list(ODD, "odd.csv", mapping=mapping)
    assert reading.columns == {"name": "who", "address": "write to"}


def test_headers_nobody_chose_are_kept_as_they_are():
    mapping = mapping_of({"address": "Email", "name": ""}, ("Email", "Name"))
    reading = intake.read_list(b"Email,Name\na@example.org,Ana\n", "list.csv", mapping=mapping)
    assert reading.columns == {"address": "Email", "field.Name": "Name"}


def test_one_column_is_one_field():
    with pytest.raises(InputError, match="The column who is chosen for more than one field"):
        mapping_of({"address": "who", "name": "who"}, ("who",))


def test_a_chosen_column_is_not_left_out():
    with pytest.raises(InputError, match="chosen for a field and left out"):
        mapping_of({"address": "who"}, ("who",), left_out=["who"])


def test_a_workbook_has_sheets_and_a_text_file_none():
    assert sheets_of(a_workbook()) == ("Cover", "People")
    assert sheets_of(ODD) == ()


def test_headers_of_the_sheet_that_was_asked_for():
    assert headers_of(a_workbook(), sheet="People") == ("Email",)
    assert headers_of(a_workbook()) == ("note",)


def test_the_same_lines_are_shown_in_each_encoding_that_knows_them():
    data = "Name,Email\n陳大文,a@lotusbay.edu.mo\nBo,b@lotusbay.edu.mo\n李美玲,c@lotusbay.edu.mo\n".encode("big5hkscs")
    samples = by_hand.samples_of(data)
    assert samples["big5hkscs"] == ("陳大文,a@lotusbay.edu.mo", "李美玲,c@lotusbay.edu.mo")
    assert "utf-8" not in samples and samples["gb18030"] != samples["big5hkscs"]


def test_nothing_is_shown_where_nothing_can_be_garbled():
    assert by_hand.samples_of(b"Email\na@lotusbay.edu.mo\n") == {}
    assert by_hand.samples_of("姓名\n陳大文".encode("utf-16")) == {"utf-16-le": ("姓名", "陳大文")}
