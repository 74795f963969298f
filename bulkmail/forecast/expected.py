"""How many will click, unsubscribe, complain or bounce: forecasts of one planned campaign, and their record."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.forecast import rates
from bulkmail.model import Text, say
from bulkmail.tips.cadence import wilson

OUTCOMES = ("clicked", "unsubscribed", "complained", "bounced")
_BACKTEST_DRAWS = 2_000


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What `planned` letters will likely bring of one outcome: the mean, and the range that holds it nine times in ten.

    `reason` says why nothing can be told; then the numbers are None. `pool` is the past it rests on: "department" or
    "organisation"; `campaigns` and `events` are how much of it there is."""

    outcome: str
    planned: int
    campaigns: int
    events: int
    pool: str
    expected: float | None = None
    low90: int | None = None
    high90: int | None = None
    reason: Text | None = None

    @property
    def known(self) -> bool:
        """True where there are numbers."""
        return self.reason is None


def expected(campaigns: pd.DataFrame, planned: int, *, outcome: str, department: str = "") -> Forecast:
    """Return the forecast for `planned` letters, from counts per past campaign (`engagement.by_campaign`).

    Reads department, sent and the column named `outcome`, all shares of letters sent. The department's own past is used
    where it is rich enough (ENOUGH_EVENTS, ENOUGH_CAMPAIGNS), else the whole organisation's, else it is unknown. The
    interval holds chance, the spread between campaigns, and not knowing either rate well; it does not hold a change of
    pressure beyond what was seen. Gmail reports no complaints, so complaints are those that other providers report.
    """
    past = campaigns[campaigns["sent"] > 0]
    own = past[past["department"] == department] if department else past.iloc[:0]
    pool, used = ("department", own) if _is_enough(own, outcome) else ("organisation", past)
    k, n = used[outcome].to_numpy(dtype=float), used["sent"].to_numpy(dtype=float)
    about = {"outcome": outcome, "planned": planned, "campaigns": len(used), "events": int(k.sum()), "pool": pool}
    if not _is_enough(used, outcome):
        return Forecast(**about, reason=_too_little(len(used), int(k.sum())))
    grid = rates.grid_around(k, n)
    drawn = rates.predict(_posterior(k, n, grid), grid, planned)
    low, high = _range90(drawn)
    return Forecast(**about, expected=float(drawn.mean()), low90=low, high90=high)


def expected_outcomes(campaigns: pd.DataFrame, planned: int, *, department: str = "") -> dict[str, Forecast]:
    """Return the forecast of each of OUTCOMES."""
    return {name: expected(campaigns, planned, outcome=name, department=department) for name in OUTCOMES}


def _is_enough(campaigns: pd.DataFrame, outcome: str) -> bool:
    many = len(campaigns) >= limits.ENOUGH_CAMPAIGNS.value
    return many and campaigns[outcome].sum() >= limits.ENOUGH_EVENTS.value


def _too_little(campaigns: int, events: int) -> Text:
    return say(
        "The past has {events} of these in {campaigns} campaigns; an honest forecast needs {enough} in at least "
        "{enough_campaigns}.",
        events=events,
        campaigns=campaigns,
        enough=limits.ENOUGH_EVENTS.value,
        enough_campaigns=limits.ENOUGH_CAMPAIGNS.value,
    )


def _posterior(k: np.ndarray, n: np.ndarray, grid: rates.Grid) -> np.ndarray:
    """Log-posterior per cell; in slices, so that ten thousand campaigns fit into memory."""
    total = np.zeros(len(grid.mean))
    for start in range(0, len(k), 256):
        total += rates.log_likelihood(k[start : start + 256], n[start : start + 256], grid).sum(axis=0)
    return total


def _range90(drawn: np.ndarray) -> tuple[int, int]:
    low, high = np.quantile(drawn, 0.05, method="lower"), np.quantile(drawn, 0.95, method="higher")
    return int(low), int(high)


# ---------------------------------------------------------------- the record


def backtest(campaigns: pd.DataFrame, *, outcome: str) -> pd.DataFrame:
    """Return what each past campaign would have been told, from the campaigns before it only.

    A row per campaign with letters, oldest first: campaign, department, first_sent_at, sent, actual, pool, expected,
    low90, high90, covered (1, 0). Where the past was too thin, pool is "unknown" and the numbers are NaN.
    """
    past = campaigns[campaigns["sent"] > 0].sort_values(["first_sent_at", "campaign"]).reset_index(drop=True)
    told = pd.DataFrame({"pool": "unknown", "expected": np.nan, "low90": np.nan, "high90": np.nan}, index=past.index)
    _tell(told, past, outcome, "organisation")
    for rows in past.groupby("department", sort=False).indices.values():
        _tell(told, past.iloc[rows], outcome, "department")
    actual = past[outcome].astype(float)
    covered = ((told["low90"] <= actual) & (actual <= told["high90"])).astype(float).where(told["low90"].notna())
    return past[["campaign", "department", "first_sent_at", "sent"]].assign(actual=actual, **told, covered=covered)


def _tell(told: pd.DataFrame, past: pd.DataFrame, outcome: str, pool: str) -> None:
    """Write into `told` the forecasts that this pool could have given, from the running sum of its log-likelihood."""
    k, n = past[outcome].to_numpy(dtype=float), past["sent"].to_numpy(dtype=float)
    before = np.cumsum(k) - k
    first = max(int(np.searchsorted(before, limits.ENOUGH_EVENTS.value)), int(limits.ENOUGH_CAMPAIGNS.value))
    if first >= len(past):
        return
    grid = rates.grid_around(k[:first], n[:first])
    running = _posterior(k[:first], n[:first], grid)
    for place in range(first, len(past)):
        drawn = rates.predict(running, grid, int(n[place]), _BACKTEST_DRAWS)
        told.loc[past.index[place]] = [pool, drawn.mean(), *_range90(drawn)]
        running += rates.log_likelihood(k[place : place + 1], n[place : place + 1], grid)[0]


def coverage(record: pd.DataFrame) -> tuple[int, int, float, float]:
    """Return from `backtest`: campaigns covered, campaigns judged, and the 95 % interval of the share covered."""
    covered, judged = int(record["covered"].sum()), int(record["covered"].notna().sum())
    low, high = wilson(covered, judged)
    return covered, judged, float(low), float(high)
