"""Rules of cadence saved for the whole organisation: kept, audited, and obeyed by every plan and the last look."""

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest

from bulkmail import forecast, intake, prepare
from bulkmail.adapters import cadence_rules, database, past
from bulkmail.engagement import HAPPENINGS
from bulkmail.errors import InputError
from bulkmail.send import ramp
from bulkmail.tips import addressing, cadence
from tests.builders import NOW, a_campaign

PEOPLE = [f"p{number}@lotus.edu.mo" for number in range(40)]
LIST = ("Email,Consent,Consent date,Timezone\n" + "".join(f"{one},yes,2026-10-01,\n" for one in PEOPLE)).encode()


@pytest.fixture
def ws(sqlite_workspace):
    a_list(sqlite_workspace, LIST)
    return sqlite_workspace


def a_list(ws, data, name="list.csv"):
    prepare.save_list(ws, name, intake.read_list(data, name), prepare.content_hash(data), NOW)


def saved(ws, **changes):
    rules = replace(cadence.HOUSE_RULES, **changes)
    prepare.save_cadence_rules(ws, rules, by="Ana", now=NOW)
    return rules


def letters(ws, people, *, days_ago, each=1, name="before", **marks):
    """So many letters to each of these people, a day apart, the newest so many days ago."""
    rows = [
        {"campaign": f"{name}{number}", "person": addressing.person_of(one, ws.person_key), "department": "library",
         "sent_at": pd.Timestamp(NOW - timedelta(days=days_ago + number)).as_unit("us")}
        for number in range(each) for one in people
    ]  # fmt: skip
    frame = pd.DataFrame(rows).assign(**{**dict.fromkeys(HAPPENINGS, 0), "delivered": 1, **marks})
    past.save_import(ws, name, frame.astype({"campaign": "str", "department": "str", "person": "str"}), NOW)


def prepared(ws, **changes):
    campaign = replace(a_campaign(kind="marketing", list_name="list.csv"), **changes)
    return prepare.prepare_campaign(ws, prepare.inputs_of(ws, campaign), now=NOW)


def reasons(ws, **changes):
    return prepared(ws, **changes).audience.reasons


# ---------------------------------------------------------------- kept


def test_without_any_the_house_s_rules_are_in_force(ws):
    assert prepare.cadence_rules(ws) == cadence.HOUSE_RULES


def test_rules_come_back_as_they_were_saved_with_who_and_when(ws):
    saved(ws, gap_hours=24.0)
    rules = saved(
        ws,
        caps=(cadence.Cap(letters=1, days=14),),
        holidays=("HK", "PT"),
        blackouts=((date(2026, 12, 24), date(2027, 1, 2)),),
        trial=cadence.Trial(name="spring", begun_on="2026-11-01"),
    )
    assert prepare.cadence_rules(ws) == rules
    history = cadence_rules.history(ws)
    assert history["saved_by"].tolist() == ["Ana", "Ana"]
    assert database.audit_trail(ws)["what"].tolist().count("cadence.rules_saved") == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"caps": ()},
        {"caps": (cadence.Cap(letters=0, days=7),)},
        {"caps": (cadence.Cap(letters=2, days=60),)},
        {"gap_hours": -1.0},
        {"quiet_until": 22},
        {"timezone": "Macau"},
        {"holidays": ("XX",)},
        {"blackouts": ((date(2026, 12, 24), date(2026, 12, 1)),)},
        {"step": 5.0},
        {"trial": cadence.Trial(name="x", begun_on="2026-11-01", share=0.9)},
    ],
)
def test_rules_that_cannot_be_kept_to_are_not_saved(ws, wrong):
    with pytest.raises(InputError):
        saved(ws, **wrong)
    assert cadence_rules.newest(ws) is None


# ---------------------------------------------------------------- obeyed


def test_a_plan_keeps_to_the_caps_in_force_and_is_made_anew_when_they_change(ws):
    letters(ws, PEOPLE[:5], days_ago=3)
    before = prepare.state_of(ws, a_campaign(list_name="list.csv"))
    assert "frequency_cap" not in reasons(ws)
    saved(ws, caps=(cadence.Cap(letters=1, days=7),))
    assert reasons(ws)["frequency_cap"] == 5
    assert prepare.state_of(ws, a_campaign(list_name="list.csv")) != before


def test_the_gap_warns_and_where_the_rules_say_so_holds_back(ws):
    letters(ws, PEOPLE[:5], days_ago=1)
    assert "frequency_cap" not in reasons(ws)
    saved(ws, gap_holds=True)
    assert reasons(ws)["frequency_cap"] == 5
    saved(ws, gap_holds=True, gap_hours=12.0)
    assert "frequency_cap" not in reasons(ws)


def test_whom_it_would_reach_at_night_by_their_own_clock_is_held_back(ws):
    zones = ["America/New_York", "Europe/Lisbon", "Asia/Macau", "nonsense"]
    rows = "".join(f"{one},yes,2026-10-01,{zone}\n" for one, zone in zip(PEOPLE, zones, strict=False))
    a_list(ws, f"Email,Consent,Consent date,Timezone\n{rows}".encode())
    at_ten_in_macau = NOW.replace(hour=2, minute=53) + timedelta(days=1)
    assert "quiet_hours" not in reasons(ws, send_at=at_ten_in_macau)
    saved(ws, quiet_holds=True)
    assert reasons(ws, send_at=at_ten_in_macau)["quiet_hours"] == 2  # New York and Lisbon sleep


def test_a_trial_holds_a_share_drawn_by_lot_and_the_plan_says_who(ws):
    letters(ws, PEOPLE, days_ago=3)
    rules = saved(ws, trial=cadence.Trial(name="spring", begun_on="2026-11-01", share=0.3, letters=1))
    made = prepared(ws)
    held = made.audience.excluded.loc[made.audience.excluded["reason"] == "frequency_trial", "person"]
    drawn = made.table.loc[forecast.is_held(made.table["person"], rules.trial.name, rules.trial.share), "person"]
    assert 0 < len(held) < len(PEOPLE) / 2
    assert sorted(held) == sorted(drawn)
    assert dict(made.plan.excluded)["frequency_trial"] == len(held)
    assert made.plan.hash == prepared(ws).plan.hash


def test_a_trial_holds_nobody_who_has_not_had_their_share(ws):
    saved(ws, trial=cadence.Trial(name="spring", begun_on="2026-11-01", share=0.3, letters=1))
    assert "frequency_trial" not in reasons(ws)


def test_a_closed_day_is_told_and_where_none_is_open_that_too(ws):
    when = NOW.replace(hour=2, minute=53) + timedelta(days=2)
    hour = {finding.code: finding for finding in prepared(ws, send_at=when).findings}["FRQ-10"]
    assert hour.outcome.value == "pass"
    saved(ws, blackouts=((NOW.date(), NOW.date() + timedelta(days=90)),))
    closed = {finding.code: finding for finding in prepared(ws, send_at=when).findings}["FRQ-10"]
    assert "blackout" in str(closed.message)
    assert "No day" in str(closed.fix)


def test_a_warm_up_begins_and_grows_as_the_rules_say(ws):
    with ws.engine.begin() as connection:
        assert ramp.room(ws, "lotus.edu.mo", NOW, connection).people == 500
    saved(ws, first_day=50)
    with ws.engine.begin() as connection:
        assert ramp.room(ws, "lotus.edu.mo", NOW, connection).people == 50


# ---------------------------------------------------------------- the inactive


def test_the_silent_are_asked_once_and_left_out_only_when_they_do_not_answer(ws):
    letters(ws, PEOPLE[:4], days_ago=200, each=10, name="long-ago", machine_open=1)
    letters(ws, PEOPLE[4:], days_ago=200, each=10, name="and-lately")
    letters(ws, PEOPLE[4:], days_ago=20, name="sign", clicked=1)
    saved(ws, sunset=True)
    assert "inactive" not in reasons(ws)
    asking = prepare.list_to_ask(ws, NOW)
    assert asking.decode().split() == ["Email", *PEOPLE[:4]]
    stages = prepare.reader_stages(ws, NOW)["stage"].value_counts().to_dict()
    assert stages == {"active": 36, "ask": 4}


def test_who_was_asked_and_stays_silent_is_left_out(ws):
    silent = addressing.person_of(PEOPLE[0], ws.person_key)
    letters(ws, PEOPLE[:2], days_ago=200, each=10, name="long-ago")
    asked = pd.DataFrame({"person": [silent], "asked_at": [pd.Timestamp(NOW - timedelta(days=20))]})
    told = cadence.sunset(past.imported_letters(ws), NOW, asked=asked).set_index("person")["stage"]
    assert told[silent] == "sunset"
    assert sorted(told) == ["ask", "sunset"]
