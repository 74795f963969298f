"""Tip 6, the rules: holidays and quiet hours, promises, the simulator, the inactive, and what providers bear."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from bulkmail.model import Outcome
from bulkmail.tips import cadence
from tests.tips.test_cadence import NOW, SEND_AT, a_list, facts, letters_to


def outcome(check, **changes):
    return check(facts(**changes)).outcome


# ---------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("moment", "word"),
    [
        (datetime(2026, 11, 29, 2, 53, tzinfo=UTC), "weekend"),  # Sunday
        (datetime(2026, 11, 24, 14, 0, tzinfo=UTC), "quiet"),  # 22:00 in Macau
        (datetime(2026, 12, 25, 2, 53, tzinfo=UTC), "holiday"),
        (datetime(2027, 1, 1, 2, 53, tzinfo=UTC), "holiday"),
    ],
)
def test_no_letter_leaves_at_a_bad_time(moment, word):
    assert word in str(cadence.why_closed(moment))


def test_an_ordinary_morning_is_open():
    assert cadence.why_closed(SEND_AT) is None


def test_blackouts_and_holidays_of_other_places_close_days():
    rules = cadence.Rules(holidays=("PT",), blackouts=((date(2026, 11, 24), date(2026, 11, 25)),))
    assert "blackout" in str(cadence.why_closed(SEND_AT, rules))
    assert "holiday" in str(cadence.why_closed_day(date(2026, 4, 3), rules))  # Good Friday, Portugal
    assert cadence.why_closed_day(date(2026, 9, 28), rules) is None


def test_slots_avoid_closed_days():
    found = cadence.slots(datetime(2026, 12, 23, 0, 0, tzinfo=UTC), 8)
    days = {slot.astimezone(UTC).date() for slot in found}
    assert date(2026, 12, 25) not in days and date(2026, 12, 26) not in days
    assert date(2026, 12, 23) in days and date(2026, 12, 28) in days


# ---------------------------------------------------------------- promises and caps


def promised(**words):
    return pd.Series(words, dtype="str")


def test_who_was_promised_a_monthly_letter_gets_one_in_28_days():
    contacts = letters_to(("ana", 10), ("bo", 10), ("cai", 29))
    promises = promised(ana="monthly", cai="monthly")
    table = cadence.annotate(
        a_list(["ana", "bo", "cai"]), contacts, kind="marketing", send_at=SEND_AT, promises=promises
    )
    assert table["cadence_reason"].tolist() == ["frequency_promise", "", ""]


def test_the_last_word_on_frequency_counts():
    events = pd.DataFrame(
        {
            "person": ["ana", "ana", "bo"],
            "purpose": ["Events", "events", "news"],
            "frequency": ["weekly", "Monthly", "daily"],
            "recorded_at": pd.to_datetime([NOW, NOW + timedelta(days=1), NOW], utc=True),
        }
    )
    assert cadence.promises_of(events, "events").to_dict() == {"ana": "monthly"}


def test_promises_are_unknown_without_a_record_and_kept_ones_pass():
    assert outcome(cadence.check_promised_cadence) is Outcome.UNKNOWN
    assert outcome(cadence.check_promised_cadence, promises=promised(ana="weekly")) is Outcome.PASS


def test_a_letter_beyond_a_promise_blocks_unless_its_person_is_left_out():
    contacts, promises = letters_to(("ana", 3)), promised(ana="monthly")
    beyond = {"contacts": contacts, "promises": promises}
    assert outcome(cadence.check_promised_cadence, **beyond) is Outcome.BLOCK
    left_out = cadence.annotate(a_list(["ana"]), contacts, kind="marketing", send_at=SEND_AT, promises=promises)
    assert outcome(cadence.check_promised_cadence, table=left_out, **beyond) is Outcome.WARN


def test_the_simulator_says_who_would_be_held_back():
    rules = cadence.Rules(caps=(cadence.Cap(letters=1, days=7),))
    people = a_list(["ana", "bo", "cai"], address="x@lotusbay.edu.mo")
    contacts = letters_to(("ana", 2), ("bo", 1), ("bo", 3))
    told = cadence.simulate_caps(people, contacts, send_at=SEND_AT, rules=rules)
    assert told[["source_row", "before", "after"]].to_numpy().tolist() == [
        [2, "", "frequency_cap"],
        [3, "frequency_cap", "frequency_cap"],
    ]


# ---------------------------------------------------------------- the inactive


def past(person, count=30, every=7.0, **marks):
    at = pd.Timestamp(NOW) - pd.to_timedelta([every * n + 1 for n in range(count)], unit="D")
    base = {"person": person, "sent_at": at, "opened": 0, "machine_open": 0, "clicked": 0, "machine_click": 0}
    return pd.DataFrame(base).assign(**marks)


def stage(letters, **more):
    return cadence.sunset(letters, NOW, **more).set_index("person")["stage"].to_dict()


def test_machine_opens_keep_nobody_active():
    assert stage(past("ana", machine_open=1)) == {"ana": "ask"}
    assert stage(past("ana", clicked=[0] * 5 + [1] + [0] * 24)) == {"ana": "active"}


def test_the_inactive_are_asked_before_they_are_left():
    asked = pd.DataFrame({"person": ["ana"], "asked_at": [pd.Timestamp(NOW) - timedelta(days=20)]})
    assert stage(past("ana"), asked=asked) == {"ana": "sunset"}
    assert stage(past("ana"), asked=asked.assign(asked_at=pd.Timestamp(NOW) - timedelta(days=3))) == {"ana": "ask"}


def test_who_had_few_letters_is_new():
    assert stage(past("ana", count=3, every=150)) == {"ana": "new"}


def test_who_is_mailed_daily_is_inactive_sooner():
    assert cadence.quiet_limit(pd.Series([28, 10, 4, 1])).tolist() == [60, 120, 180, 270]


def test_inactive_readers_are_named_by_row():
    finding = cadence.check_inactive_readers(facts(people=("ana", "bo"), letters=past("ana", machine_open=1)))
    assert finding.outcome is Outcome.WARN and finding.rows == (2,)
    assert outcome(cadence.check_inactive_readers) is Outcome.UNKNOWN


def test_signals_are_counted_apart():
    assert outcome(cadence.check_signals_are_human) is Outcome.UNKNOWN
    finding = cadence.check_signals_are_human(facts(letters=past("ana", machine_open=1)))
    assert finding.outcome is Outcome.PASS and "30 opens by machines" in str(finding.message)


# ---------------------------------------------------------------- providers


def many(count=600):
    return {"people": tuple(f"p{n}" for n in range(count))}


def test_a_warm_up_begins_with_people_who_clicked():
    check = cadence.check_warm_up_begins_with_engaged
    assert outcome(check) is Outcome.PASS
    assert outcome(check, **many()) is Outcome.UNKNOWN
    assert outcome(check, **many(), daily_volume={date(2026, 11, 20): 400}) is Outcome.PASS
    finding = check(facts(**many(), letters=past("p1", clicked=1)))
    assert finding.outcome is Outcome.WARN and "1 of these people" in str(finding.message)


def test_gmail_is_given_a_rest():
    check = cadence.check_gmail_quota
    assert outcome(check) is Outcome.UNKNOWN
    assert outcome(check, gmail_refusals=()) is Outcome.PASS
    assert outcome(check, gmail_refusals=(NOW - timedelta(minutes=3),)) is Outcome.BLOCK
    assert outcome(check, gmail_refusals=(NOW - timedelta(hours=3),)) is Outcome.WARN


def test_requests_are_counted():
    assert "2 requests" in str(cadence.check_transport(facts(**many(1_500))).message)


def test_many_at_qq_are_a_warning():
    table = cadence.annotate(
        a_list([f"p{n}" for n in range(1_300)]), letters_to(), kind="marketing", send_at=SEND_AT
    ).assign(domain="qq.com")
    assert outcome(cadence.check_pacing_in_china, table=table) is Outcome.WARN
    assert outcome(cadence.check_pacing_in_china) is Outcome.PASS


def test_who_is_skipped_gets_the_next_slot():
    people = a_list(["ana", "bo", "cai"])
    contacts = letters_to(("ana", 1), ("ana", 3), ("cai", 1), ("cai", -1), ("cai", -4), ("cai", -7))
    moments = [SEND_AT, SEND_AT + timedelta(days=4)]
    found = cadence.next_slots(people, contacts, moments=moments)
    assert found.iloc[0] == moments[1] and found.iloc[1] == moments[0]
    assert pd.isna(found.iloc[2])
