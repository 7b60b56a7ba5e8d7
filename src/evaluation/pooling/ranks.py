"""Which ranks are possible for an area, all areas at once, and whether areas can be told apart at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]
DRAWS = 20_000
LEVEL = 0.95  # of the joint intervals, and of the test of equal effects
HALF = 0.5  # share of pairs that must differ before any order is shown


def rank_intervals(
    estimates: ArrayLike, std_errors: ArrayLike, *, seed: int, shared_error: float = 0.0
) -> pd.DataFrame:
    """Ranks that the data do not exclude, with joint coverage over all areas.

    Two areas are told apart if the simultaneous interval of their difference excludes zero; an area's best
    possible rank is one more than the number of areas surely above it, its worst one leaves out those surely
    below. `shared_error` is the part of every standard error that all areas have in common: it cancels in
    differences. `seed` is that of the draws for the quantile of the largest studentised difference.

    One row an area, in order: rank (of the raw estimate), rank_low and rank_high (1 is the largest),
    surely_above (a number of areas). Fewer than two areas, or missing values, are refused.

    Notes
    -----
    Mogstad, Romano, Shaikh and Wilhelm (2024), Review of Economic Studies 91(1).

    Examples
    --------
    >>> rank_intervals([0.0, 0.0, 9.0], [1, 1, 1], seed=1)[["rank_low", "rank_high"]].to_numpy().tolist()
    [[2, 3], [2, 3], [1, 1]]
    """
    y, s = np.asarray(estimates, dtype=float), np.asarray(std_errors, dtype=float)
    if len(y) < 2 or not (np.isfinite(y) & np.isfinite(s) & (s > shared_error)).all():
        raise ValueError(
            f"ranks: {len(y)} areas, {int((~np.isfinite(y + s)).sum())} without estimate or standard error; "
            "two complete areas are the least"
        )
    own = np.sqrt(s**2 - shared_error**2)
    error = np.sqrt(own[:, None] ** 2 + own**2)
    apart = np.abs(y[:, None] - y) > _largest_difference(own, seed=seed) * error
    above = (apart & (y[None, :] > y[:, None])).sum(axis=1)
    below = (apart & (y[None, :] < y[:, None])).sum(axis=1)
    return pd.DataFrame(
        {
            "rank": stats.rankdata(-y, method="min").astype(int),
            "rank_low": 1 + above,
            "rank_high": len(y) - below,
            "surely_above": above,
        }
    )


def _largest_difference(own: Array, *, seed: int) -> float:
    """Quantile of the largest studentised difference between two areas' errors."""
    error = np.random.default_rng(seed).standard_normal((DRAWS, len(own))) * own
    first, second = np.triu_indices(len(own), 1)
    spread = np.sqrt(own[first] ** 2 + own[second] ** 2)
    largest = np.zeros(DRAWS)
    for start in range(0, len(first), 64):  # blocks of pairs keep memory small
        a, b = first[start : start + 64], second[start : start + 64]
        gaps = np.abs(error[:, a] - error[:, b]) / spread[start : start + 64]
        largest = np.maximum(largest, gaps.max(axis=1))
    return float(np.quantile(largest, LEVEL, method="higher"))


def rankable(intervals: pd.DataFrame, *, heterogeneity_p: float) -> bool:
    """Whether areas can be told apart: only then may a report show any order.

    `heterogeneity_p` is the p-value of the omnibus test of equal effects (``q_p_value`` of random effects).

    Examples
    --------
    >>> rankable(rank_intervals([0.0, 0.1, 0.2], [1, 1, 1], seed=1), heterogeneity_p=0.8)
    False
    """
    pairs = len(intervals) * (len(intervals) - 1) // 2
    return bool(heterogeneity_p < 1 - LEVEL and intervals["surely_above"].sum() / pairs >= HALF)
