"""The lists page: a file is read, corrected by hand, judged, saved and used, and every number has its rows."""

import pytest

from bulkmail import intake, prepare
from bulkmail.adapters import database, lists
from tests.builders import NOW, a_campaign
from tests.pages.conftest import words

MESS = """姓名,電郵,學院,同意
陳大文,tai@alpha.edu,文學院,是
=HYPERLINK(1),bad@,理學院,是
李四,li@gmial.com,理學院,否
李四,li@gmail.com,理學院,是
張三,,理學院,是
"""
ODD = b"who,write to,shoe size\nAna,ana at example,38\nBo,bo at example,44\n"


def saved(ws, name="people.csv", text=MESS):
    data = text.encode()
    return prepare.save_list(ws, name, intake.read_list(data, name), prepare.content_hash(data), NOW)


def uploaded(page, name, data):
    page.get("file_uploader")  # it stands there
    return page.file_uploader("lists-file").upload(name, data).run()


def numbers(page):
    return [metric.value for metric in page.metric]


def behind(page):
    return page.dataframe[-1].value


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_it_opens_empty_and_full_in_both_languages(opened, sqlite_workspace, locale):
    empty = opened("lists", locale)
    assert not empty.exception
    assert not empty.metric
    saved(sqlite_workspace)
    full = opened("lists", locale)
    assert not full.exception
    assert numbers(full) == ["5", "2", "3"]


def test_an_uploaded_file_is_judged_before_it_is_saved(opened, sqlite_workspace):
    page = uploaded(opened("lists"), "people.csv", MESS.encode("big5hkscs"))
    assert not page.exception
    assert numbers(page) == ["5", "2", "3"]
    assert "Big5-HKSCS" in words(page)
    assert lists.lists(sqlite_workspace) == []


def test_saving_keeps_the_list_shows_it_and_is_written_down(opened, sqlite_workspace):
    page = uploaded(opened("lists"), "people.csv", MESS.encode())
    page.button("lists-save").click().run()
    assert not page.exception
    [version] = lists.lists(sqlite_workspace)
    assert (version.name, version.rows) == ("people.csv", 5)
    assert page.selectbox("list").value == str(version.id)
    assert page.query_params["list"] == str(version.id)
    assert database.audit_trail(sqlite_workspace)["what"].tolist() == ["list.saved"]


def test_a_list_is_saved_from_an_address_that_asks_for_a_new_one(opened, sqlite_workspace):
    saved(sqlite_workspace)
    page = uploaded(opened("lists", list="new"), "more.csv", b"email\na@alpha.edu\n")
    page.text_input(f"lists-name-{page.file_uploader('lists-file').value.file_id}").set_value("others").run()
    page.button("lists-save").click().run()
    assert {version.name for version in lists.lists(sqlite_workspace)} == {"people.csv", "others"}
    assert page.selectbox("list").value != "new"


def test_a_file_in_which_no_address_is_found_is_read_by_hand(opened):
    page = uploaded(opened("lists"), "odd.csv", ODD)
    assert "No column holds addresses" in page.error[0].value
    page = choose(page, address="write to", name="who")
    assert not page.error
    assert numbers(page)[0] == "2"


def test_a_column_chosen_twice_is_refused(opened):
    page = choose(uploaded(opened("lists"), "odd.csv", ODD), address="write to", name="write to")
    assert "chosen for more than one field" in page.error[0].value


def choose(page, **fields):
    for field, header in fields.items():
        box = next(box for box in page.selectbox if box.key and box.key.endswith(f"-{field}"))
        box.set_value(header)
    return next(button for button in page.button if button.key.endswith("-go")).click().run()


def test_another_encoding_reads_the_headers_anew(opened):
    page = uploaded(opened("lists"), "people.csv", MESS.encode("big5hkscs"))
    page = choose(page, encoding="gb18030")
    assert not page.exception
    page = choose(page, encoding="big5hkscs")
    assert numbers(page) == ["5", "2", "3"]


def test_what_is_no_list_is_refused_in_words(opened):
    page = uploaded(opened("lists"), "list.xlsx", b"%PDF-1.7 not a workbook")
    assert not page.exception
    assert "Upload CSV, XLSX or ODS" in page.error[0].value


def test_the_rows_behind_a_reason_and_a_finding_are_shown_with_what_is_wrong(opened, sqlite_workspace):
    saved(sqlite_workspace)
    page = opened("lists")
    assert behind(page)["source_row"].tolist() == [3, 4, 6]
    page.selectbox("behind").set_value("no_address").run()
    assert behind(page)["source_row"].tolist() == [6]
    assert page.query_params["behind"] == "no_address"
    finding = next(key for key in page.selectbox("behind").options if key.startswith("ADR-06"))
    page.selectbox("behind").select(finding).run()
    assert behind(page)["suggestion"].tolist() == ["li@gmail.com"]


def test_formulas_in_a_list_are_harmless_in_the_table(opened, sqlite_workspace):
    saved(sqlite_workspace)
    assert "'=HYPERLINK(1)" in behind(opened("lists"))["name"].tolist()


def test_a_list_is_used_by_the_campaign_in_hand_with_one_click(opened, sqlite_workspace):
    saved(sqlite_workspace)
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    page = opened("lists")
    page.button("lists-use").click().run()
    assert database.campaign(sqlite_workspace, "spring").list_name == "people.csv"
    assert page.button("lists-next").label == "Go on to consent"


def test_the_list_of_the_campaign_in_hand_comes_first(opened, sqlite_workspace):
    saved(sqlite_workspace, "first.csv")
    saved(sqlite_workspace, "second.csv", "email\na@alpha.edu\n")
    database.save_campaign(sqlite_workspace, a_campaign(list_name="first.csv"), NOW)
    assert numbers(opened("lists"))[0] == "5"


def test_names_that_strangers_chose_are_shown_and_not_obeyed(opened, sqlite_workspace):
    page = uploaded(opened("lists"), "![x](http://evil.example/x.png).csv", b"no,thing\n1,2\n")
    assert "![x]" not in words(page)
