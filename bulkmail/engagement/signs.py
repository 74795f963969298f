"""What people did and what machines did, how long people have been silent, and who complained week by week."""

from datetime import datetime, timedelta

import narwhals as nw
import numpy as np
import pandas as pd

from bulkmail.tips.cadence import MACAU, quiet_limit, wilson

AHEAD = timedelta(weeks=8)  # how far ahead silence is judged
SILENCE_WEEKS = (0, 4, 8, 12, 16, 26, 39, 52)  # where bands begin; later ones are wider, since few stay so long
COMPLAINT_WEEKS = 4  # judged together, as tip 6 judges 30 days
SILENCE_COLUMNS = (
    "weeks", "people", "clicked", "clicked_rate", "clicked_low", "clicked_high", "left", "left_rate", "left_low",
    "left_high",
)  # fmt: skip


def signals(letters: nw.typing.IntoFrame, by: str = "department") -> pd.DataFrame:
    """Return how many opens and clicks were people's and how many machines': place (a value of `by`), signal (opened or
    clicked), people, machines, of (letters delivered).

    A letter counts once for each signal. Behind a machine's open nobody can see a person, so it is the machine's; a
    click is a person's wherever a person clicked as well. Narwhals, as the other summaries.
    """
    machine_open, clicked = nw.col("machine_open"), nw.col("clicked")
    counts = (
        nw.from_native(letters)
        .lazy()
        .with_columns(seen=nw.col("opened") * (1 - machine_open), scanned=nw.col("machine_click") * (1 - clicked))
        .group_by(by)
        .agg(*(nw.col(name).sum() for name in ("seen", "machine_open", "clicked", "scanned", "delivered")))
        .collect(backend="pandas")
        .to_native()
    )
    parts = [
        pd.DataFrame(
            {"place": counts[by].astype("str"), "signal": signal, "people": counts[people],
             "machines": counts[machines], "of": counts["delivered"]}
        )
        for signal, people, machines in (("opened", "seen", "machine_open"), ("clicked", "clicked", "scanned"))
    ]  # fmt: skip
    return pd.concat(parts).sort_values(["place", "signal"], ascending=[True, False], ignore_index=True)


def complaints_by_week(letters: pd.DataFrame, timezone: str = MACAU) -> pd.DataFrame:
    """Return complaints week by week, of the four weeks that end with each: week (its Monday, a date), delivered,
    complained, rate, low, high (95 %).

    Only letters to other mailboxes than Gmail's, which tells no sender who complained. One week is too few letters to
    judge; weeks without a letter in those four are left out.
    """
    seen = letters[(letters["at_gmail"] == 0) & (letters["delivered"] == 1)]
    local = seen["sent_at"].dt.tz_convert(timezone).dt.tz_localize(None)
    monday = (local.dt.normalize() - pd.to_timedelta(local.dt.day_of_week, unit="D")).rename("week")
    weeks = seen.groupby(monday).agg(delivered=("delivered", "size"), complained=("complained", "sum"))
    together = weeks.resample("7D").sum().rolling(COMPLAINT_WEEKS, min_periods=1).sum().astype("int64")
    table = together[together["delivered"] > 0].reset_index()
    low, high = wilson(table["complained"], table["delivered"])
    rate = table["complained"] / table["delivered"]
    return table.assign(week=table["week"].dt.date, rate=rate, low=low, high=high)


def silence(letters: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Return who still clicks, and who leaves, by weeks since their last human sign: SILENCE_COLUMNS.

    Looks back from eight weeks before `now`: everybody who was mailed before and after counts once, by how long they
    had been silent then (since their first letter where they never gave a sign), in bands (`weeks` is where a band
    begins, one of SILENCE_WEEKS; the last is open). `left` are who unsubscribed or complained. Intervals are 95 %.
    """
    moment = pd.Timestamp(now) - AHEAD
    before, after = letters["sent_at"] < moment, letters["sent_at"] >= moment
    past, ahead = letters[before].groupby("person")["sent_at"].min(), letters[after & (letters["delivered"] == 1)]
    signed = letters[before & (((letters["opened"] == 1) & (letters["machine_open"] == 0)) | (letters["clicked"] == 1))]
    since = signed.groupby("person")["sent_at"].max().reindex(past.index).fillna(past)
    weeks = (moment - since).dt.total_seconds() / (7 * 86_400)
    band = pd.cut(weeks, [*SILENCE_WEEKS, np.inf], right=False, labels=SILENCE_WEEKS).astype(int).rename("weeks")
    happened = ahead.assign(left=np.maximum(ahead["unsubscribed"], ahead["complained"]))
    people = happened.groupby("person")[["clicked", "left"]].max().join(band, how="inner")
    groups = people.groupby("weeks")
    table = groups[["clicked", "left"]].sum().assign(people=groups.size()).reset_index()
    for name in ("clicked", "left"):
        low, high = wilson(table[name], table["people"])
        rates = {f"{name}_rate": table[name] / table["people"], f"{name}_low": low, f"{name}_high": high}
        table = table.assign(**rates)
    return table[list(SILENCE_COLUMNS)]


def usual_silence(letters: pd.DataFrame) -> float:
    """Return after how many weeks of silence the rule asks most of these people whether to go on (the median of
    `tips.cadence.quiet_limit`, each by how often they are mailed)."""
    mailed = letters.groupby("person")["sent_at"].agg(["size", "min", "max"])
    months = ((mailed["max"] - mailed["min"]).dt.total_seconds() / (28 * 86_400)).clip(lower=1)
    return float(np.median(quiet_limit(mailed["size"] / months))) / 7
