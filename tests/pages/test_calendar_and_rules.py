"""The calendar answers at once and can be undone, the planner's moves are chosen, and rules are tried before saved."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

from bulkmail import intake, prepare, wiring
from bulkmail.adapters import database, past
from bulkmail.sample import worlds
from bulkmail.tips import addressing
from tests.builders import a_campaign
from tests.pages.conftest import settled, words

PATIENCE = 60_000


@pytest.fixture(scope="module")
def year():
    return worlds.letters(worlds.live(worlds.a_world(seed=3, people=600), weeks=40))


@pytest.fixture
def busy(sqlite_workspace, year):
    """A workspace with the past of a year, and four campaigns ahead that crowd two days."""
    ws, now = sqlite_workspace, wiring.now()
    known = {who: addressing.person_of(f"{who}@lotus.edu.mo", ws.person_key) for who in year["person"].unique()}
    later = pd.Timestamp(now) - pd.Timedelta(days=4) - year["sent_at"].max()
    at = (year["sent_at"] + later).astype("datetime64[us, UTC]")
    past.save_import(ws, "past", year.assign(person=year["person"].map(known), sent_at=at).drop(columns="place"), now)
    rows = "".join(f"{who}@lotus.edu.mo,yes,2026-10-01\n" for who in list(known)[:200])
    data = f"Email,Consent,Consent date\n{rows}".encode()
    prepare.save_list(ws, "people.csv", intake.read_list(data, "people.csv"), prepare.content_hash(data), now)
    morning = (now + timedelta(days=4)).replace(hour=2, minute=53, second=0, microsecond=0)
    for number in range(4):
        draft = a_campaign(kind="marketing", list_name="people.csv", name=f"Letter {number}")
        sent = morning + timedelta(days=number // 2, hours=number % 2)
        sender = replace(draft.sender, organisation="events")
        database.save_campaign(ws, replace(draft, id=f"c{number}", send_at=sent, sender=sender), now)
    return ws


def dates(ws):
    return {each.id: each.send_at for each in database.campaigns(ws)}


def expected(page):
    return {metric.label: float(metric.value) for metric in page.metric}


def test_moves_are_looked_for_chosen_kept_and_undone(opened, busy):
    before = dates(busy)
    page = opened("cadence", past="calendar")
    was = expected(page)
    page.button("planner-look").click().run(timeout=120)
    assert not page.exception
    assert "All moves together" in words(page)
    page.button("planner-take").click().run(timeout=120)
    assert dates(busy) == before  # taken is not kept
    assert expected(page) != was
    told = expected(page)
    page.button("calendar-keep").click().run(timeout=120)
    assert dates(busy) != before
    assert {label: expected(page)[label] for label in told} == told  # what was told is what stands
    page.button("calendar-undo").click().run(timeout=120)
    assert dates(busy) == before
    page.button("calendar-undo").click().run(timeout=120)
    assert expected(page) == was


def test_the_frontier_asks_what_an_unsubscription_weighs_and_says_how_forecasts_held(opened, busy):
    page = opened("cadence", past="calendar")
    page.button("planner-look").click().run(timeout=120)
    weigh = next(group for group in page.button_group if group.key == "planner-weight")
    assert len(weigh.options) == 5
    weigh.set_value(4.0).run(timeout=120)
    assert not page.exception
    assert page.session_state["planner-weight"] == 4.0
    assert "All moves together" in words(page)
    assert "Such forecasts held" in words(page) or "too thin to hold forecasts" in words(page)


@pytest.mark.parametrize("locale", ["en-US", "zh-HK"])
def test_the_calendar_with_a_forecast_opens_in_both_languages(opened, busy, locale):
    page = opened("cadence", locale, past="calendar")
    assert not page.exception
    assert len(page.metric) >= 1


# ---------------------------------------------------------------- rules


def test_rules_are_tried_on_the_list_before_they_are_saved(opened, busy):
    page = opened("cadence")
    assert not any(button.key == "rules-save" for button in page.button)
    page.toggle("rules-gap-holds").set_value(True).run()
    assert "people on this list" in words(page)
    assert prepare.cadence_rules(busy).gap_holds is False
    page.button("rules-save").click().run()
    assert not page.exception
    assert prepare.cadence_rules(busy).gap_holds is True
    assert not any(button.key == "rules-save" for button in page.button)
    assert database.audit_trail(busy)["what"].iloc[-1] == "cadence.rules_saved"


def test_a_trial_is_begun_read_and_ended(opened, busy):
    page = opened("cadence", past="pressure")
    page.button("trial-begin").click().run(timeout=120)
    trial = prepare.cadence_rules(busy).trial
    assert (trial.share, trial.letters) == (0.1, 1)
    assert "a lot holds" in words(page)
    assert "Nothing can be read yet" in words(page)
    page.button("trial-end").click().run(timeout=120)
    assert prepare.cadence_rules(busy).trial is None


def test_who_has_gone_quiet_is_counted_and_put_on_a_list_to_be_asked(opened, busy):
    page = opened("cadence")
    page.toggle("rules-sunset").set_value(True).run()
    assert "people were ever mailed" in words(page)
    page.button("rules-ask").click().run()
    assert any(version.name.startswith(prepare.ASK_LIST) for version in database.lists(busy))


# ---------------------------------------------------------------- in a browser


@pytest.mark.browser
def test_in_a_browser_a_campaign_is_skipped_with_its_forecast_beside_it_and_brought_back(page, sample_server):
    page.set_default_timeout(PATIENCE)
    page.goto(f"{sample_server}/cadence?past=calendar")
    page.get_by_text("All that is planned, together").wait_for(timeout=PATIENCE)
    settled(page)
    table = page.get_by_test_id("stDataFrame").locator("visible=true").first  # the rules are folded
    skip = table.locator(".dvn-scroller")
    skip.click(position={"x": 380, "y": 52})
    page.get_by_role("button", name="Keep these dates (1)").wait_for()
    settled(page)
    assert page.get_by_test_id("stMetricDelta").count() >= 1
    page.get_by_role("button", name="Undo").click()
    settled(page)
    page.get_by_role("button", name="Keep these dates (1)").wait_for(state="detached")
    assert page.strangers == []
