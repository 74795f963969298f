"""Forecasts of a planned campaign: honest ranges, unknown where the past is thin, and a record of themselves."""

import math

import numpy as np
import pandas as pd
import pytest

from bulkmail import forecast
from bulkmail.forecast import rates

START = pd.Timestamp("2025-01-06T02:53Z")


def campaigns(k, n, department="library", **more):
    """Past campaigns, one a day, with `k` clicks of `n` letters."""
    size = len(k)
    days = pd.to_timedelta(np.arange(size), unit="D")
    names = [f"c{number:03d}" for number in range(size)]
    base = {"campaign": names, "department": department, "first_sent_at": START + days, "sent": n, "clicked": k}
    return pd.DataFrame({**base, "unsubscribed": 0, "complained": 0, "bounced": 0, **more})


def a_world(seed, count=150, rate=0.03, alike=100.0, letters=400):
    """Campaigns whose rates differ as Beta(rate, alike) says: the truth that a forecast must find."""
    rng = np.random.default_rng(seed)
    n = rng.integers(letters // 2, letters * 2, count)
    return campaigns(rng.binomial(n, rng.beta(rate * alike, (1 - rate) * alike, count)), n)


# ---------------------------------------------------------------- one campaign


def test_a_rich_past_gives_a_mean_and_a_range_around_it():
    told = forecast.expected(a_world(1), 1_000, outcome="clicked")
    assert told.known
    assert told.low90 < told.expected < told.high90
    assert 25 < told.expected < 35


def test_campaigns_that_differ_give_a_wider_range_than_campaigns_that_are_alike():
    alike = forecast.expected(a_world(1, alike=100_000.0), 1_000, outcome="clicked")
    differ = forecast.expected(a_world(1, alike=30.0), 1_000, outcome="clicked")
    assert differ.high90 - differ.low90 > 2 * (alike.high90 - alike.low90)
    assert 14 <= alike.high90 - alike.low90 <= 24  # coin tossing alone gives 18


def test_few_campaigns_give_a_wider_range_than_many():
    many = forecast.expected(campaigns([30, 10] * 100, [500] * 200), 500, outcome="clicked")
    few = forecast.expected(campaigns([30, 10] * 5, [500] * 10), 500, outcome="clicked")
    assert few.high90 - few.low90 > many.high90 - many.low90


def test_fewer_than_enough_events_is_unknown_with_a_reason():
    told = forecast.expected(campaigns([9] * 16, [500] * 16), 500, outcome="clicked")
    assert not told.known
    assert (told.expected, told.low90, told.events, told.campaigns) == (None, None, 144, 16)
    assert "144" in str(told.reason) and "150" in str(told.reason)


def test_few_campaigns_are_unknown_however_many_events_they_have():
    assert not forecast.expected(campaigns([900] * 7, [5_000] * 7), 500, outcome="clicked").known


def test_no_past_at_all_is_unknown():
    assert not forecast.expected(campaigns([], []), 500, outcome="clicked").known


def test_a_department_with_a_rich_past_is_told_from_its_own():
    past = pd.concat([campaigns([50] * 12, [500] * 12, "events"), campaigns([5] * 40, [500] * 40, "library")])
    assert forecast.expected(past, 500, outcome="clicked", department="events").pool == "department"
    assert forecast.expected(past, 500, outcome="clicked", department="events").low90 > 20
    newcomer = forecast.expected(past, 500, outcome="clicked", department="arts")
    assert newcomer.pool == "organisation"
    assert newcomer.low90 < 5 and newcomer.high90 > 40


def test_the_same_past_gives_the_same_forecast():
    assert forecast.expected(a_world(2), 700, outcome="clicked") == forecast.expected(
        a_world(2), 700, outcome="clicked"
    )


def test_nothing_planned_brings_nothing():
    told = forecast.expected(a_world(2), 0, outcome="clicked")
    assert (told.expected, told.low90, told.high90) == (0.0, 0, 0)


def test_campaigns_without_letters_are_ignored():
    assert forecast.expected(campaigns([0] * 20, [0] * 20), 100, outcome="clicked").campaigns == 0


def test_each_outcome_is_told_or_unknown():
    told = forecast.expected_outcomes(a_world(3), 1_000)
    assert {name: item.known for name, item in told.items()} == {
        "clicked": True,
        "unsubscribed": False,
        "complained": False,
        "bounced": False,
    }


# ---------------------------------------------------------------- the record


def test_ranges_hold_the_truth_about_nine_times_in_ten():
    records = [forecast.backtest_of_counts(a_world(seed, count=80), outcome="clicked") for seed in range(6)]
    covered, judged, low, high = forecast.coverage(pd.concat(records))
    assert judged > 350
    assert 0.87 <= covered / judged <= 0.97
    assert low < covered / judged < high


def test_ranges_of_rare_outcomes_do_not_hold_less():
    records = [
        forecast.backtest_of_counts(a_world(seed, rate=0.004, alike=400.0), outcome="clicked") for seed in range(3)
    ]
    covered, judged, _, _ = forecast.coverage(pd.concat(records))
    assert covered / judged >= 0.9


def test_a_record_uses_only_what_came_before():
    past = a_world(4, count=60)
    changed = past.assign(clicked=np.where(past.index == 59, past["sent"], past["clicked"]))
    before, after = (forecast.backtest_of_counts(table, outcome="clicked") for table in (past, changed))
    pd.testing.assert_frame_equal(before.iloc[:59], after.iloc[:59])
    assert after["covered"].iloc[59] == 0


def test_a_record_says_unknown_while_the_past_is_thin():
    record = forecast.backtest_of_counts(campaigns([20] * 20, [500] * 20), outcome="clicked")
    assert record["pool"].tolist() == ["unknown"] * 8 + ["department"] * 12
    assert record["covered"].isna().tolist() == [True] * 8 + [False] * 12


def test_a_record_of_nothing_is_empty():
    record = forecast.backtest_of_counts(campaigns([], []), outcome="clicked")
    assert len(record) == 0
    assert forecast.coverage(record)[:2] == (0, 0)


def test_the_record_agrees_with_the_forecast():
    past = a_world(6, count=40)
    last = forecast.backtest_of_counts(past, outcome="clicked").iloc[-1]
    told = forecast.expected(past.iloc[:-1], int(last["sent"]), outcome="clicked", department="library")
    assert (last["low90"], last["high90"]) == pytest.approx((told.low90, told.high90), abs=2)


# ---------------------------------------------------------------- arithmetic


def test_the_log_of_gamma_agrees_with_the_standard_library():
    x = np.array([1e-6, 0.3, 1.0, 2.5, 40.0, 1e4, 1e7])
    assert rates._log_gamma(x) == pytest.approx([math.lgamma(value) for value in x], rel=1e-12, abs=1e-11)


def test_the_likelihood_agrees_with_direct_counting():
    grid = rates.grid_around(np.array([3.0]), np.array([10.0]))
    cell = 1_000
    rate, size = 1 / (1 + math.exp(-grid.mean[cell])), math.exp(grid.alike[cell])
    a, b = rate * size, (1 - rate) * size
    direct = sum(math.log(a + i) for i in range(3)) + sum(math.log(b + i) for i in range(7))
    direct -= sum(math.log(size + i) for i in range(10))
    assert rates.log_likelihood(np.array([3]), np.array([10]), grid)[0, cell] == pytest.approx(direct, rel=1e-9)
