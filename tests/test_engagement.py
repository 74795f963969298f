"""From events and tables of sends to letters, counts with denominators, and pressure."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bulkmail import engagement
from bulkmail.errors import InputError

SENT_AT = datetime(2026, 11, 2, 2, 53, tzinfo=UTC)  # Monday, 10:53 in Macau
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def sends(*people, campaign="november", department="library", at=SENT_AT):
    return pd.DataFrame({"campaign": campaign, "department": department, "person": list(people), "sent_at": at})


def events(*rows):
    """Rows of (person, kind, seconds after sending) and further columns by name."""
    return pd.DataFrame(
        {
            "campaign": "november",
            "person": [row[0] for row in rows],
            "kind": [row[1] for row in rows],
            "at": pd.to_datetime([SENT_AT + timedelta(seconds=row[2]) for row in rows], utc=True),
            "by_machine": [len(row) > 3 and row[3] == "machine" for row in rows],
            "hard": [len(row) > 3 and row[3] == "hard" for row in rows],
        }
    )


def letter(*rows):
    return engagement.letters_from_events(sends("ana"), events(*rows)).iloc[0]


# ---------------------------------------------------------------- from events


def test_there_is_one_row_per_send_in_the_order_of_sending():
    letters = engagement.letters_from_events(sends("cai", "ana"), events(("ana", "delivered", 5)))
    assert tuple(letters.columns) == engagement.LETTER_COLUMNS
    assert letters["person"].tolist() == ["cai", "ana"]
    assert letters["delivered"].tolist() == [0, 1]


def test_repeated_events_of_one_letter_count_once():
    row = letter(("ana", "delivered", 5), ("ana", "clicked", 90), ("ana", "clicked", 95))
    assert row["clicked"] == 1


def test_a_machine_open_is_not_an_open():
    row = letter(("ana", "delivered", 5), ("ana", "opened", 9, "machine"))
    assert (row["opened"], row["machine_open"]) == (0, 1)


def test_a_click_seconds_after_delivery_is_a_scanner():
    row = letter(("ana", "delivered", 100), ("ana", "clicked", 129))
    assert (row["clicked"], row["machine_click"]) == (0, 1)


def test_a_person_who_clicks_after_the_scanner_is_counted():
    row = letter(("ana", "delivered", 100), ("ana", "clicked", 103), ("ana", "clicked", 130))
    assert (row["clicked"], row["machine_click"]) == (1, 1)


def test_without_a_delivery_event_clicks_are_timed_from_sending():
    assert letter(("ana", "clicked", 20))["machine_click"] == 1
    assert letter(("ana", "clicked", 40))["clicked"] == 1


def test_only_hard_bounces_are_bounces():
    assert letter(("ana", "bounced", 60))["bounced"] == 0
    assert letter(("ana", "bounced", 60, "hard"))["bounced"] == 1


def test_a_late_bounce_takes_delivery_back():
    row = letter(("ana", "delivered", 5), ("ana", "bounced", 600, "hard"))
    assert (row["delivered"], row["bounced"]) == (0, 1)


def test_who_unsubscribed_had_the_letter_even_if_the_delivery_event_was_lost():
    row = letter(("ana", "unsubscribed", 300))
    assert (row["delivered"], row["unsubscribed"]) == (1, 1)


def test_the_order_of_events_does_not_matter():
    rows = [("ana", "delivered", 5), ("ana", "clicked", 90), ("ana", "opened", 60), ("ana", "complained", 400)]
    assert letter(*rows).equals(letter(*reversed(rows)))


def test_events_of_no_send_are_counted_and_left_out():
    stray = events(("bo", "clicked", 99), ("ana", "delivered", 3))
    assert engagement.unmatched_events(sends("ana"), stray) == 1
    assert engagement.letters_from_events(sends("ana"), stray)["clicked"].sum() == 0


def test_a_campaign_that_mails_a_person_twice_is_refused():
    with pytest.raises(InputError, match="1 of 3 sends"):
        engagement.letters_from_events(sends("ana", "bo", "ana"), events())


def test_no_events_at_all_still_gives_every_letter():
    assert engagement.letters_from_events(sends("ana", "bo"), events())["delivered"].tolist() == [0, 0]


# ---------------------------------------------------------------- from a table of sends


def a_row(**changes):
    base = {
        "campaign": "november",
        "department": "library",
        "recipient": "ana@lotusbay-sample.edu.mo",
        "sent_at": "2026-11-02T10:53:00+08:00",
        "delivered_at": "2026-11-02T10:53:04+08:00",
        "opened_at": "",
        "machine_open": "",
        "clicked_at": "",
        "bounced_at": "",
        "unsubscribed_at": "",
        "complained_at": "",
    }
    return {**base, **changes}


def read(*rows, **options):
    def persons(addresses):
        return addresses.where(addresses.str.contains("@"), "").str.replace("@.*", "", regex=True)

    return engagement.read_event_table(pd.DataFrame(rows), **{"persons": persons, "now": NOW, **options})


def test_a_row_becomes_a_letter_without_its_address():
    reading = read(a_row(clicked_at="2026-11-02T11:20:00+08:00", opened_at="2026-11-02T03:00:00Z"))
    row = reading.letters.iloc[0]
    assert (row["person"], row["delivered"], row["opened"], row["clicked"]) == ("ana", 1, 1, 1)
    assert row["sent_at"] == pd.Timestamp(SENT_AT)
    assert "recipient" not in reading.letters


def test_an_open_marked_as_a_machine_is_not_an_open():
    row = read(a_row(opened_at="2026-11-02T03:00:00Z", machine_open="true")).letters.iloc[0]
    assert (row["opened"], row["machine_open"]) == (0, 1)


def test_rows_add_up_to_new_repeated_and_refused():
    reading = read(a_row(), a_row(), a_row(recipient="nobody"), a_row(campaign="december"))
    assert (reading.rows, reading.new, reading.repeated, len(reading.refused)) == (4, 2, 1, 1)


def test_rows_known_from_an_earlier_table_are_repeated():
    first = read(a_row(), a_row(campaign="december"))
    again = read(a_row(sent_at="2026-11-02T02:53:00Z"), a_row(campaign="january"), known=first.letters)
    assert (again.new, again.repeated) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"campaign": " "}, "campaign", "empty"),
        ({"recipient": ""}, "recipient", "empty"),
        ({"recipient": "nobody"}, "recipient", "no_person"),
        ({"sent_at": ""}, "sent_at", "empty"),
        ({"sent_at": "2026-11-02T10:53:00"}, "sent_at", "no_offset"),
        ({"sent_at": "2026-13-02T10:53:00+08:00"}, "sent_at", "unreadable"),
        ({"sent_at": "2026-11-24T10:53:00+08:00"}, "sent_at", "in_future"),
        ({"clicked_at": "2026-11-01T10:53:00+08:00"}, "clicked_at", "before_sending"),
        ({"opened_at": "02/11/2026 10:54"}, "opened_at", "no_offset"),
        ({"machine_open": "perhaps"}, "machine_open", "unreadable"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_with_its_reason(changes, column, reason):
    reading = read(a_row(campaign="first"), a_row(**changes))
    assert reading.refused.to_dict("records") == [{"row": 2, "column": column, "reason": reason}]
    assert reading.new == 1


@pytest.mark.parametrize(
    "written",
    ["2026-11-02T02:53:00Z", "2026-11-02 10:53:00+08:00", "2026-11-02T10:53+0800", "2026-11-02T10:53:00.000+08"],
)
def test_each_way_of_writing_an_offset_is_read(written):
    assert read(a_row(sent_at=written)).letters["sent_at"].iloc[0] == pd.Timestamp(SENT_AT)


def test_a_table_with_true_times_and_marks_is_read_too():
    times = pd.DataFrame([{key: value for key, value in a_row(machine_open=True).items() if value != ""}])
    times = times.assign(sent_at=pd.to_datetime(times["sent_at"]), opened_at=pd.Timestamp("2026-11-02T03:00Z"))
    row = engagement.read_event_table(times, persons=lambda addresses: addresses, now=NOW).letters.iloc[0]
    assert (row["opened"], row["machine_open"], row["delivered"]) == (0, 1, 1)


def test_each_refusal_has_words():
    reasons = {"empty", "unreadable", "no_offset", "in_future", "before_sending", "no_person", "torn"}
    assert reasons == set(engagement.REFUSALS)


def test_columns_that_must_be_there_are_named_when_they_are_not():
    with pytest.raises(InputError, match="recipient, sent_at"):
        engagement.read_event_table(pd.DataFrame({"campaign": ["x"]}), persons=lambda a: a, now=NOW)


def test_only_the_three_required_columns_are_needed():
    table = pd.DataFrame([{key: a_row()[key] for key in ("campaign", "recipient", "sent_at")}])
    reading = engagement.read_event_table(table, persons=lambda addresses: addresses, now=NOW)
    assert reading.letters[["department", "delivered"]].iloc[0].tolist() == ["", 0]


def test_an_empty_table_of_sends_reads_as_nothing():
    table = pd.DataFrame({"campaign": [], "recipient": [], "sent_at": []})
    reading = engagement.read_event_table(table, persons=lambda addresses: addresses, now=NOW)
    assert (reading.rows, reading.new, reading.repeated, len(reading.refused)) == (0, 0, 0, 0)


# ---------------------------------------------------------------- summaries


def some_letters():
    happened = events(
        ("a", "delivered", 1),
        ("b", "delivered", 1),
        ("c", "delivered", 1),
        ("a", "clicked", 100),
        ("b", "opened", 2, "machine"),
        ("c", "opened", 60),
        ("d", "bounced", 5, "hard"),
    )
    first = engagement.letters_from_events(sends("a", "b", "c", "d"), happened)
    second = engagement.letters_from_events(
        sends("a", campaign="later", department="events", at=SENT_AT + timedelta(days=6)), events()
    )
    return pd.concat([second, first], ignore_index=True)


def test_each_rate_has_its_own_denominator():
    row = engagement.by_campaign(some_letters()).iloc[0]
    assert (row["campaign"], row["sent"], row["delivered"], row["open_base"]) == ("november", 4, 3, 2)
    assert row["bounced_rate"] == 1 / 4
    assert row["clicked_rate"] == 1 / 3
    assert row["opened_rate"] == 1 / 2  # one of the two that no machine opened
    assert row["clicked_low"] < 1 / 3 < row["clicked_high"]


def test_a_rate_without_a_base_is_not_a_number():
    row = engagement.by_campaign(some_letters()).iloc[1]
    assert (row["campaign"], row["delivered"]) == ("later", 0)
    assert np.isnan(row["clicked_rate"]) and np.isnan(row["clicked_high"])


def test_summaries_are_equal_on_pandas_and_arrow():
    letters = some_letters()
    arrow = pa.Table.from_pandas(letters, preserve_index=False)
    for summary in (engagement.by_campaign, engagement.by_week):
        pd.testing.assert_frame_equal(summary(letters), summary(arrow), check_dtype=False)


def test_weeks_begin_on_the_local_monday():
    late_sunday = sends("a", at=datetime(2026, 11, 1, 15, 59, tzinfo=UTC))
    monday = sends("b", at=datetime(2026, 11, 1, 16, 1, tzinfo=UTC))
    letters = engagement.letters_from_events(pd.concat([late_sunday, monday]), events())
    assert engagement.by_week(letters)["week"].astype(str).tolist() == ["2026-10-26", "2026-11-02"]


def campaigns_at(hours, rates):
    moments = [datetime(2026, 11, 2, hour, 5, tzinfo=UTC) + timedelta(weeks=n) for n, hour in enumerate(hours)]
    return pd.DataFrame({"first_sent_at": pd.to_datetime(moments), "delivered": 100, "clicked_rate": rates})


def test_hours_of_sending_take_the_campaign_as_the_unit():
    table = engagement.by_send_hour(campaigns_at([2] * 6 + [6] * 6, [0.02, 0.04] * 6))
    assert table[["weekday", "hour", "campaigns"]].to_numpy().tolist() == [[0, 10, 6], [0, 14, 6]]
    assert table["rate"].tolist() == pytest.approx([0.03, 0.03])
    assert (table["high"] - table["rate"]).tolist() == pytest.approx([1.96 * np.sqrt(0.0001 * 12 / 10 / 6)] * 2)


def test_few_campaigns_give_no_interval_for_an_hour():
    table = engagement.by_send_hour(campaigns_at([2, 2, 6], [0.02, 0.03, 0.05]))
    assert table["low"].isna().all() and table["high"].isna().all()


# ---------------------------------------------------------------- pressure


def test_pressure_counts_earlier_letters_of_all_departments():
    days = [0, 1, 3, 20, 29.5]
    letters = pd.concat([sends("ana", campaign=f"c{d}", at=SENT_AT + timedelta(days=d)) for d in days])
    result = engagement.pressure(letters)
    assert result["n7"].tolist() == [0, 1, 2, 0, 0]
    assert result["n28"].tolist() == [0, 1, 2, 3, 2]


def test_pressure_keeps_people_apart_and_the_order_of_rows():
    letters = pd.concat([sends("bo", at=SENT_AT + timedelta(days=2)), sends("ana", "bo", campaign="first")])
    assert engagement.pressure(letters)["n7"].tolist() == [1, 0, 0]


def test_a_weekly_letter_is_not_pressure_of_the_same_week():
    letters = pd.concat(
        [sends("ana"), sends("ana", campaign="next", at=SENT_AT + timedelta(days=7) - timedelta(minutes=9))]
    )
    assert engagement.pressure(letters)["n7"].tolist() == [0, 0]


def test_pressure_agrees_with_a_plain_loop():
    rng = np.random.default_rng(3)
    letters = pd.DataFrame({"person": rng.integers(0, 20, 400).astype(str)})
    letters["campaign"] = np.arange(400).astype(str)
    letters["sent_at"] = pd.Timestamp(SENT_AT) + pd.to_timedelta(rng.uniform(0, 60, 400), unit="D")
    result = engagement.pressure(letters)
    for _, row in result.iterrows():
        own = letters.loc[letters["person"] == row["person"], "sent_at"]
        ages = (row["sent_at"] - own).dt.total_seconds() / 86_400
        assert row["n7"] == ((ages > 0) & (ages <= 6.5)).sum()
        assert row["n28"] == ((ages > 0) & (ages <= 27.5)).sum()


def test_hours_that_lie_apart_are_counted_beside_those_that_chance_would_show():
    flat = pd.DataFrame({"campaigns": 3, "rate": [0.03, 0.031, 0.029]}).assign(low=0.02, high=0.04)
    assert engagement.hours_apart(flat) == (0, 3, pytest.approx(0.15))
    better = flat.assign(rate=[0.03, 0.03, 0.09], low=[0.02, 0.02, 0.08], high=[0.04, 0.04, 0.10])
    assert engagement.hours_apart(better)[0] == 3  # the two others lie below the mean
    assert engagement.hours_apart(flat.assign(low=float("nan"), high=float("nan"))) == (0, 0, 0.0)
