"""`make calibrate` on seeds few enough for every build: what can be told from so few worlds holds its bar, or misses it
by no more than chance explains; the whole table takes minutes."""

from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest

from tests import calibrate

PEOPLE, SEEDS = 2_000, range(1_000, 1_003)  # seeds that the engine was made on: the table keeps its own unseen


@pytest.fixture(scope="module")
def small_worlds():
    with get_context("spawn").Pool(2) as pool:
        return calibrate.gathered(pool, "standard", SEEDS, PEOPLE)


def named(bars):
    return {bar.name: bar for bar in bars}


def test_campaigns_and_totals_of_small_worlds_hold_what_the_table_asks(small_worlds):
    bars = named(calibrate.forecast_bars("standard", small_worlds))
    assert bars["standard: unsubscribes of a campaign inside 90 %"].holds
    assert bars["standard: unsubscribes of 8 weeks inside 90 %"].holds
    assert bars["  the same told from the overall rate"].of == "9 in 3 worlds"


def test_the_curve_of_clicks_is_near_the_truth_where_rates_by_frequency_are_not(small_worlds):
    clicks = calibrate.of_outcome(small_worlds["curves"], "clicked")
    four = clicks[clicks["seven"] == 4]
    off, naive = four["off"].abs().mean(), (four["naive"] - four["truth"]).abs().mean()
    assert off < naive / 2
    assert clicks["covered"].mean() > 0.6


def test_the_holdout_agrees_with_the_curve_and_not_with_rates_by_frequency(small_worlds):
    bars = [bar for bar in calibrate.holdout_bars(small_worlds["holdouts"]) if bar.of]
    clicks = next(place for place, bar in enumerate(bars) if bar.name == "holdout observed/expected, clicked")
    assert bars[clicks].measured == pytest.approx(1, abs=0.1)
    assert abs(bars[clicks + 1].measured - 1) > 0.1


def test_better_plans_of_small_worlds_win_in_truth_break_no_rule_and_are_the_same_again(small_worlds):
    bars = named(calibrate.gain_bars(small_worlds["gains"]))
    for name in ("standard: the better plan wins in truth", "standard: rules broken by plans"):
        assert bars[name].holds
    assert bars["the same plan to the byte"].holds


def test_a_figure_pools_its_worlds_and_errs_by_how_they_differ():
    table = pd.DataFrame({"seed": [1, 1, 2, 3], "came": [2, 2, 6, 10], "expected": [4, 4, 8, 8]})
    ratio, error = calibrate.pooled(table, "came", "expected")
    assert ratio == pytest.approx(20 / 24)
    left = np.array([4 - ratio * 8, 6 - ratio * 8, 10 - ratio * 8])
    assert error == pytest.approx(np.sqrt((left**2).sum() * 3 / 2) / 24)
    assert np.isnan(calibrate.pooled(table[table["seed"] == 2], "came", "expected")[1])
