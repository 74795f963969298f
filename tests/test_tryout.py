"""What a change of the calendar does is told at once, and as a full look ahead would tell it."""

import time
from dataclasses import replace

import pandas as pd
import pytest

from bulkmail import forecast, prepare
from bulkmail.forecast import sends_of
from bulkmail.model import Wait
from bulkmail.sample import worlds

SPLIT = worlds.START + pd.Timedelta(weeks=52)


@pytest.fixture(scope="module")
def known():
    return worlds.letters(worlds.live(worlds.a_world(seed=3, people=1_500)))


@pytest.fixture(scope="module")
def plan(known):
    """A campaign of each department, to those whom it mailed in the last quarter; the first two on one day."""
    recent = known[known["sent_at"] > known["sent_at"].max() - pd.Timedelta(days=90)]
    of = recent.drop_duplicates(["department", "person"])[["department", "person", "at_gmail"]]
    days = dict(zip(sorted(of["department"].unique()), (2.1, 2.3, 9.2, 9.4)))  # noqa: B905
    start = SPLIT + pd.to_timedelta(of["department"].map(days), unit="D")
    return of.assign(campaign="to " + of["department"], sent_at=start.astype("datetime64[us, UTC]")).reset_index(
        drop=True
    )


def learned(known, plan):
    both = pd.concat([known, plan], ignore_index=True)
    marks = ["unsubscribed", "complained", "clicked", "opened", "machine_open", "delivered"]
    return forecast.learn(sends_of(both.assign(**both[marks].fillna(0).astype("int64")), split=SPLIT))


@pytest.fixture(scope="module")
def tryout(known, plan):
    past = learned(known, plan)
    return forecast.tryout_of(past, forecast.outlook(past))


def times(plan):
    return plan.groupby("campaign")["sent_at"].first().to_dict()


def alone(plan):
    return {name: name for name in plan["campaign"].unique()}


def test_a_plan_that_is_not_changed_is_told_as_it_was(tryout, plan):
    told = forecast.tried(tryout, times(plan), alone(plan))
    for part in ("campaigns", "totals"):
        columns = ["outcome", "expected", "low90", "low50", "high50", "high90"]
        first, again = (
            getattr(each, part)[columns].sort_values(columns, ignore_index=True) for each in (tryout.told, told)
        )
        pd.testing.assert_frame_equal(first, again, check_dtype=False)
    assert told.extrapolated == tryout.told.extrapolated


def test_another_date_is_told_as_a_full_look_would_tell_it(tryout, known, plan):
    names = sorted(plan["campaign"].unique())
    later = {name: at + pd.Timedelta(days=4 if name == names[1] else 0) for name, at in times(plan).items()}
    told = forecast.tried(tryout, later, alone(plan)).campaigns
    whole = forecast.outlook(learned(known, plan.assign(sent_at=plan["campaign"].map(later)))).campaigns
    both = told.merge(whole, on=["campaign", "outcome"], suffixes=("", "_whole"))
    assert len(both) == len(whole)
    assert (both["expected"] / both["expected_whole"]).between(0.93, 1.07).all()
    width, whole_width = both["high90"] - both["low90"], both["high90_whole"] - both["low90_whole"]
    assert ((width - whole_width).abs() <= 0.2 * whole_width + 2).all()


def test_a_skipped_campaign_is_gone_and_spares_the_next_one(tryout, plan):
    names = sorted(plan["campaign"].unique())
    before = tryout.told.campaigns.set_index(["campaign", "outcome"])["expected"]
    told = forecast.tried(tryout, times(plan), alone(plan) | {names[0]: ""})
    after = told.campaigns.set_index(["campaign", "outcome"])["expected"]
    assert names[0] not in after.index.get_level_values(0)
    assert after[names[1], "unsubscribed"] < before[names[1], "unsubscribed"]
    total = told.totals.set_index("outcome")["expected"]
    assert total["unsubscribed"] == pytest.approx(after.xs("unsubscribed", level=1).sum(), rel=0.01)


def test_a_merged_campaign_brings_its_people_along(tryout, plan):
    names = sorted(plan["campaign"].unique())
    told = forecast.tried(tryout, times(plan), alone(plan) | {names[0]: names[1]}).campaigns
    people = plan[plan["campaign"].isin(names[:2])]["person"].nunique()
    mine = told[(told["campaign"] == names[1]) & (told["outcome"] == "unsubscribed")]
    assert mine["letters"].tolist() == [people]


def test_readers_who_wait_are_told_as_a_full_look_would_tell_them(tryout, known, plan):
    names, wait = sorted(plan["campaign"].unique()), Wait(letters=1, days=3)
    told = forecast.tried(tryout, times(plan), alone(plan), {names[1]: wait})
    edited = pd.DataFrame({"campaign": names, "department": names, "send_at": [times(plan)[name] for name in names]})
    edited = edited.assign(skip=False, merge_into="", approved=False, wait=["", prepare.wait_code(wait), "", ""])
    later = prepare.as_edited(plan, edited, known).assign(department=plan["department"])
    assert 0.05 < (later["sent_at"] > plan["sent_at"]).mean() < 0.25  # a part of one campaign waits
    whole = forecast.outlook(learned(known, later)).totals.set_index("outcome")["expected"]
    assert (told.totals.set_index("outcome")["expected"] / whole).between(0.95, 1.05).all()
    assert told.campaigns["campaign"].nunique() == len(names)


def test_pressure_never_seen_is_flagged_at_once(tryout, plan):
    assert not any(tryout.told.extrapolated.values())
    calm = replace(tryout, usual=(0.0, 0.0))  # as if nobody had ever had a second letter
    assert any(forecast.tried(calm, times(plan), alone(plan)).extrapolated.values())


def test_a_change_takes_less_than_half_a_second(tryout, plan):
    began = time.process_time()
    forecast.tried(tryout, times(plan), alone(plan))
    assert time.process_time() - began < 0.5


def test_letters_of_one_moment_press_on_each_other(tryout, plan):
    names, at = sorted(times(plan)), times(plan)
    apart = forecast.tried(tryout, at | {names[1]: at[names[0]] + pd.Timedelta(hours=1)}, alone(plan))
    together = forecast.tried(tryout, at | {names[1]: at[names[0]]}, alone(plan))
    told = [each.totals.set_index("outcome").loc["unsubscribed", "expected"] for each in (apart, together)]
    assert told[1] == pytest.approx(told[0], rel=0.02)
