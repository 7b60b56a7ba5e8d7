"""How alike target and comparison group are: standardised mean differences and overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from evaluation.cohorts.comparison import Comparison
from evaluation.effects.covariates import FloatArray, arms, covariate_matrix
from evaluation.effects.weighting import TABLE, att_weights
from evaluation.schemas import require


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
        As `standardised_differences`: one row a covariate or level, differences in standard deviations;
        and `simulated`.

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
    require("data", data, "frame", "study")
    covariates = data.study.covariates if covariates is None else covariates
    weights = att_weights(data.frame, target="treated", covariates=covariates, method=method)
    found = standardised_differences(
        data.frame, target="treated", covariates=covariates, weight=weights.weight
    )
    return found.assign(simulated=data.simulated)


def standardised_differences(
    data: pd.DataFrame,
    *,
    target: str,
    covariates: Sequence[str],
    weight: pd.Series[Any],
) -> pd.DataFrame:
    """Standardised mean differences before and after weighting, target − comparison.

    Both are divided by the target group's unweighted standard deviation, so that table and plot agree and
    weighting cannot improve balance by inflating the spread. `weight` is that of `att_weights`; every level
    of a category is a row: covariate, mean_target, mean_comparison, mean_weighted, sd, before_weighting,
    after_weighting (the last two in SDs; infinite where the target group does not vary but the comparison
    differs).

    Source: Austin (2009); Stuart (2010).

    Examples
    --------
    >>> rows = pd.DataFrame({"pilot": [1, 1, 0, 0], "age": [30.0, 50, 20, 40]})
    >>> even = pd.Series(1.0, index=rows.index)
    >>> found = standardised_differences(rows, target="pilot", covariates=["age"], weight=even)
    >>> found["before_weighting"].round(3).tolist()
    [0.707]
    """
    treated = arms(data, target, covariates, table=TABLE)
    matrix = covariate_matrix(data, covariates, table=TABLE, drop=False)
    x = matrix.values
    sd = x[treated].std(axis=0, ddof=1) if treated.sum() > 1 else np.full(x.shape[1], np.nan)
    w = weight.reindex(data.index).to_numpy(float)
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
            "mean_weighted": adjusted,
            "sd": sd,
            "before_weighting": standardised(mean_target - mean_comparison),
            "after_weighting": standardised(adjusted_target - adjusted),
        }
    )


def supported_share(score: pd.Series[Any], *, target: pd.Series[Any]) -> float:
    """Share of the target rows whose propensity lies inside the comparison group's range.

    Examples
    --------
    >>> score, target = pd.Series([0.2, 0.9, 0.1, 0.5]), pd.Series([True, True, False, False])
    >>> supported_share(score, target=target)
    0.5
    """
    p, treated = score.to_numpy(float), target.to_numpy(bool)
    return float(((p[treated] >= p[~treated].min()) & (p[treated] <= p[~treated].max())).mean())
