"""The day on which the organisation reaches Gmail's 5,000 letters a day, and is a bulk sender for ever.

Gmail sums the primary domain: all subdomains, departments and systems; here only what this workspace knows can count.
What is forecast is the highest day of a month: a line through the logarithms of past monthly maxima, with the spread
around it and the doubt about the line itself, drawn ahead month by month.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from bulkmail.limits import GMAIL_BULK_PER_DAY
from bulkmail.tips.sender_requirements import provider_of

REACHED, WITH_THIS, LIKELY, NOT_SOON, UNKNOWN = "reached", "with_this", "likely", "not_soon", "unknown"
LIMIT = int(GMAIL_BULK_PER_DAY.value)
LIMIT = int(GMAIL_BULK_PER_DAY.value)  # letters a day
ENOUGH_MONTHS = 6
HORIZON_MONTHS = 60
DRAWS = 4_000
_DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, kw_only=True)
class BulkDay:
    """`state` says how `day` is meant: REACHED on it, WITH_THIS campaign on it, LIKELY about it (eight times in ten
    between `earliest` and `latest`, None beyond five years), NOT_SOON or UNKNOWN without a day. `peak` is the highest
    day so far, `months` how many have letters, `estimated` the share of letters whose provider is only estimated."""

    state: str
    day: date | None = None
    earliest: date | None = None
    latest: date | None = None
    peak: int = 0
    peak_on: date | None = None
    months: int = 0
    estimated: float = 0.0


def gmail_by_day(contacts: pd.DataFrame, people: pd.DataFrame) -> tuple[pd.Series, float]:
    """Return letters to Gmail by day (UTC), and the share of all letters whose provider had to be estimated.

    `contacts` has person and mailed_at; `people` person and domain, of whom the provider is known. Letters to others
    count with the share that Gmail has among the known ones.
    """
    if contacts.empty or people.empty:
        return pd.Series(dtype="float64"), 0.0 if contacts.empty else 1.0
    domains = people.drop_duplicates("person").set_index("person")["domain"]
    at_gmail = domains.map({one: provider_of(one) == "gmail" for one in domains.unique()}).astype("float64")
    share = contacts["person"].map(at_gmail)
    unknown = share.isna()
    weights = share.fillna(at_gmail.mean())
    days = contacts["mailed_at"].dt.tz_convert("UTC").dt.date
    return weights.groupby(days).sum(), float(unknown.mean())


def bulk_day(
    daily: pd.Series,
    planned: int,
    sends_on: date,
    *,
    estimated: float = 0.0,
    limit: int = LIMIT,
) -> BulkDay:
    """Return when the limit is, or will be, reached: by days past, by `planned` letters to Gmail on `sends_on`, or by
    the growth of monthly maxima; UNKNOWN with fewer than six months of letters."""
    peak_on = daily.idxmax() if len(daily) else None
    told = {"peak": round(daily.max()) if len(daily) else 0, "peak_on": peak_on, "estimated": estimated}
    monthly = _monthly_maxima(daily)
    told["months"] = len(monthly)
    past = daily[daily >= limit]
    if len(past):
        return BulkDay(state=REACHED, day=min(past.index), **told)
    if planned + daily.get(sends_on, 0) >= limit:
        return BulkDay(state=WITH_THIS, day=sends_on, **told)
    if len(monthly) < ENOUGH_MONTHS:
        return BulkDay(state=UNKNOWN, **told)
    months = _crossings(monthly, limit)
    early, middle, late = (_quantile(months, share) for share in (0.1, 0.5, 0.9))
    if middle is None:
        return BulkDay(state=NOT_SOON, earliest=_ahead(sends_on, early), **told)
    days = {"day": _ahead(sends_on, middle), "earliest": _ahead(sends_on, early), "latest": _ahead(sends_on, late)}
    return BulkDay(state=LIKELY, **days, **told)


def _monthly_maxima(daily: pd.Series) -> pd.Series:
    """Return the highest day of each month that has letters, by the number of the month."""
    if not len(daily):
        return pd.Series(dtype="float64")
    months = [day.year * 12 + day.month for day in daily.index]
    highest = daily.groupby(months).max()
    return highest[highest >= 1]


def _crossings(monthly: pd.Series, limit: int) -> np.ndarray:
    """Return, a draw each, how many months ahead the limit is first reached; beyond the horizon it is infinite."""
    months, heights = monthly.index.to_numpy(dtype=float), np.log(monthly.to_numpy(dtype=float))
    centre = months.mean()
    slope, level = np.polyfit(months - centre, heights, 1)
    spread = max(np.sqrt(((heights - level - slope * (months - centre)) ** 2).sum() / (len(months) - 2)), 0.05)
    random = np.random.default_rng(5_000)
    levels = level + spread / np.sqrt(len(months)) * random.standard_normal((DRAWS, 1))
    slopes = slope + spread / np.sqrt(((months - centre) ** 2).sum()) * random.standard_normal((DRAWS, 1))
    ahead = np.arange(1, HORIZON_MONTHS + 1)
    drawn = levels + slopes * (months.max() + ahead - centre) + spread * random.standard_normal((DRAWS, HORIZON_MONTHS))
    reached = drawn >= np.log(limit)
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 0.5, np.inf)


def _quantile(months: np.ndarray, share: float) -> float | None:
    value = np.sort(months)[int(share * (len(months) - 1))]
    return None if np.isinf(value) else float(value)


def _ahead(day: date, months: float | None) -> date | None:
    return None if months is None else day + timedelta(days=round(months * _DAYS_A_MONTH))
