"""Panel regressions: fixed effects with a named standard error, and random effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.covariates import covariate_matrix, independent_columns, require_columns
from evaluation.estimates import outcome_matrix
from evaluation.regression import coefficient_covariance, least_squares, sum_by

FloatArray = NDArray[np.float64]
TABLE = "panel"


@dataclass(frozen=True)
class Regression:
    """Coefficients of a regression.

    Attributes
    ----------
    table : pandas.DataFrame
        term, estimate, std_error, ci_low, ci_high, p_value, df, convention.
    covariance : pandas.DataFrame
        Of the coefficients.
    rows, units : int
    notes : tuple of str
    """

    table: pd.DataFrame
    covariance: pd.DataFrame
    rows: int
    units: int
    notes: tuple[str, ...] = ()


def fixed_effects(
    data: pd.DataFrame,
    *,
    outcome: str,
    regressors: Sequence[str],
    unit: str,
    time: str | None = None,
    cluster: str | None = None,
    small_sample: Literal["fixest", "full"] = "fixest",
) -> Regression:
    """Least squares with unit (and period) effects.

    Parameters
    ----------
    data : pandas.DataFrame
    outcome : str
    regressors : sequence of str
        Numbers or categories; those that the effects determine are left out and noted.
    unit : str
        Column whose effects are taken out.
    time : str, optional
        Second column of effects.
    cluster : str, optional
        Column of the clusters; without it, classical standard errors.
    small_sample : {"fixest", "full"}
        Parameters counted in (n−1)/(n−K) beside G/(G−1): ``fixest`` leaves out unit effects nested in
        clusters, ``full`` counts them all, as regression on dummies does.

    Returns
    -------
    Regression
        Intervals use t(G−1) with clusters, t(n−K) without.

    Source: Cameron & Miller (2015), section VI; the conventions of R fixest.

    Examples
    --------
    >>> rows = pd.DataFrame({"u": [1, 1, 2, 2, 3, 3], "t": [0, 1] * 3, "d": [0, 1, 0, 0, 0, 1],
    ...                      "y": [1.0, 4, 2, 3, 5, 8]})
    >>> found = fixed_effects(rows, outcome="y", regressors=["d"], unit="u", time="t")
    >>> round(found.table["estimate"].item(), 6)
    2.0
    """
    require_columns(data, [unit, *([time] if time else []), *([cluster] if cluster else [])], table=TABLE)
    y = outcome_matrix(data, [outcome], table=TABLE)
    if empty := int(np.isnan(y).sum()):
        raise ValueError(f"{TABLE}.{outcome}: {empty} rows are empty; drop them first")
    units, labels = pd.factorize(data[unit])
    matrix = covariate_matrix(data, regressors, table=TABLE, drop=False)
    x, names = matrix.values, list(matrix.names)
    effects = np.empty((len(data), 0))
    if time:
        periods, stamps = pd.factorize(data[time], sort=True)
        effects = (periods[:, None] == np.arange(1, len(stamps))).astype(float)
    within = _demean(np.column_stack([effects, x]), units, len(labels))
    keep, notes = independent_columns(within, ["effects"] * effects.shape[1] + names)
    notes = tuple(note for note in notes if not note.startswith("effects:"))
    held = keep[effects.shape[1] :]
    names = [name for name, kept in zip(names, held, strict=True) if kept]
    if not names:
        raise ValueError(f"{TABLE}: 0 of {len(held)} regressors vary within {unit}; nothing can be estimated")
    within = within[:, keep]
    fit = least_squares(within, _demean(y, units, len(labels)))
    shift = within.shape[1] - len(names)
    n, counted = len(data), len(labels)
    convention = f"classical, t(n-K), effects of {unit}{' and ' + time if time else ''} counted"
    clusters = None
    if cluster:
        clusters, groups = pd.factorize(data[cluster])
        nested = len(np.unique(units * len(groups) + clusters)) == len(labels)
        if nested and small_sample == "fixest":
            counted = 1
        convention = f"clustered by {cluster}, G/(G-1)·(n-1)/(n-K), {small_sample} count of K, t(G-1)"
        df = float(len(groups) - 1)
    else:
        df = float(n - fit.rank - counted)
    covariance = coefficient_covariance(
        within,
        fit,
        kind="cluster" if cluster else "classical",
        clusters=clusters,
        absorbed=counted,
    )[shift:, shift:]
    return _regression(names, fit.coefficients[shift:, 0], covariance, df, convention, n, len(labels), notes)


def random_effects(data: pd.DataFrame, *, outcome: str, regressors: Sequence[str], unit: str) -> Regression:
    """Generalised least squares with random unit effects (Swamy–Arora variances), balanced panels.

    Parameters
    ----------
    data, outcome, regressors, unit
        As for `fixed_effects`.

    Raises
    ------
    ValueError
        If units have different numbers of rows.

    Source: Swamy & Arora (1972); Baltagi (2013), section 2.3.

    Examples
    --------
    >>> rows = pd.DataFrame({"u": [1, 1, 2, 2, 3, 3, 4, 4], "x": [0.0, 1, 1, 3, 0, 2, 2, 1],
    ...                      "y": [1.0, 3, 4, 7, 0, 4, 3, 2]})
    >>> random_effects(rows, outcome="y", regressors=["x"], unit="u").table["term"].tolist()
    ['(Intercept)', 'x']
    """
    require_columns(data, [unit], table=TABLE)
    y = outcome_matrix(data, [outcome], table=TABLE)
    units, labels = pd.factorize(data[unit])
    sizes = np.bincount(units)
    if np.ptp(sizes):
        raise ValueError(
            f"{TABLE}.{unit}: units have {sizes.min()} to {sizes.max()} rows; keep complete units"
        )
    n, groups, periods = len(data), len(labels), int(sizes[0])
    matrix = covariate_matrix(data, regressors, table=TABLE)
    x = matrix.with_constant
    centred = _demean(matrix.values, units, groups)
    inner = least_squares(centred, _demean(y, units, groups))
    noise = float((inner.residuals**2).sum()) / (n - groups - inner.rank)
    outer = least_squares(sum_by(x, units, groups) / periods, sum_by(y, units, groups) / periods)
    between = periods * float((outer.residuals**2).sum()) / (groups - outer.rank)
    theta = 1 - np.sqrt(min(1.0, noise / between))

    def transformed(values: FloatArray) -> FloatArray:
        return values - theta * (sum_by(values, units, groups) / periods)[units]

    z = transformed(x)
    fit = least_squares(z, transformed(y))
    covariance = coefficient_covariance(z, fit, kind="classical")
    names = ["(Intercept)", *matrix.names]
    return _regression(
        names,
        fit.coefficients[:, 0],
        covariance,
        float(n - fit.rank),
        "random effects, Swamy-Arora, t(n-K)",
        n,
        groups,
        matrix.notes,
    )


def _demean(values: FloatArray, codes: NDArray[np.intp], groups: int) -> FloatArray:
    sizes = np.bincount(codes, minlength=groups)[:, None]
    return values - (sum_by(values, codes, groups) / sizes)[codes]


def _regression(
    names: Sequence[str],
    estimate: FloatArray,
    covariance: FloatArray,
    df: float,
    convention: str,
    rows: int,
    units: int,
    notes: tuple[str, ...],
) -> Regression:
    from scipy import stats

    error = np.sqrt(np.diag(covariance))
    half = stats.t.ppf(0.975, df) * error
    table: dict[str, Any] = {
        "term": list(names),
        "estimate": estimate,
        "std_error": error,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "p_value": 2 * stats.t.sf(np.abs(estimate) / error, df),
        "df": df,
        "convention": convention,
    }
    return Regression(
        pd.DataFrame(table), pd.DataFrame(covariance, index=names, columns=names), rows, units, notes
    )
