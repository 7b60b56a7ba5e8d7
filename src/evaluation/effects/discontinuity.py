"""Regression discontinuity: local polynomials with robust intervals, and polynomials on either side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluation.effects.covariates import covariate_matrix, require_columns
from evaluation.effects.estimates import outcome_matrix, tidy

TABLE = "discontinuity"


@dataclass(frozen=True)
class Discontinuity:
    """Jump of outcomes at a cutoff.

    Attributes
    ----------
    table : pandas.DataFrame
        Tidy rows, as of every estimator.
    details : pandas.DataFrame
        One row per outcome: tau_conventional, tau_bias_corrected, se_conventional, se_robust, the three
        intervals, p_robust, bandwidths h and b and rows used on each side.
    """

    table: pd.DataFrame
    details: pd.DataFrame


def discontinuity(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    running: str,
    cutoff: float,
    covariates: Sequence[str] = (),
    donut: float = 0.0,
    cluster: str | None = None,
    **options: Any,
) -> Discontinuity:
    """Jump at a cutoff by local polynomials with a bias-corrected robust interval.

    Parameters
    ----------
    data : pandas.DataFrame
    outcomes : sequence of str
        Rows with an empty outcome are left out of that outcome.
    running : str
        Number that decides treatment, such as age in years; treated from the cutoff up.
    cutoff : float
        Such as 30.
    covariates : sequence of str
        For precision only.
    donut : float
        Rows closer than this to the cutoff are left out.
    cluster : str, optional
    **options
        Passed on to ``rdrobust`` by name: p, q, h, b, rho, kernel, bwselect, vce, masspoints, level.

    Returns
    -------
    Discontinuity
        The estimate is the conventional one, the interval and p-value are the robust bias-corrected ones, so
        the interval is not centred on the estimate.

    Raises
    ------
    ValueError
        With fewer than 20 rows on a side, where no bandwidth can be chosen.

    Source: Calonico, Cattaneo & Titiunik (2014), Econometrica 82(6), package rdrobust.

    Examples
    --------
    >>> age = np.linspace(20, 40, 401)
    >>> rows = pd.DataFrame({"age": age, "work": 2.0 * (age >= 30) + 0.1 * age + np.sin(50 * age)})
    >>> found = discontinuity(rows, outcomes=["work"], running="age", cutoff=30)
    >>> bool(abs(found.table["estimate"].item() - 2) < 0.5)
    True
    """
    from rdrobust import rdrobust

    require_columns(data, [running, *covariates, *([cluster] if cluster else [])], table=TABLE)
    y = outcome_matrix(data, outcomes, table=TABLE)
    r = data[running].to_numpy(float)
    extra = covariate_matrix(data, covariates, table=TABLE).values if covariates else None
    tables, details = [], []
    for j, outcome in enumerate(outcomes):
        rows = ~np.isnan(y[:, j]) & ~np.isnan(r) & (np.abs(r - cutoff) >= donut)
        left, right = int((r[rows] < cutoff).sum()), int((r[rows] >= cutoff).sum())
        if min(left, right) < 20:
            raise ValueError(
                f"{TABLE} ({outcome}): {left} rows below and {right} above {cutoff:g}; at least 20 are "
                "needed on each side, widen the window or pool areas"
            )
        fit = rdrobust(
            y=y[rows, j],
            x=r[rows],
            c=cutoff,
            covs=None if extra is None else extra[rows],
            cluster=None if cluster is None else pd.factorize(data[cluster])[0][rows],
            **options,
        )
        tau, se, ci = (np.asarray(part, float) for part in (fit.coef, fit.se, fit.ci))
        h, b = np.asarray(fit.bws, float)
        p_robust = float(np.asarray(fit.pv, float).ravel()[2])
        near = rows & (r >= cutoff - h[0]) & (r <= cutoff + h[1])
        tables.append(
            tidy(
                [outcome],
                tau.ravel()[:1],
                se.ravel()[2:3],
                df=np.inf,
                persons=int(data.loc[near, "person_id"].nunique())
                if "person_id" in data
                else int(near.sum()),
                episodes=int(near.sum()),
                clusters=int(data.loc[near, cluster].nunique()) if cluster else int(near.sum()),
                method=f"local polynomial, h {h[0]:.4g} below and {h[1]:.4g} above",
                convention="rdrobust: conventional estimate, robust bias-corrected interval and p",
            ).assign(ci_low=ci[2, 0], ci_high=ci[2, 1], p_value=p_robust)
        )
        numbers = [
            *tau.ravel()[:2],
            se.ravel()[0],
            se.ravel()[2],
            *ci.ravel(),
            p_robust,
            *h,
            *b,
            *fit.N_h,
            *fit.N,
        ]
        details.append([outcome, *numbers])
    names = ["outcome", "tau_conventional", "tau_bias_corrected", "se_conventional", "se_robust"]
    names += [
        f"{kind}_{end}" for kind in ("conventional", "bias_corrected", "robust") for end in ("low", "high")
    ]
    names += ["p_robust", "h_below", "h_above", "b_below", "b_above"]
    names += ["rows_near_below", "rows_near_above", "rows_below", "rows_above"]
    return Discontinuity(pd.concat(tables, ignore_index=True), pd.DataFrame(details, columns=names))
