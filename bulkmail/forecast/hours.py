"""Send time, learned the only honest way: hours drawn by lot inside a campaign, and read campaign by campaign."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from bulkmail import limits
from bulkmail.forecast.holdout import lot_of
from bulkmail.model import Text, say

NOT_PROVEN = say("No hour is proven to be better: the difference could be chance.")


def hours_by_lot(persons: pd.Series, campaign: str, hours: Sequence[int]) -> np.ndarray:
    """Return an hour for each person of a campaign, drawn by lot from these: the same every time."""
    return np.asarray(hours)[lot_of(persons, f"hour of {campaign}") % len(hours)]


def read_hours(letters: pd.DataFrame) -> tuple[pd.DataFrame, Text | None]:
    """Return what each hour brought where hours were drawn by lot inside campaigns, and NOT_PROVEN unless some hour's
    band lies apart from nothing.

    `letters`: campaign, hour, delivered, clicked. Columns: hour, campaigns, letters, difference, low, high: how far the
    hour's click rate lies from its campaigns' own, with the campaign as the unit and 95 % intervals that hold for all
    hours together: of many hours one always looks good. NaN under ENOUGH_CAMPAIGNS campaigns.
    """
    cells = letters.groupby(["campaign", "hour"])[["delivered", "clicked"]].sum().reset_index()
    cells = cells[cells["delivered"] > 0]
    whole = cells.groupby("campaign")[["delivered", "clicked"]].transform("sum")
    difference = cells["clicked"] / cells["delivered"] - whole["clicked"] / whole["delivered"]
    groups = cells.assign(difference=difference).groupby("hour")
    table = groups.agg(
        campaigns=("campaign", "size"),
        letters=("delivered", "sum"),
        mean=("difference", "mean"),
        sd=("difference", "std"),
    ).reset_index()
    reach = special.stdtrit(table["campaigns"] - 1, 1 - 0.025 / max(len(table), 1))
    half = reach * table["sd"] / np.sqrt(table["campaigns"])
    half = half.where(table["campaigns"] >= limits.ENOUGH_CAMPAIGNS.value)
    table = table.rename(columns={"mean": "difference"}).drop(columns="sd")
    table = table.assign(low=table["difference"] - half, high=table["difference"] + half)
    proven = ((table["low"] > 0) | (table["high"] < 0)).any()
    return table, None if proven else NOT_PROVEN
