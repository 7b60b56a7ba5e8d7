"""Effects from one cross-section: differences in means, regression, weighting, doubly robust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.covariates import arms, covariate_matrix, outside_support
from evaluation.doubly_robust import Method, treated_effect
from evaluation.estimates import Estimates, clustered_covariance, outcome_matrix, tidy
from evaluation.regression import Covariance, coefficient_covariance, least_squares, odds_fit

FloatArray = NDArray[np.float64]
TABLE = "cross-section"


def adjusted_difference(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    target: str,
    covariates: Sequence[str] = (),
    interacted: bool = False,
    convention: Covariance = "hc2",
    cluster: str | None = None,
    weights: str | pd.Series[Any] | None = None,
) -> pd.DataFrame:
    """Difference between target and comparison rows by least squares.

    Parameters
    ----------
    data : pandas.DataFrame
    outcomes : sequence of str
    target : str
        True/false column.
    covariates : sequence of str
        Main effects; none gives the difference in means.
    interacted : bool
        Interact the target with covariates centred at their mean: the average effect over all rows.
    convention : {"classical", "hc0", "hc1", "hc2", "hc3", "cluster"}
        Of the standard error.
    cluster : str, optional
        Column of the clusters, with ``convention="cluster"``.
    weights : str or pandas.Series, optional
        Taken as fixed.

    Returns
    -------
    pandas.DataFrame
        Tidy rows, as of every estimator; intervals use t(n−p), or t(G−1) with clusters.

    Source: Lin (2013), Annals of Applied Statistics 7(1); MacKinnon & White (1985).

    Examples
    --------
    >>> rows = pd.DataFrame({"pilot": [1, 1, 0, 0], "work": [3.0, 5, 1, 2]})
    >>> round(adjusted_difference(rows, outcomes=["work"], target="pilot")["estimate"].item(), 6)
    2.5
    """
    treated, _ = arms(data, target, covariates, None, table=TABLE)
    y = _complete(data, outcomes)
    matrix = covariate_matrix(data, covariates, table=TABLE)
    w = None
    if weights is not None:
        w = (data[weights] if isinstance(weights, str) else weights.reindex(data.index)).to_numpy(float)
    d = treated.astype(float)[:, None]
    columns = [np.ones_like(d), d, matrix.values]
    if interacted:
        centre = np.average(matrix.values, axis=0, weights=w)
        columns = [np.ones_like(d), d, matrix.values, d * (matrix.values - centre)]
    x = np.concatenate(columns, axis=1)
    held = np.ones(len(x), dtype=bool) if w is None else w > 0
    used = None if w is None else w[held]
    fit = least_squares(x[held], y[held], weights=used)
    clusters, df = None, float(held.sum() - fit.rank)
    if cluster:
        clusters, labels = pd.factorize(data.loc[held, cluster])
        df = float(len(labels) - 1)
    error = [
        coefficient_covariance(x[held], fit, kind=convention, weights=used, clusters=clusters, outcome=j)[
            1, 1
        ]
        for j in range(y.shape[1])
    ]
    return tidy(
        outcomes,
        fit.coefficients[1],
        np.sqrt(error),
        df=df,
        persons=_persons(data.loc[held]),
        episodes=int(held.sum()),
        clusters=int(df + 1) if cluster else int(held.sum()),
        method="regression, interacted"
        if interacted
        else "regression"
        if covariates
        else "difference in means",
        convention=", ".join(
            [convention, "t(G-1)" if cluster else "t(n-p)", *(["weights fixed"] if w is not None else [])]
        ),
    )


def effect_on_treated(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    target: str,
    covariates: Sequence[str],
    method: Method = "dr",
    normalised: bool = True,
    cluster: str | None = None,
    weights: str | None = None,
) -> Estimates:
    """Effect on the target group from one cross-section by regression, weighting or both.

    Parameters
    ----------
    data, outcomes, target, covariates, cluster, weights
        As for `adjusted_difference`; `weights` names a column of sampling weights.
    method : {"dr", "dr_improved", "reg", "ipw", "none"}
        ``reg`` predicts the target group from comparison rows (Oaxaca–Blinder), ``ipw`` weights comparison
        rows by the odds, ``dr`` does both, ``dr_improved`` with tilted odds.
    normalised : bool
        Divide comparison weights by their sum (Hájek) or by the number of the target group.

    Returns
    -------
    Estimates
        Influence values include the estimation of propensity and regression.

    Source: Robins, Rotnitzky & Zhao (1994); Kline (2011).

    Examples
    --------
    >>> rows = pd.DataFrame({"pilot": [1, 1, 0, 0], "work": [3.0, 5, 1, 2]})
    >>> found = effect_on_treated(rows, outcomes=["work"], target="pilot", covariates=[], method="none")
    >>> round(found.table["estimate"].item(), 6)
    2.5
    """
    treated, w = arms(data, target, covariates, weights, table=TABLE)
    y = _complete(data, outcomes)
    inside = ~outside_support(data, covariates, treated=treated) & (w > 0)
    matrix = covariate_matrix(data.loc[inside], covariates, table=TABLE)
    fit = treated_effect(
        y[inside],
        treated[inside].astype(float),
        matrix.with_constant,
        w[inside],
        method=method,
        normalised=normalised,
        what=f"propensity score of {TABLE}",
    )
    influence = np.zeros((len(data), len(outcomes)))
    influence[inside] = fit.influence * (len(data) / inside.sum())
    name = method if normalised else f"{method}, not normalised"
    return _estimates(data, outcomes, fit.estimate, influence, inside, cluster, name, matrix.notes)


def average_effect(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    target: str,
    covariates: Sequence[str],
    method: Literal["dr", "ipw"] = "dr",
    cluster: str | None = None,
) -> Estimates:
    """Average effect over all rows: doubly robust (AIPW) or normalised inverse probability weighting.

    Parameters
    ----------
    data, outcomes, target, covariates, cluster
        As for `effect_on_treated`.
    method : {"dr", "ipw"}

    Returns
    -------
    Estimates
        For ``dr`` the efficient influence values, to which estimated nuisances add nothing to first order;
        for ``ipw`` those with the propensity taken as known, which is conservative.

    Source: Robins, Rotnitzky & Zhao (1994).

    Examples
    --------
    >>> rows = pd.DataFrame({"pilot": [1, 1, 0, 0] * 2, "age": [1.0, 2, 1, 2] * 2,
    ...                      "work": [3.0, 5, 1, 2] * 2})
    >>> found = average_effect(rows, outcomes=["work"], target="pilot", covariates=["age"])
    >>> round(found.table["estimate"].item(), 6)
    2.5
    """
    treated, _ = arms(data, target, covariates, None, table=TABLE)
    y = _complete(data, outcomes)
    matrix = covariate_matrix(data, covariates, table=TABLE)
    x, d = matrix.with_constant, treated.astype(float)
    p = odds_fit(x, d, what=f"propensity score of {TABLE}").probability
    if method == "dr":
        one, zero = (x @ least_squares(x[rows], y[rows]).coefficients for rows in (treated, ~treated))
        score = one - zero + (d / p)[:, None] * (y - one) - ((1 - d) / (1 - p))[:, None] * (y - zero)
        estimate = score.mean(axis=0)
        influence = score - estimate
    else:
        up, down = d / p, (1 - d) / (1 - p)
        high, low = up @ y / up.sum(), down @ y / down.sum()
        estimate = high - low
        influence = up[:, None] * (y - high) / up.mean() - down[:, None] * (y - low) / down.mean()
    everyone = np.ones(len(data), dtype=bool)
    return _estimates(data, outcomes, estimate, influence, everyone, cluster, f"ate {method}", matrix.notes)


def _estimates(
    data: pd.DataFrame,
    outcomes: Sequence[str],
    estimate: FloatArray,
    influence: FloatArray,
    used: NDArray[np.bool_],
    cluster: str | None,
    method: str,
    notes: tuple[str, ...],
) -> Estimates:
    clusters = data[cluster] if cluster else pd.Series(np.arange(len(data)), index=data.index, name="row")
    frame = pd.DataFrame(influence, index=data.index, columns=list(outcomes))
    count = int(pd.unique(clusters.to_numpy()[used]).size)
    table = tidy(
        outcomes,
        estimate,
        np.sqrt(np.diag(clustered_covariance(frame, clusters))),
        df=count - 1.0,
        persons=_persons(data.loc[used]),
        episodes=int(used.sum()),
        clusters=count,
        method=method,
        convention=f"influence values, clusters {cluster or 'none (rows independent)'}, G/(G-1), t(G-1)",
    )
    return Estimates(table, frame, clusters, notes)


def _complete(data: pd.DataFrame, outcomes: Sequence[str]) -> FloatArray:
    y = outcome_matrix(data, outcomes, table=TABLE)
    if empty := int(np.isnan(y).any(axis=1).sum()):
        raise ValueError(f"{TABLE}: {empty} rows have an empty outcome; keep rows with complete follow-up")
    return y


def _persons(data: pd.DataFrame) -> int:
    return int(data["person_id"].nunique()) if "person_id" in data else len(data)
