"""Weights that make a comparison group look like the target group, and how well they do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from evaluation.effects.covariates import FloatArray, arms, covariate_matrix, outside_support
from evaluation.effects.regression import odds_fit

TABLE = "weighting"


@dataclass(frozen=True)
class AttWeights:
    """Weights for the effect on the target group.

    The weight of target rows is one, comparison rows sum to as much. The propensity is the probability of
    being in the target group by logistic regression with main effects; zero for rows with a level of a
    category that no target row has. Effective sample sizes are Kish's.
    """

    weight: pd.Series[Any]
    propensity: pd.Series[Any]
    ess_target: float
    ess_comparison: float


def att_weights(
    data: pd.DataFrame,
    *,
    target: str,
    covariates: Sequence[str],
    method: Literal["logistic", "entropy"] = "logistic",
) -> AttWeights:
    """Weights under which the comparison group resembles the target group, those with `target` true.

    ``logistic`` weights comparison rows by the odds of being in the target group; ``entropy`` finds the
    weights closest to equal under which every covariate mean is exactly that of the target group. Refused
    where an arm is empty or no weights exist: separated arms, or target means outside what the comparison
    rows can reach.

    Source: Hirano, Imbens & Ridder (2003); Hainmueller (2012).

    Examples
    --------
    >>> rows = pd.DataFrame({"pilot": [1, 1, 0, 0, 0], "age": [30.0, 40, 20, 30, 50]})
    >>> found = att_weights(rows, target="pilot", covariates=["age"], method="entropy")
    >>> float((found.weight * rows["age"])[rows["pilot"] == 0].sum() / 2)
    35.0
    """
    if method not in ("logistic", "entropy"):
        raise ValueError(f"{TABLE}: method {method!r} is not known; choose logistic or entropy")
    treated = arms(data, target, covariates, table=TABLE)
    inside = ~outside_support(data, covariates, treated=treated)
    x = covariate_matrix(data.loc[inside], covariates, table=TABLE).with_constant
    d = treated[inside].astype(float)
    score, odds = np.zeros(len(data)), np.zeros(len(data))
    score[inside] = odds_fit(x, d, what=f"{TABLE}: propensity score").probability
    if method == "logistic":
        odds[~treated] = score[~treated] / (1 - score[~treated])
    else:
        odds[inside] = np.exp(odds_fit(x, d, kind="tilting", what=f"{TABLE}: entropy balancing").index)
    value = np.where(treated, 1.0, odds)
    value[~treated] *= value[treated].sum() / value[~treated].sum()
    return AttWeights(
        pd.Series(value, index=data.index, name="weight"),
        pd.Series(score, index=data.index, name="propensity"),
        effective_sample_size(value[treated]),
        effective_sample_size(value[~treated]),
    )


def effective_sample_size(weights: FloatArray) -> float:
    """Kish's effective sample size, (Σw)² / Σw².

    Examples
    --------
    >>> effective_sample_size(np.array([1.0, 1.0, 0.0]))
    2.0
    """
    return float(weights.sum() ** 2 / (weights**2).sum()) if (weights != 0).any() else 0.0
