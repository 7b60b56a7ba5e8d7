"""Weights that make a comparison group look like the target group, and how well they do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.covariates import arms, covariate_matrix, outside_support
from evaluation.effects.regression import odds_fit

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
TABLE = "weighting"


@dataclass(frozen=True)
class Propensity:
    """Logistic regression of being in the target group.

    Attributes
    ----------
    score : pandas.Series
        Probability per row; zero for rows with a level of a category that no target row has.
    coefficients : pandas.Series
        By name, "(Intercept)" first.
    log_likelihood : float
    notes : tuple of str
    """

    score: pd.Series[Any]
    coefficients: pd.Series[Any]
    log_likelihood: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AttWeights:
    """Weights for the effect on the target group.

    Attributes
    ----------
    weight : pandas.Series
        One (or the sampling weight) for target rows; comparison rows sum to as much as the target rows.
    propensity : pandas.Series
        Probability of being in the target group.
    method : str
    ess_target, ess_comparison : float
        Effective sample size (Kish).
    trimmed_target, trimmed_comparison : int
        Rows set to weight zero because their propensity lies outside `trim`.
    notes : tuple of str
    """

    weight: pd.Series[Any]
    propensity: pd.Series[Any]
    method: str
    ess_target: float
    ess_comparison: float
    trimmed_target: int = 0
    trimmed_comparison: int = 0
    notes: tuple[str, ...] = ()


def propensity(
    data: pd.DataFrame, *, target: str, covariates: Sequence[str], weights: str | None = None
) -> Propensity:
    """Probability of being in the target group by logistic regression with main effects.

    Parameters
    ----------
    data : pandas.DataFrame
    target : str
        True/false column: in the target group.
    covariates : sequence of str
        Numbers, truth values or categories.
    weights : str, optional
        Column of sampling weights.

    Raises
    ------
    ValueError
        If an arm is empty or the covariates separate the arms.

    Examples
    --------
    >>> rows = pd.DataFrame({"pilot": [1, 1, 0, 0, 0, 0], "young": [1, 0, 1, 0, 0, 0]})
    >>> propensity(rows, target="pilot", covariates=["young"]).score.round(3).tolist()
    [0.5, 0.25, 0.5, 0.25, 0.25, 0.25]
    """
    treated, w = arms(data, target, covariates, weights)
    inside = ~outside_support(data, covariates, treated=treated)
    matrix = covariate_matrix(data.loc[inside], covariates, table=TABLE)
    fit = odds_fit(
        matrix.with_constant,
        treated[inside].astype(float),
        weights=w[inside],
        what=f"{TABLE}: propensity score",
    )
    score = np.zeros(len(data))
    score[inside] = fit.probability
    return Propensity(
        pd.Series(score, index=data.index, name="propensity"),
        pd.Series(fit.coefficients, index=["(Intercept)", *matrix.names], name="coefficient"),
        fit.log_likelihood,
        _support_notes(inside) + matrix.notes,
    )


def att_weights(
    data: pd.DataFrame,
    *,
    target: str,
    covariates: Sequence[str],
    method: Literal["logistic", "entropy", "none"] = "logistic",
    trim: tuple[float, float] | None = None,
    weights: str | None = None,
) -> AttWeights:
    """Weights under which the comparison group resembles the target group.

    ``logistic`` weights comparison rows by the odds of being in the target group; ``entropy`` finds the
    weights closest to equal under which every covariate mean is exactly that of the target group.

    Parameters
    ----------
    data, target, covariates, weights
        As for `propensity`.
    method : {"logistic", "entropy", "none"}
    trim : (float, float), optional
        Rows of either arm with a propensity outside these bounds get weight zero. Trimming target rows
        changes whom the effect is about; the counts are returned.

    Returns
    -------
    AttWeights

    Raises
    ------
    ValueError
        If no weights exist: separated arms, or target means outside what the comparison rows can reach.

    Source: Hirano, Imbens & Ridder (2003); Hainmueller (2012).

    Examples
    --------
    >>> rows = pd.DataFrame({"pilot": [1, 1, 0, 0, 0], "age": [30.0, 40, 20, 30, 50]})
    >>> found = att_weights(rows, target="pilot", covariates=["age"], method="entropy")
    >>> float((found.weight * rows["age"])[rows["pilot"] == 0].sum() / 2)
    35.0
    """
    if method not in ("logistic", "entropy", "none"):
        raise ValueError(f"{TABLE}: method {method!r} is not known; choose logistic, entropy or none")
    treated, w = arms(data, target, covariates, weights)
    score = propensity(data, target=target, covariates=covariates, weights=weights)
    p = score.score.to_numpy()
    kept = w > 0
    trimmed = np.zeros(len(data), dtype=bool)
    if trim is not None:
        low, high = trim
        if not 0 <= low < high <= 1:
            raise ValueError(f"{TABLE}: trim={trim}; give two increasing probabilities")
        trimmed = kept & ((p < low) | (p > high))
        kept = kept & ~trimmed
        for arm, name in ((treated, "target"), (~treated, "comparison")):
            if not (kept & arm).any():
                raise ValueError(
                    f"{TABLE}: trim={trim} leaves 0 of {int(arm.sum())} {name} rows; widen the bounds"
                )
    value = np.where(kept, w, 0.0)
    comparison = kept & ~treated
    if method == "logistic":
        value[comparison] *= p[comparison] / (1 - p[comparison])
    elif method == "entropy":
        usable = kept & (p > 0)
        matrix = covariate_matrix(data.loc[usable], covariates, table=TABLE)
        fit = odds_fit(
            matrix.with_constant,
            treated[usable].astype(float),
            weights=w[usable],
            kind="tilting",
            what=f"{TABLE}: entropy balancing",
        )
        tilt = np.zeros(len(data))
        tilt[usable] = np.exp(fit.index)
        value[comparison] *= tilt[comparison]
    value[comparison] *= value[kept & treated].sum() / value[comparison].sum()
    return AttWeights(
        pd.Series(value, index=data.index, name="weight"),
        score.score,
        method,
        effective_sample_size(value[treated]),
        effective_sample_size(value[~treated]),
        int((trimmed & treated).sum()),
        int((trimmed & ~treated).sum()),
        score.notes,
    )


def effective_sample_size(weights: FloatArray | pd.Series[Any]) -> float:
    """Kish's effective sample size, (Σw)² / Σw².

    Examples
    --------
    >>> effective_sample_size(np.array([1.0, 1.0, 0.0]))
    2.0
    """
    values = np.asarray(weights, dtype=float)
    return float(values.sum() ** 2 / (values**2).sum()) if (values != 0).any() else 0.0


def _support_notes(inside: BoolArray) -> tuple[str, ...]:
    count = int((~inside).sum())
    return (f"{count} comparison rows have a level of a covariate that no target row has",) if count else ()
