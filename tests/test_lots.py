"""Hours drawn by lot inside a campaign, and a later slot for who had many letters: planned, sent, and read.

The requests are real ones, to a rehearsal that plays SendGrid.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pandas as pd
import pytest

from bulkmail import engagement, forecast, intake, journey, plan, prepare, results, send
from bulkmail.adapters import database, journal, past
from bulkmail.adapters.sendgrid_api import SendGrid
from bulkmail.campaign_file import read_campaign, to_campaign
from bulkmail.errors import InputError
from bulkmail.model import Wait
from bulkmail.rehearsal import server
from bulkmail.tips import addressing, cadence
from tests.builders import NOW, a_campaign
from tests.sending import Clock
from tests.test_campaign_file import LEAST

PEOPLE = [f"p{number}@lotus.edu.mo" for number in range(60)]
TEN = (NOW + timedelta(days=1)).replace(hour=2, minute=53)  # 10:53 in Macau
THREE = TEN + timedelta(hours=5)


@pytest.fixture
def ws(sqlite_workspace):
    rows = "".join(f"{one},yes,2026-10-01\n" for one in PEOPLE)
    data = f"Email,Consent,Consent date\n{rows}".encode()
    prepare.save_list(sqlite_workspace, "list.csv", intake.read_list(data, "list.csv"), prepare.content_hash(data), NOW)
    return sqlite_workspace


@pytest.fixture
def provider(tmp_path):
    with server.serving(tmp_path / "rehearsal", play=False) as running:
        yield running


def a_draft(**changes):
    told = {"kind": "marketing", "list_name": "list.csv", "send_at": TEN, "also_hours": (15,), "body": "We open at 9."}
    return a_campaign(**told | changes)


def prepared(ws, now=NOW, **changes):
    return prepare.prepare_campaign(ws, prepare.inputs_of(ws, a_draft(**changes)), now=now)


def approved(ws, **changes):
    made = prepared(ws, **changes)
    prepare.approve(ws, made, by="Ana", now=NOW)
    return made


def had(ws, people, count, days_ago=2):
    """So many letters of another department to each of these people, in the days before the campaign leaves."""
    rows = [
        {"campaign": f"before {number}", "person": addressing.person_of(one, ws.person_key), "department": "events",
         "sent_at": pd.Timestamp(TEN - timedelta(days=days_ago + number)).as_unit("us")}
        for number in range(count) for one in people
    ]  # fmt: skip
    frame = pd.DataFrame(rows).assign(**dict.fromkeys(engagement.HAPPENINGS, 0)).assign(delivered=1)
    past.save_import(ws, "before", frame.astype({"campaign": "str", "department": "str", "person": "str"}), NOW)


def people_by_moment(made):
    persons = made.snapshot["address"]
    found = {}
    for batch in made.plan.batches:
        found.setdefault(batch.not_before, []).extend(persons[batch.start : batch.stop])
    return found


def test_each_person_is_put_to_one_of_the_hours_by_a_lot_that_stays(ws):
    made = prepared(ws)
    by_moment = people_by_moment(made)
    assert set(by_moment) == {TEN, THREE}
    assert sorted(by_moment[TEN] + by_moment[THREE]) == sorted(PEOPLE)
    assert min(map(len, by_moment.values())) > len(PEOPLE) / 4
    assert people_by_moment(prepared(ws, send_at=TEN + timedelta(days=1))) == {
        moment + timedelta(days=1): people for moment, people in by_moment.items()
    }
    assert made.plan.hash == prepared(ws).plan.hash
    assert made.plan.hash not in {prepared(ws, also_hours=hours).plan.hash for hours in ((), (16,))}


def test_batches_of_several_moments_tile_the_plan(ws):
    batches = prepared(ws).plan.batches
    assert [batches[0].start, batches[-1].stop] == [0, len(PEOPLE)]
    assert all(one.stop == other.start for one, other in pairwise(batches))


def test_each_lot_leaves_at_its_hour_and_everybody_gets_one_letter(ws, provider):
    made, clock = approved(ws), Clock(TEN - timedelta(seconds=1))
    by_moment, sent = people_by_moment(made), []
    for moment in (TEN - timedelta(seconds=1), TEN, THREE - timedelta(seconds=1), THREE, THREE + timedelta(days=1)):
        clock.at = moment
        send.work(ws, SendGrid("SG.any", provider.url).post_mail, once=True, clock=clock, wait=clock.wait)
        sent.append(sorted(letter.address for letter in provider.letters()))
    assert sent[0] == []
    assert sent[1] == sent[2] == sorted(by_moment[TEN])
    assert sent[3] == sent[4] == sorted(PEOPLE)
    assert journal.run_state(ws, made.plan.hash) == "done"


def test_a_sender_that_is_stopped_between_the_hours_goes_on_where_it_was(ws, provider):
    made, clock = approved(ws), Clock(TEN)
    post = SendGrid("SG.any", provider.url).post_mail
    send.work(ws, post, once=True, clock=clock, wait=clock.wait)
    assert journal.run_state(ws, made.plan.hash) == "running"
    journal.request(ws, made.plan.hash, "paused", "Ana", clock())
    clock.at = THREE
    send.work(ws, post, once=True, clock=clock, wait=clock.wait)
    assert len(provider.letters()) == len(people_by_moment(made)[TEN])
    journal.request(ws, made.plan.hash, "running", "Ana", clock())
    send.work(ws, post, once=True, clock=clock, wait=clock.wait)
    assert Counter(letter.address for letter in provider.letters()) == Counter(PEOPLE)


@pytest.mark.parametrize(("late", "kept"), [(timedelta(0), True), (timedelta(hours=2), False)])
def test_letters_are_read_by_lot_and_a_campaign_that_was_late_is_known(ws, provider, late, kept):
    made, clock = approved(ws), Clock(TEN)
    post = SendGrid("SG.any", provider.url).post_mail
    send.work(ws, post, once=True, clock=clock, wait=clock.wait)
    clock.at = THREE + late
    send.work(ws, post, once=True, clock=clock, wait=clock.wait)
    told, by_moment = results.letters_by_lot(ws, cadence.MACAU), people_by_moment(made)
    assert told["hour"].value_counts().to_dict() == {10: len(by_moment[TEN]), 15: len(by_moment[THREE])}
    assert set(told["campaign"]) == {made.campaign.name}
    assert set(told["kept"]) == {kept}


def test_without_hours_by_lot_there_is_nothing_to_read(ws):
    approved(ws, also_hours=())
    assert results.letters_by_lot(ws, cadence.MACAU).empty


def test_a_lot_in_the_quiet_hours_is_warned_of(ws):
    told = {finding.code: finding for finding in prepared(ws, also_hours=(23,)).findings}["FRQ-10"]
    assert told.outcome.value == "warn"
    assert "23:53" in str(told.message)


# ---------------------------------------------------------------- a later slot


def test_who_had_many_letters_gets_it_later_and_nobody_is_dropped(ws, provider):
    had(ws, PEOPLE[:20], 1)
    made, clock = approved(ws, also_hours=(), wait=Wait(letters=1, days=3)), Clock(TEN)
    by_moment = people_by_moment(made)
    assert sorted(by_moment[TEN + timedelta(days=3)]) == sorted(PEOPLE[:20])
    for days, count in ((0, 40), (2, 40), (3, 60)):
        clock.at = TEN + timedelta(days=days)
        send.work(ws, SendGrid("SG.any", provider.url).post_mail, once=True, clock=clock, wait=clock.wait)
        assert len(provider.letters()) == count
    assert Counter(letter.address for letter in provider.letters()) == Counter(PEOPLE)


def test_whom_a_cap_would_hold_back_gets_the_letter_at_the_later_slot(ws):
    had(ws, PEOPLE[:20], int(cadence.HOUSE_RULES.caps[0].letters), days_ago=3)
    assert prepared(ws, also_hours=()).audience.reasons == {"frequency_cap": 20}
    later = prepared(ws, also_hours=(), wait=Wait(letters=2, days=5))
    assert (later.audience.reasons, later.plan.recipients) == ({}, 60)


def test_lots_and_a_later_slot_go_together(ws):
    had(ws, PEOPLE[:20], 1)
    by_moment = people_by_moment(prepared(ws, wait=Wait(letters=1, days=3)))
    late = timedelta(days=3)
    assert set(by_moment) == {TEN, THREE, TEN + late, THREE + late}
    assert sorted(by_moment[TEN + late] + by_moment[THREE + late]) == sorted(PEOPLE[:20])


# ---------------------------------------------------------------- what a campaign says of it


def test_a_campaign_that_says_nothing_of_it_has_the_hash_it_always_had():
    silent = a_campaign()
    assert plan.campaign_hash(silent) != plan.campaign_hash(replace(silent, also_hours=(15,)))
    assert plan.campaign_hash(silent) != plan.campaign_hash(replace(silent, wait=Wait(letters=3, days=4)))
    assert plan.campaign_hash(silent) == plan.campaign_hash(replace(silent, also_hours=(), wait=None))


def test_it_is_kept_with_the_draft_and_a_copy_keeps_the_hours_only(sqlite_workspace):
    draft = a_draft(wait=Wait(letters=3, days=4))
    database.save_campaign(sqlite_workspace, draft, NOW)
    assert database.campaign(sqlite_workspace, draft.id) == draft
    copy = journey.draft("autumn", name="Autumn", purpose="newsletter", kind="marketing", like=draft, copy=True)
    assert (copy.also_hours, copy.wait) == ((15,), None)


def test_a_campaign_file_names_hours_and_a_later_slot():
    schedule = "\n[schedule]\nsend_at = 2026-12-01T10:53:00+08:00\nalso_hours = [19, 15]\n"
    file = read_campaign(LEAST + schedule + "wait = { letters = 3, days = 4 }\n", filename="c.toml")
    campaign = to_campaign(file, "Hello")
    assert (campaign.also_hours, campaign.wait) == ((15, 19), Wait(letters=3, days=4))


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("also_hours = [15]", "needs the key send_at"),
        ("send_at = 2026-12-01T10:53:00+08:00\nalso_hours = []", "whole hours from 0 to 23"),
        ("send_at = 2026-12-01T10:53:00+08:00\nalso_hours = [10, 24]", "whole hours from 0 to 23"),
        ("send_at = 2026-12-01T10:53:00+08:00\nalso_hours = 15", "whole hours from 0 to 23"),
        ("send_at = 2026-12-01T10:53:00+08:00\nwait = { letters = 0, days = 4 }", "a whole number from 1 to"),
        ("send_at = 2026-12-01T10:53:00+08:00\nwait = { letters = 3 }", "needs the key days"),
    ],
)
def test_what_a_schedule_cannot_mean_is_told(schedule, told):
    with pytest.raises(InputError, match=told):
        read_campaign(f"{LEAST}\n[schedule]\n{schedule}\n", filename="c.toml")


def test_the_lot_has_nothing_to_do_with_that_of_another_campaign(ws):
    persons = prepared(ws).snapshot["person"]
    one, other = (forecast.hours_by_lot(persons, name, (10, 15)) for name in ("spring", "autumn"))
    assert 10 < (one == other).sum() < 50
