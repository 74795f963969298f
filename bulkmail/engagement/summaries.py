"""Counts of letters with denominators and intervals. Narwhals: letters may be pandas, Arrow, polars or Spark."""

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.engagement.letters import BASES, HAPPENINGS
from bulkmail.tips.cadence import MACAU, wilson


def by_campaign(letters: nw.typing.IntoFrame, by: Sequence[str] = ("campaign", "department")) -> pd.DataFrame:
    """Return a row per campaign (or other `by`), oldest first: counts, and each rate with a 95 % Wilson interval.

    Columns: `by`, first_sent_at, sent, open_base, HAPPENINGS, then for each of BASES `<name>_rate`, `_low`, `_high`;
    NaN where the base is 0. The intervals speak of these letters only: campaigns differ by more (see `forecast`).
    """
    frame = nw.from_native(letters).lazy()
    seen, base = nw.col("opened") * (1 - nw.col("machine_open")), nw.col("delivered") * (1 - nw.col("machine_open"))
    counts = (
        frame.with_columns(seen_open=seen, open_base=base)
        .group_by(*by)
        .agg(
            nw.col("sent_at").min().alias("first_sent_at"),
            nw.len().alias("sent"),
            *(nw.col(name).sum() for name in ("open_base", "seen_open", *HAPPENINGS)),
        )
        .collect(backend="pandas")
        .to_native()
    )
    rates = {}
    for name, base_name in BASES.items():
        k, n = counts["seen_open" if name == "opened" else name], counts[base_name]
        rates[f"{name}_rate"] = np.where(n > 0, k / np.maximum(n, 1), np.nan)
        rates[f"{name}_low"], rates[f"{name}_high"] = wilson(k, n)
    ordered = counts.drop(columns="seen_open").assign(**rates).sort_values(["first_sent_at", *by])
    return ordered.reset_index(drop=True)


def shares(letters: pd.DataFrame) -> pd.DataFrame:
    """Return what became of these letters: what, letters, base, of (how many that is), rate, low, high.

    A row for each of HAPPENINGS. The interval is Wilson's of 95 %; rate, low and high are NaN where the base is 0. As
    in `by_campaign`, opens are a share of the delivered letters that no machine opened, and counted among those.
    """
    happened = letters[list(HAPPENINGS)]
    unseen = happened[happened["machine_open"] == 0]
    bases = {"sent": len(letters), "delivered": int(happened["delivered"].sum())}
    bases["open_base"] = int(unseen["delivered"].sum())
    counts = {**happened.sum(), "opened": unseen["opened"].sum()}
    base = [BASES.get(name, "delivered") for name in HAPPENINGS]
    table = pd.DataFrame({"what": HAPPENINGS, "letters": [int(counts[name]) for name in HAPPENINGS], "base": base})
    table["of"] = table["base"].map(bases)
    table["rate"] = np.where(table["of"] > 0, table["letters"] / table["of"].clip(lower=1), np.nan)
    table["low"], table["high"] = wilson(table["letters"], table["of"])
    return table


def by_week(letters: nw.typing.IntoFrame, timezone: str = MACAU) -> pd.DataFrame:
    """Return letters by local week and department: week (its Monday, a date), department, letters."""
    local = nw.col("sent_at").dt.convert_time_zone(timezone)
    parts = {"year": local.dt.year(), "month": local.dt.month(), "day": local.dt.day()}
    days = (
        nw.from_native(letters).lazy().with_columns(**parts).group_by("department", *parts).agg(letters=nw.len())
    ).collect(backend="pandas")
    days = days.to_native()
    day = pd.to_datetime(days[list(parts)])
    monday = (day - pd.to_timedelta(day.dt.day_of_week, unit="D")).dt.date
    return days.assign(week=monday).groupby(["week", "department"], as_index=False)["letters"].sum()


def by_send_hour(campaigns: pd.DataFrame, timezone: str = MACAU) -> pd.DataFrame:
    """Return click rates by local weekday (0 is Monday) and hour of sending, with the campaign as the unit.

    From `by_campaign`. Columns: weekday, hour, campaigns, rate, low, high. Letters of one campaign share its content,
    so intervals over letters are far too narrow (they hold the truth in 23 % of trials); the spread between campaigns
    is estimated once for all hours, and with too few campaigns for that there is no interval (NaN).
    """
    campaigns = campaigns[campaigns["delivered"] > 0]
    local = campaigns["first_sent_at"].dt.tz_convert(timezone)
    cells = campaigns.assign(weekday=local.dt.day_of_week, hour=local.dt.hour).groupby(["weekday", "hour"])[
        "clicked_rate"
    ]
    table = cells.agg(campaigns="size", rate="mean").reset_index()
    free = len(campaigns) - len(table)
    squares = ((campaigns["clicked_rate"] - cells.transform("mean")) ** 2).sum()
    spread = np.sqrt(squares / free) if free >= limits.ENOUGH_CAMPAIGNS.value else np.nan
    half = 1.96 * spread / np.sqrt(table["campaigns"])
    return table.assign(low=(table["rate"] - half).clip(lower=0), high=(table["rate"] + half).clip(upper=1))


def hours_apart(hours: pd.DataFrame) -> tuple[int, int, float]:
    """Return how many hours of `by_send_hour` lie apart from the mean of all campaigns by their intervals, how many
    have an interval, and how many would lie apart by chance alone: one in twenty."""
    told = hours.dropna(subset=["low", "high"])
    if told.empty:
        return 0, 0, 0.0
    mean = float(np.average(hours["rate"], weights=hours["campaigns"]))
    apart = (told["low"] > mean) | (told["high"] < mean)
    return int(apart.sum()), len(told), 0.05 * len(told)
