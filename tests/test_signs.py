"""What people and machines did, who has gone quiet, and how volume grows: counted by hand on small pasts."""

from datetime import date

import pandas as pd
import polars as pl
import pytest

from bulkmail import engagement, forecast, limits
from bulkmail.engagement import HAPPENINGS
from bulkmail.forecast import moved
from bulkmail.sample import worlds
from bulkmail.tips import cadence

NOW = pd.Timestamp("2026-11-02T04:00Z")  # a Monday at noon in Macau


def past(*rows):
    """Letters from (person, days ago, department, what happened …)."""
    made = []
    for number, (person, days, department, *happened) in enumerate(rows):
        marks = dict.fromkeys(HAPPENINGS, 0) | {"delivered": 1} | dict.fromkeys(happened, 1)
        at = NOW - pd.Timedelta(days=days)
        names = {"campaign": f"c{number}", "department": department, "person": person, "sent_at": at, "at_gmail": 0}
        made.append(names | marks)
    return pd.DataFrame(made)


def test_an_open_by_a_machine_hides_people_and_a_click_by_a_person_outweighs_the_scanners():
    letters = past(
        ("a", 1, "x", "opened", "machine_open"), ("b", 1, "x", "opened"), ("c", 1, "x", "clicked", "machine_click"),
        ("d", 1, "x", "machine_click"),
    )  # fmt: skip
    opened, clicked = engagement.signals(letters).itertuples(index=False)
    assert tuple(opened) == ("x", "opened", 1, 1, 4)
    assert tuple(clicked) == ("x", "clicked", 1, 1, 4)


def test_signals_are_the_same_in_polars_and_by_mailbox():
    letters = past(("a", 1, "x", "opened"), ("b", 1, "y", "machine_open")).assign(at_gmail=[0, 1])
    told = engagement.signals(letters, "at_gmail")
    assert list(told["place"]) == ["0", "0", "1", "1"]
    pd.testing.assert_frame_equal(engagement.signals(pl.from_pandas(letters), "at_gmail"), told, check_dtype=False)


def test_complaints_are_counted_only_where_somebody_tells():
    letters = past(("a", 0, "x", "complained"), ("b", 1, "x"), ("c", 0, "x", "complained"), ("d", 0, "x"))
    letters["at_gmail"] = [0, 0, 1, 0]
    weeks = engagement.complaints_by_week(letters)
    assert list(weeks["week"]) == [date(2026, 10, 26), date(2026, 11, 2)]
    assert list(weeks["delivered"]) == [1, 3]
    assert list(weeks["complained"]) == [0, 1]
    assert weeks["rate"][1] == pytest.approx(1 / 3)
    assert weeks["low"][1] < 1 / 3 < weeks["high"][1]


def test_four_weeks_are_judged_together_and_a_silent_month_is_left_out():
    weeks = engagement.complaints_by_week(past(("a", 70, "x", "complained"), ("b", 0, "x")))
    assert list(weeks["complained"]) == [1, 1, 1, 1, 0]
    assert list(weeks["delivered"]) == [1] * 5


def test_silence_counts_everybody_once_by_their_last_human_sign():
    letters = past(
        ("keen", 70, "x", "clicked"), ("keen", 10, "x", "clicked"), ("keen", 3, "x", "clicked"),
        ("proxied", 200, "x", "opened", "machine_open"), ("proxied", 10, "x", "unsubscribed"),
        ("unmailed", 70, "x", "clicked"), ("new", 10, "x", "clicked"),
    )  # fmt: skip
    told = engagement.silence(letters, NOW).set_index("weeks")
    assert dict(told["people"]) == {0: 1, 16: 1}  # 14 days before the eight weeks, and 144
    assert dict(told["clicked"]) == {0: 1, 16: 0}
    assert dict(told["left"]) == {0: 0, 16: 1}
    assert ((told["clicked_low"] <= told["clicked_rate"]) & (told["clicked_rate"] <= told["clicked_high"])).all()


def test_the_rule_of_most_readers_follows_from_how_often_they_are_mailed():
    weekly = past(*((person, days, "x") for person in "abc" for days in range(0, 200, 7)))
    daily = past(*(("d", days, "x") for days in range(200)))
    assert engagement.usual_silence(pd.concat([weekly, daily])) == pytest.approx(180 / 7)
    assert engagement.usual_silence(daily) == pytest.approx(60 / 7)


def test_a_past_too_short_for_silence_is_an_empty_table():
    assert engagement.silence(past(("a", 1, "x")), NOW).empty


def days_of(*counts):
    """Letters of so many people on each of the last days, the last of them today."""
    rows = [(f"p{n}", len(counts) - 1 - day, "x") for day, count in enumerate(counts) for n in range(count)]
    return past(*rows)


def test_a_day_above_twice_the_highest_before_is_told_and_a_small_one_never():
    told = cadence.growth(days_of(400, 500, 1_100), NOW.date()).tail(3)
    assert list(told["room"]) == [500, 800, 1_000]
    assert list(told["state"]) == ["within", "within", "above"]
    assert len(cadence.growth(days_of(1), NOW.date(), days=60)) == 60


def test_what_is_planned_follows_as_a_ramp_from_tomorrow_within_its_room():
    told = cadence.growth(days_of(400), NOW.date(), planned=2_000)
    plan = told[told["state"] == "planned"]
    assert plan["day"].iloc[0] == date(2026, 11, 3)
    assert plan["letters"].sum() == 2_000
    assert (plan["letters"] <= plan["room"]).all()
    assert plan["room"].iloc[0] == max(800, limits.WARM_UP_FIRST_DAY.value)


def test_a_day_on_which_bounces_are_proven_beyond_the_stop_says_stop():
    letters = days_of(300)
    letters.loc[:29, ["bounced", "delivered"]] = [1, 0]
    assert cadence.growth(letters, NOW.date())["state"].iloc[-1] == "stop"


# ---------------------------------------------------------------- the forecast's own


def test_where_what_came_fell_is_counted_band_by_band():
    told = {"low90": 2.0, "low50": 4.0, "high50": 8.0, "high90": 12.0}
    record = pd.DataFrame({"actual": [1, 2, 4, 6, 8, 9, 20, 3]}).assign(**told)
    bands = forecast.reliability(record)
    assert list(bands["count"]) == [1, 2, 3, 1, 1]
    assert bands["promised"].sum() == pytest.approx(1)
    assert list(bands["share"]) == pytest.approx([1 / 8, 2 / 8, 3 / 8, 1 / 8, 1 / 8])
    assert forecast.reliability(record.iloc[:0])["low"].isna().all()


def test_departments_share_the_readers_whom_both_wrote_to_within_a_week():
    letters = past(
        ("a", 20, "x"), ("a", 14, "y"), ("b", 20, "x"), ("b", 5, "y"), ("c", 20, "y"), ("c", 18, "x"), ("d", 20, "z"),
    )  # fmt: skip
    told = forecast.shared_readers(forecast.sends_of(letters)).set_index(["department", "other_department"])
    assert tuple(told.loc[("x", "y")]) == (3, 2, 2 / 3)
    assert told.loc[("x", "z"), "people"] == 0
    assert forecast.shared_readers(forecast.sends_of(letters), since=8.0)["people"].sum() == 0


@pytest.fixture(scope="module")
def learned():
    return forecast.learn(forecast.sends_of(worlds.letters(worlds.live(worlds.a_world(seed=3, people=1_500)))))


def test_the_next_letter_is_worth_less_the_more_came_before_and_most_to_who_clicks_most(learned):
    worth = forecast.next_letter(learned, forecast.Prices(unsubscribed=2, complained=10))
    first = worth[worth["mails_last_7_days"] == 0].set_index("readers")["value"]
    assert first["cool"] < first["middling"] < first["keen"]
    for _, part in worth.groupby("readers"):
        assert part["value"].iloc[0] > part["value"].iloc[-1]
        assert (part["low90"] <= part["value"]).all() and (part["value"] <= part["high90"]).all()


def test_dear_people_make_the_next_letter_too_dear_and_free_ones_leave_room(learned):
    free, dear = (forecast.Prices(unsubscribed=price, complained=0) for price in (0, 500))
    assert set(forecast.next_letter(learned, free)["label"]) == {"room"}
    assert set(forecast.next_letter(learned, dear)["label"]) == {"saturated"}


def test_the_worth_of_a_letter_is_not_told_without_enough_unsubscribes(learned):
    thin = forecast.Past(
        known=learned.known, scores=learned.scores, studies={"clicked": learned.studies["clicked"]}, unknown=()
    )
    assert forecast.next_letter(thin, forecast.Prices()).empty


def test_several_moves_of_one_campaign_are_told_as_one():
    at = [pd.Timestamp(f"2026-12-0{day}T03:00Z") for day in (1, 3, 5)]
    moves = pd.DataFrame({"campaign": ["a", "b", "a"], "to_at": at, "reason": ["x", "y", "z"]})
    moves = moves.assign(gain_clicked=[1.0, 2.0, 4.0], kind="move", department="d", from_at=at[0])
    campaigns = pd.DataFrame({"campaign": ["a", "b", "c"], "department": "d", "send_at": at[0]})
    told = moved.in_time(moves, campaigns, "Asia/Macau").set_index("campaign")
    assert [day.day for day in told["to_at"]] == [5, 3, 1]
    assert set(told["from_at"]) == {pd.Timestamp("2026-12-01T11:00")}
    assert told["reason"].tolist()[:2] == ["z", "y"] and told["reason"].isna()["c"]
    assert moved.by_campaign(moves, "clicked") == {"a": 5.0, "b": 2.0}
    part = moved.in_time(moves.assign(kind=["move", "move", "part"]), campaigns, "Asia/Macau")
    assert [day.day for day in part["to_at"]] == [1, 3, 1, 5]  # the campaign stays, and a part of it leaves later
    assert part["campaign"].tolist() == ["a", "b", "c", "a"]
