"""The chance of an outcome per letter: a logit over categories, whose spreads are learned from the data.

Every covariate is a factor: a code per row. Four kinds of penalty: `fixed` (hardly shrunk: shrinking a confounder leaks
its effect), `random` (levels vary about nothing with one variance), `smooth` (neighbouring levels bend little), `walk`
(levels of a group wander from period to period). Variances follow Fellner and Schall's rule (Wood and Fasiolo 2017).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from threadpoolctl import threadpool_limits

# Of fixed levels: hardly a shrinkage where there are events, and a level without any is not taken for minus infinity.
# What has a penalty of its own needs none of this: it would pass for data, so that spreads are learned as nothing.
# Only where the levels of a walk lie as a whole is nothing that its steps tell: there a group is taken to differ from
# others by so much (standard deviation; our own, and wide: .6 to 1.6 times as often), or nothing at all would be known
# of a department that has not written yet.
_LEAST_PENALTY, _LEAST_BESIDE_ANOTHER, _GROUPS_DIFFER = 0.4, 0.005, 0.5
_PENALTY_RANGE = (1e-2, 1e6)
# By so much less a curve may be smooth than was learned, and by at least that variance of its bends; bands are told as
# if it were. Our own: in 36 worlds without fatigue (seeds 1200 to 1235) nine bands in ten of 1 and 3 letters hold the
# truth with it; where few leave, hardly any bend can be learned, and a straight line would look too sure of itself.
_DOUBT, _LEAST_BENDING = 10, 0.002
# Of a level's steps from period to period, for what is told of it: from a year few can be learned, and often as none,
# though no level stands still. Our own (8 % in four weeks): in 32 decayed worlds and 12 of 20,000 people (seeds from
# 1000) nine totals of eight weeks in ten lie within their intervals with it.
LEAST_WANDERING = 0.007
_STEPS = 40
_STEPS_OF_VARIANCES = 3  # for each of the coefficients: they need no look at the rows


@dataclass(frozen=True)
class Factor:
    """A covariate in categories: `codes` below `levels`, one per row. A `walk` has `levels` = groups × periods."""

    name: str
    codes: np.ndarray
    levels: int
    kind: str = "fixed"
    groups: int = 1

    def at(self, rows: np.ndarray) -> "Factor":
        """The same factor at some rows."""
        return Factor(self.name, self.codes[rows], self.levels, self.kind, self.groups)


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """A fitted model: the intercept and each factor's levels are cells of `beta`; `covariance` is theirs together.

    `covariance` allows for a smooth factor being a good deal less smooth than was learned, and for levels that wander
    more. `variance` is what was learned for each factor that is not fixed: of its levels (random), or of its steps.
    `freedom` is how many free numbers each factor is worth.
    """

    beta: np.ndarray
    covariance: np.ndarray
    columns: Mapping[str, slice]
    variance: Mapping[str, float]
    freedom: Mapping[str, float]

    def levels(self, name: str) -> np.ndarray:
        """The effects of a factor's levels, in log-odds."""
        return self.beta[self.columns[name]]

    def log_odds(self, factors: Sequence[Factor]) -> np.ndarray:
        """The log-odds of rows; factors left out count as nothing."""
        odds = np.full(len(factors[0].codes), self.beta[0])
        for factor in factors:
            odds += self.levels(factor.name)[factor.codes]
        return odds

    def draws(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Draws of all coefficients (columns) from what is known of them."""
        root = linalg.cholesky(self.covariance + 1e-10 * np.eye(len(self.beta)), lower=True)
        return self.beta[:, None] + root @ rng.standard_normal((len(self.beta), count))


def share(log_odds: np.ndarray) -> np.ndarray:
    """Return probabilities from log-odds."""
    return 1 / (1 + np.exp(-log_odds))


def columns_of(factors: Sequence[Factor]) -> dict[str, slice]:
    """Return where the levels of each factor stand among the coefficients; the intercept is the first."""
    edges = np.cumsum([1, *(factor.levels for factor in factors)])
    return {factor.name: slice(edges[n], edges[n + 1]) for n, factor in enumerate(factors)}


def design(factors: Sequence[Factor]) -> sparse.csr_array:
    """Return the rows as a sparse matrix: a one for the intercept and for the level of each factor."""
    rows, starts = len(factors[0].codes), [where.start for where in columns_of(factors).values()]
    placed = [np.zeros(rows, dtype=np.int64), *(f.codes + start for f, start in zip(factors, starts, strict=True))]
    width = len(placed)
    indices = np.stack(placed, axis=1).ravel()
    shape = (rows, 1 + sum(factor.levels for factor in factors))
    return sparse.csr_array((np.ones(rows * width), indices, np.arange(0, rows * width + 1, width)), shape=shape)


@threadpool_limits.wrap(limits=1, user_api="blas")
def fit(factors: Sequence[Factor], happened: np.ndarray, offset: np.ndarray, *, near: Hazard | None = None) -> Hazard:
    """Return the model of `happened` (0 or 1 per row); `offset` undoes that rows without an event were thinned out.

    Newton's steps for the coefficients, no coefficient moving by more than 2, and Fellner and Schall's for the
    variances, in turn, until both rest; from a model that is `near` they rest sooner, at the same place.
    """
    x, columns, shapes = design(factors), columns_of(factors), {f.name: _penalty(f) for f in factors}
    known = near.variance if near else {}
    penalties = {name: 1 / known.get(name, 1.0) for name, (_, rank, _) in shapes.items() if rank}
    beta = np.zeros(x.shape[1])
    beta[0] = near.beta[0] if near else _log_odds_of(happened, offset)
    for name in near.columns if near else ():
        if len(near.levels(name)) == len(beta[columns[name]]):
            beta[columns[name]] = near.levels(name)
    for _ in range(_STEPS):
        curvature, pull = _quadratic(x, happened, offset, beta)
        fresh, moved = beta, 0.0
        for _ in range(_STEPS_OF_VARIANCES):
            covariance = linalg.inv(curvature + _penalty_matrix(columns, shapes, penalties, len(beta)))
            fresh = covariance @ pull
            penalties, now = _learned(fresh, covariance, columns, shapes, penalties)
            moved = max(moved, now)
        step = fresh - beta
        beta = beta + step / max(1.0, np.abs(step).max() / 2)
        if np.abs(step).max() < 2e-3 and moved < 0.05:
            break
    freedom = {
        name: columns[name].stop
        - columns[name].start
        - penalties.get(name, 0.0) * _spread(covariance, columns[name], s)
        for name, (s, _, _) in shapes.items()
    }
    variance = {name: 1 / penalty for name, penalty in penalties.items()}
    looser = {f.name: _looser(f.kind, penalties[f.name]) for f in factors if f.name in penalties}
    covariance = linalg.inv(curvature + _penalty_matrix(columns, shapes, looser, len(beta)))
    return Hazard(beta=beta, covariance=covariance, columns=columns, variance=variance, freedom=freedom)


def _looser(kind: str, penalty: float) -> float:
    """The penalty with which it is told how sure a factor is."""
    if kind == "smooth":
        return min(penalty / _DOUBT, 1 / _LEAST_BENDING)
    return min(penalty, 1 / LEAST_WANDERING) if kind == "walk" else penalty


def _log_odds_of(happened: np.ndarray, offset: np.ndarray) -> float:
    rate = (happened.sum() + 0.5) / (len(happened) + 1)
    return float(np.log(rate / (1 - rate)) - offset.mean())


def _quadratic(
    x: sparse.csr_array, happened: np.ndarray, offset: np.ndarray, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The likelihood about the present place as a parabola: its curvature, and what that times its summit is."""
    p = share(x @ beta + offset)
    curvature = (x.T @ (sparse.diags_array(p * (1 - p)) @ x)).toarray()
    return curvature, x.T @ (happened - p) + curvature @ beta


def _penalty(factor: Factor) -> tuple[np.ndarray, int, np.ndarray]:
    """What a factor's penalty multiplies, its rank (0: nothing to learn), and what holds the levels besides."""
    size, least = factor.levels, _LEAST_BESIDE_ANOTHER * np.eye(factor.levels)
    if factor.kind == "random":
        return np.eye(size), size, least
    if factor.kind == "smooth" and size > 2:
        steps = np.diff(np.eye(size), n=2, axis=0)
        return steps.T @ steps, size - 2, least
    if factor.kind == "walk" and size > factor.groups:
        groups, periods = np.eye(factor.groups), size // factor.groups
        steps, mean = np.diff(np.eye(periods), axis=0), np.full((periods, periods), 1 / periods**2)
        least = least + np.kron(groups, mean / _GROUPS_DIFFER**2)
        return np.kron(groups, steps.T @ steps), size - factor.groups, least
    return np.zeros((size, size)), 0, _LEAST_PENALTY * np.eye(size)


def _penalty_matrix(
    columns: Mapping[str, slice], shapes: Mapping[str, tuple], penalties: Mapping[str, float], size: int
) -> np.ndarray:
    held = np.zeros((size, size))
    held[0, 0] = 1e-6  # the intercept is free
    for name, where in columns.items():
        shape, _, least = shapes[name]
        held[where, where] = penalties.get(name, 0.0) * shape + least
    return held


def _spread(covariance: np.ndarray, where: slice, shape: np.ndarray) -> float:
    return float((covariance[where, where] * shape).sum())


def _learned(
    beta: np.ndarray,
    covariance: np.ndarray,
    columns: Mapping[str, slice],
    shapes: Mapping[str, tuple],
    penalties: Mapping[str, float],
) -> tuple[dict[str, float], float]:
    """The next penalties (the rank that is used up, over the roughness that is there), and how much they moved,
    counted in free numbers: a penalty that is past mattering may go on growing."""
    learned, moved = {}, 0.0
    for name, penalty in penalties.items():
        shape, rank, _ = shapes[name]
        where = columns[name]
        used = max(rank - penalty * _spread(covariance, where, shape), 1e-3)
        rough = max(float(beta[where] @ shape @ beta[where]), 1e-9)
        learned[name] = float(np.clip(used / rough, *_PENALTY_RANGE))
        moved = max(moved, used * abs(float(np.log(learned[name] / penalty))))
    return learned, moved
