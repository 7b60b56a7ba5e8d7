"""Matching on a score or on covariates: pairs, strata and nearest neighbours with their standard error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.covariates import arms, covariate_matrix
from evaluation.estimates import tidy
from evaluation.regression import least_squares

FloatArray = NDArray[np.float64]
TABLE = "matching"


def nearest_pairs(
    score: pd.Series[Any],
    *,
    target: pd.Series[Any],
    caliper_sd: float | None = None,
    replace: bool = False,
) -> pd.DataFrame:
    """One comparison row for each target row, by nearest score, largest target score first.

    Parameters
    ----------
    score : pandas.Series
        Such as a propensity; one per row of the frame.
    target : pandas.Series of bool
    caliper_sd : float, optional
        Largest distance allowed, in SDs of the score over all rows; target rows without a match are left out.
    replace : bool
        Let comparison rows serve more than once.

    Returns
    -------
    pandas.DataFrame
        target, comparison (index labels), distance. Rows are sorted by score (in order of the frame where
        equal) and each target row takes the nearest free neighbour, the lower one where both are as near.

    Source: Rosenbaum & Rubin (1985).

    Examples
    --------
    >>> found = nearest_pairs(pd.Series([0.5, 0.2, 0.4]), target=pd.Series([True, False, False]))
    >>> found["comparison"].tolist()
    [2]
    """
    values, treated = score.to_numpy(float), target.to_numpy(bool)
    if treated.all() or not treated.any():
        raise ValueError(
            f"{TABLE}: {int(treated.sum())} target rows of {len(treated)}; both groups are needed"
        )
    limit = np.inf if caliper_sd is None else caliper_sd * values.std(ddof=1)
    # Rows with the same covariates must tie whatever the last bits of their score.
    values = np.round(values, 13)
    order = np.argsort(values, kind="stable")
    place = np.empty(len(values), dtype=int)
    place[order] = np.arange(len(values))
    free = ~treated[order]
    ranked = np.flatnonzero(treated)
    ranked = ranked[np.argsort(-values[ranked], kind="stable")]
    found: list[tuple[int, int, float]] = []
    # Each choice depends on those before it, so this loop over the (small) target group stays.
    for row in ranked:
        below, above = (
            np.flatnonzero(free[: place[row]])[-1:],
            np.flatnonzero(free[place[row] :])[:1] + place[row],
        )
        near = np.r_[below, above]
        if not len(near):
            break
        gap = np.abs(values[order[near]] - values[row])
        best = int(np.argmin(gap))
        if gap[best] <= limit:
            found.append((int(row), int(order[near[best]]), float(gap[best])))
            free[near[best]] = replace
    if not found:
        raise ValueError(
            f"{TABLE}: 0 of {len(ranked)} target rows have a match in {limit:.3g}; widen the caliper"
        )
    rows = np.array([(a, b) for a, b, _ in found])
    return pd.DataFrame(
        {
            "target": score.index[rows[:, 0]],
            "comparison": score.index[rows[:, 1]],
            "distance": [gap for *_, gap in found],
        }
    )


def pair_weights(pairs: pd.DataFrame, *, index: pd.Index[Any]) -> pd.Series[Any]:
    """How often each row of a frame serves in the pairs: weights for `balance` and `adjusted_difference`."""
    counts = pd.concat([pairs["target"], pairs["comparison"]]).value_counts()
    return counts.reindex(index, fill_value=0).astype(float).rename("weight")


def exact_strata(data: pd.DataFrame, *, target: str, covariates: Sequence[str]) -> pd.Series[Any]:
    """Weights under which comparison rows have the target group's mix of strata, exactly.

    Parameters
    ----------
    data : pandas.DataFrame
    target : str
    covariates : sequence of str
        Strata are rows equal in all of them; strata with one arm only get weight zero.

    Returns
    -------
    pandas.Series
        Target rows 1, comparison rows (target rows / comparison rows) of their stratum.

    Examples
    --------
    >>> rows = pd.DataFrame({"pilot": [1, 1, 0, 0, 0], "sex": list("fmffm")})
    >>> exact_strata(rows, target="pilot", covariates=["sex"]).tolist()
    [1.0, 1.0, 0.5, 0.5, 1.0]
    """
    treated, _ = arms(data, target, covariates, None, table=TABLE)
    strata = data.groupby(list(covariates), sort=True, observed=True).ngroup().to_numpy()
    size = int(strata.max()) + 1
    ones = np.bincount(strata, weights=treated, minlength=size)
    zeros = np.bincount(strata, weights=~treated, minlength=size)
    both = (ones > 0) & (zeros > 0)
    if not both.any():
        raise ValueError(
            f"{TABLE}: none of {size} strata has rows of both arms; use fewer or coarser covariates"
        )
    weight = np.where(treated, 1.0, (ones / np.maximum(zeros, 1))[strata]) * both[strata]
    return pd.Series(weight, index=data.index, name="weight")


def nearest_neighbours(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    target: str,
    covariates: Sequence[str],
    neighbours: int = 1,
    bias_adjusted: bool = False,
    tie_tolerance: float = 1e-5,
) -> pd.DataFrame:
    """Effect on the target group by matching with replacement on covariates scaled by their SDs.

    Parameters
    ----------
    data, outcomes, target
        As for `adjusted_difference`.
    covariates : sequence of str
        Numbers; one, such as a propensity, gives matching on a score.
    neighbours : int
        Comparison rows per target row; rows at the same distance as the last one are all used.
    bias_adjusted : bool
        Correct for remaining differences by regression among the matched comparison rows.
    tie_tolerance : float
        Squared distances closer than this are equal.

    Returns
    -------
    pandas.DataFrame
        Tidy rows; standard errors allow for reuse of comparison rows, with one residual variance.

    Source: Abadie & Imbens (2006, 2011); figures agree with R Matching.

    Examples
    --------
    >>> rows = pd.DataFrame({"pilot": [1, 1, 0, 0], "age": [1.0, 2, 1, 2], "work": [3.0, 5, 1, 2]})
    >>> found = nearest_neighbours(rows, outcomes=["work"], target="pilot", covariates=["age"])
    >>> found["estimate"].item()
    2.5
    """
    treated, _ = arms(data, target, covariates, None, table=TABLE)
    z = covariate_matrix(data, covariates, table=TABLE).values
    z = (z - z.mean(axis=0)) / z.std(axis=0, ddof=1)
    one, pool = z[treated], z[~treated]
    if len(pool) < neighbours:
        raise ValueError(f"{TABLE}: {len(pool)} comparison rows for {neighbours} neighbours; ask for fewer")
    links: list[NDArray[np.intp]] = []
    sources: list[NDArray[np.intp]] = []
    block = max(1, 20_000_000 // max(1, pool.size))
    for start in range(0, len(one), block):
        part = one[start : start + block]
        distance = ((part[:, None, :] - pool[None]) ** 2).sum(axis=2)
        last = np.partition(distance, neighbours - 1, axis=1)[:, neighbours - 1]
        source, link = np.nonzero(distance <= last[:, None] + tie_tolerance)
        sources.append(source + start)
        links.append(link)
    source, link = np.concatenate(sources), np.concatenate(links)
    n = len(one)
    share = 1.0 / np.bincount(source, minlength=n)[source]
    used = np.bincount(link, weights=share, minlength=len(pool))
    squared = np.bincount(link, weights=share**2, minlength=len(pool))
    estimates, errors = [], []
    for outcome in outcomes:
        y = data[outcome].to_numpy(float)
        reference = y[~treated][link]
        if bias_adjusted:
            x = np.column_stack([np.ones(len(link)), pool[link]])
            slope = least_squares(x, reference[:, None], weights=share).coefficients[1:, 0]
            reference = reference + (one[source] - pool[link]) @ slope
        gain = y[treated][source] - reference
        estimate = float(share @ gain / n)
        variance = 0.5 * float(share @ (gain - estimate) ** 2) / n
        own = np.bincount(source, weights=share * gain, minlength=n)
        total = variance * float((used**2 - squared).sum()) + float(((own - estimate) ** 2).sum())
        estimates.append(estimate)
        errors.append(np.sqrt(total) / n)
    return tidy(
        outcomes,
        np.array(estimates),
        np.array(errors),
        df=np.inf,
        persons=int(data["person_id"].nunique()) if "person_id" in data else len(data),
        episodes=n + int((used > 0).sum()),
        clusters=len(data),
        method=f"{neighbours} nearest neighbours{', bias adjusted' if bias_adjusted else ''}",
        convention="Abadie-Imbens, one residual variance, normal",
    )
