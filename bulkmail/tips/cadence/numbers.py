"""Rates with their intervals, letters by day, and volumes that grow slowly."""

import math
from datetime import date, timedelta

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.tips.cadence.days import HOUSE_RULES, MACAU, Rules


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


def ramp(letters: int, first_day: int, step: float = HOUSE_RULES.step) -> tuple[int, ...]:
    """Return letters a day that sum to `letters`: `first_day` of them, then each day `step` times the last.

    Providers name sudden rises as a cause of rate limits (limits.GMAIL_GUIDELINES); the step is the house's.
    """
    days, room, left = [], max(first_day, 1), letters
    while left > 0:
        days.append(min(room, left))
        left -= days[-1]
        room = math.ceil(room * step)
    return tuple(days)


def growth(
    letters: pd.DataFrame, today: date, *, planned: int = 0, days: int = 60, rules: Rules = HOUSE_RULES
) -> pd.DataFrame:
    """Return letters day by day beside the room that slow growth leaves: day, letters, room, state.

    Past ones are of the last `days` local days; `planned` ones follow from tomorrow on as a ramp would carry them.
    `room` is RAMP_FACTOR times the highest day of the 30 before, at least the first day of a warm-up (FRQ-03). `state`:
    within, above, planned, or stop where complaints or hard bounces of that day are proven to be beyond their stop.
    """
    local = letters["sent_at"].dt.tz_convert(rules.timezone).dt.tz_localize(None).dt.normalize()
    past = letters.groupby(local)[["bounced", "delivered", "complained"]].sum().assign(letters=local.value_counts())
    span = pd.date_range(pd.Timestamp(today) - timedelta(days=days + 29), pd.Timestamp(today), unit="us")
    past = past.reindex(span, fill_value=0)
    room = _room(past["letters"], rules)
    bounced, _ = wilson(past["bounced"], past["letters"])
    complained, _ = wilson(past["complained"], past["delivered"])
    stop = (bounced > limits.BOUNCE_STOP_RATE.value) | (complained > limits.COMPLAINT_STOP_RATE.value)
    state = np.select([stop, past["letters"] > room[:-1]], ["stop", "above"], "within")
    told = pd.DataFrame({"day": span.date, "letters": past["letters"].to_numpy(), "room": room[:-1], "state": state})
    return pd.concat([told.iloc[30:], _ahead(today, planned, int(room[-1]), rules)], ignore_index=True)


def _room(volume: pd.Series, rules: Rules) -> np.ndarray:
    """The room of each day, and of the day after the last."""
    peak = np.append(0, volume.rolling(30, min_periods=1).max().to_numpy())
    return np.maximum(peak * limits.RAMP_FACTOR.value, rules.first_day).astype(np.int64)


def _ahead(today: date, planned: int, room: int, rules: Rules) -> pd.DataFrame:
    days = ramp(planned, room, rules.step)
    rooms = np.ceil(room * rules.step ** np.arange(len(days))).astype(np.int64)
    following = [today + timedelta(days=number + 1) for number in range(len(days))]
    return pd.DataFrame({"day": following, "letters": days, "room": rooms, "state": "planned"})
