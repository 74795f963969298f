"""Hours drawn by lot on the page: chosen beside the time, shown before the approval, and read when they were sent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bulkmail import intake, prepare, send, wiring
from bulkmail.adapters import database, journal
from bulkmail.model import DeliveryEvent, EventKind, Wait
from tests.builders import a_campaign
from tests.pages.conftest import words
from tests.sending import Clock, Provider

PEOPLE = [f"p{number}@lotus.edu.mo" for number in range(60)]
HEADS = "Name,Email,Consent,Consent date\n"
ROWS = HEADS + "".join(f"P,{one},yes,2026-10-01\n" for one in PEOPLE)


@pytest.fixture
def ws(sqlite_workspace):
    data = ROWS.encode()
    prepare.save_list(
        sqlite_workspace, "people.csv", intake.read_list(data, "people.csv"), prepare.content_hash(data), wiring.now()
    )
    return sqlite_workspace


def a_draft(ws, **changes):
    campaign = a_campaign(body="We open at 9.", list_name="people.csv", **changes)
    database.save_campaign(ws, campaign, wiring.now())
    return campaign


def draft(ws):
    return database.campaign(ws, "spring")


def morning(days):
    """10:53 in Macau, so many days from now."""
    return (wiring.now() + timedelta(days=days)).replace(hour=2, minute=53, second=0, microsecond=0)


def sent(ws, number, clicking, late=timedelta(0)):
    """Send a campaign with two hours by lot; those at hours of `clicking` click, a share of them."""
    at = morning(-60 + 3 * number)
    campaign = replace(a_draft(ws), id=f"c{number}", name=f"C {number}", send_at=at, also_hours=(15,))
    early = at - timedelta(days=1)
    database.save_campaign(ws, campaign, early)
    prepared = prepare.prepare_campaign(ws, prepare.inputs_of(ws, campaign), now=early)
    prepare.approve(ws, prepared, by="Ana", now=early)
    clock = Clock(at + late)
    send.work(ws, Provider(), once=True, clock=clock, wait=clock.wait)
    clock.at = at + timedelta(hours=5) + late
    send.work(ws, Provider(), once=True, clock=clock, wait=clock.wait)
    hour_of = {attempt.id: attempt.not_before.hour for attempt in journal.attempts(ws, prepared.plan.hash)}
    events = []
    for row in journal.letters(ws, prepared.plan.hash).itertuples():
        about = {"attempt": row.attempt, "position": row.position, "address": row.address}
        events.append(DeliveryEvent(id=f"{number} {row.position}", kind=EventKind.DELIVERED, at=clock(), **about))
        if row.position % 7 == number % 5 and hour_of[row.attempt] in clicking:  # an hour later, as people do
            later = {"kind": EventKind.CLICKED, "at": clock() + timedelta(hours=1)}
            events.append(DeliveryEvent(id=f"{number} {row.position} clicked", **later, **about))
    journal.store_events(ws, events, now=clock())


def test_another_hour_is_chosen_kept_and_given_up(opened, ws):
    a_draft(ws, send_at=morning(3))
    page = opened("cadence")
    [hours] = [each for each in page.multiselect if each.key.startswith("cadence-lots")]
    assert "10:53" not in hours.options
    hours.set_value([15]).run()
    assert not page.exception
    assert draft(ws).also_hours == (15,)
    assert "one of 2 hours" in words(page)
    review = opened("review")
    [told] = [each.value for each in review.text if "letters" in each.value]
    assert [line.split(" · ")[0][-5:] for line in told.splitlines()] == ["10:53", "15:53"]
    [hours] = [each for each in page.multiselect if each.key.startswith("cadence-lots")]
    hours.set_value([]).run()
    assert draft(ws).also_hours == ()


def test_who_waits_is_told_and_can_be_told_not_to(opened, ws):
    a_draft(ws, send_at=morning(3), wait=Wait(letters=3, days=4))
    page = opened("cadence")
    assert "3 letters or more in the 7 days before gets it 4 days later" in words(page)
    page.button("cadence-no-wait").click().run()
    assert draft(ws).wait is None


def test_without_a_time_there_is_no_hour_to_draw(opened, ws):
    a_draft(ws)
    assert not [each for each in opened("cadence").multiselect if each.key.startswith("cadence-lots")]


def test_where_no_lot_was_drawn_the_page_says_how_to_begin(opened, ws):
    sent(ws, 0, clicking=())
    database.save_campaign(ws, replace(database.campaign(ws, "c0"), also_hours=()), wiring.now())
    page = opened("cadence", past="engagement", question="hours")
    assert not page.exception
    assert "It takes 8 campaigns" in words(page)  # what was sent counts, whatever the draft says now


@pytest.mark.parametrize(("clicking", "told"), [((2, 7), "No hour is proven to be better"), ((7,), "15:00")])
@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_after_some_campaigns_an_hour_is_proven_or_not(opened, ws, clicking, told, locale):
    for number in range(9):
        sent(ws, number, clicking)
    page = opened("cadence", locale, past="engagement", question="hours")
    assert not page.exception
    if locale == "en-US":
        assert told in words(page)
        assert "9 campaigns, 540 letters" in words(page)


def test_campaigns_that_left_late_are_not_read(opened, ws):
    sent(ws, 0, clicking=(7,), late=timedelta(hours=3))
    page = opened("cadence", past="engagement", question="hours")
    assert "1 campaigns did not leave at their hours" in words(page)
    assert "No campaign has put its people" in words(page)
