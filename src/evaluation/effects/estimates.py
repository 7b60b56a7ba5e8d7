"""Tidy rows of estimates with standard error, interval and p-value."""

from __future__ import annotations

import numpy as np
import pandas as pd


def tidy(outcome: str, estimate: float, std_error: float, *, method: str, df: float = np.inf) -> pd.DataFrame:
    """One row, in the outcome's unit, with a 95 % t interval on `df` degrees of freedom (normal by default).

    Examples
    --------
    >>> row = tidy("y", 1.0, 0.5, method="none")
    >>> row.loc[0, ["ci_low", "ci_high"]].astype(float).round(2).tolist()
    [0.02, 1.98]
    """
    from scipy import stats  # slow to load: only where a row is made

    known = std_error if std_error > 0 else np.nan
    half = stats.t.ppf(0.975, df) * known
    row = {
        "outcome": outcome,
        "estimate": estimate,
        "std_error": known,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "p_value": 2 * stats.t.sf(np.abs(estimate) / known, df),
        "method": method,
    }
    return pd.DataFrame([row])
