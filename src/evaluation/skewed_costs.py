"""A check for skewed costs: gamma regression with a log link and its difference in euros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

VARIANCES = ("model", "expected", "observed", "clustered")


@dataclass(frozen=True)
class GammaFit:
    """Gamma regression of costs with log link, and the mean difference it implies.

    Attributes
    ----------
    coefficients : pandas.Series
    covariances : dict of pandas.DataFrame
        ``model``; ``expected`` and ``observed``: robust, expected (R sandwich) or observed information (Stata
        statsmodels); ``clustered`` (CR0, expected information) where clusters are given.
    dispersion, deviance : float
        Pearson dispersion and deviance.
    mean_treated, mean_untreated, difference, ratio : float
        Mean predicted cost with everybody in one arm or the other.
    difference_errors : dict of float
        Delta-method standard errors of the difference, by covariance.
    """

    coefficients: pd.Series
    covariances: dict[str, pd.DataFrame]
    dispersion: float
    deviance: float
    mean_treated: float
    mean_untreated: float
    difference: float
    ratio: float
    difference_errors: dict[str, float]


def gamma_regression(
    costs: pd.Series, design: pd.DataFrame, *, arm: str, clusters: pd.Series | None = None
) -> GammaFit:
    """Fit by iterated least squares; with a log link every working weight is one.

    Parameters
    ----------
    costs : pandas.Series
        Positive costs.
    design : pandas.DataFrame
        With an intercept and the column ``arm``.

    Raises
    ------
    ValueError
        If a cost is not positive: a gamma model cannot hold it.

    Examples
    --------
    >>> x = pd.DataFrame({"intercept": [1.0, 1, 1, 1], "arm": [0.0, 0, 1, 1]})
    >>> round(gamma_regression(pd.Series([1.0, 3, 4, 6]), x, arm="arm").difference, 6)
    3.0
    """
    y, x = costs.to_numpy(dtype=float), design.to_numpy(dtype=float)
    if (bad := int((~(y > 0)).sum())) > 0:
        raise ValueError(f"{costs.name}: {bad} costs are not positive; a gamma model needs costs above zero")
    beta = np.linalg.lstsq(x, np.log(y), rcond=None)[0]
    bread = np.linalg.inv(x.T @ x)
    for _ in range(200):
        step = bread @ (x.T @ (y / np.exp(x @ beta) - 1))
        beta = beta + step
        if np.abs(step).max() < 1e-13:
            break
    mu = np.exp(x @ beta)
    relative = (y - mu) / mu
    dispersion = float(relative @ relative / (len(y) - x.shape[1]))
    scores = x * relative[:, None]
    observed = np.linalg.inv((x * (y / mu)[:, None]).T @ x)
    meat = scores.T @ scores
    covariances = {
        "model": dispersion * bread,
        "expected": bread @ meat @ bread,
        "observed": observed @ meat @ observed,
    }
    if clusters is not None:
        sums = pd.DataFrame(scores).groupby(clusters.to_numpy(), sort=False).sum().to_numpy()
        covariances["clustered"] = bread @ (sums.T @ sums) @ bread
    place = list(design).index(arm)
    one, zero = x.copy(), x.copy()
    one[:, place], zero[:, place] = 1.0, 0.0
    treated, untreated = np.exp(one @ beta), np.exp(zero @ beta)
    gradient = (treated[:, None] * one - untreated[:, None] * zero).mean(axis=0)
    names = list(design)
    return GammaFit(
        coefficients=pd.Series(beta, names),
        covariances={kind: pd.DataFrame(value, names, names) for kind, value in covariances.items()},
        dispersion=dispersion,
        deviance=float(2 * np.sum(relative - np.log(y / mu))),
        mean_treated=float(treated.mean()),
        mean_untreated=float(untreated.mean()),
        difference=float((treated - untreated).mean()),
        ratio=float(treated.mean() / untreated.mean()),
        difference_errors={
            kind: float(np.sqrt(gradient @ value @ gradient)) for kind, value in covariances.items()
        },
    )
