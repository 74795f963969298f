"""How well the cadence engine recovers what is known: `make calibrate` prints each bar with what was measured.

Everything here is synthetic (`bulkmail.sample.worlds`): a year of an organisation whose truth is planted, then eight
weeks that the engine has not seen. `--people` and `--worlds` set how large and how many; the seeds are fixed.
"""

import argparse
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from bulkmail import engagement, forecast
from bulkmail.forecast import fatigue
from bulkmail.forecast.covariates import covariates_of
from bulkmail.forecast.sends import sends_of
from bulkmail.sample import worlds

SPLIT = worlds.START + pd.Timedelta(weeks=52)


@dataclass(frozen=True)
class Bar:
    """One line of the table."""

    name: str
    wanted: str
    measured: float
    holds: bool
    of: str


def a_year(kind, seed, people):
    return worlds.live(worlds.a_world(kind, seed=seed, people=people))


def with_plan(world, cadence=1.0):
    """The past of a world and the eight weeks planned in it, as one log."""
    planned = worlds.calendar(world, weeks=8, first_week=52, cadence=cadence)
    names = np.array([f"p{number:07d}" for number in range(world.people)], dtype=object)
    rows = [
        pd.DataFrame(
            {
                "campaign": one.name,
                "department": worlds.DEPARTMENTS[one.department],
                "person": names[one.audience],
                "sent_at": worlds.START + pd.Timedelta(days=one.day),
                "at_gmail": world.at_gmail[one.audience].astype(int),
            }
        )
        for one in planned
    ]
    plan = pd.concat(rows, ignore_index=True)
    both = pd.concat([worlds.letters(world), plan.assign(sent_at=plan["sent_at"].dt.as_unit("us"))], ignore_index=True)
    marks = list(engagement.HAPPENINGS)
    return planned, sends_of(both.assign(**both[marks].fillna(0).astype(int)), split=SPLIT)


# ---------------------------------------------------------------- forecasts and plans


def forecasts(kind, seeds, people, cadence=1.0):
    """A row per world, campaign and outcome, and one per world and outcome with the overall rate's interval beside."""
    campaigns, totals, plans = [], [], []
    for seed in seeds:
        world = a_year(kind, seed, people)
        planned, sends = with_plan(world, cadence)
        past = forecast.learn(sends)
        told = forecast.outlook(past)
        future = worlds.fork(world, seed)
        worlds.play(future, planned)
        actual = worlds.letters(future)
        campaigns.append(judged_campaigns(told, actual).assign(seed=seed))
        totals.append(judged_totals(told, sends, actual).assign(seed=seed))
        plans.append((world, planned, sends, past))
    return pd.concat(campaigns), pd.concat(totals), plans


def judged_campaigns(told, actual):
    counts = actual.groupby("campaign")[list(worlds.OUTCOMES)].sum()
    table = told.campaigns
    happened = [counts[row.outcome].get(row.campaign, 0) for row in table.itertuples()]
    return table.assign(actual=happened, covered=(table["low90"] <= happened) & (happened <= table["high90"]))


def judged_totals(told, sends, actual):
    table = told.totals
    happened = np.array([actual[name].sum() for name in table["outcome"]])
    past, planned = ~sends.planned, int(sends.planned.sum())
    overall = np.array([sends.happened[name][past].mean() * planned for name in table["outcome"]])
    low, high = stats.poisson.ppf(0.05, overall), stats.poisson.ppf(0.95, overall)
    return table.assign(
        actual=happened,
        covered=(table["low90"] <= happened) & (happened <= table["high90"]),
        overall=(low <= happened) & (happened <= high),
    )


def gains(plans):
    """A row per world: gain told and gain realised of each outcome, and whether the better plan won in truth."""
    rows = []
    for world, planned, sends, past in plans:
        shift = (sends.start - worlds.START) / pd.Timedelta(days=1)

        def allowed(campaign, day, shift=shift):
            return int(day + shift) % 7 < 5 and day + shift >= 364.3

        told = forecast.improve(past, allowed=allowed)
        better = [worlds.moved(one, told.days[one.name] + shift) for one in planned]
        before, after = (worlds.true_counts(world, plan) for plan in (planned, better))
        change = told.gain.set_index("outcome")["change"]
        rows.append(
            {
                **{f"told_{name}": change.get(name, np.nan) for name in worlds.OUTCOMES},
                **{f"real_{name}": after[name] - before[name] for name in worlds.OUTCOMES},
                "won": told.prices.value(after) > told.prices.value(before),
                "broken": told.over_caps[1] > told.over_caps[0] or any(int(one.day) % 7 > 4 for one in better),
            }
        )
    return pd.DataFrame(rows)


# ---------------------------------------------------------------- curves and holdouts


def curves(kind, seeds, people):
    """A row per world, outcome and count of letters: the log ratio told, the truth, the naive one, covered or not."""
    rows = []
    for seed in seeds:
        world = a_year(kind, seed, people)
        sends = sends_of(worlds.letters(world))
        path = fatigue.month_path(covariates_of(sends))
        for outcome, told in forecast.curves(sends).items():
            truth = worlds.true_ratio(world, outcome, path)
            for point in told.table.itertuples() if told.known else ():
                seven = point.mails_last_7_days
                if 1 <= seven <= 6:
                    inside = point.low90 <= truth[seven] <= point.high90
                    logs = np.log([point.rate_ratio, truth[seven], max(point.naive, 1e-6)])
                    rows.append((seed, outcome, seven, *logs, inside))
    return pd.DataFrame(rows, columns=["seed", "outcome", "seven", "told", "truth", "naive", "covered"])


def holdouts(seeds, people):
    """A row per world and outcome of a year in which three tenths of people were held to two letters in seven days."""
    rows = []
    for seed in seeds:
        world = worlds.a_world("standard", seed=seed, people=people)
        names = pd.Series([f"p{number:07d}" for number in range(people)])
        world.held = forecast.is_held(names, f"trial {seed}", 0.3)
        sends = sends_of(worlds.letters(worlds.live(world)))
        held = forecast.is_held(pd.Series(sends.persons), f"trial {seed}", 0.3)
        rows.append(forecast.read_holdout(sends, held).assign(seed=seed))
    return pd.concat(rows)


# ---------------------------------------------------------------- the table


def measure(count, people, *, quick=False):
    """Yield every bar with what was measured; `quick` leaves out the worlds that only confirm."""
    campaigns, totals, plans = forecasts("standard", range(100, 100 + count), people)
    yield from forecast_bars(campaigns, totals)
    if quick:
        return
    yield from plan_bars(gains(plans[: max(count // 2, 3)]))
    yield from holdout_bars(holdouts(range(1, 1 + count), people))
    yield from curve_bars(curves("standard", range(1, 1 + count), people))
    yield from null_bars(curves("no_fatigue", range(1, 1 + count), people))
    few = range(200, 200 + max(count // 3, 2))
    for kind in ("decayed", "self_selection", "scanners", "survivors"):
        strange, sums, _ = forecasts(kind, few, people)
        yield from misspecified_bars(kind, strange, sums)
    faster, _, _ = forecasts("standard", few, people, cadence=1.7)
    share = faster.groupby("seed")["extrapolated"].any().mean()
    yield Bar("cadence x 1.7 flagged as extrapolation", "= 1", share, share == 1, f"{len(few)} worlds")


def of_outcome(table, outcome):
    return table[table["outcome"] == outcome]


def forecast_bars(campaigns, totals):
    mine, sums = of_outcome(campaigns, "unsubscribed"), of_outcome(totals, "unsubscribed")
    held, whole, overall = mine["covered"].mean(), sums["covered"].mean(), sums["overall"].mean()
    return [
        Bar("unsubscribes of a campaign inside 90 %", ">= 0.87", held, held >= 0.87, f"{len(mine)} campaigns"),
        Bar("unsubscribes of eight weeks inside 90 %", ">= 0.80", whole, whole >= 0.8, f"{len(sums)} totals"),
        Bar("the same told from the overall rate", "< 0.25", overall, overall < 0.25, f"{len(sums)} totals"),
    ]


def curve_bars(table):
    mine, clicks = of_outcome(table, "unsubscribed"), of_outcome(table, "clicked")
    three, six = mine[mine["seven"] == 3], clicks[clicks["seven"] == 6]
    bias3, bias6 = (three["told"] - three["truth"]).mean(), (six["told"] - six["truth"]).mean()
    covered, naive = mine["covered"].mean(), (six["naive"] > 0).mean()
    return [
        Bar(
            "bias of log ratio, unsubscribes, 3 letters",
            "|b| <= 0.10",
            bias3,
            abs(bias3) <= 0.1,
            f"{len(three)} worlds",
        ),
        Bar("bias of log ratio, clicks, 6 letters", "|b| <= 0.05", bias6, abs(bias6) <= 0.05, f"{len(six)} worlds"),
        Bar("truth inside 90 %, unsubscribes, 1 to 6", ">= 0.87", covered, covered >= 0.87, f"{len(mine)} points"),
        Bar("naive click curve has the wrong sign at 6", "> 0.5", naive, naive > 0.5, f"{len(six)} worlds"),
    ]


def null_bars(table):
    found = []
    for outcome in ("unsubscribed", "clicked"):
        mine = of_outcome(table, outcome)
        lowest = mine.groupby("seven")["covered"].mean().loc[[1, 3, 6]].min()
        name = f"no fatigue: 1 inside 90 %, {outcome}, 1/3/6"
        found.append(Bar(name, ">= 0.80", lowest, lowest >= 0.8, f"{mine['seed'].nunique()} worlds"))
    return found


def holdout_bars(table):
    found = []
    for outcome in ("unsubscribed", "clicked"):
        mine = of_outcome(table, outcome)
        ratio = mine["observed"].sum() / mine["expected"].sum()
        naive = mine["observed"].sum() / (mine["observed"] / mine["naive_ratio"]).sum()
        what = f"{len(mine)} worlds, {mine['observed'].sum()} events"
        found.append(Bar(f"holdout observed/expected, {outcome}", "0.93 to 1.07", ratio, 0.93 <= ratio <= 1.07, what))
        found.append(
            Bar(f"  the same with rates by frequency, {outcome}", "outside", naive, not 0.93 <= naive <= 1.07, what)
        )
    return found


def plan_bars(table):
    found = []
    for outcome in ("clicked", "unsubscribed"):
        ratio = table[f"told_{outcome}"].sum() / table[f"real_{outcome}"].sum()
        name = f"gain told over gain realised, {outcome}"
        found.append(Bar(name, "0.8 to 1.2", ratio, 0.8 <= ratio <= 1.2, f"{len(table)} plans"))
    won, broken = table["won"].mean(), table["broken"].sum()
    found.append(Bar("the better plan wins in truth", "= 1", won, won == 1, f"{len(table)} plans"))
    found.append(Bar("rules broken by plans", "= 0", broken, broken == 0, f"{len(table)} plans"))
    return found


def misspecified_bars(kind, campaigns, totals):
    mine, sums = of_outcome(campaigns, "unsubscribed"), of_outcome(totals, "unsubscribed")
    held, name = mine["covered"].mean(), f"{kind}: campaigns inside 90 % (totals {sums['covered'].mean():.2f})"
    return [Bar(name, ">= 0.83", held, held >= 0.83, f"{len(mine)} campaigns")]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args(arguments)
    held = True
    for bar in measure(given.worlds, given.people, quick=given.quick):
        held &= bar.holds
        words = f"{bar.name:56} {bar.wanted:>13} {bar.measured:8.3f}   {bar.of}"
        print("holds" if bar.holds else "SHORT", words, flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
