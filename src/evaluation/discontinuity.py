"""Regression discontinuity: local polynomials with robust intervals, and polynomials on either side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.covariates import covariate_matrix, require_columns
from evaluation.estimates import outcome_matrix, tidy
from evaluation.regression import Covariance, coefficient_covariance, least_squares

FloatArray = NDArray[np.float64]
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


def polynomial_discontinuity(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    running: str,
    cutoff: float,
    degree: int = 1,
    common_slope: bool = False,
    bandwidth: float = np.inf,
    kernel: Literal["uniform", "triangular"] = "uniform",
    convention: Covariance = "hc1",
) -> pd.DataFrame:
    """Jump at a cutoff by one polynomial on each side, within a given bandwidth.

    Parameters
    ----------
    data, outcomes, running, cutoff
        As for `discontinuity`.
    degree : int
        Of the polynomials.
    common_slope : bool
        The same polynomial on both sides.
    bandwidth : float
        Rows further away are left out (all rows if infinite).
    kernel : {"uniform", "triangular"}
        Triangular gives rows weight 1 − distance / bandwidth.
    convention : {"classical", "hc0", "hc1", "hc2", "hc3"}
        Of the standard error.

    Returns
    -------
    pandas.DataFrame
        Tidy rows; intervals use t(n−p).

    Source: Angrist & Pischke (2014), chapter 4.

    Examples
    --------
    >>> rows = pd.DataFrame({"age": [28.0, 29, 29.5, 30, 31, 32], "work": [1.0, 2, 2.5, 5, 6, 7]})
    >>> found = polynomial_discontinuity(rows, outcomes=["work"], running="age", cutoff=30)
    >>> round(found["estimate"].item(), 6)
    2.0
    """
    require_columns(data, [running], table=TABLE)
    y = outcome_matrix(data, outcomes, table=TABLE)
    distance = data[running].to_numpy(float) - cutoff
    if kernel == "triangular" and not np.isfinite(bandwidth):
        raise ValueError(f"{TABLE}: a triangular kernel needs a bandwidth; give one in units of {running}")
    tables = []
    for j, outcome in enumerate(outcomes):
        rows = ~np.isnan(y[:, j]) & (np.abs(distance) <= bandwidth)
        w = None
        if kernel == "triangular":
            rows &= np.abs(distance) < bandwidth
            w = 1 - np.abs(distance[rows]) / bandwidth
        r = distance[rows]
        above = (r >= 0).astype(float)
        if min(above.sum(), (1 - above).sum()) < degree + 2:
            raise ValueError(
                f"{TABLE} ({outcome}): {int((1 - above).sum())} rows below and {int(above.sum())} above "
                f"{cutoff:g}; degree {degree} needs {degree + 2} on each side"
            )
        powers = [r**k for k in range(1, degree + 1)]
        x = np.column_stack(
            [np.ones(len(r)), above, *powers, *([] if common_slope else [above * q for q in powers])]
        )
        fit = least_squares(x, y[rows, j : j + 1], weights=w)
        error = coefficient_covariance(x, fit, kind=convention, weights=w)[1, 1]
        tables.append(
            tidy(
                [outcome],
                fit.coefficients[1],
                np.sqrt(np.array([error])),
                df=float(len(r) - fit.rank),
                persons=int(data.loc[rows, "person_id"].nunique()) if "person_id" in data else len(r),
                episodes=len(r),
                clusters=len(r),
                method=f"polynomial of degree {degree}{', common slope' if common_slope else ''}, {kernel}",
                convention=f"{convention}, t(n-p)",
            )
        )
    return pd.concat(tables, ignore_index=True)
