"""How well the cadence engine recovers what is known: `make calibrate` prints each bar with what was measured.

Everything here is synthetic (`bulkmail.sample.worlds`): a year of an organisation whose truth is planted, then eight
weeks that the engine has not seen. `--people` and `--worlds` set how large and how many. Seeds count from FIRST_SEED;
none from there on was looked at while the engine was made (that was done on seeds below 2,000, and seeds from 7,000 to
9,500 have been seen since).

Every figure pools all its worlds: events of all over events of all, for what one world has few of tells nothing by
itself. Its standard error takes the world as the unit; of 24 worlds it is half of what is asked (.05 of a log ratio,
where .10 are), which is why there are more.
"""

import argparse
import os
import sys
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import pandas as pd
from scipy import stats

from bulkmail import engagement, forecast
from bulkmail.forecast import fatigue
from bulkmail.forecast.covariates import covariates_of
from bulkmail.forecast.sends import sends_of
from bulkmail.sample import worlds

SPLIT = worlds.START + pd.Timedelta(weeks=52)
FIRST_SEED = 9_500
CADENCES = (0.6, 1.0, 1.7)  # of the eight weeks, as multiples of the year before
STRANGE = ("decayed", "self_selection", "scanners", "survivors")


@dataclass(frozen=True)
class Bar:
    """One line of the table."""

    name: str
    wanted: str  # "" where nothing is asked
    measured: float
    error: float  # one standard error; NaN where there is but one world, or nothing to err in
    holds: bool
    of: str


def pooled(table, above, below=None):
    """A sum over all worlds over another (the count of rows without one), and its standard error by world."""
    parts = pd.DataFrame({"seed": table["seed"], "above": table[above], "below": table[below] if below else 1.0})
    sums = parts.astype(float).groupby("seed").sum()
    count, total = len(sums), sums["below"].sum()
    ratio = sums["above"].sum() / total if total else np.nan
    left = ((sums["above"] - ratio * sums["below"]) ** 2).sum()
    error = np.sqrt(left * count / (count - 1)) / abs(total) if count > 1 and total else np.nan
    return float(ratio), float(error)


def at_least(name, least, measured, of):
    return Bar(name, f">= {least:.2f}", *measured, measured[0] >= least, of)


def at_most(name, most, measured, of):
    return Bar(name, f"|b| <= {most:.2f}", *measured, abs(measured[0]) <= most, of)


def between(name, low, high, measured, of):
    return Bar(name, f"{low} to {high}", *measured, low <= measured[0] <= high, of)


def exactly(name, wanted, measured, of):
    return Bar(name, f"= {wanted}", float(measured), np.nan, measured == wanted, of)


def told(name, measured, of):
    """What no bar asks."""
    return Bar(name, "", *measured, True, of)


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


def forecasts(kind, seed, people, cadences=(1.0,), twice=False):
    """Of a world: `campaigns`, a row per cadence, campaign and outcome; `totals`, one per cadence and outcome with the
    overall rate's interval beside; and `gains`, a row for the better plan at the usual cadence."""
    campaigns, totals, better = [], [], []
    world = a_year(kind, seed, people)
    for cadence in cadences:
        planned, sends = with_plan(world, cadence)
        past = forecast.learn(sends)
        outlook = forecast.outlook(past)
        future = worlds.fork(world, seed)
        worlds.play(future, planned)
        actual = worlds.letters(future)
        campaigns.append(judged_campaigns(outlook, actual).assign(seed=seed, cadence=cadence))
        totals.append(judged_totals(outlook, sends, actual).assign(seed=seed, cadence=cadence))
        if cadence == 1.0:
            better.append(gains(world, planned, sends, past, twice).assign(seed=seed))
    return {"campaigns": pd.concat(campaigns), "totals": pd.concat(totals), "gains": pd.concat(better)}


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


def gains(world, planned, sends, past, twice=False):
    """A row: gain told and gain realised of each outcome, and whether the better plan won in truth; made twice to see
    whether it is the same."""
    shift = (sends.start - worlds.START) / pd.Timedelta(days=1)

    def allowed(campaign, day):
        return int(day + shift) % 7 < 5 and day + shift >= 364.3

    found = forecast.improve(past, allowed=allowed)
    again = forecast.improve(past, allowed=allowed) if twice else found
    better = as_improved(planned, past, found, shift)
    before, after = (worlds.true_counts(world, plan) for plan in (planned, better))
    change = found.gain.set_index("outcome")["change"]
    row = {
        **{f"told_{name}": change.get(name, np.nan) for name in worlds.OUTCOMES},
        **{f"real_{name}": after[name] - before[name] for name in worlds.OUTCOMES},
        "value": (found.prices.value(after) - found.prices.value(before)) / abs(found.prices.value(before)),
        "broken": any(then > now for now, then in (found.over_caps, found.too_close))
        or any(int(one.day) % 7 > 4 for one in better),
        "same": found.moves.astype(str).to_csv() == again.moves.astype(str).to_csv(),
    }
    return pd.DataFrame([row])


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


def curves(kind, seed, people):
    """A row per outcome and count of letters: the log ratio told, the truth, the naive one, covered or not.

    The truth is that of the people whom the curve is about, who were mailed since there was a past to judge them by:
    where few bear many letters, those of the beginning were others.
    """
    rows, world = [], a_year(kind, seed, people)
    sends = sends_of(worlds.letters(world))
    known = covariates_of(sends)
    path = fatigue.month_path(known)
    shift = (sends.start - worlds.START) / pd.Timedelta(days=1)
    learned = float(sends.day[known.usable].min()) + shift
    for outcome, curve in forecast.curves(sends).items():
        truth = worlds.true_ratio(world, outcome, path, since=learned)
        for point in curve.table.itertuples() if curve.known else ():
            seven = point.mails_last_7_days
            if 1 <= seven <= 6:
                inside = point.low90 <= truth[seven] <= point.high90
                logs = np.log([point.rate_ratio, truth[seven], max(point.naive, 1e-6)])
                rows.append((seed, outcome, seven, *logs, logs[0] - logs[1], inside))
    return pd.DataFrame(rows, columns=["seed", "outcome", "seven", "told", "truth", "naive", "off", "covered"])


def holdout(seed, people):
    """A row per outcome of a year in which three tenths of people were held to two letters in seven days."""
    world = worlds.a_world("standard", seed=seed, people=people)
    names = pd.Series([f"p{number:07d}" for number in range(people)])
    world.held = forecast.is_held(names, f"trial {seed}", 0.3)
    sends = sends_of(worlds.letters(worlds.live(world)))
    held = forecast.is_held(pd.Series(sends.persons), f"trial {seed}", 0.3)
    table = forecast.read_holdout(sends, held)
    return table.assign(seed=seed, naive=table["observed"] / table["naive_ratio"])


# ---------------------------------------------------------------- the table


def lived(task):
    """All tables of one world, by name; a task is its kind, seed and people, and whether a plan is made twice."""
    kind, seed, people, twice = task
    tables = forecasts(kind, seed, people, (1.0,) if kind == "no_fatigue" else CADENCES, twice)
    if kind != "decayed":  # there a count of letters has no truth of its own
        tables["curves"] = curves(kind, seed, people)
    if kind == "standard":
        tables["holdouts"] = holdout(seed, people)
    return tables


def gathered(pool, kind, seeds, people):
    """The tables of all worlds of a kind, one under the other."""
    tasks = [(kind, seed, people, kind == "standard" and seed == seeds[0]) for seed in seeds]
    found = pool.map(lived, tasks, chunksize=1)
    return {name: pd.concat([tables[name] for tables in found], ignore_index=True) for name in found[0]}


def measure(count, people, *, first=FIRST_SEED, strange=True):
    """Yield every bar with what was measured; without `strange` only of worlds that are as the engine takes them, and
    of half as many where letters do nothing. Of each strange kind there is half as many too."""
    seeds, half = range(first, first + count), range(first, first + max(count // 2, 2))
    with get_context("spawn").Pool(min(os.cpu_count() or 1, count)) as pool:
        tables = gathered(pool, "standard", seeds, people)
        yield from forecast_bars("standard", tables)
        yield from told_bars(tables)
        yield from gain_bars(tables["gains"])
        yield from curve_bars("standard", tables["curves"])
        yield from holdout_bars(tables["holdouts"])
        tables = gathered(pool, "no_fatigue", half, people)
        yield from null_bars(tables["curves"])
        yield from harmless_bars(tables["gains"])
        for kind in STRANGE if strange else ():
            tables = gathered(pool, kind, half, people)
            yield from forecast_bars(kind, tables)
            yield from won_bars(kind, tables["gains"])
            yield from curve_bars(kind, tables["curves"]) if "curves" in tables else ()


def of_outcome(table, outcome):
    return table[table["outcome"] == outcome]


def worlds_in(table):
    return f"{table['seed'].nunique()} worlds"


def forecast_bars(kind, tables):
    mine, sums = (of_outcome(tables[name], "unsubscribed") for name in ("campaigns", "totals"))
    of, of_totals = (f"{len(each)} in {worlds_in(each)}" for each in (mine, sums))
    yield at_least(f"{kind}: unsubscribes of a campaign inside 90 %", 0.87, pooled(mine, "covered"), of)
    yield at_least(f"{kind}: unsubscribes of 8 weeks inside 90 %", 0.8, pooled(sums, "covered"), of_totals)
    if kind == "standard":
        overall = pooled(sums, "overall")
        yield Bar("  the same told from the overall rate", "< 0.25", *overall, overall[0] < 0.25, of_totals)


def told_bars(tables):
    """What no bar asks: other outcomes, how far off the totals are, and each cadence by itself."""
    campaigns, totals = tables["campaigns"], tables["totals"]
    for outcome in worlds.OUTCOMES:
        mine, sums = of_outcome(campaigns, outcome), of_outcome(totals, outcome)
        for name, table in (("a campaign", mine), ("8 weeks", sums)):
            yield told(f"  {outcome} of {name} inside 90 %", pooled(table, "covered"), f"{len(table)}")
        events = f"{sums['actual'].sum():.0f} events"
        yield told(f"  {outcome}: expected over what came", pooled(sums, "expected", "actual"), events)
    for cadence, sums in of_outcome(totals, "unsubscribed").groupby("cadence"):
        overall = sums["overall"].mean()
        name = f"  cadence x {cadence}: totals inside 90 % (overall {overall:.2f})"
        yield told(name, pooled(sums, "covered"), f"{len(sums)}")
    fast = campaigns[campaigns["cadence"] == CADENCES[-1]]
    flagged = fast.groupby("seed", as_index=False)["extrapolated"].any()
    share = pooled(flagged, "extrapolated")
    yield Bar("cadence x 1.7 flagged as extrapolation", "> 0.8", *share, share[0] > 0.8, worlds_in(flagged))


def curve_bars(kind, table):
    mine, clicks = of_outcome(table, "unsubscribed"), of_outcome(table, "clicked")
    three, six = mine[mine["seven"] == 3], clicks[clicks["seven"] == 6]
    for words, most, part in (("unsubscribes, 3", 0.1, three), ("clicks, 6", 0.05, six)):
        yield at_most(f"{kind}: bias of log ratio, {words} letters", most, pooled(part, "off"), worlds_in(part))
    for outcome, points in (("unsubscribes", mine), ("clicks", clicks)):
        inside = pooled(points, "covered")
        yield told(f"  {outcome}: truth inside 90 %, 1 to 6 letters", inside, f"{len(points)} points")
    wrong = pooled(six.assign(wrong=six["naive"] > 0), "wrong")
    yield told("  naive click curve has the wrong sign at 6", wrong, worlds_in(six))


def null_bars(table):
    for outcome in ("unsubscribed", "clicked"):
        mine = of_outcome(table, outcome)
        for seven, points in mine[mine["seven"].isin([1, 3, 6])].groupby("seven"):
            name = f"no fatigue: 1 inside 90 %, {outcome}, {seven} letters"
            yield at_least(name, 0.8, pooled(points, "covered"), worlds_in(points))


def holdout_bars(table):
    for outcome in ("unsubscribed", "clicked"):
        mine = of_outcome(table, outcome)
        what = f"{worlds_in(mine)}, {mine['observed'].sum()} events"
        yield between(f"holdout observed/expected, {outcome}", 0.93, 1.07, pooled(mine, "observed", "expected"), what)
        yield told("  the same with rates by frequency", pooled(mine, "observed", "naive"), what)


def gain_bars(table):
    for outcome in ("clicked", "unsubscribed"):
        ratio = pooled(table, f"told_{outcome}", f"real_{outcome}")
        yield between(f"gain told over gain realised, {outcome}", 0.8, 1.2, ratio, worlds_in(table))
    yield from won_bars("standard", table)
    yield exactly("the same plan to the byte", 1, table["same"].mean(), "1 plan, made twice")


def won_bars(kind, table):
    yield exactly(f"{kind}: the better plan wins in truth", 1, (table["value"] > 0).mean(), worlds_in(table))
    yield exactly(f"{kind}: rules broken by plans", 0, int(table["broken"].sum()), worlds_in(table))


def harmless_bars(table):
    """Where letters do nothing to people there is nothing to win; a plan must not lose either."""
    least, name = table["value"].min(), "no fatigue: the plan costs less than 1 % of value"
    yield Bar(name, "> -0.01", least, np.nan, least > -0.01, worlds_in(table))
    yield exactly("no fatigue: rules broken by plans", 0, int(table["broken"].sum()), worlds_in(table))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--worlds", type=int, default=48)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--standard", action="store_true", help="leave out worlds unlike what the engine supposes")
    given = parser.parse_args(arguments)
    held = True
    for bar in measure(given.worlds, given.people, first=given.first, strange=not given.standard):
        held &= bar.holds
        error = "" if np.isnan(bar.error) else f"± {bar.error:.3f}"
        words = f"{bar.name:58} {bar.wanted:>13} {bar.measured:8.3f} {error:8} {bar.of}"
        print("     " if not bar.wanted else "holds" if bar.holds else "SHORT", words, flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
