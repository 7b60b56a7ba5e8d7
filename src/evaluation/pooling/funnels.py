"""Funnel limits around the common mean: which areas differ by more than areas usually do."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

FUNNEL_TRIM = 0.1  # share of areas at each end whose deviation is drawn in when overdispersion is estimated


def funnel(estimates: ArrayLike, std_errors: ArrayLike) -> pd.DataFrame:
    """Funnel limits that allow for areas differing by more than chance, and who is outside.

    One row an area, in order: std_error, target, ci_low, ci_high (95 % limits), outside (bool).

    Notes
    -----
    Spiegelhalter (2005), Statistics in Medicine 24(8) and Quality and Safety in Health Care 14(5):
    deviations are winsorised at 10 % each side; where their mean square exceeds one, a between-area variance
    is added.

    Examples
    --------
    >>> bool(funnel([0.0, 0.0, 0.1, 0.0, 0.0], [0.05] * 5)["outside"].any())
    False
    """
    y, s = np.asarray(estimates, dtype=float), np.asarray(std_errors, dtype=float)
    k = len(y)
    weight = s**-2
    target = float(weight @ y / weight.sum())
    z = np.sort((y - target) / s)
    cut = int(np.floor(FUNNEL_TRIM * k))
    dispersion = float((np.clip(z, z[cut], z[k - 1 - cut]) ** 2).mean())
    tau2 = 0.0
    if dispersion * k > k - 1:
        tau2 = (dispersion * k - (k - 1)) / (weight.sum() - (weight**2).sum() / weight.sum())
    half = stats.norm.ppf(0.975) * np.sqrt(s**2 + tau2)
    limits = {"std_error": s, "target": target, "ci_low": target - half, "ci_high": target + half}
    return pd.DataFrame({**limits, "outside": np.abs(y - target) > half})
