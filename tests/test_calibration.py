"""`make calibrate` on a seed small enough for every build; the whole table takes minutes."""

import pytest

from tests import calibrate


@pytest.fixture(scope="module")
def small_world():
    return calibrate.forecasts("standard", [calibrate.FIRST_SEED], people=2_000)


def test_forecasts_of_a_small_world_hold_what_the_table_asks(small_world):
    campaigns, totals, _ = small_world
    bars = {bar.name: bar for bar in calibrate.forecast_bars("standard", campaigns, totals)}
    assert bars["standard: unsubscribes of a campaign inside 90 %"].holds
    assert bars["standard: unsubscribes of 8 weeks inside 90 %"].of == "1 totals"
    assert all(0 <= bar.measured <= 1 for bar in bars.values())


def test_a_better_plan_of_a_small_world_wins_in_truth_breaks_no_rule_and_is_the_same_again(small_world):
    bars = {bar.name: bar for bar in calibrate.gain_bars(calibrate.gains(small_world[2]))}
    for name in ("standard: the better plan wins in truth", "standard: rules broken by plans"):
        assert bars[name].holds
    assert bars["the same plan to the byte"].holds
