"""The calendar answers at once and can be undone, the planner's moves are chosen, and rules are tried before saved."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from bulkmail import forecast, intake, mending, prepare, wiring
from bulkmail.adapters import database, lists, past
from bulkmail.model import Wait
from bulkmail.sample import worlds
from bulkmail.tips import addressing, cadence
from tests.builders import a_campaign
from tests.pages.conftest import app_server, settled, words

PATIENCE = 60_000


@pytest.fixture(scope="module")
def year():
    return worlds.letters(worlds.live(worlds.a_world(seed=3, people=600), weeks=40))


@pytest.fixture(scope="module")
def long_year():
    """A year of so many people that unsubscriptions can be told too."""
    return worlds.letters(worlds.live(worlds.a_world(seed=3, people=1_500)))


@pytest.fixture
def busy(sqlite_workspace, year):
    """A workspace with the past of a year, and four campaigns ahead that crowd two days."""
    return filled(sqlite_workspace, year)


@pytest.fixture
def rich(sqlite_workspace, long_year):
    """The same with a longer past of more people."""
    return filled(sqlite_workspace, long_year)


def filled(ws, year):
    now = wiring.now()
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


def test_the_calendar_follows_a_list_that_somebody_mends(opened, busy):
    page = opened("cadence", past="calendar")
    before = expected(page)
    [version] = lists.lists(busy)
    table = prepare.mended_list(busy, version.id)
    gone = mending.leave_out(table, table["source_row"].head(100).tolist(), "moved away")
    prepare.mend(busy, version.id, "left_out", gone, who="Ana", now=wiring.now())
    after = expected(page.run())
    assert before and all(after[label] < before[label] for label in before)


@pytest.fixture
def crowded(rich):
    """The same without a gap, but with one draft to all, the day after three approved letters to half of them and a
    week before three to the other half: whenever it leaves, somebody is tired."""
    now, [first, *rest] = wiring.now(), sorted(database.campaigns(rich), key=lambda each: each.send_at)
    for each in rest:
        database.save_campaign(rich, replace(each, send_at=None), now)
    rows = [f"p{number:07d}@lotus.edu.mo,yes,2026-10-01\n" for number in range(200)]
    for half in (0, 1):
        data = f"Email,Consent,Consent date\n{''.join(rows[half * 100 : half * 100 + 100])}".encode()
        prepare.save_list(rich, f"half{half}.csv", intake.read_list(data, "half.csv"), prepare.content_hash(data), now)
        for number in range(3):
            sender = replace(first.sender, organisation=f"office {half} {number}")
            at = first.send_at + timedelta(days=7 * half, hours=2 * number)
            said = {
                "id": f"h{half}{number}",
                "name": f"To half {half} {number}",
                "kind": "subscribed",
                "sender": sender,
            }
            draft = replace(first, **said, list_name=f"half{half}.csv", send_at=at, body="We open at 9.")
            made = prepare.prepare_campaign(rich, prepare.inputs_of(rich, draft), now=now)
            prepare.approve(rich, made, by="Ana", now=now)
    database.save_campaign(rich, replace(first, send_at=first.send_at + timedelta(days=1)), now)
    rules = replace(cadence.HOUSE_RULES, working_days_only=False, holidays=(), gap_hours=0)
    prepare.save_cadence_rules(rich, rules, by="Ana", now=now)
    return rich


def test_a_part_of_a_campaign_that_waits_is_shown_taken_kept_and_undone(opened, crowded):
    busy = crowded
    page = opened("cadence", past="calendar")
    assert not any(each.label.rstrip().endswith("·") for each in page.expander)  # of holidays that nobody keeps
    page.button("planner-look").click().run(timeout=120)
    assert "they get it at the next slot" in words(page)
    page.button("planner-take").click().run(timeout=120)
    page.button("calendar-keep").click().run(timeout=120)
    kept = {each.id: each.wait for each in database.campaigns(busy) if each.wait}
    assert kept and all(wait.letters >= 2 and 2 <= wait.days <= 7 for wait in kept.values())
    meet = next(table.value for table in page.dataframe if "Next campaign" in table.value)
    assert meet[["Campaign", "Next campaign"]].stack().str.endswith("those who wait").any()
    assert not page.exception
    page.button("planner-look").click().run(timeout=120)  # what waits already is not put off again
    assert not page.exception
    page.button("calendar-undo").click().run(timeout=120)
    assert not any(each.wait for each in database.campaigns(busy))


def test_a_campaign_that_stays_is_left_whole(opened, busy):
    for each in database.campaigns(busy):
        database.save_campaign(busy, replace(each, wait=Wait(letters=5, days=7)), wiring.now())
    page = opened("cadence", past="calendar")
    page.button("planner-look").click().run(timeout=120)
    assert not page.exception
    assert "No better date was found" in words(page)


def test_the_frontier_asks_what_an_unsubscription_weighs_and_says_how_forecasts_held(opened, rich):
    page = opened("cadence", past="calendar")
    page.button("planner-look").click().run(timeout=120)
    weigh = next(group for group in page.button_group if group.key == "planner-weight")
    assert len(weigh.options) == 5
    weigh.set_value(4.0).run(timeout=120)
    assert not page.exception
    assert page.session_state["planner-weight"] == 4.0
    assert "All moves together" in words(page) or "No better date was found" in words(page)
    assert "Such forecasts held" in words(page) or "too thin to hold forecasts" in words(page)


def test_where_unsubscriptions_cannot_be_told_there_is_nothing_to_trade(opened, busy):
    page = opened("cadence", past="calendar")
    page.button("planner-look").click().run(timeout=120)
    assert not [group for group in page.button_group if group.key == "planner-weight"]
    assert "there is no trade to choose from" in words(page)


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


@pytest.mark.parametrize(("locale", "effect"), [("en-US", 1.0), ("zh-TW", 1.0), ("en-US", 0.4)])
def test_a_trial_that_can_be_read_is_read_with_its_chart_and_its_table(opened, sqlite_workspace, locale, effect):
    """`effect` is the share of their clicks that the held are left with, for no reason that a curve could know of."""
    ws, now, people = sqlite_workspace, wiring.now(), 900
    weeks = 40
    trial = cadence.Trial(name="spring", begun_on=f"{now - timedelta(weeks=weeks + 1):%Y-%m-%d}", share=0.3, letters=2)
    prepare.save_cadence_rules(ws, replace(cadence.HOUSE_RULES, trial=trial), by="Ana", now=now)
    names = [f"p{number:07d}" for number in range(people)]
    persons = {name: addressing.person_of(f"{name}@lotus.edu.mo", ws.person_key) for name in names}
    world = worlds.a_world(seed=5, people=people)
    world.held = forecast.is_held(pd.Series(persons.values()), trial.name, trial.share)
    year = worlds.letters(worlds.live(world, weeks=weeks))
    later = pd.Timestamp(now) - pd.Timedelta(days=4) - year["sent_at"].max()
    at = (year["sent_at"] + later).astype("datetime64[us, UTC]")
    year = year.assign(person=year["person"].map(persons), sent_at=at).drop(columns="place")
    lost = forecast.is_held(year["person"], trial.name, trial.share) & (np.arange(len(year)) % 10 >= 10 * effect)
    past.save_import(ws, "past", year.assign(clicked=year["clicked"].mask(lost, 0)), now)
    page = opened("cadence", locale, past="pressure")
    assert not page.exception
    [table] = [each.value for each in page.dataframe if each.value.shape[1] == 7]
    happened, expected, ratio, between = table.iloc[0, 2:6]
    low, high = (float(bound) for bound in between.split(" – "))
    assert ratio == pytest.approx(happened / expected, abs=0.01)
    assert low < ratio < high
    assert 0.7 < ratio < 1.4 if effect == 1 else high < 0.9
    if locale == "en-US":
        assert f"of {year['person'].nunique()} people ever mailed (30%) to 2 letters" in words(page)
        assert "Nothing can be read yet" not in words(page)


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
    skip.click(position={"x": 537, "y": 52})
    page.get_by_role("button", name="Keep these dates (1)").wait_for()
    settled(page)
    assert page.get_by_test_id("stMetricDelta").count() >= 1
    page.get_by_role("button", name="Undo").click()
    settled(page)
    page.get_by_role("button", name="Keep these dates (1)").wait_for(state="detached")
    assert page.strangers == []


@pytest.mark.browser
def test_in_a_browser_a_point_of_the_frontier_is_clicked_and_its_plan_shown(page, rich, tmp_path):
    page.set_default_timeout(PATIENCE)
    page.set_viewport_size({"width": 1360, "height": 3_600})
    with app_server(tmp_path, BULKMAIL_HOME=str(rich.home)) as address:
        page.goto(f"{address}/cadence?past=calendar")
        page.get_by_test_id("stMetric").first.wait_for()
        settled(page)
        page.get_by_role("button", name="Look for better dates").click()
        points = page.locator(".st-key-planner-frontier .point")
        points.first.wait_for()
        settled(page)
        chosen = page.locator(".st-key-planner-weight [aria-checked=true]")
        before = chosen.inner_text()
        boxes = [points.nth(number).bounding_box() for number in range(points.count())]
        plan = min(boxes, key=lambda box: box["width"])  # neither the plan as it stands nor the ring around the chosen
        page.mouse.click(plan["x"] + plan["width"] / 2, plan["y"] + plan["height"] / 2)
        page.wait_for_function(
            "before => document.querySelector('.st-key-planner-weight [aria-checked=true]').innerText !== before",
            arg=before,
        )
        settled(page)
        page.get_by_text("All moves together").wait_for()
    assert page.strangers == []
