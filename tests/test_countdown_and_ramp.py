"""A countdown before the first letter, and a ramp that spreads the letters of a new domain over days."""

from datetime import timedelta

from bulkmail import limits, send
from bulkmail.adapters import journal
from tests.builders import NOW
from tests.sending import Clock, Provider, approved

FIRST_DAY = int(limits.WARM_UP_FIRST_DAY.value)


def test_nothing_leaves_before_the_end_of_the_countdown(sqlite_workspace):
    ws, provider, clock = sqlite_workspace, Provider(), Clock()
    plan_hash = approved(ws, 10, manner={"countdown": timedelta(minutes=5)})
    send.work(ws, provider, once=True, clock=clock, wait=clock.wait)
    assert provider.bodies == []
    assert journal.next_due(ws, plan_hash) == NOW + timedelta(minutes=5)
    send.work(ws, provider, plan_hash=plan_hash, clock=clock, wait=clock.wait)
    assert (clock() - NOW >= timedelta(minutes=5), len(provider.letters)) == (True, 10)


def test_cancelling_within_the_countdown_undoes_everything(sqlite_workspace):
    ws, provider, clock = sqlite_workspace, Provider(), Clock()
    plan_hash = approved(ws, 10, manner={"countdown": timedelta(minutes=5)})
    journal.request(ws, plan_hash, "cancelled", "Ana", NOW)
    clock.at += timedelta(hours=1)
    send.work(ws, provider, once=True, clock=clock, wait=clock.wait)
    assert (provider.bodies, journal.totals(ws, plan_hash)["cancelled"]) == ([], 10)


def a_day_later(clock):
    clock.at += timedelta(days=1)


def test_a_new_domain_sends_a_little_more_every_day(workspace):
    provider, clock = Provider(), Clock()
    plan_hash = approved(workspace, 2_000, 1_000, manner={"ramp": True})
    sent = []
    for _ in range(4):
        send.work(workspace, provider, once=True, clock=clock, wait=clock.wait)
        sent.append(journal.totals(workspace, plan_hash)["accepted"])
        a_day_later(clock)
    assert sent == [FIRST_DAY, FIRST_DAY + FIRST_DAY * 3 // 2, 2_000, 2_000]
    assert set(provider.letters.values()) == {1}


def test_the_ramp_says_when_it_goes_on(sqlite_workspace):
    ws, clock = sqlite_workspace, Clock()
    plan_hash = approved(ws, 1_000, 1_000, manner={"ramp": True})
    send.work(ws, Provider(), once=True, clock=clock, wait=clock.wait)
    midnight = NOW.replace(hour=16)  # in Macau
    assert journal.run(ws, plan_hash).hold_until == midnight


def test_what_another_campaign_of_the_domain_sent_today_counts(sqlite_workspace):
    ws, provider, clock = sqlite_workspace, Provider(), Clock()
    other = approved(ws, 400, 400, key="b", id="autumn", first=5_000)
    send.work(ws, provider, plan_hash=other, clock=clock, wait=clock.wait)
    plan_hash = approved(ws, 300, 300, manner={"ramp": True})
    send.work(ws, provider, once=True, clock=clock, wait=clock.wait)
    assert journal.totals(ws, plan_hash)["accepted"] == FIRST_DAY - 400
