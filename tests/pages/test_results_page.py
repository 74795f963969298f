"""The results page: numbers with denominators, every row with its state and reason, and the dossier."""

import pytest

from bulkmail import intake, prepare
from bulkmail.adapters import database
from bulkmail.model import EventKind
from tests.builders import NOW, a_campaign
from tests.pages.conftest import words
from tests.test_reviewing import LIST, LOST, hear, prepared, sent


@pytest.fixture
def ws(sqlite_workspace):
    prepare.save_list(sqlite_workspace, "list.csv", intake.read_list(LIST, "list.csv"), prepare.content_hash(LIST), NOW)
    database.save_campaign(sqlite_workspace, a_campaign(list_name="list.csv"), NOW)
    return sqlite_workspace


def a_sending(ws, *answers):
    plan = prepared(ws)
    prepare.approve(ws, plan, by="Ana", now=NOW)
    return sent(ws, *answers, plan_hash=plan.plan.hash)


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
@pytest.mark.parametrize("view", ["numbers", "people", "dossier"])
def test_it_opens_empty_and_full_in_both_languages(opened, ws, locale, view):
    assert not opened("results", locale, view=view).exception
    a_sending(ws)
    assert not opened("results", locale, view=view).exception


def test_before_a_sending_it_teaches_what_will_stand_here(opened, ws):
    assert "The way of each letter" in words(opened("results"))


def test_numbers_have_denominators_and_intervals(opened, ws):
    hear(ws, a_sending(ws), (0, EventKind.DELIVERED, 5), (1, EventKind.DELIVERED, 5), (0, EventKind.CLICKED, 90))
    page = opened("results")
    assert [(card.label, card.value, card.delta) for card in page.metric][:4] == [
        ("Accepted", "3", "100.0% of 3"), ("Delivered", "2", "66.7% of 3"), ("Opened by people", "0", "0.0% of 2"),
        ("Clicked by people", "1", "50.0% of 2"),
    ]  # fmt: skip
    table = page.dataframe[0].value.set_index("What")
    assert table.loc["Delivered", "95 % interval"] == "20.8% – 93.9%"
    assert table.loc["Accepted", "95 % interval"] == ""
    assert "Opens are weak evidence" in words(page)


def test_whose_opens_and_clicks_these_are_is_told_by_provider_once_there_are_any(opened, ws):
    plan = a_sending(ws)
    arrived = (0, EventKind.DELIVERED, 5), (1, EventKind.DELIVERED, 5)
    hear(ws, plan, *arrived)
    assert len(opened("results").get("plotly_chart")) == 1
    hear(ws, plan, *arrived, (0, EventKind.CLICKED, 90), (1, EventKind.OPENED, 9, {"by_machine": True}))
    page = opened("results")
    assert len(page.get("plotly_chart")) == 2
    table = page.dataframe[-1].value
    assert table.groupby("signal")[["people", "machines", "of"]].sum().loc["Clicks"].tolist() == [1, 0, 2]
    assert table.groupby("signal")[["people", "machines", "of"]].sum().loc["Opens"].tolist() == [0, 1, 2]


def test_nothing_accepted_is_not_enough_data_and_no_zero(opened, ws):
    a_sending(ws, LOST)
    table = opened("results").dataframe[0].value.set_index("What")
    assert table.loc["Delivered", ["Share", "95 % interval"]].tolist() == ["–", "not enough data"]


def test_why_letters_did_not_arrive_is_told_by_class(opened, ws):
    hear(ws, a_sending(ws), (0, EventKind.BOUNCED, 5, {"hard": True, "reason": "550 5.1.1"}))
    failures = opened("results").table[0].value
    assert failures["Letters"].tolist() == ["1"]
    assert failures["Why"].iloc[0].startswith("Hard bounce")


def test_every_row_of_the_list_is_there_with_its_state_and_reason(opened, ws):
    a_sending(ws)
    table = opened("results", view="people").dataframe[0].value
    assert table["State"].tolist() == ["Accepted"] * 3 + ["Excluded"] * 2
    assert table["Reason"].tolist()[3:] == ["Refused consent", "Address not well-formed"]
    assert table["Name"].tolist()[1] == "'=cmd"


def test_the_filter_is_in_the_address_and_the_searched_person_is_not(opened, ws):
    a_sending(ws)
    page = opened("results", view="people", who="excluded")
    assert page.dataframe[0].value["Row"].tolist() == [5, 6]
    page.selectbox("who").set_value("everybody").run()
    page.text_input("people-address").set_value("ANA@alpha.edu").run()
    assert page.dataframe[0].value["Row"].tolist() == [2]
    assert "alpha.edu" not in str(dict(page.query_params))


def test_the_dossier_shows_its_sums_and_can_be_taken_away(opened, ws):
    a_sending(ws)
    page = opened("results", view="dossier")
    assert page.success[0].value == "Rows uploaded 5 = Eligible 3 + Excluded 2: it adds up."
    assert len(page.get("download_button")) == 2
