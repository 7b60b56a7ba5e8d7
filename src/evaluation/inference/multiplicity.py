"""Families of tests, and the smallest effect a test could have found."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]


def adjust_p(
    p_values: ArrayLike,
    *,
    method: str = "holm",
    statistic: ArrayLike | None = None,
    draws: Array | None = None,
) -> Array:
    """Adjust p-values for having looked at a family of outcomes or areas.

    Parameters
    ----------
    p_values : array, k
        NaN (not tested) stays NaN and does not count.
    method : {"holm", "benjamini_hochberg", "max_t"}
        Family-wise error; false discovery rate; or step-down max-t (Romano and Wolf 2005), which uses that
        outcomes move together and so loses less than Holm.
    statistic : array, k, for max_t
        Estimates divided by their standard errors.
    draws : array, draws × k, for max_t
        The same statistic under the null, drawn jointly (:func:`placebo_noise` divided by the standard
        errors).

    Returns
    -------
    array, k

    Examples
    --------
    >>> adjust_p([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=float)
    tested = np.isfinite(p)
    adjusted = np.full(p.shape, np.nan)
    if not tested.any():
        return adjusted
    if method == "max_t":
        if statistic is None or draws is None:
            raise ValueError("adjust_p: max_t needs statistic and draws")
        size = np.abs(np.asarray(statistic, dtype=float))[tested]
        null = np.abs(draws[:, tested])
        order = np.argsort(-size)
        # step down: the largest statistic is held against the largest of all, the next against those that
        # remain
        largest = np.maximum.accumulate(null[:, order[::-1]], axis=1)[:, ::-1]
        step = (1 + (largest >= size[order]).sum(axis=0)) / (1 + len(null))
        stepped = np.empty(len(size))
        stepped[order] = np.maximum.accumulate(step)
        adjusted[tested] = stepped
        return adjusted
    names = {"holm": "holm", "benjamini_hochberg": "fdr_bh"}
    if method not in names:
        raise ValueError(f"adjust_p: method {method!r} is not among {[*names, 'max_t']}")
    from statsmodels.stats.multitest import multipletests

    adjusted[tested] = multipletests(p[tested], method=names[method])[1]
    return adjusted


def minimum_detectable_effect(
    std_error: ArrayLike, *, df: float = np.inf, level: float = 0.95, power: float = 0.8
) -> Array:
    """Smallest true effect that the test would find with the given power, in the unit of the standard error.

    Bloom (1995), Evaluation Review 19(5).

    Examples
    --------
    >>> minimum_detectable_effect(1.0).round(3).item()
    2.802
    """
    tails = stats.t.ppf(1 - (1 - level) / 2, df) + stats.t.ppf(power, df)
    return np.asarray(tails * np.asarray(std_error, dtype=float))
