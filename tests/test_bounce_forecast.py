"""How many letters will bounce: from one's own past, people reached before apart from new ones, or not at all."""

import numpy as np
import pandas as pd

from bulkmail import forecast
from tests.builders import NOW

NEW_RATE, LATER_RATE = 0.06, 0.004


def a_past(rng, campaigns=30, people=400, joining=60, alike=300):
    """Letters of weekly campaigns to a list that people join: first letters bounce far more often than later ones."""
    parts, reached = [], np.arange(people)
    for week in range(campaigns):
        new = np.arange(joining) + people + week * joining
        persons = np.concatenate([reached, new])
        rate = np.where(np.isin(persons, new), *(drawn(rng, rate, alike) for rate in (NEW_RATE, LATER_RATE)))
        bounced = (rng.random(len(persons)) < rate).astype(int)
        sent_at = pd.Timestamp(NOW) - pd.Timedelta(weeks=campaigns - week)
        parts.append(pd.DataFrame({"campaign": f"c{week}", "person": persons, "sent_at": sent_at, "bounced": bounced}))
        reached = persons[bounced == 0]
    letters = pd.concat(parts, ignore_index=True)
    return letters.assign(person=letters["person"].astype("str")), reached


def drawn(rng, rate, alike):
    return rng.beta(rate * alike, (1 - rate) * alike)


def persons(known, new):
    return pd.Series([*map(str, known), *(f"new {number}" for number in range(new))])


def test_new_people_bounce_more_than_those_a_letter_has_reached():
    letters, reached = a_past(np.random.default_rng(7))
    known = forecast.expected_bounces(letters, persons(reached[:500], 0))
    new = forecast.expected_bounces(letters, persons([], 500))
    assert (known.reached, new.reached, known.planned) == (500, 0, 500)
    assert known.low90 <= 500 * LATER_RATE <= known.high90 < new.low90 <= 500 * NEW_RATE <= new.high90
    both = forecast.expected_bounces(letters, persons(reached[:500], 500))
    assert known.expected < both.expected
    assert abs(both.expected - known.expected - new.expected) < 1


def test_the_range_holds_nine_times_in_ten_on_campaigns_that_were_not_seen():
    held, tries = 0, 20
    for seed in range(tries):
        rng = np.random.default_rng(seed)
        letters, reached = a_past(rng, campaigns=26, people=150, joining=40)
        told = forecast.expected_bounces(letters, persons(reached[:600], 200))
        later = rng.binomial(len(reached[:600]), drawn(rng, LATER_RATE, 300))
        held += told.low90 <= later + rng.binomial(200, drawn(rng, NEW_RATE, 300)) <= told.high90
    assert held >= 0.8 * tries


def test_without_enough_past_it_says_so():
    letters, reached = a_past(np.random.default_rng(1), campaigns=4)
    told = forecast.expected_bounces(letters, persons(reached, 10))
    assert told.expected is None and str(told.reason).startswith("Not enough data")
    nothing = forecast.expected_bounces(letters.head(0), persons([], 10))
    assert (nothing.expected, nothing.campaigns, nothing.events) == (None, 0, 0)


def test_new_people_are_not_judged_by_those_who_were_reached():
    letters, reached = a_past(np.random.default_rng(3), joining=1)
    assert forecast.expected_bounces(letters, persons(reached, 0)).expected is not None
    assert forecast.expected_bounces(letters, persons(reached, 50)).expected is None


def test_nobody_to_write_to_is_no_forecast():
    letters, _ = a_past(np.random.default_rng(2))
    assert forecast.expected_bounces(letters, persons([], 0)).expected is None
