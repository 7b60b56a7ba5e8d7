"""Difference-in-differences from repeated cross-sections: effect on the treated, changes by municipality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.covariates import require_columns
from evaluation.effects.designs import TABLE, design_blocks
from evaluation.effects.doubly_robust import Method
from evaluation.effects.estimates import Estimates, clustered_covariance, sampling_units, tidy, truth_values
from evaluation.effects.municipal_scores import (
    episodes_by_side,
    join_small,
    municipal_scores,
    within_covariance,
)
from evaluation.effects.regression import sum_by

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class MunicipalChanges:
    """Covariate-adjusted change per municipality, k outcomes of M municipalities.

    Attributes
    ----------
    outcomes : tuple of str
    municipality : ndarray of str, M
        In sorted order within arm, treated first.
    treated : ndarray of bool, M
    change : ndarray, M × k
        After − before, in the unit of the outcome, from the scores of the doubly robust estimator.
    sampling_covariance : ndarray, M × k × k
        From the variation between persons within the municipality; shocks that hit a whole municipality are
        not in it, nor the error of the comparison regressions that all municipalities share.
    n_before, n_after : ndarray of int, M
        Episodes.
    weight : ndarray, M
        Sums to one within each arm.
    left_out : pandas.DataFrame
        Municipalities with too few episodes on a side: municipality, treated, n_before, n_after, and
        `joined`, the municipality whose episodes they were added to ("" where left out).
    notes : tuple of str
    """

    outcomes: tuple[str, ...]
    municipality: NDArray[np.object_]
    treated: BoolArray
    change: FloatArray
    sampling_covariance: FloatArray
    n_before: NDArray[np.intp]
    n_after: NDArray[np.intp]
    weight: FloatArray
    left_out: pd.DataFrame
    notes: tuple[str, ...] = ()


def did_rc(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    covariates: Sequence[str],
    method: Method = "dr",
    cluster: str | None = "municipality",
    weights: str | None = None,
    level: float = 0.95,
) -> Estimates:
    """Effect on the treated by difference-in-differences for repeated cross-sections.

    All outcomes share one design and one propensity fit. Outcomes with empty values (follow-up not complete)
    are estimated on the rows that have them; the counts of each row of the table say how many those are.

    Parameters
    ----------
    data : pandas.DataFrame
        One row per episode with `treated` and `post` (true/false), covariates, outcomes; `person_id` where
        persons can have several episodes.
    outcomes : sequence of str
        Numeric columns.
    covariates : sequence of str
        Numbers, truth values or categories, measured before the index date; may be empty.
    method : {"dr", "dr_traditional", "dr_improved", "dr_improved_traditional", "reg", "ipw", "none"}
        ``dr`` is doubly robust and locally efficient: the effect is averaged over the treated of both
        periods. Where a treated cell has fewer than five episodes per covariate it has no regression of its
        own and ``dr_traditional`` is used, as the column `method` then says. ``none`` is the contrast of
        four means.
    cluster : str or None
        Column of the clusters; None treats episodes as independent.
    weights : str, optional
        Column of sampling weights.
    level : float
        Level of the intervals.

    Returns
    -------
    Estimates
        Standard errors are G/(G−1)-scaled sums over clusters of influence values, intervals use t(G−1). With
        few treated clusters they are too small: see `inference` for intervals by placebo areas. With one
        only, persons take its place (its influence values sum to zero): shocks of it are not in the error.

    Raises
    ------
    ValueError
        Where a cell is empty or has one episode, an outcome is constant, or covariates separate the arms.

    Source: Sant'Anna & Zhao (2020), Journal of Econometrics 219(1).

    Examples
    --------
    >>> cells = pd.DataFrame({"treated": [0, 0, 0, 0, 1, 1, 1, 1], "post": [0, 0, 1, 1, 0, 0, 1, 1],
    ...                       "work": [1.0, 2, 2, 3, 1, 3, 5, 6]})
    >>> did_rc(cells, outcomes=["work"], covariates=[], method="none", cluster=None).table["estimate"].item()
    2.5
    """
    names = [*outcomes]
    require_columns(data, ["treated", "post", *([cluster] if cluster else [])], table=TABLE)
    notes: list[str] = []
    influence = np.zeros((len(data), len(names)))
    estimate = np.empty(len(names))
    used = np.zeros((len(data), len(names)), dtype=bool)
    counts, persons = [0] * len(names), [0] * len(names)
    treated = truth_values(data, "treated", table=TABLE)
    clusters, convention = sampling_units(data, cluster, treated=treated, table=TABLE)
    groups_of = data[cluster] if cluster else clusters
    people = data["person_id"] if "person_id" in data else pd.Series(np.arange(len(data)))
    methods = [""] * len(names)
    for block in design_blocks(data, names, covariates, method, weights, notes):
        influence[np.ix_(block.rows, block.columns)] = block.fit.influence * (len(data) / len(block.rows))
        estimate[block.columns] = block.fit.estimate
        used[np.ix_(block.rows, block.columns)] = True
        groups, distinct = _distinct(groups_of, block.rows), _distinct(people, block.rows)
        for column in block.columns:
            methods[column], counts[column], persons[column] = block.fit.method, groups, distinct
    frame = pd.DataFrame(influence, index=data.index, columns=names)
    if cluster and min(counts) < 2:
        raise ValueError(
            f"{TABLE}.{cluster}: 1 cluster; at least 2 are needed, or cluster=None for independent rows"
        )
    if cluster and (few := _distinct(groups_of, np.flatnonzero(treated))) < 10:
        notes.append(f"{few} treated clusters: the clustered standard error is too small, use placebo areas")
    table = tidy(
        names,
        estimate,
        np.sqrt(np.diag(clustered_covariance(frame, clusters))),
        df=np.array(counts) - 1.0,
        persons=persons,
        episodes=used.sum(axis=0).tolist(),
        clusters=counts,
        method=methods,
        convention=convention,
        level=level,
    )
    return Estimates(table, frame, clusters, tuple(dict.fromkeys(notes)))


def municipal_changes(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    covariates: Sequence[str],
    method: Method = "dr",
    weights: str | None = None,
    min_episodes: int = 10,
) -> MunicipalChanges:
    """Covariate-adjusted change of each municipality, the unit of inference for few treated areas.

    The scores of the estimator of `did_rc` are averaged within municipality and period: outcomes minus what
    the comparison regression of the period predicts (for treated municipalities with the treated
    regressions, over entrants of both periods), comparison episodes weighted by their odds of treatment. The
    weighted contrast Σ weight·change over treated − Σ weight·change over comparison municipalities estimates
    the same effect as `did_rc`; the two differ only by municipalities whose share of their arm changed
    between the periods, which moves `did_rc` and cancels here. With one municipality in each arm they are
    equal.

    Parameters
    ----------
    data, outcomes, covariates, method, weights
        As for `did_rc`, with a column `municipality`.
    min_episodes : int
        Episodes a municipality needs before and after, in every outcome. A comparison municipality with fewer
        is left out; a treated one joins the treated municipality with most episodes. Both are listed.

    Returns
    -------
    MunicipalChanges

    Raises
    ------
    ValueError
        As `did_rc`, and where no municipality of an arm has enough episodes.

    Examples
    --------
    >>> cells = pd.DataFrame({"municipality": list("aaaabbbb"), "treated": [1] * 4 + [0] * 4,
    ...                       "post": [0, 0, 1, 1] * 2, "work": [1.0, 3, 5, 6, 1, 2, 2, 3]})
    >>> found = municipal_changes(cells, outcomes=["work"], covariates=[], method="none", min_episodes=2)
    >>> float(found.change[0, 0] - found.change[1, 0])
    2.5
    """
    names = [*outcomes]
    require_columns(data, ["treated", "post", "municipality"], table=TABLE)
    treated = truth_values(data, "treated", table=TABLE)
    codes, units = pd.factorize(data["municipality"].astype(str), sort=True)
    if mixed := int(
        (sum_by(np.c_[treated, ~treated].astype(float), codes, len(units)) > 0).all(axis=1).sum()
    ):
        raise ValueError(f"{TABLE}.municipality: {mixed} municipalities are in both arms; correct `treated`")
    notes: list[str] = []
    blocks = list(design_blocks(data, names, covariates, method, weights, notes))
    sides = np.stack(
        [episodes_by_side(codes[b.rows], b.t, len(units)) for b in blocks]  # blocks × units × (before, after)
    ).min(axis=0)
    in_pilot = np.bincount(codes, weights=treated, minlength=len(units)) > 0
    enough = (sides >= max(2, min_episodes)).all(axis=1)
    target, left_out = join_small(units, in_pilot, sides, enough, min_episodes)
    codes = target[codes]
    score = np.zeros((len(data), len(names)))
    change = np.zeros((len(units), len(names)))
    weight = np.zeros(len(units))
    for block in reversed(blocks):
        c = codes[block.rows]
        inside = c >= 0
        block_change, rows, total = municipal_scores(block, np.where(inside, c, 0), inside, len(units))
        change[:, block.columns] = block_change
        score[np.ix_(block.rows, block.columns)] = rows
        weight = total
    kept = np.unique(codes[codes >= 0])
    kept = kept[np.argsort(~in_pilot[kept], kind="stable")]
    covariance = within_covariance(score, codes, data.get("person_id"), len(units))
    arm = in_pilot[kept]
    share = weight[kept] / np.where(arm, weight[kept][arm].sum(), weight[kept][~arm].sum())
    n = episodes_by_side(codes[codes >= 0], data["post"].to_numpy(float)[codes >= 0], len(units))[kept]
    return MunicipalChanges(
        tuple(names),
        np.asarray(units, dtype=object)[kept],
        arm,
        change[kept],
        covariance[kept],
        n[:, 0],
        n[:, 1],
        share,
        left_out,
        tuple(dict.fromkeys(notes)),
    )


def _distinct(values: pd.Series[Any], rows: NDArray[np.intp]) -> int:
    return int(values.iloc[rows].nunique())
