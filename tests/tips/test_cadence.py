"""Tip 6: caps and gaps per person, growth of volume, Gmail's mark, complaints, and the hour."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from bulkmail.model import Outcome
from bulkmail.tips import cadence

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Macau
SEND_AT = datetime(2026, 11, 24, 2, 53, tzinfo=UTC)  # Tuesday, 10:53 in Macau


def a_list(people, **columns):
    table = pd.DataFrame({"source_row": range(2, len(people) + 2), "person": pd.Series(people, dtype="str")})
    return table.assign(domain="lotusbay-sample.edu.mo", **columns)


def letters_to(*pairs):
    """One row per (person, days before SEND_AT)."""
    frame = pd.DataFrame(pairs, columns=["person", "days"])
    return pd.DataFrame(
        {
            "person": frame["person"].astype("str"),
            "mailed_at": pd.to_datetime([SEND_AT - timedelta(days=days) for days in frame["days"]], utc=True),
            "campaign": "earlier",
        }
    )


def annotated(people, contacts, kind="marketing", **columns):
    return cadence.annotate(a_list(people, **columns), contacts, kind=kind, send_at=SEND_AT)


def facts(people=("ana",), contacts=None, **changes):
    contacts = letters_to() if contacts is None else contacts
    kind = changes.get("kind", "marketing")
    base = {"table": annotated(list(people), contacts, kind), "contacts": contacts, "kind": kind}
    return cadence.CadenceFacts(**{**base, "send_at": SEND_AT, "now": NOW, **changes})


# ---------------------------------------------------------------- rows


def test_a_third_letter_in_seven_days_is_capped():
    table = annotated(["ana", "bo", "cai"], letters_to(("ana", 1), ("ana", 4), ("bo", 4)))
    assert table["cadence_reason"].tolist() == ["frequency_cap", "", ""]


def test_a_ninth_letter_in_thirty_days_is_capped():
    spread = [("ana", days) for days in (3, 8, 11, 14, 17, 20, 25, 28)]
    assert annotated(["ana"], letters_to(*spread))["cadence_reason"].tolist() == ["frequency_cap"]
    assert annotated(["ana"], letters_to(*spread[1:]))["cadence_reason"].tolist() == [""]


def test_a_weekly_letter_minutes_early_is_not_counted_into_seven_days():
    table = annotated(["ana"], letters_to(("ana", 6.998), ("ana", 1)))
    assert table["cadence_reason"].tolist() == [""]


def test_letters_scheduled_for_later_count_too():
    table = annotated(["ana", "bo"], letters_to(("ana", -1), ("ana", -4), ("bo", -4), ("bo", 4)))
    assert table["cadence_reason"].tolist() == ["frequency_cap", ""]


def test_letters_before_and_after_are_counted_in_one_window():
    table = annotated(["ana"], letters_to(("ana", 2), ("ana", -2)))
    assert table["cadence_reason"].tolist() == ["frequency_cap"]


def test_transactional_and_subscribed_letters_are_not_held_back():
    busy = letters_to(("ana", 1), ("ana", 2), ("ana", 3))
    for kind in ("transactional", "subscribed"):
        assert annotated(["ana"], busy, kind)["cadence_reason"].tolist() == [""]


def test_rows_without_a_person_are_not_capped_together():
    table = annotated(["", "", ""], letters_to(("", 1), ("", 2), ("", 3)))
    assert table["cadence_reason"].tolist() == ["", "", ""]


def test_annotate_keeps_every_row_and_the_index():
    table = a_list(["ana", "bo"]).set_index(pd.Index([7, 3]))
    result = cadence.annotate(table, letters_to(("bo", 1), ("bo", 2)), kind="marketing", send_at=SEND_AT)
    assert result["cadence_reason"].to_dict() == {7: "", 3: "frequency_cap"}
    assert result["cadence_reason"].dtype == "str"


def test_an_empty_history_caps_nobody():
    empty = pd.DataFrame({"person": [], "mailed_at": [], "campaign": []})
    assert annotated(["ana"], empty)["cadence_reason"].tolist() == [""]


def test_counting_agrees_with_a_plain_loop():
    rng = np.random.default_rng(5)
    people = [f"p{n}" for n in range(60)]
    contacts = letters_to(
        *((people[i], float(d)) for i, d in zip(rng.integers(0, 60, 700), rng.uniform(-30, 30, 700), strict=True))
    )
    table = annotated(people, contacts)
    offsets = (contacts["mailed_at"] - SEND_AT).dt.total_seconds() / 86_400
    for person, reason in zip(table["person"], table["cadence_reason"], strict=True):
        own = [0.0, *offsets[contacts["person"] == person]]
        most7, most30 = (
            max(sum(s <= t < s + days - 0.5 for t in own) for s in own if -(days - 0.5) < s <= 0) for days in (7, 30)
        )
        assert (reason == "frequency_cap") == (most7 > 2 or most30 > 8)


def test_each_slot_says_how_many_it_would_hold_back():
    contacts = letters_to(("ana", 1), ("ana", 4), ("bo", 4))
    slots = [SEND_AT, SEND_AT + timedelta(days=5)]
    held = cadence.capped_by_slot(a_list(["ana", "bo"]), contacts, kind="marketing", moments=slots)
    assert held == {slots[0]: 1, slots[1]: 0}


def test_what_people_had_lately_is_counted_per_row():
    contacts = letters_to(("ana", 1), ("ana", 4), ("ana", 20), ("ana", 40), ("bo", 9), ("ana", -1), ("eve", 1))
    people = a_list(["bo", "ana", "cai", "ana"], address=["b@x.mo", "a@x.mo", "c@x.mo", "a@x.mo"])
    told = cadence.lately(people, contacts, send_at=SEND_AT)
    assert told["letters_7_days"].tolist() == [0, 2, 0, 2]
    assert told["letters_30_days"].tolist() == [1, 3, 0, 3]
    assert isinstance(told["last_at"].dtype, pd.DatetimeTZDtype)
    assert told["last_at"].iloc[1] == SEND_AT - timedelta(days=1)
    assert told["last_at"].isna().tolist() == [False, False, True, False]


def test_without_contacts_nobody_had_anything():
    told = cadence.lately(a_list(["ana"], address="a@x.mo"), letters_to(), send_at=SEND_AT)
    assert told[["letters_7_days", "letters_30_days"]].to_numpy().tolist() == [[0, 0]]
    assert told["last_at"].isna().all()


# ---------------------------------------------------------------- letters per person (FRQ-02)


def test_quiet_people_pass_the_cap():
    finding = cadence.check_letters_per_person(facts(["ana", "bo"], letters_to(("ana", 5))))
    assert finding.outcome is Outcome.PASS
    assert (finding.message.values["capped"], finding.message.values["rows"]) == (0, 2)


def test_capped_and_close_people_are_counted_and_named():
    contacts = letters_to(("ana", 3), ("ana", 4), ("bo", 1))
    finding = cadence.check_letters_per_person(facts(["ana", "bo", "cai"], contacts))
    assert finding.outcome is Outcome.WARN
    assert (finding.message.values["capped"], finding.message.values["close"]) == (1, 1)
    assert finding.rows == (2, 3)


def test_people_excluded_by_other_tips_are_not_counted_again():
    contacts = letters_to(("ana", 3), ("ana", 4))
    table = annotated(["ana", "bo"], contacts, suppression_reason=["unsubscribed", ""])
    finding = cadence.check_letters_per_person(facts(contacts=contacts, table=table))
    assert (finding.outcome, finding.message.values["rows"]) == (Outcome.PASS, 1)


def test_without_recorded_letters_the_cap_is_unknown():
    assert cadence.check_letters_per_person(facts()).outcome is Outcome.UNKNOWN


def test_the_cap_does_not_concern_transactional_letters():
    assert cadence.check_letters_per_person(facts(kind="transactional")).outcome is Outcome.PASS


# ---------------------------------------------------------------- volume (FRQ-03)

MANY = [f"p{n}" for n in range(1_200)]


def test_a_small_mailing_is_never_a_spike():
    assert cadence.check_volume_grows_slowly(facts(MANY[:500])).outcome is Outcome.PASS


def test_a_large_mailing_without_history_is_unknown():
    finding = cadence.check_volume_grows_slowly(facts(MANY))
    assert finding.outcome is Outcome.UNKNOWN
    assert finding.fix.values["days"] == 2


def test_more_than_twice_the_peak_day_warns():
    finding = cadence.check_volume_grows_slowly(facts(MANY, daily_volume={date(2026, 11, 10): 550}))
    assert (finding.outcome, finding.message.values["peak"]) == (Outcome.WARN, 550)


def test_twice_the_peak_day_passes():
    assert (
        cadence.check_volume_grows_slowly(facts(MANY, daily_volume={date(2026, 11, 10): 600})).outcome is Outcome.PASS
    )


def test_peaks_older_than_thirty_days_do_not_help():
    assert (
        cadence.check_volume_grows_slowly(facts(MANY, daily_volume={date(2026, 9, 1): 9_000})).outcome is Outcome.WARN
    )


def test_letters_of_the_same_day_are_added():
    volume = {date(2026, 11, 10): 600, date(2026, 11, 24): 1}
    assert cadence.check_volume_grows_slowly(facts(MANY, daily_volume=volume)).message.values["letters"] == 1_201


def test_capped_people_are_not_part_of_the_volume():
    contacts = letters_to(("p0", 3), ("p0", 4))
    assert cadence.check_volume_grows_slowly(facts(MANY[:10], contacts)).message.values["letters"] == 9


def test_volume_is_counted_by_local_day():
    late = pd.DataFrame({"person": ["a", "b"], "mailed_at": ["2026-11-22T15:59:00Z", "2026-11-22T16:01:00Z"]})
    assert cadence.volume_by_day(late) == {date(2026, 11, 22): 1, date(2026, 11, 23): 1}


def test_a_warm_up_is_told_by_the_rules_in_force():
    rules = replace(cadence.HOUSE_RULES, first_day=100, step=2.0)
    told = facts(MANY, daily_volume={date(2026, 11, 10): 1}, rules=rules)
    volume, warm_up = cadence.check_volume_grows_slowly(told), cadence.check_warm_up_begins_with_engaged(told)
    assert volume.fix.values == {"days": len(cadence.ramp(len(MANY), 100, 2.0)), "room": 100, "step": "2"}
    assert warm_up.fix.values["first"] == 100
    small = facts(MANY[:100], rules=rules)
    assert "(100)" in str(cadence.check_volume_grows_slowly(small).message)


def test_a_ramp_carries_all_letters_and_grows_by_the_step():
    assert cadence.ramp(2_000, 500) == (500, 750, 750)
    assert sum(cadence.ramp(123_456, 500)) == 123_456
    assert cadence.ramp(0, 500) == ()


# ---------------------------------------------------------------- Gmail's mark (FRQ-05)


def test_few_gmail_addresses_pass_and_are_counted():
    table = annotated(["a", "b", "c"], letters_to()).assign(domain=["gmail.com", "googlemail.com", "qq.com"])
    finding = cadence.check_gmail_bulk_mark(facts(table=table))
    assert (finding.outcome, finding.message.values["gmail"]) == (Outcome.PASS, 2)


def test_many_gmail_addresses_warn():
    table = annotated([f"p{n}" for n in range(4_000)], letters_to()).assign(domain="gmail.com")
    assert cadence.check_gmail_bulk_mark(facts(table=table)).outcome is Outcome.WARN


def test_without_domains_the_mark_is_unknown():
    table = annotated(["a"], letters_to()).drop(columns="domain")
    assert cadence.check_gmail_bulk_mark(facts(table=table)).outcome is Outcome.UNKNOWN


# ---------------------------------------------------------------- complaints (FRQ-07)


@pytest.mark.parametrize(
    ("complaints", "delivered", "outcome"),
    [
        (None, None, Outcome.UNKNOWN),
        (0, 0, Outcome.UNKNOWN),
        (0, 999, Outcome.UNKNOWN),
        (2, 400, Outcome.UNKNOWN),
        (3, 400, Outcome.BLOCK),
        (0, 1_000, Outcome.PASS),
        (9, 10_000, Outcome.PASS),
        (10, 10_000, Outcome.WARN),
        (30, 10_000, Outcome.BLOCK),
    ],
)
def test_complaints_are_judged_once_there_is_enough_to_judge(complaints, delivered, outcome):
    assert cadence.check_complaint_rate(facts(complaints=complaints, delivered=delivered)).outcome is outcome


def test_the_complaint_rate_comes_with_its_interval():
    message = str(cadence.check_complaint_rate(facts(complaints=9, delivered=10_000)).message)
    assert "0.09%" in message
    assert "between 0.05% and 0.17%" in message


# ---------------------------------------------------------------- the hour (FRQ-10)


@pytest.mark.parametrize(
    ("local", "outcome"),
    [
        ("2026-11-24T10:53+08:00", Outcome.PASS),
        ("2026-11-24T08:01+08:00", Outcome.PASS),
        ("2026-11-24T07:59+08:00", Outcome.WARN),
        ("2026-11-24T21:00+08:00", Outcome.WARN),
        ("2026-11-24T11:00+08:00", Outcome.WARN),
        ("2026-11-24T11:30+08:00", Outcome.WARN),
    ],
)
def test_the_hour_is_judged_on_local_clocks(local, outcome):
    assert cadence.check_hour_of_sending(facts(send_at=datetime.fromisoformat(local))).outcome is outcome


def test_sending_now_is_not_blamed_for_the_minute():
    assert cadence.check_hour_of_sending(facts(send_at=None)).outcome is Outcome.PASS


def test_an_unknown_time_zone_is_unknown():
    assert cadence.check_hour_of_sending(facts(timezone="Mars/Olympus")).outcome is Outcome.UNKNOWN
    assert cadence.check_hour_of_sending(facts(timezone="")).outcome is Outcome.UNKNOWN


def test_suggested_times_pass_the_check_that_suggests_them():
    slots = cadence.suggest_send_times(NOW, count=12)
    assert len(slots) == len(set(slots)) == 12
    for slot in slots:
        assert slot > NOW and slot.tzinfo is UTC and slot.weekday() < 5
        assert cadence.check_hour_of_sending(facts(send_at=slot)).outcome is Outcome.PASS


def test_no_slot_is_suggested_within_the_hour_of_approval():
    now = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
    assert cadence.suggest_send_times(now, count=1) == (datetime(2026, 11, 23, 6, 23, tzinfo=UTC),)


# ---------------------------------------------------------------- intervals and shape


def test_wilson_agrees_with_published_values():
    low, high = cadence.wilson(10, 100)
    assert (round(float(low), 4), round(float(high), 4)) == (0.0552, 0.1744)


def test_wilson_is_honest_at_the_ends():
    low, high = cadence.wilson(np.array([0, 5, 0]), np.array([5, 5, 0]))
    assert low[0] == 0.0 and 0.3 < high[0] < 0.5
    assert high[1] == 1.0 and 0.5 < low[1] < 0.7
    assert np.isnan(low[2]) and np.isnan(high[2])


def test_each_check_gives_advice_and_one_finding_with_a_fix():
    for check in cadence.CHECKS:
        finding = check(facts())
        assert check.__doc__.splitlines()[0].endswith(".")
        assert finding.code.startswith("FRQ-") and str(finding.message) and str(finding.fix) and finding.source
