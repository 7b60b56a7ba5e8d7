"""Did pilot and comparison move in parallel before, and how far may they have come apart before it matters?

Bounds in the spirit of Rambachan and Roth (2023), Review of Economic Studies 90(5), for one effect.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize, stats

from evaluation.effects.estimates import tidy


def power_against(limit: float, std_error: float, *, df: float = np.inf) -> float:
    """Chance that a two-sided test at 5 % finds a true value as large as ``limit``.

    Examples
    --------
    >>> round(power_against(2.8016, 1.0), 2)
    0.8
    """
    critical = stats.t.ppf(0.975, df)
    shift = abs(limit) / std_error
    return float(stats.norm.sf(critical - shift) + stats.norm.cdf(-critical - shift))


def pre_trend(
    estimates: ArrayLike, covariance: ArrayLike, *, years: ArrayLike, outcome: str, df: float = np.inf
) -> pd.DataFrame:
    """Slope of the differences between pilot and comparison before the start, and a test of all at once.

    `estimates` (k) are relative to the reference period, which is at year 0 and not among them, `years` (k)
    the distance of each from it, negative before it. Shocks are to be in `covariance` (k × k), else the test
    finds trends everywhere. The estimate of the tidy row is the steady drift, in units of the outcome per
    year; its p-value is that of the joint test. A period at year 0, or a covariance that is not positive
    definite, is refused.

    Examples
    --------
    >>> found = pre_trend([0.02, 0.01], np.eye(2) * 1e-6, years=[-2, -1], outcome="work")
    >>> round(found["estimate"].item(), 4), bool(found["p_value"].item() < 0.01)
    (-0.01, True)
    """
    beta, time = np.atleast_1d(np.asarray(estimates, float)), np.atleast_1d(np.asarray(years, float))
    matrix = np.atleast_2d(np.asarray(covariance, float))
    if (time == 0).any():
        raise ValueError("pre_trend.years: 0 is the reference period; leave it out")
    if np.linalg.eigvalsh(matrix).min() <= 0:
        raise ValueError("pre_trend.covariance: not positive definite; the periods are not separate evidence")
    inverse = np.linalg.inv(matrix)
    information = time @ inverse @ time
    slope = time @ inverse @ beta / information
    wald = beta @ inverse @ beta / len(beta)
    joint = stats.f.sf(wald, len(beta), df) if np.isfinite(df) else stats.chi2.sf(wald * len(beta), len(beta))
    row = tidy(outcome, slope, information**-0.5, method="steady drift", df=df)
    return row.assign(p_value=joint)


def robust_interval(
    estimate: float, std_error: float, *, violation: float, df: float = np.inf
) -> tuple[float, float]:
    """95 % interval of an effect whose bias is at most ``violation`` in either direction (same unit).

    Fixed-length interval with the quantile of the folded normal (Armstrong and Kolesár 2018), widened for the
    degrees of freedom: shorter than adding the violation on both sides, exact for this set.

    Examples
    --------
    >>> [round(x, 2) for x in robust_interval(0, 1, violation=0)]
    [-1.96, 1.96]
    >>> [round(x, 2) for x in robust_interval(0, 1, violation=10)]
    [-11.64, 11.64]
    """
    widened = std_error * stats.t.ppf(0.975, df) / stats.norm.ppf(0.975)
    half = float(widened * stats.foldnorm.ppf(0.95, abs(violation) / widened))
    return estimate - half, estimate + half


@lru_cache
def breakdown_per_year(estimate: float, std_error: float, *, years: float, df: float = np.inf) -> float:
    """Drift per year, relative to comparison, at which the interval of the effect first reaches zero.

    In units of the outcome per year, over the `years` between the middles of the baseline and the follow-up
    window; 0 where the interval holds zero without any drift.

    Examples
    --------
    >>> breakdown_per_year(0.01, 0.02, years=2.5)
    0.0
    >>> round(breakdown_per_year(0.10, 0.01, years=2.5), 4)
    0.0334
    """

    def reach(violation: float) -> float:
        low, _high = robust_interval(abs(estimate), std_error, violation=violation, df=df)
        return low

    if reach(0.0) <= 0:
        return 0.0
    return float(optimize.brentq(reach, 0.0, abs(estimate), xtol=1e-10)) / years
