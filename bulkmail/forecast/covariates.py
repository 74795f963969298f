"""What the model knows of each letter, as factors: pressure, who the reader is, and what the calendar alone would do.

Whether two departments mail a person in one week is decided by the calendar and not by the person's mood: for people on
the same lists the calendar's share of pressure is computed, and where a person stands among those whom the calendar
allots as much (being picked) is a factor of its own: a control function after Imbens and Newey (2009). It is a rank:
letters beyond the allotted ones say less of a person in a busy week than in a quiet one, and counted as letters they
would hand pressure a part of who the readers are. What is known of a person is frozen at the beginning of each block,
as it is frozen when a plan is made.
"""

from dataclasses import dataclass, replace

import numpy as np

from bulkmail.forecast.hazard import Factor
from bulkmail.forecast.sends import BLOCK_DAYS, OUTCOMES, PERIOD_DAYS, Sends, running

MOST_7, MOST_28 = 8, 30  # letters from which on they are counted together
_LISTS = 6  # departments that get a list of their own in the combinations
_LOOK_BACK_DAYS = 182
_RARE_SHARE = 0.004
_PARTS = 24  # of the calendar's allotments to a combination of lists
_RANKS, _MOST_RANKED = 14, 100
_LETTERS_SUPPOSED = 5  # that everybody begins with, at as much pressure as was allotted


@dataclass(frozen=True, kw_only=True)
class Covariates:
    """Per row: letters in 7 and 28 days, the block and its combination of lists, and what the calendar allots."""

    sends: Sends
    n7: np.ndarray
    n28: np.ndarray
    block: np.ndarray
    lists: np.ndarray
    allotted7: np.ndarray
    allotted28: np.ndarray
    known: np.ndarray  # first row of the person's present block: rows before it were known at its beginning
    usable: np.ndarray  # rows the model learns from: past, delivered, with 28 days and a block behind them


def covariates_of(sends: Sends) -> Covariates:
    """Return what is known of each letter but for scores, which hang on a model of clicks."""
    block, starts = _blocks(sends)
    known = sends.before(starts[block])
    lists = _lists(sends, known, starts[block])
    n7, n28 = sends.earlier(7), sends.earlier(28)
    allotted7, allotted28 = _allotted(sends, lists, block)
    burn_in = max(PERIOD_DAYS, starts[1] if len(starts) > 2 else PERIOD_DAYS)
    learned = (sends.day >= burn_in) & (sends.day <= sends.settled)
    usable = ~sends.planned & (sends.happened["delivered"] == 1) & learned
    return Covariates(
        sends=sends, n7=n7, n28=n28, block=block, lists=lists, known=known, usable=usable,
        allotted7=allotted7, allotted28=allotted28,
    )  # fmt: skip


def _blocks(sends: Sends) -> tuple[np.ndarray, np.ndarray]:
    """The block of each row, counted back from the split, and when each block begins; what is planned is the last."""
    past = max(int(sends.split // BLOCK_DAYS), 1)
    starts = np.append(sends.split - BLOCK_DAYS * np.arange(past, 0, -1), sends.split)
    starts = np.append(0.0, starts) if starts[0] > PERIOD_DAYS else np.append(0.0, starts[1:])
    return np.clip(np.searchsorted(starts, sends.day, side="right") - 1, 0, len(starts) - 1), starts


def _lists(sends: Sends, known: np.ndarray, block_start: np.ndarray) -> np.ndarray:
    """A number for the departments that mailed the person in the half year before the block; rare ones together."""
    since = np.maximum(sends.before(block_start - _LOOK_BACK_DAYS), sends.first)
    common = np.argsort(-np.bincount(sends.department, minlength=1), kind="stable")[:_LISTS]
    bits = np.zeros(len(sends), dtype=np.int64)
    for place, department in enumerate(common):
        total = running(sends.department == department)
        bits |= (total[known] > total[since]).astype(np.int64) << place
    values, codes, counts = np.unique(bits, return_inverse=True, return_counts=True)
    frequent = counts >= _RARE_SHARE * len(sends)
    return np.where(frequent, np.cumsum(frequent), 0)[codes] if len(values) else codes


def _allotted(sends: Sends, lists: np.ndarray, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Letters in 7 and 28 days that a person of these lists can expect from the calendar, at each row."""
    shares, when = _shares(sends, lists, block)
    order = np.argsort(when, kind="stable")
    total = np.concatenate([np.zeros((len(shares), 1)), np.cumsum(shares[:, order], axis=1)], axis=1)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    found = []
    for days in (7, 28):
        first = np.searchsorted(when[order], when - (days - 0.5))
        found.append((total[:, place] - total[:, first])[lists, sends.campaign])
    return found[0], found[1]


def _shares(sends: Sends, lists: np.ndarray, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which share of the people of each combination a campaign reached, and when the campaign was."""
    combinations, campaigns, blocks = lists.max(initial=0) + 1, len(sends.campaigns), block.max(initial=0) + 1
    reached = np.bincount(lists * campaigns + sends.campaign, minlength=combinations * campaigns)
    is_new = np.append(True, (np.diff(sends.person) != 0) | (np.diff(block) != 0)) if len(sends) else np.array([], bool)
    people = np.bincount((lists * blocks + block)[is_new], minlength=combinations * blocks)
    letters = np.maximum(np.bincount(sends.campaign, minlength=campaigns), 1)
    when = np.bincount(sends.campaign, weights=sends.day, minlength=campaigns) / letters
    of_block = np.zeros(campaigns, dtype=np.int64)
    of_block[sends.campaign] = block
    there = people.reshape(combinations, blocks)[:, of_block]
    return reached.reshape(combinations, campaigns) / np.maximum(there, 1), when


# ---------------------------------------------------------------- factors


def factors_of(known: Covariates, click_score: np.ndarray, open_score: np.ndarray) -> list[Factor]:
    """Return the factors of every row, but for how much a person has borne (`borne`)."""
    sends = known.sends
    periods = np.ceil(np.maximum(sends.split - sends.day, 0.0) / PERIOD_DAYS).astype(np.int64)
    periods = np.maximum(periods, 1) - 1  # 0 is the newest, and what is planned
    count = int(periods.max(initial=0)) + 1
    return [
        Factor("seven", np.minimum(known.n7, MOST_7), MOST_7 + 1, "smooth"),
        Factor("month", np.minimum(known.n28, MOST_28), MOST_28 + 1, "smooth"),
        Factor("campaign", sends.campaign, len(sends.campaigns), "random"),
        Factor("drift", sends.department * count + periods, count * len(sends.departments), "walk",
               len(sends.departments)),
        Factor("lists", known.lists, int(known.lists.max(initial=0)) + 1),
        binned("clicks", click_score, known.usable, 16, "smooth"),
        binned("opens", open_score, known.usable, 12, "smooth"),
        _picked("picked7", known, known.n7, known.allotted7),
        _picked("picked28", known, known.n28, known.allotted28),
        binned("usually_picked", _usual(known), known.usable, 16, "smooth"),
    ]  # fmt: skip


def _picked(name: str, known: Covariates, letters: np.ndarray, allotted: np.ndarray) -> Factor:
    """The person's rank by letters, in _RANKS parts, among people of the same lists and as much allotment."""
    rows, group, most = known.usable, _alike(known, allotted), _MOST_RANKED + 1
    letters = np.minimum(letters, _MOST_RANKED)
    groups = int(group.max(initial=0)) + 1
    count = np.bincount(group[rows] * most + letters[rows], minlength=groups * most).reshape(groups, most)
    middle = np.cumsum(count, axis=1) - count / 2
    rank = middle / np.maximum(count.sum(axis=1, keepdims=True), 1)
    return Factor(name, np.minimum(rank * _RANKS, _RANKS - 1).astype(np.int64)[group, letters], _RANKS, "smooth")


def _usual(known: Covariates) -> np.ndarray:
    """How many letters the person had until the block began, over what the calendar allotted, shrunk to 1: who is
    picked time and again is of another kind than others under the same pressure, and outlives more without being
    tolerant. Known worse than this, that would be taken for the tolerance of those who outlived much."""
    first = known.sends.first
    had, allotted = (running(letters) for letters in (known.n28, known.allotted28))
    had, allotted = (total[known.known] - total[first] for total in (had, allotted))
    supposed = _LETTERS_SUPPOSED * max(known.allotted28[known.usable].mean(), 1.0) if known.usable.any() else 1.0
    return (had + supposed) / (allotted + supposed)


def _alike(known: Covariates, allotted: np.ndarray) -> np.ndarray:
    """A number for rows of the same lists at about the same allotment: equally many of the learned ones in each."""
    groups, campaigns = int(known.lists.max(initial=0)) + 1, max(len(known.sends.campaigns), 1)
    cell = known.lists * campaigns + known.sends.campaign
    count = np.bincount(cell, weights=known.usable, minlength=groups * campaigns).reshape(groups, campaigns)
    level = np.zeros(groups * campaigns)
    level[cell] = allotted
    order = np.argsort(level.reshape(groups, campaigns), axis=1, kind="stable")
    sorted_count = np.take_along_axis(count, order, axis=1)
    middle = (np.cumsum(sorted_count, axis=1) - sorted_count / 2) / np.maximum(count.sum(axis=1, keepdims=True), 1)
    part = np.empty(count.shape, dtype=np.int64)
    np.put_along_axis(part, order, np.minimum(middle * _PARTS, _PARTS - 1).astype(np.int64), axis=1)
    return known.lists * _PARTS + part.ravel()[cell]


def binned(name: str, values: np.ndarray, rows: np.ndarray, bins: int, kind: str = "fixed") -> Factor:
    """Return the values in bins that hold about equally many of `rows`."""
    edges = np.unique(np.quantile(values[rows], np.linspace(0, 1, bins + 1)[1:-1])) if rows.any() else np.array([])
    return Factor(name, np.searchsorted(edges, values, side="right"), len(edges) + 1, kind)


def score(known: Covariates, happened: np.ndarray, expected: np.ndarray, *, around: bool = False) -> np.ndarray:
    """Return how much more of something a person did than expected, as known at the beginning of the block; `around`
    it, as known from all but the block.

    Shrunk towards 1 by as much as people differ little (Gamma-Poisson): who had few letters is not judged by them.
    """
    sends, after = known.sends, _after_block(known)
    done, due = (running(values) for values in (happened, expected))
    done, due = (
        total[known.known] - total[sends.first] + around * (total[sends.end] - total[after]) for total in (done, due)
    )
    above = float(((done - due) ** 2 - due).sum())
    shape = np.clip((due**2).sum() / above, 0.1, 50.0) if above > 0 else 50.0
    return (done + shape) / (due + shape)


def _after_block(known: Covariates) -> np.ndarray:
    """The row after the last of each row's person and block."""
    line = known.sends.person * (known.block.max(initial=0) + 1) + known.block
    return np.searchsorted(line, line, side="right")


def borne(known: Covariates, hazard: np.ndarray, bins: int = 6) -> Factor:
    """Return how much hazard a person has outlived before each letter: who bore much is of the tolerant kind."""
    total = running(hazard)
    return binned("borne", total[np.arange(len(hazard))] - total[known.sends.first], known.usable, bins, "smooth")


def with_outcome(known: Covariates, outcome: str) -> Covariates:
    """Return the same, learning only from rows where the outcome can be seen: Gmail reports no complaint."""
    if outcome not in OUTCOMES:
        raise ValueError(outcome)
    seen = known.sends.happened["at_gmail"] == 0 if outcome == "complained" else True
    return replace(known, usable=known.usable & seen)
