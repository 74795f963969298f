"""The cadence page: the time is kept, who is held back is named, and the past says what it knows and no more."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from bulkmail import intake, prepare, wiring
from bulkmail.adapters import database, past
from bulkmail.engagement import HAPPENINGS
from bulkmail.tips import addressing, cadence
from tests.builders import a_campaign
from tests.pages.conftest import settled, words

LIST = """Name,Email,Consent,Consent date
Ana,ana@lotus.edu.mo,yes,2026-10-01
Bob,bob@lotus.edu.mo,yes,2026-10-01
"""
QUESTIONS = ("rates", "machines", "silence", "complaints", "weeks", "growth", "shared", "hours", "trust")
SENDS = """campaign,department,recipient,sent_at,clicked_at
spring,library,ana@lotus.edu.mo,{sent},
spring,library,not an address,{sent},
"""


def a_draft(ws, **changes):
    reading = intake.read_list(LIST.encode(), "people.csv")
    prepare.save_list(ws, "people.csv", reading, prepare.content_hash(LIST.encode()), wiring.now())
    campaign = a_campaign(**{"kind": "marketing", "list_name": "people.csv", **changes})
    database.save_campaign(ws, campaign, wiring.now())
    return campaign


def letters(ws, count, each=1, clicked=0, people=("ana@lotus.edu.mo",), days_ago=3):
    """The past of so many campaigns, a day apart, of `each` people; the first `clicked` of each clicked."""
    persons = [addressing.person_of(address, ws.person_key) for address in people]
    persons += [f"{number:032x}" for number in range(each - len(persons))]
    parts = []
    for number in range(count):
        sent_at = pd.Timestamp(wiring.now() - timedelta(days=days_ago + number)).as_unit("us")
        part = pd.DataFrame({"campaign": f"c{number}", "department": "library", "person": persons})
        marks = {**dict.fromkeys(HAPPENINGS, 0), "delivered": 1, "clicked": [1] * clicked + [0] * (each - clicked)}
        parts.append(part.assign(sent_at=sent_at, **marks))
    frame = pd.concat(parts, ignore_index=True).astype({"campaign": "str", "department": "str", "person": "str"})
    past.save_import(ws, "past", frame, wiring.now())


def draft(ws):
    return database.campaign(ws, "spring")


def button(app, key):
    """The row of segments or pills whose key begins so."""
    return next(group for group in app.button_group if group.key.startswith(key))


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_it_opens_empty_with_a_draft_and_with_a_past_in_both_languages(opened, sqlite_workspace, locale):
    assert not opened("cadence", locale).exception
    a_draft(sqlite_workspace)
    assert not opened("cadence", locale).exception
    letters(sqlite_workspace, 4)
    for look in ("forecast", "calendar", "pressure", "engagement", "import"):
        assert not opened("cadence", locale, past=look).exception
    for question in QUESTIONS:
        assert not opened("cadence", locale, past="engagement", question=question).exception


# ---------------------------------------------------------------- when


def test_a_time_is_chosen_changed_and_given_up(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    page = opened("cadence")
    first = cadence.suggest_send_times(wiring.now())[0]
    button(page, "cadence-mode").set_value("later").run()
    assert draft(sqlite_workspace).send_at == first
    button(page, "cadence-slot").set_value(cadence.suggest_send_times(wiring.now())[2]).run()
    assert draft(sqlite_workspace).send_at > first
    page.datetime_input[0].set_value(datetime(2027, 3, 1, 10, 7)).run()
    assert draft(sqlite_workspace).send_at == datetime(2027, 3, 1, 10, 7, tzinfo=ZoneInfo("Asia/Macau"))
    assert page.datetime_input[0].value == datetime(2027, 3, 1, 10, 7)
    button(page, "cadence-mode").set_value("now").run()
    assert draft(sqlite_workspace).send_at is None
    assert not page.datetime_input


def test_a_mere_rerun_keeps_nothing(opened, sqlite_workspace):
    a_draft(sqlite_workspace, send_at=datetime(2027, 3, 1, 2, 7, tzinfo=UTC))
    before = database.saved_at(sqlite_workspace, "spring")
    opened("cadence").run()
    assert database.saved_at(sqlite_workspace, "spring") == before


def test_a_time_that_is_past_is_said(opened, sqlite_workspace):
    a_draft(sqlite_workspace, send_at=wiring.now() - timedelta(days=1))
    assert "This moment is past" in words(opened("cadence"))


def test_a_letter_that_cannot_be_read_hides_neither_the_time_nor_the_past(opened, sqlite_workspace):
    letters(sqlite_workspace, 2)
    a_draft(sqlite_workspace, body="{{ torn")
    page = opened("cadence", past="engagement")
    assert "Line 1 of the body" in words(page)
    assert button(page, "cadence-mode")
    assert page.get("plotly_chart")


# ---------------------------------------------------------------- how often


def test_who_had_enough_is_named_and_counted(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    letters(sqlite_workspace, 2)
    page = opened("cadence")
    assert any("1 of 2 people had enough letters" in part.label for part in page.expander)
    held = next(table.value for table in page.dataframe if "letters_7_days" in table.value)
    assert held[["source_row", "letters_7_days"]].to_numpy().tolist() == [[2, 2]]
    assert "FRQ-02" in words(page)


def test_a_suggested_time_says_whom_it_would_hold_back(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    letters(sqlite_workspace, 2, days_ago=1)
    options = button(opened("cadence"), "cadence-slot").options
    assert "1 held back" in str(options[0])


# ---------------------------------------------------------------- the calendar


def test_the_calendar_says_so_where_no_campaign_has_a_time(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    letters(sqlite_workspace, 2)
    page = opened("cadence", past="calendar")
    assert "No campaign has a time yet" in words(page)
    assert page.get("plotly_chart")


@pytest.mark.parametrize("locale", ["en-US", "zh-HK"])
def test_the_calendar_shows_what_is_planned_and_what_is_not_known(opened, sqlite_workspace, locale):
    a_draft(sqlite_workspace, send_at=wiring.now() + timedelta(days=4))
    letters(sqlite_workspace, 2)
    page = opened("cadence", locale, past="calendar")
    assert not page.exception
    assert any("150" in str(element.value) for element in page.info)


# ---------------------------------------------------------------- the past


def test_without_a_past_there_is_the_way_to_bring_one_in(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    page = opened("cadence")
    assert "No past letters yet" in words(page)
    assert len(page.file_uploader) == 1


def test_a_thin_past_forecasts_nothing_and_says_why(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    letters(sqlite_workspace, 2)
    page = opened("cadence")
    told = next(table.value for table in page.dataframe if "Likely" in table.value)
    assert told["Likely"].tolist() == ["unknown"] * 4
    assert "an honest forecast needs 150" in words(page)
    assert not page.get("plotly_chart")


def test_a_rich_past_forecasts_with_a_range_and_shows_how_ranges_held(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    letters(sqlite_workspace, 20, each=200, clicked=15)
    page = opened("cadence")
    told = next(table.value for table in page.dataframe if "Likely" in table.value).set_index("Of 1 letters")
    assert told.loc["Clicked by people", "Nine times in ten"] == "0 – 1"
    assert told.loc["Clicked by people", "Such forecasts held"].startswith("10 of 10 (")
    assert told.loc["Reported as spam", "Likely"] == "unknown"
    assert page.get("plotly_chart")


def test_rates_carry_their_intervals_and_denominators(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    letters(sqlite_workspace, 2, each=10, clicked=1)
    table = opened("cadence", past="engagement", outcome="clicked").dataframe[-1].value
    assert {"sent", "delivered", "clicked", "clicked_rate", "clicked_low", "clicked_high"} <= set(table.columns)


def test_what_one_more_letter_does_is_not_claimed(opened, sqlite_workspace):
    letters(sqlite_workspace, 2)
    assert "is not known" in words(opened("cadence", past="pressure"))


def test_a_table_of_sends_is_brought_in_once_and_says_what_it_refused(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    page = opened("cadence")
    data = SENDS.format(sent=(wiring.now() - timedelta(days=2)).isoformat()).encode()
    page.file_uploader[0].upload("sends.csv", data).run()
    page.button("past-bring-in").click().run()
    assert "Of 2 rows 1 are new, 0 were here already and 1 were refused." in words(page)
    assert page.dataframe[-1].value["reason"].tolist() == ["The recipient is not an address"]
    assert past.imported_letters(sqlite_workspace)["campaign"].tolist() == ["spring"]
    page.run()
    assert len(past.imported_letters(sqlite_workspace)) == 1


def an_event(kind, at, **more):
    about = {"email": "ana@lotus.edu.mo", "sg_message_id": "m1.x", "sg_event_id": kind, "category": ["spring"]}
    return json.dumps({**about, "event": kind, "timestamp": at, **more})


WEBHOOK = "\n".join([an_event("processed", 1_780_000_000), an_event("delivered", 1_780_000_003), "not json"])
ACTIVITY = (
    "processed,message_id,event,email,subject\n"
    "2026-06-01T02:00:00Z,m1,processed,ana@lotus.edu.mo,Hello\n"
    "2026-06-01T02:00:04Z,m1,delivered,ana@lotus.edu.mo,Hello\n"
)
REES46 = (
    "message_id,campaign_id,client_id,channel,sent_at,is_opened,opened_first_time_at,is_clicked,clicked_first_time_at\n"
    "m1,31,777,email,2021-05-01 10:00:00,t,2021-05-01 12:00:00,f,\nm2,31,778,mobile_push,2021-05-01 10:00:00,f,,f,\n"
)


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("hook.jsonl", WEBHOOK, "Of 2 rows 1 are new, 0 were here already and 1 were refused."),
        ("activity.csv", ACTIVITY, "Of 1 rows 1 are new, 0 were here already and 0 were refused."),
        ("messages.csv", REES46, "Of 2 rows 1 are new, 0 were here already and 1 were refused."),
    ],
)
def test_a_file_says_what_it_is_by_its_shape(opened, sqlite_workspace, name, data, told):
    page = opened("cadence")
    for words_of_report in (told, told.replace("1 are new, 0 were here", "0 are new, 1 were here")):
        page.file_uploader[0].upload(name, data.encode()).run()
        page.button("past-bring-in").click().run()
        assert words_of_report in words(page)


def test_what_is_no_table_is_refused_in_words(opened, sqlite_workspace):
    page = opened("cadence")
    page.file_uploader[0].upload("sends.csv", b"\xff\xfe\x00").run()
    page.button("past-bring-in").click().run()
    assert "neither a CSV in UTF-8 nor Parquet" in page.error[0].value


def test_names_of_strangers_are_no_markdown(opened, sqlite_workspace):
    campaign = a_draft(sqlite_workspace)
    database.save_campaign(sqlite_workspace, replace(campaign, name="![x](http://evil.example)"), wiring.now())
    letters(sqlite_workspace, 2)
    assert "![x](" not in words(opened("cadence"))


def test_a_thin_past_answers_questions_with_not_enough_data(opened, sqlite_workspace):
    letters(sqlite_workspace, 2)
    for question in ("machines", "silence", "shared", "trust"):
        page = opened("cadence", past="engagement", question=question)
        assert "Not enough data" in words(page)
        assert not page.get("plotly_chart")


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_each_answer_is_a_chart_with_words_for_those_who_do_not_see_it_and_the_table_behind(
    opened, sqlite_workspace, locale
):
    letters(sqlite_workspace, 12, each=200, clicked=8, days_ago=1)
    for question in ("rates", "machines", "complaints", "weeks", "growth", "hours"):
        page = opened("cadence", locale, past="engagement", question=question)
        [chart] = page.get("plotly_chart")
        drawn = json.loads(chart.proto.spec)["layout"]
        title = drawn["title"]["text"]
        assert title.endswith(("?", "？")) and drawn["xaxis"]["title"]["text"]
        assert chart.proto.alt.startswith(title) and len(chart.proto.alt) > len(title) + 3
        assert page.dataframe[-1].value.shape[0] > 0


def test_what_gmail_thinks_is_not_claimed_without_its_figures(opened, sqlite_workspace):
    letters(sqlite_workspace, 2)
    page = opened("cadence", past="engagement", question="complaints")
    assert "cannot be known from here" in words(page)
    assert page.get("plotly_chart")


def test_no_hour_is_claimed_to_be_better_by_chance(opened, sqlite_workspace):
    letters(sqlite_workspace, 12, each=50, clicked=2)
    assert "No hour is proven to be better" in words(opened("cadence", past="engagement", question="hours"))


@pytest.mark.browser
def test_in_a_browser_every_look_draws_and_nothing_leaves(page, sample_server):
    page.goto(f"{sample_server}/cadence")
    settled(page)
    page.get_by_text("Did the ranges hold in the past?").wait_for()
    for look, name in (("Past engagement", "engagement"), ("One more letter", "pressure")):
        page.get_by_test_id("stMain").get_by_text(look, exact=True).click()
        page.wait_for_url(f"**past={name}**")
        settled(page)
        page.locator(".js-plotly-plot").first.wait_for()
    for question in ("machines", "silence"):  # each has its test without a browser
        page.goto(f"{sample_server}/cadence?past=engagement&question={question}")
        settled(page)
        page.locator(".js-plotly-plot").first.wait_for()
    assert page.strangers == []
