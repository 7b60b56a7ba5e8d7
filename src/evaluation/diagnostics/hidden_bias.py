"""How strong would something unmeasured have to be to explain a finding away?

E-values (VanderWeele and Ding 2017, Annals of Internal Medicine 167(4)) on the scale of risk ratios, and the
robustness value of Cinelli and Hazlett (2020), JRSS B 82(1), on the scale of explained variance.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

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
