"""How strong would something unmeasured have to be to explain a finding away?

E-values (VanderWeele and Ding 2017, Annals of Internal Medicine 167(4)) on the scale of risk ratios, and the
robustness value of Cinelli and Hazlett (2020), JRSS B 82(1), on the scale of explained variance.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from scipy import optimize, stats

Scale = Literal["rr", "or", "hr", "sd"]


def _to_risk_ratio(value: float, scale: Scale, *, rare: bool) -> float:
    if scale == "sd":
        return float(np.exp(0.91 * value))
    if scale not in ("rr", "or", "hr"):
        raise ValueError(f"e_value: scale {scale!r} is not among rr, or, hr, sd")
    if value <= 0:
        raise ValueError("e_value: a ratio must be positive")
    if scale == "rr" or rare:
        return value
    if scale == "or":
        return float(np.sqrt(value))
    return float((1 - 0.5 ** np.sqrt(value)) / (1 - 0.5 ** np.sqrt(1 / value)))


def _threshold(ratio: float) -> float:
    ratio = max(ratio, 1 / ratio)
    return ratio + float(np.sqrt(ratio * (ratio - 1)))


def e_value(
    estimate: float,
    *,
    ci_low: float = np.nan,
    ci_high: float = np.nan,
    scale: Scale = "rr",
    rare: bool = False,
    true: float = 1.0,
) -> pd.DataFrame:
    """E-value of a ratio or standardised difference, and of the limit of its interval nearest to no effect.

    Parameters
    ----------
    estimate, ci_low, ci_high : float
        On the given scale; limits may be missing.
    scale : {"rr", "or", "hr", "sd"}
        Risk ratio, odds ratio, hazard ratio, or difference in standard deviations (then by exp(0.91 d)).
    rare : bool
        Outcome rare (under 15 %), so that odds and hazard ratios are about risk ratios.
    true : float
        Risk ratio that one asks about; 1 is no effect.

    Returns
    -------
    DataFrame
        One row: risk_ratio, e_value, e_value_limit (1 where the interval holds ``true``, missing without
        limits).

    Examples
    --------
    >>> e_value(3.9, ci_low=1.8, ci_high=8.7).round(2).to_numpy().tolist()
    [[3.9, 7.26, 3.0]]
    """
    ratio = _to_risk_ratio(estimate, scale, rare=rare)
    limits = [
        _to_risk_ratio(limit, scale, rare=rare) if np.isfinite(limit) else np.nan
        for limit in (ci_low, ci_high)
    ]
    nearest = limits[0] if ratio >= true else limits[1]
    limit = np.nan
    if np.isfinite(nearest):
        crossed = nearest <= true if ratio >= true else nearest >= true
        limit = 1.0 if crossed else _threshold(nearest / true)
    return pd.DataFrame(
        {"risk_ratio": [ratio], "e_value": [_threshold(ratio / true)], "e_value_limit": [limit]}
    )


def e_value_of_shares(
    treated: int, treated_episodes: int, untreated: int, untreated_episodes: int, *, level: float = 0.95
) -> pd.DataFrame:
    """E-value of a difference between two shares, from counts with the outcome and all counts.

    Ding and VanderWeele (2016), Epidemiology 27(3). Returns e_value and e_value_limit.

    Examples
    --------
    >>> e_value_of_shares(397, 78954, 51, 108829).round(1).to_numpy().tolist()
    [[20.9, 16.0]]
    """
    p1, p0 = treated / treated_episodes, untreated / untreated_episodes
    if not p1 > p0 > 0:
        raise ValueError("e_value_of_shares: give the arm with the larger share first, neither share zero")
    total = treated_episodes + untreated_episodes
    exposed = treated_episodes / total
    v1, v0 = p1 * (1 - p1) / treated_episodes, p0 * (1 - p0) / untreated_episodes
    vf = exposed * (1 - exposed) / total
    z = stats.norm.ppf(0.5 + level / 2)

    def lower(factor: float) -> float:
        left = p1 - p0 * factor
        mix = exposed + (1 - exposed) / factor
        variance = (v1 + v0 * factor**2) * mix**2 + left**2 * (1 - 1 / factor) ** 2 * vf
        return float(left * mix - z * np.sqrt(variance))

    limit = 1.0 if lower(1.0) <= 0 else _threshold(float(optimize.brentq(lower, 1.0, p1 / p0)))
    return pd.DataFrame({"e_value": [_threshold(p1 / p0)], "e_value_limit": [limit]})


def robustness_value(t: float, *, df: float, share: float = 1.0, level: float | None = None) -> float:
    """Partial R² that an omitted variable needs with both treatment and outcome to take the finding away.

    Parameters
    ----------
    t : float
        Estimate divided by its standard error.
    df : float
        Residual degrees of freedom.
    share : float
        Part of the estimate to be explained away.
    level : float, optional
        Explain away significance at this level instead of the estimate itself.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> round(robustness_value(4.18, df=783), 2), round(robustness_value(4.18, df=783, level=0.95), 3)
    (0.14, 0.076)
    """
    f = share * abs(t) / np.sqrt(df)
    if level is not None:
        f -= stats.t.ppf(0.5 + level / 2, df - 1) / np.sqrt(df - 1)
    if f <= 0:
        return 0.0
    return float(0.5 * (np.sqrt(f**4 + 4 * f**2) - f**2))
