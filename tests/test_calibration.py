"""`make calibrate` on a seed small enough for every build; the whole table takes minutes."""

from tests import calibrate


def test_forecasts_of_a_small_world_hold_what_the_table_asks():
    bars = {bar.name: bar for bar in calibrate.measure(1, 1_200, quick=True)}
    assert bars["unsubscribes of a campaign inside 90 %"].holds
    assert bars["unsubscribes of eight weeks inside 90 %"].of == "1 totals"
    assert all(0 <= bar.measured <= 1 for bar in bars.values())
