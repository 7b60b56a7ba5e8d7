"""Regression discontinuity: local polynomials with robust intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.effects.covariates import outcome_matrix, require_columns
from evaluation.effects.estimates import tidy

TABLE = "discontinuity"
FEWEST = 20


def discontinuity(
    data: pd.DataFrame, *, outcomes: Sequence[str], running: str, cutoff: float
) -> pd.DataFrame:
    """Jump at a cutoff by local linear regression with a bias-corrected robust interval.

    `running` is the number that decides treatment, such as age in years: treated from `cutoff` up. Rows with
    an empty outcome are left out of that outcome. In the tidy rows the estimate is the conventional one,
    interval and p-value are the robust bias-corrected ones, so the interval is not centred on the estimate;
    `method` states the bandwidths. Fewer than 20 rows on a side, or too few different values of `running` to
    choose a bandwidth, are refused.

    Source: Calonico, Cattaneo & Titiunik (2014), Econometrica 82(6), package rdrobust.

    Examples
    --------
    >>> age = np.linspace(20, 40, 401)
    >>> rows = pd.DataFrame({"age": age, "work": 2.0 * (age >= 30) + 0.1 * age + np.sin(50 * age)})
    >>> found = discontinuity(rows, outcomes=["work"], running="age", cutoff=30)
    >>> bool(abs(found["estimate"].item() - 2) < 0.5)
    True
    """
    from rdrobust import rdrobust

    require_columns(data, [running], table=TABLE)
    y = outcome_matrix(data, outcomes, table=TABLE)
    r = data[running].to_numpy(float)
    tables = []
    for j, outcome in enumerate(outcomes):
        rows = ~np.isnan(y[:, j]) & ~np.isnan(r)
        left, right = int((r[rows] < cutoff).sum()), int((r[rows] >= cutoff).sum())
        if min(left, right) < FEWEST:
            raise ValueError(
                f"{TABLE} ({outcome}): {left} rows below and {right} above {cutoff:g}; at least {FEWEST} are "
                "needed on each side, widen the window or pool areas"
            )
        try:
            fit = rdrobust(y=y[rows, j], x=r[rows], c=cutoff)
        except Exception as refusal:  # the package has no narrower one for a bandwidth it cannot choose
            raise ValueError(f"{TABLE} ({outcome}): no bandwidth near {cutoff:g} ({refusal})") from refusal
        estimate, error, p_value = (np.asarray(part, float).ravel() for part in (fit.coef, fit.se, fit.pv))
        low, high = np.asarray(fit.ci, float)[2]
        below, above = np.asarray(fit.bws, float)[0]
        method = f"local polynomial, h {below:.4g} below and {above:.4g} above"
        row = tidy(outcome, estimate[0], error[2], method=method)
        tables.append(row.assign(ci_low=low, ci_high=high, p_value=p_value[2]))
    return pd.concat(tables, ignore_index=True)
