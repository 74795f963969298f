"""What uploaded bytes become: every file ends as a table in which no row is missing, or as one clear sentence."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkmail.errors import InputError
from bulkmail.intake import decoding, delimited, headers, read_list
from bulkmail.model import KNOWN_FIELDS
from tests.data import make_data

DATA = Path(__file__).parent / "data"
MEMBERS = (
    "members_big5.csv",
    "members_utf16_tabs.txt",
    "members_utf8.csv",
    "members_utf8_bom.csv",
    "members_title_rows.xlsx",
)
GOOD = "Email,Name\nana@lotusbay.edu.mo,Ana\nbo@lotusbay.edu.mo,Bo\n"


def read_file(name, **choices):
    return read_list((DATA / name).read_bytes(), name, **choices)


def read_text(text, **choices):
    return read_list(text.encode(), "list.csv", **choices)


def addresses(reading):
    return reading.table["original_address"].tolist()


def rows(reading):
    return reading.table["source_row"].tolist()


def messages(reading):
    return [str(finding.message) for finding in reading.findings]


# ---------------------------------------------------------------- the files in tests/data


def test_the_files_are_what_their_script_makes():
    for name, data in make_data.files().items():
        if not name.endswith(".xlsx"):
            assert (DATA / name).read_bytes() == data, name


def test_one_list_reads_alike_from_every_encoding_and_format():
    tables = [read_file(name).table.drop(columns="source_row") for name in MEMBERS]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])
    assert tables[0]["name"].tolist() == [row[0] for row in make_data.members()]
    assert tables[0].columns.tolist() == [
        "original_address", "name", "language", "consent", "consent_at", "consent_source", "field.學院",
    ]  # fmt: skip


def test_the_number_of_a_row_is_the_one_a_person_sees():
    assert rows(read_file("members_utf8.csv"))[:3] == [2, 3, 4]
    assert rows(read_file("members_title_rows.xlsx"))[:3] == [5, 6, 7]
    assert rows(read_file("semicolons.csv"))[:3] == [3, 4, 5]
    assert rows(read_file("quoted_newlines.csv"))[:8] == [2, 3, 4, 7, 8, 9, 12, 15]


@pytest.mark.parametrize("path", sorted(DATA.glob("*.[ctx]*")), ids=lambda path: path.name)
def test_every_file_is_read_with_all_its_rows(path):
    reading = read_list(path.read_bytes(), path.name)
    assert reading.rows == len(reading.table) >= 12
    assert reading.table["source_row"].is_unique
    assert not reading.table.isna().any().any()
    assert {str(dtype) for dtype in reading.table.dtypes} == {"int64", "str"}
    assert sum("lotusbay.edu.mo" in cell for cell in addresses(reading)) >= 12 or "gb18030" in path.name


def test_a_ragged_file_loses_no_row_and_says_what_was_odd():
    reading = read_file("ragged.csv")
    assert [cell for cell in addresses(reading) if cell.startswith("row")] == [
        f"row{n:02}@lotusbay.edu.mo" for n in range(1, 17)
    ]
    assert {finding.rows for finding in reading.findings} == {(5, 7), (9,), (14,)}
    assert reading.table.set_index("source_row")["field.surplus"][7] == "called twice,moved"
    assert {finding.code for finding in reading.findings} == {"ADR-17"}


def test_the_reading_says_how_the_file_was_understood():
    assert (read_file("members_big5.csv").encoding, read_file("members_utf16_tabs.txt").delimiter) == (
        "big5hkscs",
        "\t",
    )
    assert (read_file("portuguese_cp1252.csv").encoding, read_file("simplified_gb18030.csv").encoding) == (
        "cp1252",
        "gb18030",
    )
    assert read_file("members_title_rows.xlsx").sheet == "會員"
    assert read_file("members_utf8.csv").columns["address"] == "電郵地址"
    assert read_file("members_utf8.csv").headers == make_data.HEADER


# ---------------------------------------------------------------- encodings

CHINESE_LIST = make_data.text_of([make_data.HEADER, *make_data.members()])
PORTUGUESE_LIST = make_data.portuguese()
SIMPLIFIED_LIST = make_data.simplified()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE_LIST, "big5hkscs"), (CHINESE_LIST, "gb18030"), (CHINESE_LIST, "utf-8"), (CHINESE_LIST, "utf-16-le"),
        (CHINESE_LIST, "utf-16-be"), (PORTUGUESE_LIST, "cp1252"), (PORTUGUESE_LIST, "utf-8"), (GOOD, "utf-16-le"),
        (SIMPLIFIED_LIST, "gb18030"), (PORTUGUESE_LIST + CHINESE_LIST, "gb18030"), (GOOD, "utf-8"),
    ],
)  # fmt: skip
def test_the_encoding_is_found_by_evidence(text, encoding):
    decoded = decoding.decode(text.encode(encoding))
    assert (decoded.encoding, decoded.text.decode(), decoded.doubt) == (encoding, text, "")


def test_three_short_rows_are_enough_evidence():
    for name, encoding in (("陳大文", "big5hkscs"), ("陈大文", "gb18030"), ("João Conceição", "cp1252")):
        text = f"Name,Email\n{name},a@lotusbay.edu.mo\n{name},b@lotusbay.edu.mo\n{name},c@lotusbay.edu.mo\n"
        assert decoding.decode(text.encode(encoding)).encoding == encoding


def test_evidence_late_in_a_long_file_counts():
    plain = "Name,Email\n" + "".join(f"Person {n},p{n}@lotusbay.edu.mo\n" for n in range(60_000))
    reading = read_list((plain + "陳嘉欣,last@lotusbay.edu.mo\n").encode("big5"), "list.csv")
    assert reading.encoding == "big5hkscs"
    assert reading.table["name"].iloc[-1] == "陳嘉欣"


def test_the_encoding_can_be_overruled():
    data = "Name,Email\nJoão,a@lotusbay.edu.mo\n".encode("cp1252")
    assert read_list(data, "list.csv", encoding="Latin-1").table["name"].tolist() == ["João"]
    assert read_list(data, "list.csv", encoding="cp1250").table["name"].tolist() == ["Joăo"]
    assert read_list(CHINESE_LIST.encode("big5hkscs"), "list.csv", encoding="Big5").encoding == "big5hkscs"


def test_bytes_an_encoding_does_not_know_are_shown_and_named():
    lines = CHINESE_LIST.encode("big5hkscs").split(b"\r\n")
    lines[3] = lines[3].replace("李".encode("big5"), b"\xff")
    reading = read_list(b"\r\n".join(lines), "list.csv")
    assert reading.rows == len(make_data.members())
    assert "�" in reading.table.set_index("source_row")["name"][4]
    assert [finding.rows for finding in reading.findings] == [(4,)]


def test_an_encoding_nobody_expected_is_said_to_be_in_doubt():
    data = "Имя,Email\nИван Петров,a@lotusbay.edu.mo\nМария Сидорова,b@lotusbay.edu.mo\n".encode("cp1251")
    reading = read_list(data, "list.csv")
    assert reading.rows == 2
    assert any("could also be" in message for message in messages(reading))


def test_an_unknown_encoding_is_refused():
    with pytest.raises(InputError, match="no encoding klingon"):
        read_text(GOOD, encoding="klingon")


# ---------------------------------------------------------------- delimiters and lines


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    reading = read_text(GOOD.replace(",", delimiter))
    assert (reading.delimiter, reading.table["name"].tolist()) == (delimiter, ["Ana", "Bo"])


def test_a_comma_in_names_does_not_hide_the_semicolon():
    reading = read_text("Name;Email\nLam, Ana;ana@lotusbay.edu.mo\nLam, Bo;bo@lotusbay.edu.mo\n")
    assert reading.table["name"].tolist() == ["Lam, Ana", "Lam, Bo"]


def test_one_column_is_a_list():
    reading = read_text("Email\nana@lotusbay.edu.mo\nbo@lotusbay.edu.mo")
    assert (reading.delimiter, addresses(reading)) == ("", ["ana@lotusbay.edu.mo", "bo@lotusbay.edu.mo"])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
def test_lines_may_end_in_any_way(end):
    reading = read_text(GOOD.replace("\n", end))
    assert addresses(reading) == ["ana@lotusbay.edu.mo", "bo@lotusbay.edu.mo"]
    assert rows(reading) == ([3, 5] if end == "\n\n" else [2, 3])


def test_an_empty_line_is_no_row_and_a_line_of_delimiters_is_one():
    reading = read_text("Email,Name\nana@lotusbay.edu.mo,Ana\n\n,\nbo@lotusbay.edu.mo,Bo\n\n\n")
    assert (rows(reading), addresses(reading)) == ([2, 4, 5], ["ana@lotusbay.edu.mo", "", "bo@lotusbay.edu.mo"])


def test_the_separator_line_of_excel_is_no_row():
    reading = read_text("sep=;\nEmail;Name\nana@lotusbay.edu.mo;Lam, Ana\n")
    assert (rows(reading), reading.table["name"].tolist()) == ([3], ["Lam, Ana"])


@pytest.mark.parametrize(
    "torn", ['"ana@lotusbay.edu.mo,Ana', 'ana@lotusbay.edu.mo,"Ana', 'ana@lotusbay.edu.mo,12" Ana']
)
@pytest.mark.parametrize("place", [0, 7, 19])
def test_a_quotation_mark_that_is_never_closed_swallows_no_row(torn, place):
    lines = [f"p{number}@lotusbay.edu.mo,P {number}" for number in range(20)]
    lines[place] = torn
    reading = read_text("Email,Name\n" + "\n".join(lines))
    assert rows(reading) == list(range(2, 22))
    assert addresses(reading)[place] == "ana@lotusbay.edu.mo"
    assert {finding.rows for finding in reading.findings} <= {(place + 2,)}
    assert reading.findings or '12"' in torn or place == 19


def test_two_torn_lines_after_one_another_stay_two_rows():
    reading = read_text('Email,Name\n"a@lotusbay.edu.mo,A\n"b@lotusbay.edu.mo,B\nc@lotusbay.edu.mo,C\n')
    assert addresses(reading) == ["a@lotusbay.edu.mo", "b@lotusbay.edu.mo", "c@lotusbay.edu.mo"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z]{1,5}@[a-z]{1,5}\.mo", fullmatch=True),
            st.text('ab ,";é陳', max_size=8),
            st.text("xy,", max_size=3),
        ),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_spreadsheet_writes_is_read_back_whole(people, delimiter, end):
    text = make_data.text_of([("Email", "Name", "Note"), *people], delimiter, end)
    reading = read_text(text)
    assert addresses(reading) == [person[0] for person in people]
    assert reading.table["name"].tolist() == [person[1].strip() for person in people]
    assert rows(reading) == list(range(2, len(people) + 2))
    assert not reading.findings


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.text("ab ,陳", min_size=1, max_size=6), st.text('x"\n,', max_size=5)), min_size=1, max_size=12
    )
)
def test_the_quick_and_the_patient_reader_agree(people):
    body = make_data.text_of([("Email", "Note"), *people], end="\n").rstrip("\n")
    quick = delimited._read_regular(body.encode(), ",", 2, 1)
    patient = delimited._read_lines(body, ",", 2, 1)
    if quick:
        assert quick.cells.to_pylist() == patient.cells.drop_columns("surplus").to_pylist()
        assert quick.rows.tolist() == patient.rows.tolist()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text('ab,";\n\r\t @陳', max_size=20), max_size=12))
def test_no_line_with_an_address_is_lost_whatever_stands_between(noise):
    kept = [f"keep{number}@lotusbay.edu.mo" for number in range(len(noise))]
    lines = [part for pair in zip(noise, kept, strict=True) for part in pair]
    text = "\n".join(["Email,Name", *lines, "last@lotusbay.edu.mo,Last"])
    reading = read_text(text)
    everything = "\n".join(reading.table.drop(columns="source_row").astype(str).sum(axis=1))
    assert all(address in everything for address in [*kept, "last@lotusbay.edu.mo"])


# ---------------------------------------------------------------- pasted text


@pytest.mark.parametrize(
    "text",
    [
        "ana@lotusbay.edu.mo\nbo@lotusbay.edu.mo",
        "ana@lotusbay.edu.mo, bo@lotusbay.edu.mo",
        "ana@lotusbay.edu.mo; bo@lotusbay.edu.mo;",
        "Ana Lam <ana@lotusbay.edu.mo>; Bo <bo@lotusbay.edu.mo>",
        '"Lam, Ana" <ana@lotusbay.edu.mo>;\nBo <bo@lotusbay.edu.mo>;',
    ],
)
def test_pasted_addresses_become_a_row_each(text):
    found = read_text(text)
    assert found.rows == 2
    assert ["ana" in addresses(found)[0], "bo@" in addresses(found)[1]] == [True, True]
    assert any("No header names the addresses" in message for message in messages(found))


def test_recipients_apart_by_commas_and_semicolons_become_a_row_each():
    found = read_text('Ana <ana@lotusbay.edu.mo>; bo@lotusbay.edu.mo, "Chan, Tai Man" <tm@lotusbay.edu.mo>;cai@x.mo')
    assert [address.rpartition("<")[2].strip(">") for address in addresses(found)] == [
        "ana@lotusbay.edu.mo", "bo@lotusbay.edu.mo", "tm@lotusbay.edu.mo", "cai@x.mo"
    ]  # fmt: skip


def test_a_line_break_in_quotation_marks_is_one_row_wherever_a_block_ends():
    line = "p{}@lotusbay.edu.mo,Ana,文學院\n"
    rest = "".join(line.format(number) for number in range(90_000))  # more than a block of the reader
    found = read_text("Email,Name,Faculty\n" + rest + 'last@lotusbay.edu.mo,"Bo\nLam",文學院\n' + rest)
    assert found.rows == 180_001
    assert found.table.loc[90_000, ["source_row", "name"]].tolist() == [90_002, "Bo\nLam"]
    assert found.table["source_row"].iloc[-1] == 180_003


@pytest.mark.parametrize("rows", [3, 20_000, 150_000])
def test_lines_of_windows_are_read_alike(rows):
    lines = ["Email,Name", *(f"ana{number}@example.org,Ana {number}" for number in range(rows))]
    readings = [read_list(end.join(lines).encode(), "list.csv") for end in ("\n", "\r\n")]
    assert readings[0].table.equals(readings[1].table)


def test_a_carriage_return_alone_ends_a_line_wherever_a_block_ends():
    body = b"\n".join([b"Email,Name", *[b"ana@example.org,Ana"] * 200_000])
    for place in range(delimited._BLOCK_BYTES - 21, delimited._BLOCK_BYTES):  # one whole line
        if body[place : place + 1] == b"\n":
            torn = body[:place] + b"\r" + body[place + 1 :]
    assert read_list(torn, "list.csv").rows == 200_000


def test_a_list_without_a_header_keeps_its_first_row():
    reading = read_text("Ana,ana@lotusbay.edu.mo\nBo,bo@lotusbay.edu.mo\n")
    assert (rows(reading), reading.headers) == ([1, 2], ("Column 1", "Column 2"))
    assert reading.table["field.Column_1"].tolist() == ["Ana", "Bo"]


# ---------------------------------------------------------------- headers


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("address", ["Email", "E-MAIL", " e-mail address: ", "EMAIL*", "Ｅｍａｉｌ", "電郵", "電郵地址", "電子郵件"]),
        ("address", ["電子郵箱(必填)", "邮箱", "电子邮件", "邮件地址", "電郵 Email", "Email / 電郵地址"]),
        ("address", ["correio eletrónico", "Endereço de Email", "endereco de correio eletronico"]),
        ("name", ["Name", "Full name", "full_name", "姓名", "中文姓名", "名字", "Nome", "Nome Completo", "姓名 Name"]),
        ("given_name", ["First Name", "given-name", "名", "Primeiro nome"]),
        ("family_name", ["Surname", "Last name", "姓氏", "姓", "Apelido"]),
        ("title", ["Title", "稱謂", "称谓", "Tratamento"]),
        ("language", ["Language", "Preferred language", "語言", "语言", "Idioma", "Língua"]),
        ("consent", ["Consent", "Opt-in", "opt in", "Subscribed", "同意", "同意接收", "訂閱", "订阅", "Consentimento"]),
        ("consent_at", ["Consent date", "同意日期", "訂閱日期", "同意时间", "Data de consentimento"]),
        ("consent_source", ["Consent source", "來源", "同意来源", "Origem"]),
        ("consent_basis", ["Legal basis", "合法依據", "法律依据", "Base legal"]),
        ("consent_purpose", ["Purpose", "目的", "用途", "Finalidade"]),
        ("consent_wording", ["Consent wording", "同意聲明", "声明版本", "Texto do consentimento"]),
        ("", ["Email 2", "Work phone", "學院", "職稱", "Department", "", "*", "Emailed", "Consenting adults"]),
    ],
)  # fmt: skip
def test_headers_are_known_in_four_languages(field, names):
    assert {name: headers.field_of(name) for name in names} == dict.fromkeys(names, field)


def test_every_known_field_can_be_named_in_each_language():
    assert set(headers.FIELD_WORDS) == set(KNOWN_FIELDS)


def test_other_headers_become_names_that_a_template_can_use():
    reading = read_text(
        "Email,Full Name,Full Name,學院,2026 dues,for,a-b,a b,,none\n" + "x@lotusbay.edu.mo,A,B,C,D,E,F,G,H,I\n"
    )
    assert list(reading.columns) == [
        "address", "name", "field.Full_Name", "field.學院", "field._2026_dues", "field.for_", "field.a_b",
        "field.a_b_2", "field.Column_9", "field.none_",
    ]  # fmt: skip
    assert all(name.removeprefix("field.").isidentifier() for name in reading.columns)


@given(st.text(max_size=12))
def test_any_header_becomes_an_identifier(header):
    assert headers.identifier(header).isidentifier()


def test_a_header_may_stand_below_titles():
    reading = read_text("Lotus Bay,,\nas of 2026,,\n,,\nName,Email,Faculty\nAna,ana@lotusbay.edu.mo,Law\n")
    assert (rows(reading), reading.table["name"].tolist()) == ([5], ["Ana"])


def test_addresses_below_an_unknown_header_are_found_and_said():
    reading = read_text("Who,Where\nAna,ana@lotusbay.edu.mo\nBo,bo@lotusbay.edu.mo\n")
    assert (reading.columns["address"], rows(reading)) == ("Where", [2, 3])
    assert "the column Where" in messages(reading)[0]


def test_a_cell_called_email_is_no_header():
    reading = read_text("ana@lotusbay.edu.mo,email,2026-01-01\nbo@lotusbay.edu.mo,form,2026-01-02\n")
    assert rows(reading) == [1, 2]


def test_columns_can_be_mapped_by_hand():
    text = "Email,Contact,Who,Secret\nold@lotusbay.edu.mo,new@lotusbay.edu.mo,Ana,x\n"
    reading = read_text(text, mapping={"Contact": "address", "Who": "name", "Secret": "", "Email": "field"})
    assert addresses(reading) == ["new@lotusbay.edu.mo"]
    assert reading.table.columns.tolist() == ["source_row", "original_address", "name", "field.Email"]


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"Nobody": "name"}, "There is no header Nobody"),
        ({"Name": "nickname"}, "mapped to nickname"),
        ({"Name": "title", "Email": "title"}, "More than one header"),
        ({"Email": ""}, "No column holds addresses"),
    ],
)
def test_a_mapping_that_cannot_be_followed_is_refused(mapping, words):
    with pytest.raises(InputError, match=words):
        read_text(GOOD, mapping=mapping)


def test_a_list_without_addresses_names_its_headers():
    with pytest.raises(InputError, match="the headers are: Name, Phone"):
        read_text("Name,Phone\nAna,123\nBo,456\n")


@pytest.mark.parametrize(
    ("cell", "language"),
    [
        ("中文", "zh-Hant"), ("繁體中文", "zh-Hant"), ("zh-TW", "zh-Hant"), ("ZH", "zh-Hant"), ("Chinese", "zh-Hant"),
        ("Chinese (Traditional)", "zh-Hant"), ("简体中文", "zh-Hant"), ("zh_HK", "zh-Hant"), ("chinês", "zh-Hant"),
        ("English", "en"), (" EN ", "en"), ("英文", "en"), ("en-GB", "en"), ("Inglês", "en"), ("português", ""),
        ("", ""), ("?", ""), ("both", ""),
    ],
)  # fmt: skip
def test_a_language_is_known_in_many_spellings(cell, language):
    assert headers.language_of(cell) == language


# ---------------------------------------------------------------- files that lie


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \r\n\t\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\xff\xfe", "is empty"),
        (b"%PDF-1.7\n...", "is a document"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a document"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "is a document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50), "old Excel file or has a password"),
        (b"<html><table><tr><td>Email</td></tr></table>", "is a web page"),
        (b"PK\x03\x04 nothing of a package", "cannot be read"),
        (b"PK\x05\x06" + bytes(18), "a package of another kind"),
        (b"Email\n\0\0\0\0ana@lotusbay.edu.mo\n", "line 2 holds a NUL byte"),
        (b"Email,Name\n", "no rows below it"),
        (b"Email\n\n\n", "no rows below it"),
    ],
)
def test_what_is_no_list_is_refused_in_one_sentence(data, words):
    with pytest.raises(InputError, match=words) as refused:
        read_list(data, "list.xlsx")
    assert "\n" not in str(refused.value)


def test_a_stray_nul_byte_is_named_with_its_line_and_not_taken_for_utf_16():
    rest = b"bo@lotusbay.edu.mo,Bo\n" * 5
    with pytest.raises(InputError, match="line 2 holds a NUL byte"):
        read_list(b"Email,Name\nana@lotusbay.edu.mo,A\0na\n" + rest, "list.csv")


def test_a_million_columns_are_refused_without_reading_them():
    for line in (b"Email," * 1_000_000, b"ana@lotusbay.edu.mo;" * 1_000_000):
        with pytest.raises(InputError, match="more than 500"):
            read_list(line + b"\n" + b"x," * 1_000_000, "list.csv")


def test_too_many_columns_are_refused():
    with pytest.raises(InputError, match="more than 500"):
        read_text(",".join(["Email", *map(str, range(600))]) + "\n" + "a@lotusbay.edu.mo," * 601)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_one_sentence(data):
    for begin in (b"", b"Email\n", b"PK\x03\x04", b"\xff\xfe"):
        try:
            reading = read_list(begin + data, "list.csv")
        except InputError as refused:
            assert str(refused)
        else:
            assert reading.rows == len(reading.table)
