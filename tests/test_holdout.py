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
    assert ((told == "frequency_cap").to_numpy() == (drawn & (lately["letters_7_days"] == 2)).to_numpy()).all()


def test_the_held_arm_is_read_against_what_the_others_teach():
    world = worlds.a_world(seed=4, people=PEOPLE)
    world.held = forecast.is_held(names(), "trial", 0.3)
    sends = sends_of(worlds.letters(worlds.live(world)).assign(unsubscribed=0, complained=0))
    told = forecast.read_holdout(sends, forecast.is_held(pd.Series(sends.persons), "trial", 0.3))
    row = told.set_index("outcome").loc["clicked"]
    assert row["observed"] > 150
    assert 0.85 < row["ratio"] < 1.15
    assert row["low90"] < row["ratio"] < row["high90"]
