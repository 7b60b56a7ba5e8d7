"""Do effects of areas depend on what is known about the areas? Random effects with moderators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]


def meta_regression(
    estimates: ArrayLike,
    std_errors: ArrayLike,
    moderators: Mapping[str, ArrayLike],
    *,
    hartung_knapp: bool = True,
    level: float = 0.95,
) -> pd.DataFrame:
    """Regress area effects on features of the areas, leaving room for what the features do not explain.

    Parameters
    ----------
    estimates, std_errors : array, k
        One an area.
    moderators : mapping of name to array, k
        Features of the areas, measured before the trial.
    hartung_knapp : bool
        Hartung–Knapp standard errors with t(k − p); otherwise the normal distribution.
    level : float

    Returns
    -------
    DataFrame
        One row a coefficient: term, estimate, std_error, ci_low, ci_high, p_value, statistic, and for the
        whole model tau2 (residual, REML), r2 (share of the between-area variance explained).

    Raises
    ------
    ValueError
        With too few areas or moderators that say the same.

    Notes
    -----
    Viechtbauer (2005), Journal of Educational and Behavioral Statistics 30(3); Knapp and Hartung (2003),
    Statistics in Medicine 22(17). With 25 areas a moderator is a lead, not a finding.

    Examples
    --------
    >>> out = meta_regression([0.0, 0.1, 0.2, 0.3, 0.4], [0.05] * 5, {"size": [0, 1, 2, 3, 4]})
    >>> out["estimate"].round(3).tolist()
    [0.0, 0.1]
    """
    y, v = np.asarray(estimates, dtype=float), np.asarray(std_errors, dtype=float) ** 2
    x = np.column_stack([np.ones(len(y)), *[np.asarray(value, dtype=float) for value in moderators.values()]])
    k, p = x.shape
    if k <= p + 1 or np.linalg.matrix_rank(x) < p:
        raise ValueError(f"meta_regression: {k} areas and {p - 1} moderators; use fewer, or ones that differ")
    tau2, alone = _residual_variance(y, v, x), _residual_variance(y, v, x[:, :1])
    weight = 1 / (v + tau2)
    covariance = np.linalg.inv(x.T @ (weight[:, None] * x))
    beta = covariance @ (x.T @ (weight * y))
    quantile = float(stats.norm.ppf(0.5 + level / 2))
    if hartung_knapp:
        covariance = covariance * float(weight @ (y - x @ beta) ** 2 / (k - p))
        quantile = float(stats.t.ppf(0.5 + level / 2, k - p))
    error = np.sqrt(np.diag(covariance))
    statistic = beta / error
    tail = stats.t.sf(np.abs(statistic), k - p) if hartung_knapp else stats.norm.sf(np.abs(statistic))
    return pd.DataFrame(
        {
            "term": ["intercept", *moderators],
            "estimate": beta,
            "std_error": error,
            "ci_low": beta - quantile * error,
            "ci_high": beta + quantile * error,
            "p_value": 2 * tail,
            "statistic": statistic,
            "tau2": tau2,
            "r2": max(0.0, 1 - tau2 / alone) if alone > 0 else np.nan,
        }
    )


def _residual_variance(y: Array, v: Array, x: Array) -> float:
    """Residual between-area variance by restricted maximum likelihood (Fisher scoring, never below zero)."""
    tau2 = max(0.0, float(y.var(ddof=1) - v.mean()))
    for _ in range(1000):
        weight = 1 / (v + tau2)
        weighted = weight[:, None] * x
        projection = np.diag(weight) - weighted @ np.linalg.inv(x.T @ weighted) @ weighted.T
        score = projection @ y
        change = float((score @ score - np.trace(projection)) / (projection**2).sum())
        if abs(change) < 1e-13 * (1 + tau2):
            break
        tau2 = max(0.0, tau2 + change)
    return tau2
