"""Rates with their intervals, letters by day, and volumes that grow slowly."""

import math
from datetime import date

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.tips.cadence.days import MACAU


def wilson(
    k: float | np.ndarray | pd.Series, n: float | np.ndarray | pd.Series, z: float = 1.96
) -> tuple[np.ndarray, np.ndarray]:
    """Return lower and upper bound of the share k/n (Wilson score interval, 95 % for z = 1.96); NaN where n is 0.

    Never below 0 or above 1, and honest for k = 0, where the plain interval claims certainty. Vectorised.
    """
    k, n = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share, spread = k / n, z * z / n
        middle = (share + spread / 2) / (1 + spread)
        half = z * np.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    low, high = np.where(k == 0, 0.0, middle - half), np.where(k == n, 1.0, middle + half)
    known = n > 0
    return np.where(known, np.clip(low, 0, 1), np.nan)[()], np.where(known, np.clip(high, 0, 1), np.nan)[()]


def volume_by_day(contacts: pd.DataFrame, timezone: str = MACAU) -> dict[date, int]:
    """Return letters by local day, from the rows (person, mailed_at, campaign) of all departments."""
    if contacts.empty:
        return {}
    days = pd.to_datetime(contacts["mailed_at"], utc=True).dt.tz_convert(timezone).dt.date
    return {day: int(count) for day, count in days.value_counts().sort_index().items()}


def ramp(letters: int, first_day: int) -> tuple[int, ...]:
    """Return letters a day that carry `letters` from `first_day`, growing by WARM_UP_STEP a day; they sum to `letters`.

    Providers name sudden rises as a cause of rate limits (limits.GMAIL_GUIDELINES); the step is the house's.
    """
    days, room, left = [], max(first_day, 1), letters
    while left > 0:
        days.append(min(room, left))
        left -= days[-1]
        room = math.ceil(room * limits.WARM_UP_STEP.value)
    return tuple(days)
