"""What every estimator returns: one tidy row per outcome and one influence value per row of the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.regression import sum_by

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

ESTIMATE_COLUMNS = [
    "outcome",
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "p_value",
    "persons",
    "episodes",
    "clusters",
    "method",
    "convention",
]


@dataclass(frozen=True)
class Estimates:
    """Estimates of several outcomes under one design.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per outcome with `ESTIMATE_COLUMNS`, in the unit of the outcome.
    influence : pandas.DataFrame
        One row per row of the frame given, one column per outcome: the mean of a column is the first-order
        error of the estimate, so Σ over clusters of products of sums / n² is the joint covariance.
    clusters : pandas.Series
        Cluster of each row.
    notes : tuple of str
        Covariates and rows left out, and why.
    """

    table: pd.DataFrame
    influence: pd.DataFrame
    clusters: pd.Series[Any]
    notes: tuple[str, ...] = ()


def clustered_covariance(
    influence: pd.DataFrame | FloatArray, clusters: pd.Series[Any] | FloatArray
) -> FloatArray:
    """Joint covariance of estimates from their influence values.

    V = G/(G−1) · Σ_g s_g s_g' / n² with s_g the sum of influence values in cluster g, over the clusters
    that have any non-zero influence value.

    Parameters
    ----------
    influence : DataFrame or ndarray, n × k
    clusters : Series or ndarray, n

    Returns
    -------
    ndarray, k × k
        Missing where there are fewer than two clusters.

    Examples
    --------
    >>> clustered_covariance(np.array([[1.0], [-1.0]]), np.array([0.0, 1.0])).item()
    1.0
    """
    values = np.asarray(influence, dtype=float)
    codes, groups = pd.factorize(np.asarray(clusters))
    total = np.zeros((values.shape[1], values.shape[1]))
    used = np.bincount(codes, weights=(values != 0).any(axis=1), minlength=len(groups)) > 0
    count = int(used.sum())
    if count < 2:
        return np.full_like(total, np.nan)
    sums = sum_by(values, codes, len(groups))
    return count / (count - 1) * sums.T @ sums / len(values) ** 2


def sampling_units(
    data: pd.DataFrame, cluster: str | None, *, treated: BoolArray, table: str
) -> tuple[pd.Series[Any], str]:
    """Clusters of the rows for the covariance of influence values, and the convention in words.

    Influence values of an arm sum to zero, so an arm that is one single cluster would seem to have no error
    at all. There persons (episodes where no `person_id` is given) take the cluster's place, and the
    convention says that shocks of that cluster are not in the standard error.
    """
    if cluster is None:
        units = pd.Series(np.arange(len(data)), index=data.index, name="episode")
        return units, "influence values, episodes independent, G/(G-1), t(G-1)"
    if empty := int(data[cluster].isna().sum()):
        raise ValueError(f"{table}.{cluster}: {empty} rows have no cluster; fill or drop them")
    names = data[cluster]
    convention = f"influence values, clustered by {cluster}, G/(G-1), t(G-1)"
    alone = np.zeros(len(data), dtype=bool)
    for arm, word in ((treated, "treated"), (~treated, "comparison")):
        if len(pd.unique(names[arm])) == 1:
            alone |= arm
            convention += f"; one {word} {cluster}: persons are its clusters, its shocks not in the error"
    if alone.any():
        people = (
            data["person_id"] if "person_id" in data else pd.Series(np.arange(len(data)), index=data.index)
        )
        mixed = names.astype(str).where(~alone, "person " + people.astype(str))
        return mixed.rename(cluster), convention
    return names, convention


def tidy(
    outcomes: Sequence[str],
    estimate: FloatArray,
    std_error: FloatArray,
    *,
    df: FloatArray | float,
    persons: Sequence[int] | float,
    episodes: Sequence[int] | float,
    clusters: Sequence[int] | float,
    method: str | Sequence[str],
    convention: str,
    level: float = 0.95,
) -> pd.DataFrame:
    """Rows of `ESTIMATE_COLUMNS` from estimates and standard errors, with t intervals.

    Parameters
    ----------
    outcomes : sequence of str
    estimate, std_error : ndarray, k
    df : ndarray or float
        Degrees of freedom; infinite for the normal distribution.
    persons, episodes, clusters : counts
        What the estimates rest on; missing where there are no persons behind them.
    method, convention : str
        How the estimate and its standard error were obtained.
    level : float
        Level of the intervals.

    Examples
    --------
    >>> row = tidy(["y"], np.array([1.0]), np.array([0.5]), df=np.inf, persons=9, episodes=9, clusters=9,
    ...            method="none", convention="iid")
    >>> row.loc[0, ["ci_low", "ci_high"]].astype(float).round(2).tolist()
    [0.02, 1.98]
    """
    from scipy import stats

    estimate, std_error = np.asarray(estimate, float), np.asarray(std_error, float)
    known = std_error > 0
    safe = np.where(known, std_error, np.nan)
    half = stats.t.ppf(0.5 + level / 2, df) * safe
    return pd.DataFrame(
        {
            "outcome": list(outcomes),
            "estimate": estimate,
            "std_error": safe,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "p_value": 2 * stats.t.sf(np.abs(estimate) / safe, df),
            "persons": persons,
            "episodes": episodes,
            "clusters": clusters,
            "method": method,
            "convention": convention,
        },
        columns=ESTIMATE_COLUMNS,
    )


def outcome_matrix(data: pd.DataFrame, outcomes: Sequence[str], *, table: str) -> FloatArray:
    """Outcome columns as an n × k matrix; refuses none, absent, infinite, empty or constant ones."""
    if not outcomes:
        raise ValueError(f"{table}: no outcome named; give at least one column")
    if missing := [name for name in outcomes if name not in data]:
        raise ValueError(f"{table}: no outcome column {', '.join(missing)}; give columns of the frame")
    values = data[list(outcomes)].to_numpy(dtype=float, na_value=np.nan)
    for j, name in enumerate(outcomes):
        column = values[~np.isnan(values[:, j]), j]
        if not len(column):
            raise ValueError(f"{table}.{name}: all {len(values)} rows are empty; choose a shorter follow-up")
        if np.isinf(column).any():
            raise ValueError(
                f"{table}.{name}: {int(np.isinf(column).sum())} rows are infinite; correct them first"
            )
        if np.ptp(column) == 0:
            raise ValueError(
                f"{table}.{name}: the same value in all {len(column)} rows; nothing can be compared"
            )
    return values


def truth_values(data: pd.DataFrame, column: str, *, table: str) -> BoolArray:
    """A true/false (or 0/1) column as booleans; refuses anything else."""
    values = data[column]
    if values.isna().any() or not set(values.unique()) <= {0, 1}:
        raise ValueError(
            f"{table}.{column}: {int((~values.isin([0, 1])).sum())} rows are neither true nor false; "
            "make the column boolean"
        )
    return values.to_numpy(bool)


def row_weights(data: pd.DataFrame, weights: str | None, *, table: str) -> FloatArray:
    """Weights of the rows (ones without a column); refuses missing, negative and all-zero ones."""
    if weights is None:
        return np.ones(len(data))
    values = data[weights].to_numpy(float)
    if bad := int((~(values >= 0) | np.isinf(values)).sum()):
        raise ValueError(
            f"{table}.{weights}: {bad} weights are missing, negative or infinite; correct them first"
        )
    if values.sum() == 0:
        raise ValueError(f"{table}.{weights}: all {len(values)} weights are zero; nothing is left to compare")
    return values
