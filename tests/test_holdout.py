"""The randomised holdout: a lot that is the same every time, a cap for who is drawn, and an answer without a model."""

import numpy as np
import pandas as pd
import pytest

from bulkmail import forecast
from bulkmail.forecast.sends import sends_of
from bulkmail.sample import worlds

PEOPLE = 1_500


def names(count=PEOPLE):
    return pd.Series([f"p{number:07d}" for number in range(count)])


def test_the_lot_is_the_same_every_time_and_another_for_another_trial():
    first, again, other = (forecast.is_held(names(), trial) for trial in ("spring", "spring", "autumn"))
    assert (first == again).all() and (first != other).any()
    assert first.mean() == pytest.approx(0.1, abs=0.03)


def test_who_is_drawn_and_has_had_two_letters_is_held_back():
    table = pd.DataFrame({"person": names(200), "cadence_reason": ""}).astype({"cadence_reason": "str"})
    lately = pd.DataFrame({"letters_7_days": np.tile([1, 2], 100)})
    told = forecast.hold(table, lately, trial="spring", share=0.5)["cadence_reason"]
    drawn = forecast.is_held(table["person"], "spring", 0.5)
    assert ((told == "frequency_trial").to_numpy() == (drawn & (lately["letters_7_days"] == 2)).to_numpy()).all()


@pytest.fixture(scope="module")
def year():
    """A year in which a lot held three in ten people to two letters in 7 days."""
    world = worlds.a_world(seed=4, people=PEOPLE)
    world.held = forecast.is_held(names(), "trial", 0.3)
    return worlds.letters(worlds.live(world)).assign(unsubscribed=0, complained=0)


def read(letters):
    sends = sends_of(letters)
    told = forecast.read_holdout(sends, forecast.is_held(pd.Series(sends.persons), "trial", 0.3))
    return told.set_index("outcome").loc["clicked"]


def test_the_held_arm_is_read_against_what_the_others_teach(year):
    row = read(year)
    assert row["observed"] > 150
    assert 0.85 < row["ratio"] < 1.15
    assert row["low90"] < row["ratio"] < row["high90"]
    assert row["low90"] < 1 < row["high90"] < row["naive_ratio"]  # counts alone are refuted, the curve is not


@pytest.mark.parametrize("effect", [0.5, 0.75])
def test_an_effect_that_no_curve_knows_of_is_seen(year, effect):
    """A little less than at its size: what the held clicked before is part of what is expected of them."""
    held = forecast.is_held(year["person"], "trial", 0.3)
    kept = np.random.default_rng(1).random(len(year)) < effect
    row = read(year.assign(clicked=year["clicked"].where(~held | kept, 0)))
    assert effect - 0.05 < row["ratio"] / read(year)["ratio"] < effect + 0.15
    assert row["high90"] < 1


def test_another_lot_finds_nothing(year):
    sends = sends_of(year)
    told = forecast.read_holdout(sends, forecast.is_held(pd.Series(sends.persons), "another trial", 0.3))
    row = told.set_index("outcome").loc["clicked"]
    assert row["low90"] < 1 < row["high90"]


def test_hours_are_drawn_evenly_and_no_best_hour_is_claimed_from_chance():
    rng = np.random.default_rng(3)
    parts = []
    for number in range(12):
        hours = forecast.hours_by_lot(names(600), f"c{number}", (9, 14, 18))
        clicked = (rng.random(600) < 0.04).astype(int)
        parts.append(pd.DataFrame({"campaign": f"c{number}", "hour": hours, "delivered": 1, "clicked": clicked}))
    letters = pd.concat(parts)
    assert letters["hour"].value_counts(normalize=True).between(0.3, 0.37).all()
    table, verdict = forecast.read_hours(letters)
    assert table["hour"].tolist() == [9, 14, 18]
    assert verdict is forecast.NOT_PROVEN
    best = letters.assign(clicked=letters["clicked"] | (rng.random(len(letters)) < 0.06 * (letters["hour"] == 18)))
    table, verdict = forecast.read_hours(best)
    assert verdict is None and table.set_index("hour").loc[18, "low"] > 0


@pytest.mark.parametrize("hours", [2, 6])
def test_where_hours_are_alike_one_is_hardly_ever_said_to_be_proven(hours):
    rng, said = np.random.default_rng(5), 0
    cells = pd.MultiIndex.from_product([range(8), range(hours)], names=["campaign", "hour"]).to_frame(index=False)
    for _ in range(200):
        rate = np.exp(rng.normal(np.log(0.03), 0.4, 8))[cells["campaign"]]  # campaigns differ, hours do not
        told = cells.assign(delivered=1_000, clicked=rng.binomial(1_000, rate))
        said += forecast.read_hours(told)[1] is None
    assert said <= 16  # one in twenty, and what chance adds to 200 tries
