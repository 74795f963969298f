"""Home: nothing yet, a campaign on its way, one that was sent, and how a new one begins."""

from datetime import timedelta

import pytest
import streamlit as st

from bulkmail import intake, prepare, wiring
from bulkmail.adapters import database, journal
from tests.builders import NOW, a_campaign
from tests.pages.conftest import words

PEOPLE = b"email,name,consent,consent date\na@alpha.edu,Ana,yes,2026-10-01\nb@alpha.edu,Bo,yes,2026-10-02\n"


def a_list(ws, data=PEOPLE):
    prepare.save_list(ws, "people.csv", intake.read_list(data, "people.csv"), prepare.content_hash(data), NOW)


def an_approved_campaign(ws, **changes):
    """A campaign that was approved; the hash of its plan."""
    a_list(ws)
    campaign = a_campaign(list_name="people.csv", **changes)
    prepared = prepare.prepare_campaign(ws, prepare.inputs_of(ws, campaign), now=wiring.now())
    prepare.approve(ws, prepared, by="Ana", now=wiring.now())
    return prepared.plan.hash


def cards(app):
    return {metric.label: metric.value for metric in app.metric}


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_it_opens_empty_with_lists_only_and_full_in_both_languages(opened, sqlite_workspace, locale):
    assert not opened("home", locale).exception
    a_list(sqlite_workspace)
    assert not opened("home", locale).exception
    database.save_campaign(sqlite_workspace, a_campaign(list_name="people.csv"), NOW)
    full = opened("home", locale)
    assert not full.exception
    assert [metric.value for metric in full.metric] == ["2", "2", "–", "–", "–"]


def test_the_first_visit_offers_the_sample_and_loads_it_with_one_click(opened, sqlite_workspace):
    page = opened("home")
    assert "synthetic" in words(page)
    page.button("home-sample").click().run()
    assert not page.exception
    assert len(database.campaigns(sqlite_workspace)) == 3
    assert page.selectbox("campaign").value == database.campaigns(sqlite_workspace)[0].id


def test_the_seven_tips_stand_in_their_order_each_with_its_worst_finding(opened, sqlite_workspace):
    a_list(sqlite_workspace)
    database.save_campaign(sqlite_workspace, a_campaign(list_name="people.csv"), NOW)
    told = words(opened("home"))
    places = [told.index(f"**{name}**") for name in ("Consent", "Addresses", "Unsubscribing", "Clarity", "Cadence")]
    assert places == sorted(places)
    assert "DNS was not asked" in told


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "Choose a list"),
        ({"list_name": "people.csv", "subject": ""}, "Write the letter"),
        ({"list_name": "people.csv"}, "Review and approve"),
        ({"list_name": "people.csv", "purpose": ""}, "Mend: Consent"),
    ],
)
def test_the_one_primary_button_is_the_next_step(opened, sqlite_workspace, changes, label):
    a_list(sqlite_workspace)
    database.save_campaign(sqlite_workspace, a_campaign(**changes), NOW)
    assert opened("home").button("home-next").label == label


def test_a_letter_that_cannot_be_read_is_said_and_leaves_the_way_open(opened, sqlite_workspace):
    a_list(sqlite_workspace)
    database.save_campaign(sqlite_workspace, a_campaign(list_name="people.csv", body="{% if %}"), NOW)
    page = opened("home")
    assert not page.exception
    assert "Line 1 of the body" in page.error[0].value
    assert page.button("home-next").label == "Write the letter"


def test_a_campaign_whose_list_is_not_here_asks_for_one(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(list_name="elsewhere.csv"), NOW)
    assert opened("home").button("home-next").label == "Choose a list"


def test_an_approved_campaign_stands_as_it_was_approved(opened, sqlite_workspace):
    plan_hash = an_approved_campaign(sqlite_workspace)
    page = opened("home")
    assert (cards(page)["Letters approved"], cards(page)["Accepted"]) == ("2", "0")
    assert page.button("home-next").label == "Watch it go"
    assert "Nobody is left" not in words(page)
    journal.request(sqlite_workspace, plan_hash, "cancelled", "Ana", NOW)
    assert opened("home").button("home-next").label == "Review and approve"


def begin(page, name, purpose):
    page.text_input("begin-name").set_value(name)
    page.selectbox("begin-purpose").set_value(purpose)
    return page.button("begin").click().run()


def test_a_new_campaign_is_in_hand_at_once_signed_by_the_same_sender(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    page = begin(opened("home"), "Autumn letter", "newsletter")
    assert not page.exception
    assert page.selectbox("campaign").value == "autumn-letter"
    assert page.query_params["campaign"] == "autumn-letter"
    assert database.campaign(sqlite_workspace, "autumn-letter").sender == a_campaign().sender


def test_a_campaign_without_a_purpose_is_not_begun(opened, sqlite_workspace):
    a_list(sqlite_workspace)
    page = begin(opened("home"), "Autumn letter", None)
    assert page.error[0].value == "A campaign needs a name and a purpose."
    assert not database.campaigns(sqlite_workspace)


def test_a_name_that_is_taken_is_refused_and_the_other_campaign_stays_as_it_is(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(id="spring-letter"), NOW)
    page = begin(opened("home"), "Spring Letter", "newsletter")
    assert "of this name already" in page.error[0].value
    assert database.campaigns(sqlite_workspace) == [a_campaign(id="spring-letter")]


def test_what_strangers_typed_is_shown_and_not_obeyed(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(name="![x](http://evil.example/x.png) **bold**"), NOW)
    assert "![x]" not in words(opened("home"))


# ---------------------------------------------------------------- the frame


def test_the_address_names_the_campaign_so_that_a_reload_finds_it_whatever_was_saved_since(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    page = opened("home")
    assert page.query_params["campaign"] == "spring"
    database.save_campaign(sqlite_workspace, a_campaign(id="summer", name="Summer"), NOW + timedelta(hours=1))
    assert opened("home", campaign="spring").selectbox("campaign").value == "spring"
    assert opened("home").selectbox("campaign").value == "summer"


def test_an_address_with_an_unknown_campaign_falls_back_to_the_newest(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    page = opened("home", campaign="gone")
    assert (page.selectbox("campaign").value, page.query_params["campaign"]) == ("spring", "spring")


def test_campaigns_of_one_name_can_be_told_apart(opened, sqlite_workspace):
    database.save_campaign(sqlite_workspace, a_campaign(), NOW)
    database.save_campaign(sqlite_workspace, a_campaign(id="spring-2"), NOW)
    page = opened("home", campaign="spring-2")
    assert page.selectbox("campaign").value == "spring-2"
    assert sorted(page.selectbox("campaign").options) == ["Spring letter (spring)", "Spring letter (spring-2)"]


def test_the_sidebar_says_where_letters_go_and_links_to_the_rehearsals_inbox(opened, sqlite_workspace):
    told = sqlite_workspace.home / "rehearsal" / "rehearsal.json"
    told.parent.mkdir()
    told.write_text('{"url": "http://127.0.0.1:9"}')
    page = opened("home")
    assert "Rehearsal" in words(page)
    assert page.sidebar.get("link_button")[0].proto.url == "http://127.0.0.1:9/inbox"


def test_the_sidebar_says_so_when_letters_go_to_real_people(opened, sqlite_workspace, monkeypatch):
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.not-a-key")
    assert "real people" in words(opened("home"))
    monkeypatch.setenv("SENDGRID_HOST", "http://127.0.0.1:9")
    st.cache_resource.clear()
    assert "No letter leaves this machine" in words(opened("home"))
