"""The fatigue curve: how the rate of an outcome changes with letters in the last 7 days, or why that cannot be told."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.forecast import hazard
from bulkmail.forecast.covariates import Covariates, covariates_of, with_outcome
from bulkmail.forecast.sends import OUTCOMES, Sends
from bulkmail.forecast.study import Study, scores_of, study
from bulkmail.model import Text, say

MOST_SHOWN = 7
_FEW_LETTERS = 100  # at a count of letters: below that the curve ends
_SAMPLE = 20_000
_Z = {"50": 0.6745, "90": 1.6449}
CURVE_COLUMNS = (
    "mails_last_7_days", "letters", "events", "rate_ratio", "low50", "high50", "low90", "high90", "naive",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The fatigue curve of one outcome. `table` has CURVE_COLUMNS; where the curve is not known, `reason` says why, the
    estimate is NaN, and the naive ratios stand to be looked at, not to be planned with. `sentence` says why the two
    differ; `offer` what would make it known."""

    outcome: str
    table: pd.DataFrame
    sentence: Text
    reason: Text | None = None
    offer: Text | None = None

    @property
    def known(self) -> bool:
        """True where there is an estimate."""
        return self.reason is None


WHY_NAIVE_IS_WRONG = say(
    "The dashed line counts rates by frequency. People who get many letters differ from people who get few: they like "
    "letters more and stay longer. The solid line compares people on the same lists in busy and in quiet weeks, which "
    "the calendar chose and not they."
)
OFFER = say(
    "A randomised holdout would tell: hold a tenth of people, drawn by lot, to fewer letters for some weeks, and "
    "compare."
)


def curve(made: Study) -> Curve:
    """Return the fatigue curve from a fitted model.

    Rate ratios are against no letter in the last 7 days, over the people who are mailed, the 28-day count moving along
    as it does in the data. Bands hold chance and a declared 8 % of the log ratio for confounding that no log can rule
    out. Unknown under ENOUGH_EVENTS events, or where the calendar decides nothing (`calendar_spread`).
    """
    table = naive(made.known, made.outcome)
    change, spread = _log_odds(made, table)
    spread = np.hypot(spread, limits.CONFOUNDING_FLOOR.value * np.abs(change))
    base = _base(made, table)
    told = {"rate_ratio": _as_ratio(change, base)}
    for name, z in _Z.items():
        told[f"low{name}"] = _as_ratio(change - z * spread, base)
        told[f"high{name}"] = _as_ratio(change + z * spread, base)
    return Curve(outcome=made.outcome, table=table.assign(**told), sentence=WHY_NAIVE_IS_WRONG)


def curves(sends: Sends) -> dict[str, Curve]:
    """Return the fatigue curve of each outcome; models are fitted only where they could tell something."""
    known = covariates_of(sends)
    tellable = [outcome for outcome in OUTCOMES if why_unknown(known, outcome) is None]
    scores = scores_of(known) if tellable else None
    return curves_of(known, {outcome: study(known, scores, outcome) for outcome in tellable})


def curves_of(known: Covariates, studies: Mapping[str, Study]) -> dict[str, Curve]:
    """Return the fatigue curve of each outcome from models that are fitted already (`learn`)."""
    found = {}
    for outcome in OUTCOMES:
        reason = why_unknown(known, outcome)
        if reason is None:
            found[outcome] = curve(studies[outcome])
        else:
            table = naive(with_outcome(known, outcome), outcome)
            found[outcome] = Curve(
                outcome=outcome, table=table, sentence=WHY_NAIVE_IS_WRONG, reason=reason, offer=OFFER
            )
    return found


def naive(known: Covariates, outcome: str) -> pd.DataFrame:
    """Return rates by frequency as ratios to no letter in 7 days, in CURVE_COLUMNS with the estimate missing."""
    rows = known.usable
    seven, happened = known.n7[rows], known.sends.happened[outcome][rows]
    letters = np.bincount(seven, minlength=MOST_SHOWN + 1)[: MOST_SHOWN + 1]
    events = np.bincount(seven, weights=happened, minlength=MOST_SHOWN + 1)[: MOST_SHOWN + 1]
    enough = np.append(True, np.cumprod(letters[1:] >= _FEW_LETTERS).astype(bool))
    rate = events / np.maximum(letters, 1)
    ratio = rate / rate[0] if rate[0] > 0 else np.full(len(rate), np.nan)
    table = pd.DataFrame({"mails_last_7_days": np.arange(len(rate)), "letters": letters, "events": events.astype(int)})
    empty = dict.fromkeys(CURVE_COLUMNS[3:-1], np.nan)
    return table.assign(**empty, naive=ratio)[enough].reset_index(drop=True)


def why_unknown(known: Covariates, outcome: str) -> Text | None:
    """Return why a log cannot tell the effect of pressure on an outcome, or None where it can."""
    known = with_outcome(known, outcome)
    events = int(known.sends.happened[outcome][known.usable].sum())
    if events < limits.ENOUGH_EVENTS.value:
        return say(
            "The log has {events} of these; under {enough} the answer would be a guess.",
            events=events,
            enough=int(limits.ENOUGH_EVENTS.value),
        )
    departments = int((np.bincount(known.sends.department[known.usable], minlength=1) > 0).sum())
    if departments < limits.ENOUGH_DEPARTMENTS.value:
        return say(
            "{departments} departments write here. It takes {enough} whose letters fall together by chance to tell "
            "what the calendar did from who the readers are.",
            departments=departments,
            enough=int(limits.ENOUGH_DEPARTMENTS.value),
        )
    if calendar_spread(known) < limits.CALENDAR_SPREAD.value:
        return say(
            "The calendar is too regular: the same people get equally many letters every week, so nothing can be "
            "compared."
        )
    return None


def calendar_spread(known: Covariates) -> float:
    """Return by how many letters in 7 days (standard deviation) the calendar alone moves people from week to week:
    what it allots, less the means of each campaign and of each combination of lists within each department."""
    rows = np.flatnonzero(known.usable)
    rows = rows[:: max(len(rows) // 300_000, 1)]
    sends, left = known.sends, known.allotted7[rows].astype(float)
    lists = known.lists[rows] * len(sends.departments) + sends.department[rows]
    for _ in range(5):
        for code in (lists, sends.campaign[rows]):
            total, count = np.bincount(code, weights=left), np.maximum(np.bincount(code), 1)
            left = left - (total / count)[code]
    return float(left.std()) if len(left) else 0.0


def month_path(known: Covariates, most: int = MOST_SHOWN) -> np.ndarray:
    """Return how many letters in 28 days go along with 0, 1, 2, … in 7 days, on average."""
    seven, month = known.n7[known.usable], known.n28[known.usable]
    count = np.bincount(seven, minlength=most + 1)[: most + 1]
    total = np.bincount(seven, weights=month, minlength=most + 1)[: most + 1]
    return total / np.maximum(count, 1)


def _log_odds(made: Study, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Change of the log-odds against no letter in 7 days, and its standard error, at each row of the table."""
    columns, path = made.hazard.columns, month_path(made.known)
    steps = np.zeros((len(table), len(made.hazard.beta)))
    for row, seven in enumerate(table["mails_last_7_days"]):
        steps[row, columns["seven"].start + seven] += 1
        for share, level in _between(path[seven]):
            steps[row, columns["month"].start + level] += share
    steps -= steps[0].copy()
    return steps @ made.hazard.beta, np.sqrt(np.einsum("ij,jk,ik->i", steps, made.hazard.covariance, steps))


def _between(value: float) -> tuple[tuple[float, int], tuple[float, int]]:
    low = int(value)
    return (1 - (value - low), low), (value - low, low + 1)


def _base(made: Study, table: pd.DataFrame) -> np.ndarray:
    """Log-odds of the people mailed (a sample), had they had no letter in 7 days."""
    rows = np.flatnonzero(made.known.usable)
    rows = rows[:: max(len(rows) // _SAMPLE, 1)]
    others = [f.at(rows) for f in made.factors if f.name not in ("seven", "month")]
    quiet = made.hazard.levels("seven")[0] + made.hazard.levels("month")[round(month_path(made.known)[0])]
    return made.hazard.log_odds(others) + quiet


def _as_ratio(change: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Ratios of rates over these people from changes of log-odds."""
    alone = hazard.share(base).mean()
    return np.array([hazard.share(base + one).mean() / alone for one in change])
