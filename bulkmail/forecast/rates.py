"""The spread of rates between campaigns: a beta-binomial model, with its own uncertainty.

Campaign i has rate p_i ~ Beta(m M, (1 - m) M) and count k_i ~ Binomial(n_i, p_i): m is the mean rate, M says how alike
campaigns are (large: alike). Both are unknown; their posterior is computed on a fixed grid, flat in log-odds of m and
in log M. A grid of two dimensions needs no sampler, cannot fail to converge, and gives the same answer every time.
"""

from dataclasses import dataclass

import numpy as np

DRAWS = 4_000
_SEED = 20_261_123
_MEAN_STEPS, _MEAN_REACH = 61, 1.5  # log-odds on each side of the pooled rate
_ALIKE = np.linspace(np.log(3.0), np.log(1e6), 34)


@dataclass(frozen=True)
class Grid:
    """Log-odds of the mean and log of the likeness at each cell, with the distances between cells."""

    mean: np.ndarray
    alike: np.ndarray
    mean_step: float
    alike_step: float


def grid_around(k: np.ndarray, n: np.ndarray) -> Grid:
    """Return the grid of cells to weigh, centred on the pooled rate of the counts."""
    pooled = (k.sum() + 0.5) / (n.sum() + 1.0)
    centre = np.log(pooled / (1 - pooled))
    mean = np.linspace(centre - _MEAN_REACH, centre + _MEAN_REACH, _MEAN_STEPS)
    cells = np.meshgrid(mean, _ALIKE, indexing="ij")
    return Grid(cells[0].ravel(), cells[1].ravel(), mean[1] - mean[0], _ALIKE[1] - _ALIKE[0])


def log_likelihood(k: np.ndarray, n: np.ndarray, grid: Grid) -> np.ndarray:
    """Return the log-likelihood of each count (rows) in each cell (columns), but for a constant per row."""
    a, b = _shape(grid.mean, grid.alike)
    k, n = np.asarray(k, dtype=float)[:, None], np.asarray(n, dtype=float)[:, None]
    above = _log_gamma(k + a) + _log_gamma(n - k + b) - _log_gamma(n + a + b)
    return above - (_log_gamma(a) + _log_gamma(b) - _log_gamma(a + b))


def predict(weights: np.ndarray, grid: Grid, n: int, draws: int = DRAWS) -> np.ndarray:
    """Return draws of the count that a new campaign of `n` letters will have; `weights` is a log-posterior per cell.

    Draws are spread over the width of their cell, so that the grid's coarseness does not show.
    """
    rng = np.random.default_rng(_SEED)
    share = np.exp(weights - weights.max())
    cell = rng.choice(len(share), size=draws, p=share / share.sum())
    mean = grid.mean[cell] + rng.uniform(-0.5, 0.5, draws) * grid.mean_step
    alike = grid.alike[cell] + rng.uniform(-0.5, 0.5, draws) * grid.alike_step
    return rng.binomial(n, rng.beta(*_shape(mean, alike)))


def _shape(mean: np.ndarray, alike: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rate, size = 1 / (1 + np.exp(-mean)), np.exp(alike)
    return rate * size, (1 - rate) * size


def _log_gamma(x: np.ndarray) -> np.ndarray:
    """Log of the gamma function for x > 0, to 1e-12: Stirling's series after eight steps up (numpy has none)."""
    y = x + 8
    steps = x * (x + 1) * (x + 2) * (x + 3) * (x + 4) * (x + 5) * (x + 6) * (x + 7)
    series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * y * y)) / (y * y)) / (y * y)) / y
    return (y - 0.5) * np.log(y) - y + 0.5 * np.log(2 * np.pi) + series - np.log(steps)
