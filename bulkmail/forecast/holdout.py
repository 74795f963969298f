"""The randomised cap holdout: a tenth of people, drawn by lot, held to fewer letters, judges the curve without a model
of the world. Who is held follows from the person and the name of the trial, so nothing need be kept to know it later.
"""

from dataclasses import replace
from hashlib import blake2b

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.forecast import hazard
from bulkmail.forecast.covariates import covariates_of
from bulkmail.forecast.sends import OUTCOMES, Sends
from bulkmail.forecast.study import Study, scores_of, study
from bulkmail.tips.cadence import FREQUENCY_TRIAL, wilson

HOLDOUT_COLUMNS = ("outcome", "letters", "observed", "expected", "ratio", "low90", "high90", "naive_ratio")
_LOTS = 10_000
_OF_THE_LOT = ("picked7", "picked28", "usually_picked")


def is_held(persons: pd.Series, trial: str, share: float = 0.1) -> np.ndarray:
    """Return for each person whether the lot of this trial holds them: the same answer every time, and another lot for
    another trial."""
    return lot_of(persons, trial) % _LOTS < share * _LOTS


def lot_of(persons: pd.Series, trial: str) -> np.ndarray:
    """Return each person's lot in a trial: a number of 32 bits that follows from both names and from nothing else."""
    key = blake2b(trial.encode(), digest_size=16).digest()
    lots = [int.from_bytes(blake2b(who.encode(), key=key, digest_size=4).digest(), "big") for who in persons]
    return np.array(lots, dtype=np.int64)


def hold(table: pd.DataFrame, lately: pd.DataFrame, *, trial: str, cap: int = 2, share: float = 0.1) -> pd.DataFrame:
    """Return the table with `cadence_reason` "frequency_trial" for those whom the trial holds to `cap` letters in 7
    days (`lately`: `tips.cadence.lately` of its rows). Others keep their reason."""
    full = lately["letters_7_days"].to_numpy() >= cap
    held = is_held(table["person"], trial, share) & full & (table["cadence_reason"] == "").to_numpy(dtype=bool)
    return table.assign(cadence_reason=table["cadence_reason"].where(~held, FREQUENCY_TRIAL).astype("str"))


def read_holdout(sends: Sends, held: np.ndarray, *, since: float = 0.0) -> pd.DataFrame:
    """Return what happened to the held people over what a model of the others expects of them, in HOLDOUT_COLUMNS.

    `held` says it for each of `sends.persons`; only letters from day `since` count. A curve that is right gives ratios
    about 1; `naive_ratio` is the same with rates by frequency. Outcomes with too few events are missing.
    """
    known = covariates_of(sends)
    of_held = held[sends.person]
    others = replace(known, usable=known.usable & ~of_held)
    scores, rows = scores_of(others), []
    for outcome in OUTCOMES:
        happened = sends.happened[outcome]
        if happened[others.usable].sum() < limits.ENOUGH_EVENTS.value:
            continue
        made = study(others, scores, outcome)
        judged = np.flatnonzero(known.usable & of_held & (sends.day >= since))
        if outcome == "complained":
            judged = judged[sends.happened["at_gmail"][judged] == 0]
        rows.append(_row(made, judged, outcome))
    return pd.DataFrame(rows, columns=list(HOLDOUT_COLUMNS))


def _row(made: Study, judged: np.ndarray, outcome: str) -> tuple[object, ...]:
    known, happened = made.known, made.known.sends.happened[outcome]
    observed, expected = float(happened[judged].sum()), float(hazard.share(_log_odds(made, judged)).sum())
    seven, learned = np.minimum(known.n7, 8), known.usable
    rate = np.bincount(seven[learned], weights=happened[learned], minlength=9) / np.maximum(
        np.bincount(seven[learned], minlength=9), 1
    )
    low, high = (float(bound) * len(judged) for bound in wilson(observed, max(len(judged), 1), z=1.645))
    naive = float(rate[seven[judged]].sum())
    at_least = max(expected, 1e-9)
    told = observed / at_least, low / at_least, high / at_least, observed / max(naive, 1e-9)
    return outcome, len(judged), int(observed), expected, *told


def _log_odds(made: Study, rows: np.ndarray) -> np.ndarray:
    """As the model has it, but that a held person's missing letters are the lot's doing and not a trait: how they stand
    among people of their lists is taken to be as usual for people like them. What they have borne counts: held people
    have outlived less."""
    alike, learned = _alike(made), made.known.usable
    of_the_lot = [factor for factor in made.factors if factor.name in _OF_THE_LOT]
    standing = np.exp(sum(made.hazard.levels(factor.name)[factor.codes] for factor in of_the_lot))
    count = np.bincount(alike[learned], minlength=alike.max() + 1)
    usual = np.bincount(alike[learned], weights=standing[learned], minlength=len(count)) / np.maximum(count, 1)
    usual = np.where(count, usual, standing[learned].mean())
    others = [factor.at(rows) for factor in made.factors if factor not in of_the_lot]
    return made.hazard.log_odds(others) + np.log(usual)[alike[rows]]


def _alike(made: Study) -> np.ndarray:
    """A number for people like each other: as keen, or on the same lists where it is clicks that are judged, for how
    keen somebody is hangs on those."""
    if made.outcome == "clicked":
        return made.known.lists
    return next(factor.codes for factor in made.factors if factor.name == "clicks")
