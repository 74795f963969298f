"""What the next letter is worth: clicks it brings less what it costs in people, by how many came before it."""

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.forecast import hazard
from bulkmail.forecast.board import Prices
from bulkmail.forecast.fatigue import MOST_SHOWN, month_path, why_unknown
from bulkmail.forecast.horizon import Past
from bulkmail.forecast.study import Study

WORTH_COLUMNS = ("readers", "mails_last_7_days", "letters", "value", "low90", "high90", "label")
READERS = ("cool", "middling", "keen")
ROOM, ON_TARGET, SATURATED, UNKNOWN = "room", "on_target", "saturated", "unknown"
_PEOPLE, _DRAWS, _SEED, _FEW_LETTERS = 3_000, 200, 20_261_123, 100


def next_letter(past: Past, prices: Prices) -> pd.DataFrame:
    """Return what 1,000 letters are worth, in clicks, by how many their readers had in 7 days: WORTH_COLUMNS.

    Readers are in thirds by how much they click for what they get (cool, middling, keen). The value is that of the
    letter itself: clicks less `prices` of unsubscriptions and complaints, with its 90 % interval; that it tires people
    for the letters that follow comes on top, and the planner counts it. `label` says it of the readers as they are
    mailed now: `room` (one more is worth it, and then another), `on_target` (the next is, the one after not surely),
    `saturated`, or `unknown` where the interval holds zero. `letters` is how many the row rests on; counts under 100
    are left out. Empty where it is not known what pressure does to clicks or unsubscribes (`fatigue.why_unknown`).
    """
    needed = ("clicked", "unsubscribed")
    if any(outcome not in past.studies or why_unknown(past.known, outcome) for outcome in needed):
        return pd.DataFrame(columns=list(WORTH_COLUMNS))
    known = past.studies["clicked"].known
    rows = np.flatnonzero(known.usable)
    edges = np.quantile(past.scores.clicks[rows], [1 / 3, 2 / 3])
    readers = np.searchsorted(edges, past.scores.clicks, side="left")
    parts = [_of_readers(past, prices, rows[readers[rows] == place], name) for place, name in enumerate(READERS)]
    return pd.concat(parts, ignore_index=True)[list(WORTH_COLUMNS)]


def _of_readers(past: Past, prices: Prices, rows: np.ndarray, name: str) -> pd.DataFrame:
    """The rows of one kind of readers."""
    known = past.studies["clicked"].known
    seven = np.minimum(known.n7[rows], MOST_SHOWN)
    letters = np.bincount(seven, minlength=MOST_SHOWN + 1)
    told = np.flatnonzero(np.cumprod(letters >= _FEW_LETTERS))
    sample = rows[:: max(len(rows) // _PEOPLE, 1)]
    rates = {outcome: _rates(made, sample, told) for outcome, made in past.studies.items()}
    value = 1_000 * np.asarray(prices.value(rates))
    low, high = np.quantile(value, [0.05, 0.95], axis=1) if len(told) else (np.zeros(0), np.zeros(0))
    usual = round(float(known.n7[rows].mean())) if len(rows) else 0
    return pd.DataFrame(
        {"mails_last_7_days": told, "letters": letters[told], "value": value.mean(axis=1), "low90": low, "high90": high}
    ).assign(readers=name, label=_label(low, high, usual))


def _rates(made: Study, rows: np.ndarray, sevens: np.ndarray) -> np.ndarray:
    """Mean chances of these rows, had each had so many letters in 7 days: counts of letters × draws."""
    rng, where = np.random.default_rng(_SEED), made.hazard.columns
    beta = made.hazard.draws(rng, _DRAWS)
    others = [factor.at(rows) for factor in made.factors if factor.name not in ("campaign", "seven", "month")]
    odds = np.repeat(beta[:1], len(rows), axis=0)
    for factor in others:
        odds = odds + beta[where[factor.name]][factor.codes]
    odds = odds + made.hazard.variance["campaign"] / 2 + np.log(made.correction)
    path = np.round(month_path(made.known)).astype(int)
    levels = np.array([beta[where["seven"]][seven] + beta[where["month"]][path[seven]] for seven in sevens])
    doubt = limits.CONFOUNDING_FLOOR.value * rng.standard_normal(_DRAWS)
    levels = levels + (levels - levels[:1]) * doubt
    return np.array([hazard.share(odds + level).mean(axis=0) for level in levels]).reshape(len(sevens), _DRAWS)


def _label(low: np.ndarray, high: np.ndarray, usual: int) -> str:
    if usual >= len(low) or low[usual] <= 0 <= high[usual]:
        return UNKNOWN
    if high[usual] < 0:
        return SATURATED
    return ROOM if usual + 1 < len(low) and low[usual + 1] > 0 else ON_TARGET
