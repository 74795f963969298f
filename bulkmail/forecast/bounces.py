"""How many letters to a list will bounce: people a letter reached before apart from those never written to."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.forecast import rates
from bulkmail.model import Text, say

_BURN_IN = pd.Timedelta(days=90)  # in the first months of a record everybody looks new


@dataclass(frozen=True, kw_only=True)
class BounceForecast:
    """How many of `planned` letters will bounce: the mean, and the range that holds it nine times in ten; None with a
    `reason` where the past cannot say. `reached` of the people had a letter before that did not bounce. `campaigns` and
    `events` are how much past there is."""

    planned: int
    reached: int
    campaigns: int
    events: int
    expected: float | None = None
    low90: int | None = None
    high90: int | None = None
    reason: Text | None = None


def expected_bounces(letters: pd.DataFrame, persons: pd.Series) -> BounceForecast:
    """Return the forecast for one letter to each of `persons`, from past letters (campaign, person, sent_at, bounced).

    A first letter finds out whether an address is right, later ones mostly confirm it, so each kind of people is judged
    by the bounces of its own kind, campaign by campaign (a beta-binomial, as in `expected`). Where either kind that is
    to be written to has too little past, nothing is told: judged together they would be told the rate of another mix of
    people, and in trials the range then held 6 times in 10. The two kinds are taken to have their good and bad days
    together, which makes the range wider rather than too narrow.
    """
    return bounces_among(letters, planned=len(persons), reached=int(persons.isin(reached_by(letters)).sum()))


def reached_by(letters: pd.DataFrame) -> pd.Series:
    """The persons whose last letter did not bounce."""
    last = letters.sort_values("sent_at", kind="stable").drop_duplicates("person", keep="last")
    return last.loc[last["bounced"] == 0, "person"]


def bounces_among(letters: pd.DataFrame, *, planned: int, reached: int) -> BounceForecast:
    """As `expected_bounces`, for as many people, of whom so many were reached before."""
    ordered = letters.sort_values("sent_at", kind="stable")
    counts = _by_campaign(ordered.assign(first=~ordered["person"].duplicated()))
    about = {"planned": planned, "reached": reached, "campaigns": len(counts)}
    about["events"] = int(ordered["bounced"].sum())
    kinds = [kind for kind in _kinds(counts, planned - reached, reached) if kind[2]]
    if not kinds or not all(_is_enough(k) for k, _, _ in kinds):
        return BounceForecast(**about, reason=_too_little(len(counts), about["events"]))
    drawn = sum(_drawn(k, n, planned) for k, n, planned in kinds)
    low, high = np.quantile(drawn, 0.05, method="lower"), np.quantile(drawn, 0.95, method="higher")
    return BounceForecast(**about, expected=float(drawn.mean()), low90=int(low), high90=int(high))


def _by_campaign(letters: pd.DataFrame) -> pd.DataFrame:
    """A row per campaign, oldest first: letters and bounces of each kind (n_first, k_first, n_later, k_later), at."""
    first, bounced = letters["first"], letters["bounced"] > 0
    marks = {"n_first": first, "n_later": ~first, "k_first": first & bounced, "k_later": ~first & bounced}
    table = pd.DataFrame({name: mark.astype("int64") for name, mark in marks.items()})
    table = table.assign(campaign=letters["campaign"], at=letters["sent_at"])
    sums = {name: (name, "sum") for name in marks}
    return table.groupby("campaign").agg(**sums, at=("at", "min")).sort_values("at")


def _kinds(counts: pd.DataFrame, new: int, reached: int) -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Past bounces, past letters and planned letters, of first letters and of later ones."""
    settled = counts[counts["at"] >= counts["at"].min() + _BURN_IN] if len(counts) else counts
    return [(*_pair(settled, "first"), new), (*_pair(counts, "later"), reached)]


def _pair(counts: pd.DataFrame, kind: str) -> tuple[np.ndarray, np.ndarray]:
    used = counts[counts[f"n_{kind}"] > 0]
    return used[f"k_{kind}"].to_numpy(float), used[f"n_{kind}"].to_numpy(float)


def _is_enough(k: np.ndarray) -> bool:
    return len(k) >= limits.ENOUGH_CAMPAIGNS.value and k.sum() >= limits.BOUNCES_ENOUGH.value


def _drawn(k: np.ndarray, n: np.ndarray, planned: int) -> np.ndarray:
    grid = rates.grid_around(k, n)
    weights = sum(
        rates.log_likelihood(k[start : start + 256], n[start : start + 256], grid).sum(axis=0)
        for start in range(0, len(k), 256)
    )
    return rates.predict(weights, grid, planned)


def _too_little(campaigns: int, events: int) -> Text:
    return say(
        "Not enough data: the past has {events} bounces in {campaigns} campaigns. A forecast needs {enough} among "
        "first letters to people and {enough} among later ones, each in at least {enough_campaigns} campaigns.",
        events=events, campaigns=campaigns, enough=int(limits.BOUNCES_ENOUGH.value),
        enough_campaigns=int(limits.ENOUGH_CAMPAIGNS.value),
    )  # fmt: skip
