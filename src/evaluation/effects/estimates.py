"""Tidy rows of estimates with standard error, interval and p-value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def tidy(
    outcomes: Sequence[str],
    estimate: FloatArray,
    std_error: FloatArray,
    *,
    method: str,
    df: float = np.inf,
) -> pd.DataFrame:
    """One row an outcome, in its unit, with 95 % t intervals on `df` degrees of freedom (normal by default).

    Examples
    --------
    >>> row = tidy(["y"], np.array([1.0]), np.array([0.5]), method="none")
    >>> row.loc[0, ["ci_low", "ci_high"]].astype(float).round(2).tolist()
    [0.02, 1.98]
    """
    from scipy import stats

    known = np.where(std_error > 0, std_error, np.nan)
    half = stats.t.ppf(0.975, df) * known
    return pd.DataFrame(
        {
            "outcome": list(outcomes),
            "estimate": estimate,
            "std_error": known,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "p_value": 2 * stats.t.sf(np.abs(estimate) / known, df),
            "method": method,
        }
    )
