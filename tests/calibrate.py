"""How well the cadence engine recovers what is known: `make calibrate` prints each bar with what was measured.

Everything here is synthetic (`bulkmail.sample.worlds`): a year of an organisation whose truth is planted, then eight
weeks that the engine has not seen. `--people` and `--worlds` set how large and how many. Seeds count from FIRST_SEED;
none from there on was looked at while the engine was made (that was done on seeds below 2,000).
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
FIRST_SEED = 7_000
CADENCES = (0.6, 1.0, 1.7)  # of the eight weeks, as multiples of the year before
STRANGE = ("decayed", "self_selection", "scanners", "survivors")


@dataclass(frozen=True)
class Bar:
    """One line of the table."""

    name: str
    wanted: str  # "" where nothing is asked
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


def forecasts(kind, seeds, people, cadences=(1.0,)):
    """A row per world, cadence, campaign and outcome, and one per world, cadence and outcome with the overall rate's
    interval beside; and for `gains` what the plans at the usual cadence are made of."""
    campaigns, totals, plans = [], [], []
    for seed in seeds:
        world = a_year(kind, seed, people)
        for cadence in cadences:
            planned, sends = with_plan(world, cadence)
            past = forecast.learn(sends)
            told = forecast.outlook(past)
            future = worlds.fork(world, seed)
            worlds.play(future, planned)
            actual = worlds.letters(future)
            campaigns.append(judged_campaigns(told, actual).assign(seed=seed, cadence=cadence))
            totals.append(judged_totals(told, sends, actual).assign(seed=seed, cadence=cadence))
            plans += [(world, planned, sends, past)] if cadence == 1.0 else []
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


def gains(plans, twice=1):
    """A row per world: gain told and gain realised of each outcome, and whether the better plan won in truth; so many
    plans are made twice, to see whether they are the same."""
    rows = []
    for number, (world, planned, sends, past) in enumerate(plans):
        shift = (sends.start - worlds.START) / pd.Timedelta(days=1)

        def allowed(campaign, day, shift=shift):
            return int(day + shift) % 7 < 5 and day + shift >= 364.3

        told = forecast.improve(past, allowed=allowed)
        again = forecast.improve(past, allowed=allowed) if number < twice else told
        better = as_improved(planned, past, told, shift)
        before, after = (worlds.true_counts(world, plan) for plan in (planned, better))
        change = told.gain.set_index("outcome")["change"]
        rows.append(
            {
                **{f"told_{name}": change.get(name, np.nan) for name in worlds.OUTCOMES},
                **{f"real_{name}": after[name] - before[name] for name in worlds.OUTCOMES},
                "value": (told.prices.value(after) - told.prices.value(before)) / abs(told.prices.value(before)),
                "broken": told.over_caps[1] > told.over_caps[0] or any(int(one.day) % 7 > 4 for one in better),
                "same": told.moves.astype(str).to_csv() == again.moves.astype(str).to_csv(),
            }
        )
    return pd.DataFrame(rows)


def as_improved(planned, past, told, shift):
    """The campaigns of a plan after the planner's moves: one that some people wait for is there twice."""
    department = {one.name: one.department for one in planned}
    letters = forecast.improved_letters(past, told)
    return [
        worlds.Campaign(
            department=department[name],
            day=day + shift,
            audience=np.sort(rows["person"].str[1:].astype(int).to_numpy()),
            name=name,
        )
        for (name, day), rows in letters.groupby(["campaign", "day"])
    ]


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


def measure(count, people, *, first=FIRST_SEED, strange=True):
    """Yield every bar with what was measured; without `strange` only of worlds that are as the engine takes them."""
    seeds, few = range(first, first + count), range(first, first + max(count // 3, 2))
    campaigns, totals, plans = forecasts("standard", seeds, people, CADENCES)
    yield from forecast_bars("standard", campaigns, totals)
    yield from told_bars(campaigns, totals)
    yield from gain_bars(gains(plans))
    yield from curve_bars("standard", curves("standard", seeds, people))
    yield from null_bars(curves("no_fatigue", seeds, people))
    yield from holdout_bars(holdouts(seeds, people))
    for kind in STRANGE if strange else ():
        campaigns, totals, plans = forecasts(kind, few, people)
        yield from forecast_bars(kind, campaigns, totals)
        yield from won_bars(kind, gains(plans))
        if kind != "decayed":  # there a count of letters has no truth of its own
            yield from curve_bars(kind, curves(kind, few, people))
    if strange:
        yield from harmless_bars(gains(forecasts("no_fatigue", few, people)[2]))


def of_outcome(table, outcome):
    return table[table["outcome"] == outcome]


def forecast_bars(kind, campaigns, totals):
    mine, sums = of_outcome(campaigns, "unsubscribed"), of_outcome(totals, "unsubscribed")
    held, whole = mine["covered"].mean(), sums["covered"].mean()
    yield Bar(
        f"{kind}: unsubscribes of a campaign inside 90 %", ">= 0.87", held, held >= 0.87, f"{len(mine)} campaigns"
    )
    yield Bar(f"{kind}: unsubscribes of 8 weeks inside 90 %", ">= 0.80", whole, whole >= 0.8, f"{len(sums)} totals")
    if kind == "standard":
        overall = sums["overall"].mean()
        yield Bar("  the same told from the overall rate", "< 0.25", overall, overall < 0.25, f"{len(sums)} totals")


def told_bars(campaigns, totals):
    """What no bar asks: other outcomes, how far off the totals are, and each cadence by itself."""
    for outcome in worlds.OUTCOMES:
        mine, sums = of_outcome(campaigns, outcome), of_outcome(totals, outcome)
        for name, table in (("a campaign", mine), ("8 weeks", sums)):
            yield told(f"  {outcome} of {name} inside 90 %", table["covered"].mean(), f"{len(table)}")
        ratio = sums["expected"].sum() / max(sums["actual"].sum(), 1)
        yield told(f"  {outcome}: expected over what came", ratio, f"{sums['actual'].sum():.0f} events")
    for cadence, sums in of_outcome(totals, "unsubscribed").groupby("cadence"):
        held, overall = sums["covered"].mean(), sums["overall"].mean()
        yield told(f"  cadence x {cadence}: totals inside 90 % (overall {overall:.2f})", held, f"{len(sums)}")
    flagged = campaigns[campaigns["cadence"] == CADENCES[-1]].groupby("seed")["extrapolated"].any().mean()
    yield Bar("cadence x 1.7 flagged as extrapolation", "> 0.8", flagged, flagged > 0.8, "worlds")


def told(name, measured, of):
    return Bar(name, "", measured, True, of)


def curve_bars(kind, table):
    mine, clicks = of_outcome(table, "unsubscribed"), of_outcome(table, "clicked")
    three, six = mine[mine["seven"] == 3], clicks[clicks["seven"] == 6]
    bias3, bias6 = (three["told"] - three["truth"]).mean(), (six["told"] - six["truth"]).mean()
    naive = (six["naive"] > 0).mean()
    name, worlds3 = f"{kind}: bias of log ratio, unsubscribes, 3 letters", f"{len(three)} worlds"
    yield Bar(name, "|b| <= 0.10", bias3, abs(bias3) <= 0.1, worlds3)
    name, worlds6 = f"{kind}: bias of log ratio, clicks, 6 letters", f"{len(six)} worlds"
    yield Bar(name, "|b| <= 0.05", bias6, abs(bias6) <= 0.05, worlds6)
    for outcome, points in (("unsubscribes", mine), ("clicks", clicks)):
        name = f"  {outcome}: truth inside 90 %, 1 to 6 letters"
        yield told(name, points["covered"].mean(), f"{len(points)} points")
    yield told("  naive click curve has the wrong sign at 6", naive, worlds6)


def null_bars(table):
    for outcome in ("unsubscribed", "clicked"):
        mine = of_outcome(table, outcome)
        covered = mine[mine["seven"].isin([1, 3, 6])].groupby("seven")["covered"].mean()
        for seven, held in covered.items():
            name = f"no fatigue: 1 inside 90 %, {outcome}, {seven} letters"
            yield Bar(name, ">= 0.80", held, held >= 0.8, f"{mine['seed'].nunique()} worlds")


def holdout_bars(table):
    for outcome in ("unsubscribed", "clicked"):
        mine = of_outcome(table, outcome)
        ratio = mine["observed"].sum() / mine["expected"].sum()
        naive = mine["observed"].sum() / (mine["observed"] / mine["naive_ratio"]).sum()
        what = f"{len(mine)} worlds, {mine['observed'].sum()} events"
        yield Bar(f"holdout observed/expected, {outcome}", "0.93 to 1.07", ratio, 0.93 <= ratio <= 1.07, what)
        yield told("  the same with rates by frequency", naive, what)


def gain_bars(table):
    for outcome in ("clicked", "unsubscribed"):
        ratio = table[f"told_{outcome}"].sum() / table[f"real_{outcome}"].sum()
        name = f"gain told over gain realised, {outcome}"
        yield Bar(name, "0.8 to 1.2", ratio, 0.8 <= ratio <= 1.2, f"{len(table)} plans")
    yield from won_bars("standard", table)
    same = table["same"].mean()
    yield Bar("the same plan to the byte", "= 1", same, same == 1, "1 plan, made twice")


def won_bars(kind, table):
    won, broken = (table["value"] > 0).mean(), int(table["broken"].sum())
    yield Bar(f"{kind}: the better plan wins in truth", "= 1", won, won == 1, f"{len(table)} plans")
    yield Bar(f"{kind}: rules broken by plans", "= 0", broken, broken == 0, f"{len(table)} plans")


def harmless_bars(table):
    """Where letters do nothing to people there is nothing to win; a plan must not lose either."""
    least, broken = table["value"].min(), int(table["broken"].sum())
    yield Bar(
        "no fatigue: the plan costs less than 1 % of value", "> -0.01", least, least > -0.01, f"{len(table)} plans"
    )
    yield Bar("no fatigue: rules broken by plans", "= 0", broken, broken == 0, f"{len(table)} plans")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--standard", action="store_true", help="leave out worlds unlike what the engine supposes")
    given = parser.parse_args(arguments)
    held = True
    for bar in measure(given.worlds, given.people, first=given.first, strange=not given.standard):
        held &= bar.holds
        words = f"{bar.name:56} {bar.wanted:>13} {bar.measured:8.3f}   {bar.of}"
        print("     " if not bar.wanted else "holds" if bar.holds else "SHORT", words, flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
