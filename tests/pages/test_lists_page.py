"""The lists page: a file is read, corrected by hand, judged, saved and used, and every number has its rows."""

import io
from datetime import timedelta

import openpyxl
import pytest

from bulkmail import intake, mending, prepare, rejects, wiring
from bulkmail.adapters import database, lists, mends
from tests.builders import NOW, a_campaign
from tests.pages.conftest import words

MESS = """姓名,電郵,學院,同意
陳大文,tai@alpha.edu,文學院,是
=HYPERLINK(1),bad@,理學院,是
李四,li@gmial.com,理學院,否
李四,li@gmail.com,理學院,是
張三,,理學院,是
"""
LATER = NOW + timedelta(days=1)
ODD = b"who,write to,shoe size\nAna,ana at example,38\nBo,bo at example,44\n"


def saved(ws, name="people.csv", text=MESS):
    data = text.encode()
    return prepare.save_list(ws, name, intake.read_list(data, name), prepare.content_hash(data), NOW)


def uploaded(page, name, data):
    page.get("file_uploader")  # it stands there
    return page.file_uploader("lists-file").upload(name, data).run()


def from_somewhere(page):
    """Say where a list without dates comes from, as the gate asks."""
    return page.text_input(f"lists-origin-{page.session_state['lists-held'].file_id}").set_value("the fair").run()


def numbers(page):
    """Rows, can be mailed, left out."""
    return [metric.value for metric in page.metric][:3]


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
    page = uploaded(opened("lists", seen="reading"), "people.csv", MESS.encode("big5hkscs"))
    assert not page.exception
    assert numbers(page) == ["5", "2", "3"]
    assert "Big5-HKSCS" in words(page)
    assert lists.lists(sqlite_workspace) == []


def test_saving_keeps_the_list_shows_it_and_is_written_down(opened, sqlite_workspace):
    page = from_somewhere(uploaded(opened("lists"), "people.csv", MESS.encode()))
    page.button("lists-save").click().run()
    assert not page.exception
    [version] = lists.lists(sqlite_workspace)
    assert (version.name, version.rows) == ("people.csv", 5)
    assert page.selectbox("list").value == str(version.id)
    assert page.query_params["list"] == str(version.id)
    assert database.audit_trail(sqlite_workspace)["what"].tolist() == ["list.saved"]


def test_a_list_that_looks_bought_is_kept_only_with_word_of_where_it_comes_from(opened, sqlite_workspace):
    page = uploaded(opened("lists"), "people.csv", MESS.encode())
    assert "looks bought or stale" in page.warning[0].value and "No row says when" in page.warning[0].value
    page.button("lists-save").click().run()
    assert "Say where it comes from" in page.error[0].value
    assert lists.lists(sqlite_workspace) == []
    from_somewhere(page).button("lists-save").click().run()
    [version] = lists.lists(sqlite_workspace)
    assert version.meta["origin"] == "the fair"


def test_a_list_with_fresh_dates_needs_no_word(opened, sqlite_workspace):
    day = wiring.now() - timedelta(days=40)
    page = uploaded(
        opened("lists"), "dated.csv", f"email,consent,consent date\na@alpha.edu,yes,{day:%Y-%m-%d}\n".encode()
    )
    assert not page.warning
    page.button("lists-save").click().run()
    assert len(lists.lists(sqlite_workspace)) == 1


def test_a_list_is_saved_from_an_address_that_asks_for_a_new_one(opened, sqlite_workspace):
    saved(sqlite_workspace)
    page = from_somewhere(uploaded(opened("lists", list="new"), "more.csv", b"email\na@alpha.edu\n"))
    page.text_input(f"lists-name-{page.session_state['lists-held'].file_id}").set_value("others").run()
    page.button("lists-save").click().run()
    assert {version.name for version in lists.lists(sqlite_workspace)} == {"people.csv", "others"}
    assert page.selectbox("list").value != "new"


def test_a_file_that_was_given_is_named_and_gives_way_to_another(opened):
    page = uploaded(opened("lists"), "*people*.csv", b"email\na@alpha.edu\n")
    assert not page.get("file_uploader")  # which would copy the file at every run
    assert r"**\*people\*.csv** :gray[1 kB]" in " ".join(text.value for text in page.markdown)
    page.button("lists-another").click().run()
    page = uploaded(page, "others.csv", b"email\nb@alpha.edu\nc@alpha.edu\n")
    assert numbers(page)[0] == "2"


def test_a_file_is_forgotten_where_a_saved_list_is_looked_at(opened, sqlite_workspace):
    saved(sqlite_workspace)
    page = uploaded(opened("lists", list="new"), "more.csv", b"email\na@alpha.edu\n")
    page.selectbox("list").set_value("1").run()
    assert "lists-held" not in page.session_state


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
    page = uploaded(opened("lists", seen="reading"), "people.csv", MESS.encode("big5hkscs"))
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
    page = opened("lists", seen="rows")
    assert behind(page)["source_row"].tolist() == [3, 4, 6]
    page.selectbox("behind").set_value("no_address").run()
    assert behind(page)["source_row"].tolist() == [6]
    assert page.query_params["behind"] == "no_address"
    finding = next(key for key in page.selectbox("behind").options if key.startswith("ADR-06"))
    page.selectbox("behind").select(finding).run()
    assert behind(page)["suggestion"].tolist() == ["li@gmail.com"]


def test_a_finding_leads_to_its_rows(opened, sqlite_workspace):
    saved(sqlite_workspace)
    page = opened("lists")
    next(button for button in page.button if button.key and "ADR-06" in button.key).click().run()
    assert page.query_params["seen"] == "rows"
    assert behind(page)["source_row"].tolist() == [4]


def test_a_person_is_found_and_the_address_says_nothing_of_it(opened, sqlite_workspace):
    saved(sqlite_workspace)
    page = opened("lists", seen="rows", behind="all")
    page.text_input("lists-find").set_value("GMAIL").run()
    assert behind(page)["source_row"].tolist() == [5]
    assert "GMAIL" not in str(page.query_params)
    page.text_input("lists-find").set_value("nobody").run()
    assert "No rows." in words(page)


def test_formulas_in_a_list_are_harmless_in_the_table(opened, sqlite_workspace):
    saved(sqlite_workspace)
    assert "'=HYPERLINK(1)" in behind(opened("lists", seen="rows"))["name"].tolist()


# ---------------------------------------------------------------- mending


def to_mend(opened, ws, behind):
    saved(ws)
    page = opened("lists", seen="rows", behind=behind)
    page.text_input("mender").set_value("Ana").run()
    return page


def now_in(ws):
    return prepare.mended_list(ws, lists.newest(ws, "people.csv").id)


def test_suggestions_are_accepted_in_bulk_and_undone_each_with_a_name(opened, sqlite_workspace):
    ws = sqlite_workspace
    page = to_mend(opened, ws, "suggested")
    page.button("lists-accept").click().run()
    assert not page.exception
    assert now_in(ws)["original_address"].tolist()[2] == "li@gmail.com"
    assert "Suggestions accepted" in words(page) and "Ana" in words(page)
    page.button("lists-undo-last").click().run()
    assert now_in(ws)["original_address"].tolist()[2] == "li@gmial.com"
    [version] = lists.lists(ws)
    assert mends.deeds(ws, version.id)[["who", "what"]].values.tolist() == [["Ana", "accepted"], ["Ana", "undone"]]


def test_nothing_is_mended_without_a_name_or_a_reason(opened, sqlite_workspace):
    saved(sqlite_workspace)
    page = opened("lists", seen="rows", behind="suggested")
    page.button("lists-accept").click().run()
    assert "Write your name" in page.error[0].value
    page.text_input("mender").set_value("Ana").run()
    page.button("lists-leave-out").click().run()
    assert "Write why" in page.error[0].value
    assert mends.deeds(sqlite_workspace, 1).empty


def test_rows_are_left_out_with_a_reason_and_counted_so(opened, sqlite_workspace):
    page = to_mend(opened, sqlite_workspace, "in")
    assert numbers(page) == ["5", "2", "3"]
    page.text_input("lists-why").set_value("asked by phone").run()
    page.button("lists-leave-out").click().run()
    assert numbers(page) == ["5", "0", "5"]
    page.selectbox("behind").set_value("left_out").run()
    assert behind(page)["left_out"].tolist() == ["asked by phone"] * 2
    page.button("lists-take-in").click().run()
    assert numbers(page) == ["5", "2", "3"]


def test_every_campaign_sees_the_mended_list(opened, sqlite_workspace):
    ws = sqlite_workspace
    database.save_campaign(ws, a_campaign(list_name="people.csv"), NOW)
    page = to_mend(opened, ws, "suggested")
    before = prepare.state_of(ws, database.campaign(ws, "spring"))
    page.button("lists-accept").click().run()
    inputs = prepare.inputs_of(ws, database.campaign(ws, "spring"))
    assert inputs.table["original_address"].tolist()[2] == "li@gmail.com"
    assert prepare.state_of(ws, database.campaign(ws, "spring")) != before
    assert inputs.list_hash != prepare.content_hash(MESS.encode())


def test_another_list_that_is_saved_and_mended_has_no_campaign_prepared_anew(sqlite_workspace):
    ws, campaign = sqlite_workspace, a_campaign(list_name="people.csv")
    saved(ws)
    before = prepare.state_of(ws, campaign)
    other = saved(ws, "others.csv")
    database.audit(ws, "ana", "list.saved", {"list": other.id}, NOW)
    gone = mending.leave_out(prepare.mended_list(ws, other.id), [2], "asked by phone")
    prepare.mend(ws, other.id, "left_out", gone, who="ana", now=NOW)
    assert prepare.state_of(ws, campaign) == before
    saved(ws, text=MESS.replace("張三", "張三三"))
    assert prepare.state_of(ws, campaign) != before


def test_the_history_says_who_changed_which_cell(opened, sqlite_workspace):
    page = to_mend(opened, sqlite_workspace, "suggested")
    page.button("lists-accept").click().run()
    page.segmented_control("seen").set_value("history").run()
    assert not page.exception
    deeds, cells = page.dataframe[0].value, page.dataframe[1].value
    assert deeds[["Who", "What", "Rows", "Holds"]].values.tolist() == [["Ana", "Suggestions accepted", 1, "yes"]]
    assert cells.values.tolist() == [[4, "電郵", "li@gmial.com", "li@gmail.com"]]
    page.button("lists-undo").click().run()
    assert page.dataframe[0].value["Holds"].tolist() == ["yes", "undone"]


def test_a_corrected_workbook_is_shown_before_it_is_merged(opened, sqlite_workspace):
    ws = sqlite_workspace
    version = saved(ws)
    report = prepare.report_on_list(ws, prepare.mended_list(ws, version.id), (), now=NOW)
    book = openpyxl.load_workbook(io.BytesIO(rejects.reject_workbook(
        report.audience.excluded, columns=dict(version.meta["columns"]), mark=prepare.mark(ws, version),
    )))  # fmt: skip
    book.worksheets[0]["D2"] = "chan@lotusbay.edu.mo"
    kept = io.BytesIO()
    book.save(kept)
    page = opened("lists", seen="history")
    page.file_uploader("lists-corrected-0").upload("rejected-rows.xlsx", kept.getvalue()).run()
    assert "1 of 3 rows in the workbook were corrected." in words(page)
    assert now_in(ws)["original_address"].tolist()[1] == "bad@"
    page.text_input("mender").set_value("Ana").run()
    page.button("lists-merge").click().run()
    assert now_in(ws)["original_address"].tolist()[1] == "chan@lotusbay.edu.mo"


def test_a_workbook_of_something_else_is_refused_in_words(opened, sqlite_workspace):
    saved(sqlite_workspace)
    page = opened("lists", seen="history")
    page.file_uploader("lists-corrected-0").upload("other.xlsx", MESS.encode()).run()
    assert "is an .xlsx file" in page.error[0].value


# ---------------------------------------------------------------- versions


def test_a_new_upload_is_a_version_that_says_what_changed_and_which_mends_still_hold(opened, sqlite_workspace):
    ws = sqlite_workspace
    page = to_mend(opened, ws, "suggested")
    page.button("lists-accept").click().run()
    first = lists.newest(ws, "people.csv")
    prepare.save_list(
        ws, "people.csv", intake.read_list((MESS + "新人,new@alpha.edu,文學院,是\n").encode(), "x.csv"), "f" * 64, LATER
    )
    page = opened("lists", seen="versions")
    assert page.selectbox("version").value != str(first.id)
    assert page.dataframe[0].value["Rows"].tolist() == [6, 5]
    assert [metric.value for metric in page.metric][4:] == ["1", "0", "0", "5"]
    assert page.dataframe[1].value["name"].tolist() == ["新人"]
    assert now_in(ws)["original_address"].tolist()[2] == "li@gmail.com"
    page.segmented_control("seen").set_value("history").run()
    assert "1 still needed, and taken over" in page.dataframe[0].value["What"].tolist()[0]


def test_an_earlier_version_stays_readable_and_is_not_mended(opened, sqlite_workspace):
    first = saved(sqlite_workspace)
    prepare.save_list(sqlite_workspace, "people.csv", intake.read_list(b"email\na@alpha.edu\n", "x"), "f" * 64, LATER)
    page = opened("lists", version=str(first.id), seen="rows")
    assert numbers(page) == ["5", "2", "3"]
    assert "An earlier version" in page.info[0].value
    assert not [button for button in page.button if button.key == "lists-accept"]


# ---------------------------------------------------------------- using a list


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


def test_pasted_text_is_a_list_like_any_file(opened, sqlite_workspace):
    page = opened("lists")
    page.text_area("lists-pasted").set_value("Ana <ana@alpha.edu>; bo@alpha.edu; bo at alpha").run()
    assert not page.exception
    page.text_area("lists-pasted").set_value("ana@alpha.edu\nbo@alpha.edu").run()
    assert numbers(page) == ["2", "2", "0"]
    page.text_input(next(box.key for box in page.text_input if box.key.startswith("lists-origin"))).set_value("asked")
    page.button("lists-save").click().run()
    assert [version.name for version in lists.lists(sqlite_workspace)] == ["Pasted list"]


def test_a_workbook_with_several_lists_is_asked_which(opened, sqlite_workspace):
    book = openpyxl.Workbook()
    for name, people in (("2025", ["ana"]), ("2026", ["ana", "bo"])):
        sheet = book.create_sheet(name)
        for row in ("Email", *(f"{who}@alpha.edu" for who in people)):
            sheet.append([row])
    file = io.BytesIO()
    book.save(file)
    page = uploaded(opened("lists"), "people.xlsx", file.getvalue())
    assert numbers(page) == ["1", "1", "0"]
    next(group for group in page.button_group if "2026" in str(group.options)).set_value("2026").run()
    assert not page.exception
    assert numbers(page) == ["2", "2", "0"]
