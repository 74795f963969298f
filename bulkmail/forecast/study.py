"""One look at a past: the covariates of its letters, and a fitted hazard for each outcome."""

from dataclasses import dataclass, replace

import numpy as np

from bulkmail.forecast import covariates, hazard
from bulkmail.forecast.covariates import Covariates
from bulkmail.forecast.hazard import Factor, Hazard
from bulkmail.forecast.sends import Sends, by_campaign

_CONTROLS = 15  # rows without an event kept for each with one
_LEAST_ROWS = 30_000  # few events leave few rows, and among those hardly one under much pressure
_MOST_ROWS = 300_000
_SEED = 20_261_123


@dataclass(frozen=True, kw_only=True)
class Study:
    """A model of one outcome and what it was made from. `factors` cover every row; `correction` brings forecasts with
    an average campaign to the level of the past."""

    outcome: str
    known: Covariates
    factors: list[Factor]
    hazard: Hazard
    events: int
    correction: float


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How keen a person is, at each row: clicks and opens against what is expected of anybody, as known when the block
    began; `around` is clicks as known from before and after it. `near` is the model of clicks that said so."""

    clicks: np.ndarray
    around: np.ndarray
    opens: np.ndarray
    near: Hazard | None = None


def scores_of(known: Covariates) -> Scores:
    """Return scores; what is expected of a letter takes fatigue into account, so that a much-mailed person is not taken
    for a cool one. Two passes: scores by the campaign's rate, a model of clicks, and scores by that model."""
    sends = known.sends
    seen = (sends.happened["machine_open"] == 0) & (sends.happened["delivered"] == 1)
    opened = sends.happened["opened"] * seen
    opens = covariates.score(known, opened, _campaign_rate(sends, opened, seen))
    clicked = sends.happened["clicked"] * ~sends.planned
    rough = _clicks(known, clicked, _campaign_rate(sends, clicked, sends.happened["delivered"] == 1))
    if clicked[known.usable].sum() < 150:
        return Scores(**rough, opens=opens)
    first = study(known, Scores(**rough, opens=opens), "clicked")
    anybody = [f for f in first.factors if f.name in ("seven", "month", "campaign", "drift")]
    expected = hazard.share(first.hazard.log_odds(anybody)) * (sends.happened["delivered"] == 1) * ~sends.planned
    level = clicked.sum() / max(expected.sum(), 1e-9)
    return Scores(**_clicks(known, clicked, expected * level), opens=opens, near=first.hazard)


def _clicks(known: Covariates, clicked: np.ndarray, expected: np.ndarray) -> dict[str, np.ndarray]:
    scored = {"clicks": False, "around": True}
    return {name: covariates.score(known, clicked, expected, around=around) for name, around in scored.items()}


def _campaign_rate(sends: Sends, happened: np.ndarray, among: np.ndarray) -> np.ndarray:
    """The rate of each row's campaign, where the row counts and is past; else 0."""
    counted = (among & ~sends.planned).astype(float)
    rate = by_campaign(sends, happened * counted) / np.maximum(by_campaign(sends, counted), 1)
    return rate[sends.campaign] * counted


def study(
    known: Covariates, scores: Scores, outcome: str, *, near: Hazard | None = None, most_rows: int = _MOST_ROWS
) -> Study:
    """Return the fitted model of an outcome. For what makes people leave, a second fit knows what they have borne.
    `near`, a model of the same people and letters, is where to begin; of the letters at most so many are looked at.

    How keen a person is, later blocks tell as well as earlier ones; yet who left has no later ones, and there it would
    tell the outcome. So only clicks, which end nothing, are learned with both."""
    known = covariates.with_outcome(known, outcome)
    clicks = scores.around if outcome == "clicked" else scores.clicks
    factors = covariates.factors_of(known, clicks, scores.opens)
    rows, offset = _thinned(known, outcome, most_rows)
    near = near or (scores.near if outcome == "clicked" else None)
    happened = known.sends.happened[outcome]
    model = hazard.fit([f.at(rows) for f in factors], happened[rows].astype(float), offset, near=_but_borne(near))
    if outcome != "clicked":
        chance = hazard.share(model.log_odds(factors)) * (known.sends.happened["delivered"] == 1)
        factors = [*factors, covariates.borne(known, chance)]
        model = hazard.fit([f.at(rows) for f in factors], happened[rows].astype(float), offset, near=model)
    return Study(
        outcome=outcome, known=known, factors=factors, hazard=model,
        events=int(happened[rows].sum()), correction=_correction(model, factors, rows, offset, happened),
    )  # fmt: skip


def _but_borne(near: Hazard | None) -> Hazard | None:
    return near and replace(near, columns={name: where for name, where in near.columns.items() if name != "borne"})


def _thinned(known: Covariates, outcome: str, most_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to fit on: all events and some of the others, and the offset that makes up for it (exact for a logit)."""
    happened = known.sends.happened[outcome] == 1
    events, others = np.flatnonzero(known.usable & happened), np.flatnonzero(known.usable & ~happened)
    wanted = min(max(_CONTROLS * len(events), _LEAST_ROWS), max(most_rows - len(events), len(events)))
    keep = min(wanted / max(len(others), 1), 1.0)
    chosen = others[np.random.default_rng(_SEED).random(len(others)) < keep]
    return np.concatenate([events, chosen]), np.full(len(events) + len(chosen), -np.log(keep))


def _correction(
    model: Hazard, factors: list[Factor], rows: np.ndarray, offset: np.ndarray, happened: np.ndarray
) -> float:
    """What happened over what campaigns of average content would have brought: sparse counts shrink campaigns' effects,
    and a forecast that adds their full spread again would promise too much."""
    average = [factor.at(rows) for factor in factors if factor.name != "campaign"]
    weight = np.where(happened[rows] == 1, 1.0, np.exp(offset))
    expected = (hazard.share(model.log_odds(average)) * weight).sum() * np.exp(model.variance["campaign"] / 2)
    return float(happened[rows].sum() / max(expected, 1e-9))
