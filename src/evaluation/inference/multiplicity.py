"""Families of tests, and the smallest effect a test could have found."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]


def adjust_p(p_values: ArrayLike) -> Array:
    """P-values adjusted for having looked at a family of outcomes or areas: family-wise error, Holm (1979).

    NaN (not tested) stays NaN and does not count.

    Examples
    --------
    >>> adjust_p([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    from statsmodels.stats.multitest import multipletests

    p = np.asarray(p_values, dtype=float)
    tested = np.isfinite(p)
    adjusted = np.full(p.shape, np.nan)
    if tested.any():
        adjusted[tested] = multipletests(p[tested], method="holm")[1]
    return adjusted


def minimum_detectable_effect(std_error: ArrayLike, *, df: float = np.inf) -> Array:
    """Smallest true effect that a test at 5 % would find with power 80 %, in the unit of the standard error.

    Bloom (1995), Evaluation Review 19(5).

    Examples
    --------
    >>> minimum_detectable_effect(1.0).round(3).item()
    2.802
    """
    tails = stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)
    return np.asarray(tails * np.asarray(std_error, dtype=float))
