"""How alike target and comparison group are: standardised mean differences and overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.cohorts.comparison import Comparison
from evaluation.effects.covariates import CovariateMatrix, arms, covariate_matrix
from evaluation.effects.weighting import att_weights

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
TABLE = "weighting"


def balance(
    data: Comparison,
    *,
    covariates: Sequence[str] | None = None,
    method: Literal["logistic", "entropy"] = "logistic",
) -> pd.DataFrame:
    """How alike the area and its comparison are, before and after weighting.

    Parameters
    ----------
    data : Comparison
        From `compare`.
    covariates : sequence of str, optional
        Columns measured before the index date; by default the study's.
    method : {"logistic", "entropy"}
        How comparison episodes are weighted; see `att_weights`.

    Returns
    -------
    pandas.DataFrame
        As `standardised_differences`: one row a covariate or level, differences in standard deviations.

    Raises
    ------
    ValueError
        If a covariate is unknown or separates the arms.

    Source: Austin (2009), Statistics in Medicine 28; Stuart (2010), Statistical Science 25(1).

    Examples
    --------
    >>> balance(data, covariates=["age", "immigrant"])["covariate"].tolist()
    ['age', 'immigrant']
    """
    covariates = data.study.covariates if covariates is None else covariates
    weights = att_weights(data.frame, target="treated", covariates=covariates, method=method)
    return standardised_differences(
        data.frame, target="treated", covariates=covariates, weight=weights.weight
    )


def standardised_differences(
    data: pd.DataFrame,
    *,
    target: str,
    covariates: Sequence[str],
    weight: pd.Series[Any] | None = None,
    denominator: Literal["target", "pooled"] = "target",
    binary: Literal["sample", "bernoulli"] = "sample",
) -> pd.DataFrame:
    """Standardised mean differences before and after weighting, target − comparison.

    Both are divided by the same unweighted standard deviation, so that table and plot agree and weighting
    cannot improve balance by inflating the spread.

    Parameters
    ----------
    data, target, covariates
        As for `propensity`; every level of a category is a row.
    weight : pandas.Series, optional
        From `att_weights`.
    denominator : {"target", "pooled"}
        SD of the target group, or the root of the mean of both arms' variances.
    binary : {"sample", "bernoulli"}
        SD of 0/1 columns with n − 1, or as √(p(1−p)).

    Returns
    -------
    pandas.DataFrame
        covariate, mean_target, mean_comparison, mean_weighted, sd, before_weighting, after_weighting
        (the last in SDs, missing without weights; infinite where the target group does not vary but the
        comparison group differs).

    Source: Austin (2009); Stuart (2010).

    Examples
    --------
    >>> rows = pd.DataFrame({"pilot": [1, 1, 0, 0], "age": [30.0, 50, 20, 40]})
    >>> found = standardised_differences(rows, target="pilot", covariates=["age"])
    >>> found["before_weighting"].round(3).tolist()
    [0.707]
    """
    treated, _ = arms(data, target, covariates, None)
    matrix: CovariateMatrix = covariate_matrix(data, covariates, table=TABLE, drop=False)
    x = matrix.values
    zero_one = np.isin(x, (0.0, 1.0)).all(axis=0)

    def variance(rows: BoolArray) -> FloatArray:
        sample = x[rows].var(axis=0, ddof=1) if rows.sum() > 1 else np.full(x.shape[1], np.nan)
        return np.where(zero_one, x[rows].var(axis=0), sample) if binary == "bernoulli" else sample

    spread = variance(treated) if denominator == "target" else (variance(treated) + variance(~treated)) / 2
    sd = np.sqrt(spread)
    w = np.ones(len(data)) if weight is None else weight.reindex(data.index).to_numpy(float)
    mean_target, mean_comparison = x[treated].mean(axis=0), x[~treated].mean(axis=0)
    adjusted_target = np.average(x[treated], axis=0, weights=w[treated])
    adjusted = np.average(x[~treated], axis=0, weights=w[~treated])

    def standardised(gap: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(np.abs(gap) < 1e-14, 0.0, gap / sd)

    return pd.DataFrame(
        {
            "covariate": matrix.names,
            "mean_target": mean_target,
            "mean_comparison": mean_comparison,
            "mean_weighted": np.nan if weight is None else adjusted,
            "sd": sd,
            "before_weighting": standardised(mean_target - mean_comparison),
            "after_weighting": np.nan if weight is None else standardised(adjusted_target - adjusted),
        }
    )


def overlap(
    score: pd.Series[Any], *, target: pd.Series[Any], weight: pd.Series[Any] | None = None
) -> pd.Series[Any]:
    """How far the two groups share a range of propensity scores.

    Parameters
    ----------
    score : pandas.Series
        Propensity.
    target : pandas.Series
        True for the target group.
    weight : pandas.Series, optional
        From `att_weights`.

    Returns
    -------
    pandas.Series
        supported_share (target rows inside the comparison group's range), shared_area (of the two densities
        over 20 classes of the score, 1 = identical), largest_weight_share (of one comparison row in all
        comparison weight; missing without weights).

    Examples
    --------
    >>> score, target = pd.Series([0.2, 0.9, 0.1, 0.5]), pd.Series([True, True, False, False])
    >>> overlap(score, target=target)["supported_share"]
    np.float64(0.5)
    """
    p, treated = score.to_numpy(float), target.to_numpy(bool)
    if treated.all() or not treated.any():
        raise ValueError(
            f"{TABLE}: {int(treated.sum())} target rows of {len(treated)}; both groups are needed"
        )
    low, high = p[~treated].min(), p[~treated].max()
    edges = np.linspace(min(low, p[treated].min()), max(high, p[treated].max()) + 1e-12, 21)
    shares = [np.histogram(p[rows], edges)[0] / rows.sum() for rows in (treated, ~treated)]
    largest = np.nan
    if weight is not None:
        w = weight.to_numpy(float)[~treated]
        largest = float(w.max() / w.sum())
    return pd.Series(
        {
            "supported_share": float(((p[treated] >= low) & (p[treated] <= high)).mean()),
            "shared_area": float(np.minimum(*shares).sum()),
            "largest_weight_share": largest,
        }
    )
