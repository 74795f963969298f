"""The calendar: how often people are mailed week by week, and which campaigns meet at the same people."""

from datetime import timedelta

import numpy as np
import pandas as pd

NEAR = timedelta(days=7)


def pressure_by_week(letters: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Return how often the readers of each department were mailed: week (its Monday, a date), department, letters,
    mean_letters_7_days.

    `letters` has department, sent_at and n7, past and planned ones together: n7 counts letters of all departments in
    the 7 days before (`engagement.pressure`), so that 0 says that this letter was the only one.
    """
    local = letters["sent_at"].dt.tz_convert(timezone)
    monday = (local.dt.tz_localize(None).dt.normalize() - pd.to_timedelta(local.dt.day_of_week, unit="D")).dt.date
    weeks = letters.assign(week=monday).groupby(["week", "department"], as_index=False)
    return weeks.agg(letters=("n7", "size"), mean_letters_7_days=("n7", "mean"))


def collisions(planned: pd.DataFrame, near: timedelta = NEAR) -> pd.DataFrame:
    """Return the pairs of campaigns that reach the same people within a week, most people first: campaign, department,
    send_at (the earlier one), other_campaign, other_department, other_send_at, hours_apart, people, share (of the
    smaller audience).

    `planned` has a row per letter: campaign, department, person, send_at.
    """
    ordered = planned.sort_values(["send_at", "campaign"], kind="stable").drop_duplicates(["campaign", "person"])
    place = {name: number for number, name in enumerate(ordered["campaign"].unique())}
    letters = ordered[["campaign", "department", "send_at", "person"]].assign(place=ordered["campaign"].map(place))
    met = letters.merge(letters.rename(columns=_OTHER), on="person")
    met = met[(met["place"] < met["other_place"]) & (met["other_send_at"] - met["send_at"] <= near)]
    pairs = met.groupby(list(_PAIR), as_index=False).size().rename(columns={"size": "people"})
    sizes = letters.groupby("campaign").size()
    smaller = np.minimum(sizes[pairs["campaign"]].to_numpy(), sizes[pairs["other_campaign"]].to_numpy())
    hours = (pairs["other_send_at"] - pairs["send_at"]).dt.total_seconds() / 3600
    told = pairs.assign(hours_apart=hours, share=pairs["people"] / smaller)
    return told.sort_values(["people", "send_at"], ascending=[False, True], kind="stable", ignore_index=True)


_OTHER = {name: f"other_{name}" for name in ("campaign", "department", "send_at", "place")}
_PAIR = ("campaign", "department", "send_at", "other_campaign", "other_department", "other_send_at")
