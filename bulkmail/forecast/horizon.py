"""What planned campaigns will likely bring, with intervals that hold everything that is not known.

A forecast draws the coefficients, the content of each campaign (which nobody knows beforehand), the wandering of each
department's level, and chance. People who leave during the plan are missing from its later letters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.forecast import hazard
from bulkmail.forecast.covariates import Covariates, covariates_of
from bulkmail.forecast.hazard import Factor, design
from bulkmail.forecast.sends import OUTCOMES, PERIOD_DAYS, Sends, by_campaign, running
from bulkmail.forecast.study import Scores, Study, scores_of, study
from bulkmail.model import say

DRAWS = 500
_SEED = 20_261_123
_QUANTILES = {"low90": 0.05, "low50": 0.25, "high50": 0.75, "high90": 0.95}
_ROWS_OF_A_HALF = 100_000  # letters: a planner is waited for
_UNUSUAL_SHARE = 0.1  # of a campaign's letters beyond what 199 of 200 past letters had: extrapolation


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """Forecasts of a plan. `campaigns` has a row per campaign and outcome: campaign, department, send_at, outcome,
    letters (that can show it), expected, low50, high50, low90, high90, extrapolated. `totals` has a row per outcome.
    Outcomes that cannot be told (`unknown`) are missing from both. `extrapolated` says of each campaign whether it goes
    beyond the pressure ever seen; `gmail` are letters whose complaints nobody sees.
    """

    campaigns: pd.DataFrame
    totals: pd.DataFrame
    extrapolated: Mapping[str, bool]
    unknown: tuple[str, ...]
    gmail: int


TOO_FEW = say(
    "The past has fewer than {enough} of these, too few for an honest forecast.", enough=int(limits.ENOUGH_EVENTS.value)
)
GMAIL_RULE = say(
    "Gmail tells no sender who complained, so complaints of its users are in no log and in no forecast. Give the rate "
    "that Google's Postmaster Tools show, and they will be."
)


@dataclass(frozen=True, kw_only=True)
class Past:
    """Everything that was learned from a log up to its split; the rows after it can be forecast (`outlook`)."""

    known: Covariates
    scores: Scores
    studies: Mapping[str, Study]
    unknown: tuple[str, ...]


def learn(sends: Sends, outcomes: Sequence[str] = OUTCOMES) -> Past:
    """Return fitted models of the outcomes of which the past has ENOUGH_EVENTS."""
    known = covariates_of(sends)
    enough = [name for name in outcomes if sends.happened[name][known.usable].sum() >= limits.ENOUGH_EVENTS.value]
    scores = scores_of(known)
    studies = {name: study(known, scores, name) for name in enough}
    return Past(
        known=known, scores=scores, studies=studies, unknown=tuple(name for name in outcomes if name not in enough)
    )


def halves(past: Past) -> tuple[Past, Past]:
    """Return two pasts, each learned from every other four weeks; both know all letters.

    Parting people would not do: all readers of a campaign share what its content did, and so both halves its chance.
    """
    known = past.known
    odd = ((known.sends.split - known.sends.day) // PERIOD_DAYS) % 2 == 0
    parts = []
    for half in (odd, ~odd):
        seen = replace(known, usable=known.usable & half)
        studies = {
            name: study(seen, past.scores, name, near=made.hazard, most_rows=_ROWS_OF_A_HALF)
            for name, made in past.studies.items()
        }
        parts.append(Past(known=seen, scores=past.scores, studies=studies, unknown=past.unknown))
    return parts[0], parts[1]


def has_left(letters: pd.DataFrame, plan: pd.DataFrame) -> pd.Series:
    """Return for each planned letter whether its person has left before: complained or bounced, or unsubscribed from
    this department; from any department where unsubscribing has always ended all letters."""
    gone = letters[(letters["unsubscribed"] == 1) | (letters["complained"] == 1) | (letters["bounced"] == 1)]
    for_all = (gone["complained"] == 1) | (gone["bounced"] == 1) | (_mailed_after_leaving(letters, gone) < 0.02)
    left = pd.MultiIndex.from_frame(gone[["person", "department"]])
    of_department = pd.MultiIndex.from_frame(plan[["person", "department"]]).isin(left)
    return plan["person"].isin(gone.loc[for_all, "person"]) | of_department


def _mailed_after_leaving(letters: pd.DataFrame, gone: pd.DataFrame) -> float:
    """The share of people who unsubscribed and had a letter more than two days later."""
    left_at = gone[gone["unsubscribed"] == 1].groupby("person")["sent_at"].min()
    last_at = letters[letters["person"].isin(left_at.index)].groupby("person")["sent_at"].max()
    return float((last_at - left_at > pd.Timedelta(days=2)).mean()) if len(left_at) else 0.0


def outlook(past: Past, *, attrition: bool = True, postmaster_rate: float | None = None) -> Outlook:
    """Return what the planned rows will likely bring.

    `attrition` is for plans whose audience is meant today: who leaves meanwhile gets no letter. `postmaster_rate` is
    the complaint rate that Google's Postmaster Tools show, as a share; without it complaints of Gmail's users are not
    part of any forecast, for no log has them.
    """
    sends = past.known.sends
    weight = _remaining(past) if attrition else np.ones(int(sends.planned.sum()))
    tables, totals = [], []
    for name, made in past.studies.items():
        drawn, letters, expected = _drawn(made, weight)
        if name == "complained" and postmaster_rate is not None:
            drawn, letters, expected = _with_gmail(made, weight, drawn, letters, expected, postmaster_rate)
        table = _described(drawn, expected).assign(outcome=name, letters=letters)
        tables.append(_named(sends).assign(**table))
        totals.append(_described(drawn.sum(axis=0, keepdims=True), expected.sum(keepdims=True)).assign(outcome=name))
    flagged = extrapolated(past.known)
    campaigns = pd.concat(tables, ignore_index=True) if tables else _named(sends).iloc[:0].assign(outcome="")
    return Outlook(
        campaigns=campaigns.assign(extrapolated=campaigns["campaign"].map(flagged).astype(bool)),
        totals=pd.concat(totals, ignore_index=True) if totals else pd.DataFrame(columns=["outcome"]),
        extrapolated={name: flagged[name] for name in _named(sends)["campaign"]},
        unknown=past.unknown,
        gmail=int((sends.happened["at_gmail"][sends.planned] == 1).sum()) if postmaster_rate is None else 0,
    )  # fmt: skip


def extrapolated(known: Covariates) -> dict[str, bool]:
    """Return for each planned campaign whether it goes beyond the pressure that was ever seen."""
    sends, planned = known.sends, known.sends.planned
    beyond = np.zeros(len(sends), dtype=bool)
    for letters in (known.n7, known.n28):
        if known.usable.any():
            beyond |= letters > np.quantile(letters[known.usable], 0.995)
    count = np.maximum(by_campaign(sends, planned.astype(float)), 1)
    flagged = by_campaign(sends, (beyond & planned).astype(float)) / count > _UNUSUAL_SHARE
    return dict(zip(sends.campaigns, flagged.tolist(), strict=True))


def _named(sends: Sends) -> pd.DataFrame:
    """The planned campaigns in order of time: campaign, department, send_at."""
    rows = np.flatnonzero(sends.planned)
    _, first = np.unique(sends.campaign[rows], return_index=True)
    order = np.argsort(sends.day[rows[first]], kind="stable")
    rows = rows[first[order]]
    at = sends.start + pd.to_timedelta(sends.day[rows], unit="D")
    return pd.DataFrame(
        {
            "campaign": [sends.campaigns[code] for code in sends.campaign[rows]],
            "department": [sends.departments[code] for code in sends.department[rows]],
            "send_at": pd.DatetimeIndex(at).round("s"),
        }
    )


def _described(drawn: np.ndarray, expected: np.ndarray) -> pd.DataFrame:
    low, high = {"low90", "low50"}, "lower"
    columns = {
        name: np.quantile(drawn, q, axis=1, method=high if name in low else "higher") for name, q in _QUANTILES.items()
    }
    return pd.DataFrame({"expected": expected, **columns})


def _remaining(past: Past) -> np.ndarray:
    """The chance that the person of each planned row is still there: has not left after an earlier planned letter."""
    sends = past.known.sends
    rows = np.flatnonzero(sends.planned)
    leaving = np.zeros(len(rows))
    for name in ("unsubscribed", "complained"):
        if name in past.studies:
            made = past.studies[name]
            visible = sends.happened["at_gmail"][rows] == 0 if name == "complained" else True
            leaving += _rates(made, rows) * made.correction * visible
    total = running(leaving)
    first = np.searchsorted(sends.person[rows], sends.person[rows])
    return np.exp(-(total[:-1] - total[first]))


def expected_totals(past: Past) -> dict[str, float]:
    """Return the expected count of each outcome over all planned letters, as `outlook` tells it."""
    rows, there = np.flatnonzero(past.known.sends.planned), _remaining(past)
    at_gmail = past.known.sends.happened["at_gmail"][rows] == 1
    return {
        name: float(_rates(made, rows) @ (there * ~at_gmail if name == "complained" else there)) * made.correction
        for name, made in past.studies.items()
    }


def _rates(made: Study, rows: np.ndarray) -> np.ndarray:
    """The chance at each row, with a campaign of average content."""
    average = [factor.at(rows) for factor in made.factors if factor.name != "campaign"]
    return hazard.share(made.hazard.log_odds(average) + made.hazard.variance["campaign"] / 2)


def _drawn(made: Study, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws of counts (planned campaigns × draws), letters that can show the outcome, and means.

    Draws are brought to the mean that the fitted model tells. It is right on average; the mean of all that a roughly
    known rate may be lies above it, the more the less is known.
    """
    sends, rng = made.known.sends, np.random.default_rng(_SEED)
    visible = sends.happened["at_gmail"] == 0 if made.outcome == "complained" else np.ones(len(sends), dtype=bool)
    rows = np.flatnonzero(sends.planned)
    beta = made.hazard.draws(rng, DRAWS)
    beta[made.hazard.columns["campaign"]] = 0.0  # nobody knows the content of what is planned
    names = _named(sends)
    codes = [sends.campaigns.index(name) for name in names["campaign"]]
    content = _content(made, rng, len(codes))
    drift = _drift(made, rng)
    means, letters, expected = np.zeros((len(codes), DRAWS)), np.zeros(len(codes), dtype=int), np.zeros(len(codes))
    for place, code in enumerate(codes):
        mine = np.flatnonzero((sends.campaign[rows] == code) & visible[rows])
        if not len(mine):
            continue
        letters[place] = len(mine)
        at = rows[mine[0]]
        ahead = int((sends.day[at] - sends.split) // PERIOD_DAYS)
        level = content[place] + drift[sends.department[at], min(ahead, drift.shape[1] - 1)]
        expected[place] = _rates(made, rows[mine]) @ weight[mine] * made.correction
        means[place] = _summed(made.factors, rows[mine], weight[mine], beta, level)
        means[place] *= expected[place] / means[place].mean()
    return rng.poisson(means), letters, expected


def _content(made: Study, rng: np.random.Generator, campaigns: int) -> np.ndarray:
    """Effects of unseen content (planned campaigns × draws)."""
    return rng.standard_normal((campaigns, DRAWS)) * _spread(made, "campaign", rng)


def _drift(made: Study, rng: np.random.Generator, periods: int = 4) -> np.ndarray:
    """How far each department's level may have wandered, period by period ahead (departments × periods × draws)."""
    steps = rng.standard_normal((len(made.known.sends.departments), periods, DRAWS))
    return np.cumsum(steps * _spread(made, "drift", rng), axis=1)


def _spread(made: Study, name: str, rng: np.random.Generator) -> np.ndarray:
    """Draws of a factor's standard deviation, which is itself known only from so many numbers that were free."""
    freedom = max(made.hazard.freedom[name], 4.0)
    least = hazard.LEAST_WANDERING if name == "drift" else 0.0
    variance = max(made.hazard.variance.get(name, 0.0), least)
    return np.sqrt(variance * freedom / rng.chisquare(freedom, DRAWS))


def _summed(
    factors: Sequence[Factor], rows: np.ndarray, weight: np.ndarray, beta: np.ndarray, level: np.ndarray
) -> np.ndarray:
    """The mean count of one campaign for each draw: equal rows are counted once."""
    x = design([factor.at(rows) for factor in factors])
    table = x.indices.reshape(len(rows), -1)
    mixed = (table * np.cumprod(np.append(1, np.full(table.shape[1] - 1, 1_000_003)))).sum(axis=1)
    _, first, code = np.unique(mixed, return_index=True, return_inverse=True)
    total = np.bincount(code, weights=weight)
    return total @ hazard.share(x[first] @ beta + level)


def _with_gmail(
    made: Study, weight: np.ndarray, drawn: np.ndarray, letters: np.ndarray, expected: np.ndarray, rate: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same with Gmail's users: the model says who of them is likelier to complain, Postmaster at what level."""
    sends, rows = made.known.sends, np.flatnonzero(made.known.sends.planned)
    at_gmail = sends.happened["at_gmail"] == 1
    past = np.flatnonzero(at_gmail & ~sends.planned & (sends.happened["delivered"] == 1))
    past = past[sends.day[past] >= sends.split - 2 * PERIOD_DAYS]
    if not len(past) or not len(rows):
        return drawn, letters, expected
    level = rate / max(_rates(made, past).mean(), 1e-12)
    codes = [sends.campaigns.index(name) for name in _named(sends)["campaign"]]
    mean = np.bincount(
        sends.campaign[rows],
        weights=_rates(made, rows) * weight * at_gmail[rows] * level,
        minlength=len(sends.campaigns),
    )[codes]
    count = np.bincount(sends.campaign[rows], weights=at_gmail[rows], minlength=len(sends.campaigns))[codes]
    rng = np.random.default_rng(_SEED + 1)
    unseen = np.exp(_content(made, rng, len(codes)) - made.hazard.variance["campaign"] / 2)
    return drawn + rng.poisson(mean[:, None] * unseen), letters + count.astype(int), expected + mean
