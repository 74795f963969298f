"""The fatigue engine: pressure that the calendar decided, unknown where it decided nothing, and forecasts that hold."""

from dataclasses import replace

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from bulkmail import engagement, forecast
from bulkmail.forecast import board as boards
from bulkmail.forecast import covariates, fatigue, hazard
from bulkmail.forecast.sends import sends_of
from bulkmail.sample import worlds
from bulkmail.tips import cadence
from tests.calibrate import as_improved, with_plan


@pytest.fixture(scope="module")
def world():
    return worlds.live(worlds.a_world(seed=3, people=1_500))


@pytest.fixture(scope="module")
def letters(world):
    return worlds.letters(world)


@pytest.fixture(scope="module")
def past(letters):
    return forecast.learn(sends_of(letters))


# ---------------------------------------------------------------- arrays and pressure


def test_pressure_of_the_engine_is_that_of_the_portable_summary(letters):
    few = letters.iloc[:20_000]
    sends = sends_of(few)
    told = engagement.pressure(few)
    assert sends.earlier(7).tolist() == told["n7"].to_numpy()[sends.order].tolist()
    assert sends.earlier(28).tolist() == told["n28"].to_numpy()[sends.order].tolist()


def sorted_counts(table):
    table = nw.from_native(table).to_pandas()
    columns = ["person", "campaign", "n7", "n28"]
    return table.sort_values(["person", "sent_at", "campaign"])[columns].astype(str).values.tolist()


def test_pressure_is_equal_on_pandas_and_polars(letters):
    few = letters.iloc[:5_000].drop(columns="place")
    assert sorted_counts(engagement.pressure(few)) == sorted_counts(engagement.pressure(pl.from_pandas(few)))


def test_who_is_picked_stands_as_high_in_a_quiet_week_as_in_a_busy_one():
    rng, parts = np.random.default_rng(5), []
    names = np.array([f"p{number:03d}" for number in range(400)], dtype=object)
    keen = np.arange(400) < 200
    for week in range(0, 60, 2):
        last = 5 if week % 4 else 2
        for number in range(last + 1):
            got = rng.random(400) < np.where(keen, 0.85, 0.4)
            at = pd.Timestamp("2025-01-06T10:00Z") + pd.Timedelta(days=7 * week + number)
            letter = {"campaign": f"c{week}-{number}", "department": "arts", "person": names[got], "sent_at": at}
            parts.append(pd.DataFrame(letter).assign(delivered=1, week=week, last=number == last, keen=keen[got]))
    letters = pd.concat(parts, ignore_index=True)
    known = covariates.covariates_of(sends_of(letters))
    anybody = np.ones(len(letters))
    factors = {factor.name: factor for factor in covariates.factors_of(known, anybody, anybody)}
    table = letters.iloc[known.sends.order].assign(rank=factors["picked7"].codes, usual=factors["usually_picked"].codes)
    table = table[known.usable & (table["week"] > 20) & table["last"]]
    rank = table.groupby([table["week"] % 4, "keen"])["rank"].mean().unstack()
    assert rank.loc[0, True] == pytest.approx(rank.loc[2, True], abs=0.7)
    assert (rank[True] - rank[False] > 1.5).all()
    assert table.groupby("keen")["usual"].mean().diff().iloc[-1] > 2


# ---------------------------------------------------------------- the model


def test_a_logit_finds_levels_and_spreads_that_were_planted():
    rng = np.random.default_rng(1)
    rows, groups = 60_000, 80
    group, level = rng.integers(0, groups, rows), rng.integers(0, 6, rows)
    truth = -3 + rng.normal(0, 0.5, groups)[group] + 0.2 * level
    happened = (rng.random(rows) < 1 / (1 + np.exp(-truth))).astype(float)
    model = hazard.fit(
        [hazard.Factor("group", group, groups, "random"), hazard.Factor("level", level, 6, "smooth")],
        happened,
        np.zeros(rows),
    )
    assert model.variance["group"] == pytest.approx(0.25, rel=0.35)
    assert np.diff(model.levels("level")) == pytest.approx(0.2, abs=0.06)


def test_thinning_rows_without_an_event_moves_nothing_but_the_intervals():
    rng = np.random.default_rng(2)
    level = rng.integers(0, 3, 40_000)
    happened = (rng.random(40_000) < np.array([0.01, 0.02, 0.04])[level]).astype(float)
    keep = (happened == 1) | (rng.random(40_000) < 0.2)
    factors = [hazard.Factor("level", level, 3)]
    whole = hazard.fit(factors, happened, np.zeros(40_000))
    thin = hazard.fit([factors[0].at(np.flatnonzero(keep))], happened[keep], np.full(keep.sum(), -np.log(0.2)))
    assert np.diff(thin.levels("level")) == pytest.approx(np.diff(whole.levels("level")), abs=0.1)


# ---------------------------------------------------------------- the curve


def test_the_curve_falls_for_clicks_where_the_naive_one_rises(past, world):
    table = forecast.curve(past.studies["clicked"]).table.set_index("mails_last_7_days")
    path = fatigue.month_path(past.known)
    assert table["naive"][3] > 1
    assert table["low90"][3] < worlds.true_ratio(world, "clicked", path)[3] < table["high90"][3] < 1


def test_bands_lie_inside_one_another(past):
    table = forecast.curve(past.studies["unsubscribed"]).table.iloc[1:]
    assert (table["low90"] < table["low50"]).all() and (table["high50"] < table["high90"]).all()
    assert (table["low50"] < table["rate_ratio"]).all() and (table["rate_ratio"] < table["high50"]).all()


def test_too_few_events_are_unknown_with_the_offer_of_a_holdout(letters):
    told = forecast.curves(sends_of(letters.assign(complained=0)))["complained"]
    assert not told.known
    assert "150" in str(told.reason) and "holdout" in str(told.offer)
    assert told.table["rate_ratio"].isna().all()


def test_two_departments_are_no_instrument(letters):
    two = letters[letters["department"].isin(["library", "events"])]
    told = forecast.curves(sends_of(two))["clicked"]
    assert not told.known and "2 departments" in str(told.reason)


def test_a_perfectly_regular_calendar_is_no_instrument():
    people, weeks = 600, 40
    rng = np.random.default_rng(5)
    lists = rng.random((people, 3)) < 0.6
    rows = [
        pd.DataFrame({"person": np.flatnonzero(lists[:, d]), "department": f"d{d}", "week": week, "day": 2 * d})
        for week in range(weeks)
        for d in range(3)
    ]
    table = pd.concat(rows, ignore_index=True)
    table["sent_at"] = worlds.START + pd.to_timedelta(7 * table["week"] + table["day"], unit="D")
    table["campaign"] = table["department"] + table["week"].astype(str)
    marks = dict.fromkeys(engagement.HAPPENINGS, 0) | {"delivered": 1}
    table = table.assign(**marks | {"clicked": (rng.random(len(table)) < 0.05).astype(int)})
    told = forecast.curves(sends_of(table.astype({"person": str})))["clicked"]
    assert not told.known and "regular" in str(told.reason)


def test_the_calendar_moves_people_in_a_living_organisation(past):
    assert fatigue.calendar_spread(past.known) > 0.5


# ---------------------------------------------------------------- forecasts


def test_a_forecast_of_eight_weeks_holds_what_then_happens(world):
    planned, sends = with_plan(world)
    told = forecast.outlook(forecast.learn(sends, ("unsubscribed", "clicked")))
    campaigns, totals = [], []
    for seed in range(6):  # the same plan, met by six futures
        future = worlds.fork(world, seed)
        worlds.play(future, planned)
        actual = worlds.letters(future)
        totals += [row.low90 <= actual[row.outcome].sum() <= row.high90 for row in told.totals.itertuples()]
        counts = actual.groupby("campaign")["unsubscribed"].sum()
        mine = told.campaigns[told.campaigns["outcome"] == "unsubscribed"].set_index("campaign")
        counts = counts.reindex(mine.index, fill_value=0)
        campaigns.append(((mine["low90"] <= counts) & (counts <= mine["high90"])).mean())
    assert np.mean(campaigns) >= 0.87
    assert np.mean(totals) >= 0.7


def test_a_department_that_has_not_written_yet_is_told_less_surely_and_not_as_if_nothing_were_known(world):
    _, sends = with_plan(world)
    office = np.where(sends.planned, len(sends.departments), sends.department).astype(np.int16)
    new = replace(sends, department=office, departments=(*sends.departments, "a new office"))
    of_old, of_new = (forecast.outlook(forecast.learn(each, ("clicked",))).totals.iloc[0] for each in (sends, new))
    assert of_new["expected"] == pytest.approx(of_old["expected"], rel=0.3)
    assert of_new["low90"] < of_old["low90"] and of_old["high90"] < of_new["high90"]
    assert of_new["expected"] / 4 < of_new["low90"] and of_new["high90"] < 4 * of_new["expected"]


def test_a_plan_beyond_the_pressure_ever_seen_is_flagged(world):
    _, sends = with_plan(world, cadence=3.0)
    known = covariates.covariates_of(sends)
    flagged = forecast.extrapolated(known)
    planned = {sends.campaigns[code] for code in np.unique(sends.campaign[sends.planned])}
    assert sum(flagged[name] for name in planned) > len(planned) / 2


def test_gmail_is_left_out_of_complaints_unless_postmaster_tells(world):
    _, sends = with_plan(world)
    often = np.random.default_rng(1).random(len(sends)) < 0.01 * (sends.happened["at_gmail"] == 0) * ~sends.planned
    sends.happened["complained"] = often.astype(np.int8)
    past = forecast.learn(sends, ("complained",))
    blind, told = forecast.outlook(past), forecast.outlook(past, postmaster_rate=0.01)
    assert blind.gmail > 0 and told.gmail == 0
    assert told.totals["expected"].iloc[0] > 1.15 * blind.totals["expected"].iloc[0]


def test_the_same_past_gives_the_same_forecast(world):
    _, sends = with_plan(world)
    first, again = (forecast.outlook(forecast.learn(sends, ("unsubscribed",))) for _ in range(2))
    pd.testing.assert_frame_equal(first.campaigns, again.campaigns)


def test_the_backtest_judges_eight_weeks_at_a_time_by_what_was_known_before(letters):
    campaigns, totals = forecast.backtest(sends_of(letters), outcomes=("unsubscribed",), most=2)
    assert totals["origin"].nunique() == 2
    assert campaigns["campaign"].is_unique
    covered, judged = forecast.share_covered(campaigns, "unsubscribed")
    assert judged > 30 and covered / judged > 0.8
    assert (campaigns["send_at"] >= campaigns["origin"]).all()


def test_a_short_past_has_no_backtest(letters):
    campaigns, totals = forecast.backtest(sends_of(letters[letters["sent_at"] < worlds.START + pd.Timedelta(weeks=12)]))
    assert campaigns.empty and totals.empty


# ---------------------------------------------------------------- the planner


@pytest.fixture(scope="module")
def improved(world):
    planned, sends = with_plan(world)
    past = forecast.learn(sends, ("unsubscribed", "clicked"))
    busy = [one.name for one in planned[:3]]
    shift = (sends.start - worlds.START) / pd.Timedelta(days=1)
    allowed = lambda campaign, day: int(day + shift) % 7 < 5  # noqa: E731
    first, again = (forecast.improve(past, allowed=allowed, locked=busy) for _ in range(2))
    return planned, past, first, again


def test_the_same_plan_gives_the_same_moves(improved):
    _, _, first, again = improved
    assert first.moves.astype(str).to_csv() == again.moves.astype(str).to_csv()


def test_letters_are_counted_against_the_caps_in_force(improved):
    _, past, _, _ = improved
    wanted = ((1, 7), (2, 7), (1, 3), (1, 28), (1, 30))
    rules = {cap: cadence.Rules(caps=(cadence.Cap(letters=cap[0], days=cap[1]),)) for cap in wanted}
    over = {cap: boards.tally(boards.board_of(past, rules=rules[cap]))["over_caps"] for cap in wanted}
    total = {cap: values.sum() for cap, values in over.items()}
    assert total[1, 28] == total[1, 30] > total[1, 7] > total[1, 3] > 0
    assert total[1, 7] > total[2, 7]


def test_locked_campaigns_stay_and_caps_and_gap_are_broken_no_more_than_before(improved):
    planned, _, told, _ = improved
    assert not set(told.moves["campaign"]) & {one.name for one in planned[:3]}
    assert told.over_caps[1] <= told.over_caps[0]
    assert told.too_close[1] <= told.too_close[0]


def test_the_better_plan_is_better_too_where_pressure_fades_instead_of_ending_with_a_window(improved):
    _, past, told, _ = improved
    board = after = boards.board_of(past)
    for step in told.steps:
        after = step.taken(after)
    worth = [
        told.prices.value({name: float(counts.sum()) for name, counts in boards.tally_faded(one, columns).items()})
        for one, columns in ((board, np.arange(len(board.names))), (after, np.arange(len(after.names))))
    ]
    assert worth[1] > worth[0]


def test_letters_within_the_gap_are_counted_and_without_one_those_of_the_same_moment(improved):
    _, past, _, _ = improved
    counts = [
        boards.tally(boards.board_of(past, rules=cadence.Rules(gap_hours=hours)))["too_close"].sum()
        for hours in (0, 12, 48)
    ]
    assert 0 == counts[0] < counts[1] < counts[2]


def test_who_stays_because_of_a_change_goes_on_to_click(improved):
    _, past, _, _ = improved
    board = boards.board_of(past)
    assert not any(boards.stayers(board, board).values())
    first = int(np.argmin(board.days))
    calmer = replace(board, base=dict(board.base, unsubscribed=board.base["unsubscribed"].copy()))
    calmer.base["unsubscribed"][:, first] = boards.NEVER
    leavers = float(boards.tally(board)["unsubscribed"][first])
    stay = boards.stayers(board, calmer)
    assert 0 < stay["clicked"] < 0.1 * leavers * len(board.names)
    assert stay["unsubscribed"] > 0


def test_every_move_has_a_reason_and_a_gain(improved):
    _, _, told, _ = improved
    assert len(told.moves) and told.moves["gain_value"].notna().all()
    assert all(str(reason) for reason in told.moves["reason"])
    assert (told.moves["to_at"].dt.day_of_week < 5).all()


def test_nothing_is_proposed_that_the_other_half_of_a_small_past_denies():
    gains = []
    for seed in range(4):
        small = worlds.live(worlds.a_world("no_fatigue", seed=seed, people=300))
        _, sends = with_plan(small)
        told = forecast.improve(forecast.learn(sends, ("clicked",)))
        gains.append(told.gain.set_index("outcome")["change"]["value"] if len(told.moves) else 0.0)
    assert min(gains) >= 0


def test_the_better_plan_is_better_in_truth(improved, world):
    planned, past, told, _ = improved
    shift = (past.known.sends.start - worlds.START) / pd.Timedelta(days=1)
    better = as_improved(planned, past, told, shift)
    before, after = (worlds.true_counts(world, plan) for plan in (planned, better))
    assert told.prices.value(after) > told.prices.value(before)
    gain = told.gain.set_index("outcome")["change"]
    assert gain["value"] > 0


def who_gets(letters):
    return letters.groupby("campaign")["person"].agg(set).to_dict()


def as_planned(past):
    sends = past.known.sends
    names, rows = np.array(sends.campaigns), np.flatnonzero(sends.planned)
    return who_gets(
        pd.DataFrame({"campaign": names[sends.campaign[rows]], "person": sends.persons[sends.person[rows]]})
    )


def test_who_waits_gets_the_letter_at_the_next_slot_and_nobody_is_dropped(improved):
    _, past, told, _ = improved
    waiting, letters = told.moves[told.moves["kind"] == "part"], forecast.improved_letters(past, told)
    assert len(waiting) and not letters.duplicated(["campaign", "person"]).any()
    assert who_gets(letters) == as_planned(past)
    for move in waiting.itertuples():
        days = letters.loc[letters["campaign"] == move.campaign, "day"]
        assert days.nunique() <= 2 and round(days.max() - days.min()) in (0, *range(2, 8))


def test_where_leaving_costs_much_campaigns_of_a_department_are_merged(improved):
    planned, past, _, _ = improved
    told = forecast.improve(past, prices=forecast.Prices(unsubscribed=40, complained=40), kinds=("merge",))
    merged, before = told.moves, as_planned(past)
    after = who_gets(forecast.improved_letters(past, told))
    department = {one.name: one.department for one in planned}
    assert len(merged) and (merged["kind"] == "merge").all()
    for move in merged.itertuples():
        assert department[move.campaign] == department[move.into] and move.people > 0
        assert move.campaign not in after
    assert set().union(*after.values()) == set().union(*before.values())
    assert sum(map(len, after.values())) < sum(map(len, before.values()))


def test_draws_of_a_plan_have_the_mean_that_is_told_of_it(improved):
    board = boards.board_of(improved[1])
    told = boards.tally(board)
    draws = {name: made.hazard.draws(np.random.default_rng(1), 50) for name, made in board.studies.items()}
    for name, counts in boards.drawn(board, draws).items():
        assert counts.mean() == pytest.approx(told[name].sum(), rel=1e-3)
        assert counts.std() > 0


def test_the_frontier_shows_the_plan_as_it_is_and_prices_that_spare_people(improved):
    _, past, _, _ = improved
    table = forecast.frontier(past, weights=(0.5, 4))
    assert table["weight"].isna().tolist() == [True, False, False]
    assert (table["unsubscribed"].iloc[1:] < table["unsubscribed"].iloc[0]).all()
    assert table["unsubscribed"].iloc[2] <= table["unsubscribed"].iloc[1] * 1.1
