"""The backtest: past campaigns as they would have been forecast from what was known before them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bulkmail.forecast.horizon import learn, outlook
from bulkmail.forecast.sends import BLOCK_DAYS, OUTCOMES, Sends, by_campaign

_LEARNING_DAYS = 2 * BLOCK_DAYS + 28
RECORD_COLUMNS = (
    "origin", "campaign", "department", "send_at", "outcome", "letters", "expected", "low50", "high50", "low90",
    "high90", "extrapolated", "actual", "covered",
)  # fmt: skip


def backtest(sends: Sends, *, outcomes: Sequence[str] = OUTCOMES, most: int = 4) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what past campaigns would have been told, eight weeks at a time, and the totals of those eight weeks.

    A row per campaign and outcome in RECORD_COLUMNS (`covered` is 1 or 0), and one per eight weeks and outcome. Each
    stretch is forecast from the letters before it only. At most so many stretches, the newest; empty frames where the
    past is too short or too thin.
    """
    campaigns, totals = [], []
    for origin in origins(sends, most):
        told, total = _told(as_of(sends, origin), outcomes)
        campaigns.append(told)
        totals.append(total)
    filled = [table for table in campaigns if len(table)]
    if not filled:
        return pd.DataFrame(columns=list(RECORD_COLUMNS)), pd.DataFrame(columns=["origin", "outcome", "covered"])
    return (
        pd.concat(filled, ignore_index=True)[list(RECORD_COLUMNS)],
        pd.concat([table for table in totals if len(table)], ignore_index=True),
    )


def origins(sends: Sends, most: int) -> list[float]:
    """Return the days at which a forecast of the eight weeks to come could have been made, oldest first."""
    end = min(sends.split, float(sends.day.max(initial=0.0)) + 1e-6)
    possible = max(int((end - _LEARNING_DAYS) // BLOCK_DAYS), 0)
    return [end - BLOCK_DAYS * back for back in range(min(possible, most), 0, -1)]


def as_of(sends: Sends, origin: float) -> Sends:
    """Return the letters as they stood on a day, with those of the eight weeks that followed as a plan."""
    kept = sends.day < origin + BLOCK_DAYS
    rows = {name: getattr(sends, name)[kept] for name in ("person", "campaign", "department", "day", "order")}
    happened = {name: values[kept] for name, values in sends.happened.items()}
    return replace(sends, **rows, happened=happened, split=origin)


def _told(sends: Sends, outcomes: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    made = outlook(learn(sends, outcomes), attrition=False)
    if made.campaigns.empty:
        return made.campaigns, made.totals
    at = sends.start + pd.Timedelta(days=sends.split)
    campaigns = _judged(made.campaigns, _actual(sends, made.campaigns)).assign(origin=at)
    total = campaigns.groupby("outcome")["actual"].sum()
    return campaigns, _judged(made.totals, made.totals["outcome"].map(total)).assign(origin=at)


def _actual(sends: Sends, told: pd.DataFrame) -> pd.Series:
    counts = {}
    for outcome in told["outcome"].unique():
        happened = (sends.happened[outcome] * sends.planned).astype(float)
        if outcome == "complained":
            happened = happened * (sends.happened["at_gmail"] == 0)
        counts[outcome] = dict(zip(sends.campaigns, by_campaign(sends, happened), strict=True))
    return pd.Series([counts[o][c] for o, c in zip(told["outcome"], told["campaign"], strict=True)], index=told.index)


def _judged(told: pd.DataFrame, actual: pd.Series) -> pd.DataFrame:
    covered = (told["low90"] <= actual) & (actual <= told["high90"])
    return told.assign(actual=actual.astype(float), covered=covered.astype(np.int64))


def share_covered(record: pd.DataFrame, outcome: str) -> tuple[int, int]:
    """Return how many forecasts of the outcome held, of how many."""
    judged = record[record["outcome"] == outcome] if len(record) else record
    return int(judged["covered"].sum()) if len(judged) else 0, len(judged)
