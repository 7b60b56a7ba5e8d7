"""Relatives of the main estimate: triple difference, clustered regression, leaving one municipality out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.covariates import covariate_matrix, require_columns
from evaluation.did_design import TABLE
from evaluation.doubly_robust import Method
from evaluation.effects import MunicipalChanges, did_rc
from evaluation.estimates import (
    Estimates,
    clustered_covariance,
    outcome_matrix,
    row_weights,
    sampling_units,
    tidy,
    truth_values,
)
from evaluation.regression import coefficient_covariance, least_squares


def triple_difference(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    covariates: Sequence[str],
    group: str = "group",
    target: str = "target_group",
    other: str = "te_office_stayers",
    method: Method = "dr",
    cluster: str | None = "municipality",
    weights: str | None = None,
) -> Estimates:
    """Effect on the target group beyond what happened to jobseekers who stayed with the TE office.

    The difference-in-differences of the target group minus that of the group whose services did not move:
    shocks to the labour market of an area that hit both groups alike cancel.

    Parameters
    ----------
    data : pandas.DataFrame
        Episodes of both groups with `treated`, `post` and `group`.
    outcomes, covariates, method, cluster, weights
        As for `did_rc`, applied to each group by itself.
    group : str
        Column of the group.
    target, other : str
        Its two values.

    Returns
    -------
    Estimates
        Clusters span both groups, so that shared shocks of a municipality are in the standard error once.

    Raises
    ------
    ValueError
        If a group is absent, or as `did_rc`.

    Source: Olden & Møen (2022), The Econometrics Journal 25(3); Ortiz-Villavicencio & Sant'Anna (2025).

    Examples
    --------
    >>> cells = pd.DataFrame({"group": ["t"] * 8 + ["o"] * 8, "treated": [0, 0, 0, 0, 1, 1, 1, 1] * 2,
    ...                       "post": [0, 0, 1, 1] * 4,
    ...                       "work": [1.0, 2, 2, 3, 1, 3, 5, 6, 1, 2, 1, 2, 1, 2, 2, 3]})
    >>> found = triple_difference(cells, outcomes=["work"], covariates=[], target="t", other="o",
    ...                           method="none", cluster=None)
    >>> found.table["estimate"].item()
    1.5
    """
    require_columns(data, [group], table=TABLE)
    names = [*outcomes]
    influence = np.zeros((len(data), len(names)))
    parts = []
    for value, sign in ((target, 1.0), (other, -1.0)):
        rows = np.flatnonzero(data[group] == value)
        if not len(rows):
            raise ValueError(f"{TABLE}.{group}: 0 of {len(data)} episodes are {value!r}; widen the groups")
        part = did_rc(
            data.iloc[rows],
            outcomes=names,
            covariates=covariates,
            method=method,
            cluster=cluster,
            weights=weights,
        )
        influence[rows] = sign * part.influence.to_numpy() * (len(data) / len(rows))
        parts.append(part)
    first, second = (part.table for part in parts)
    treated = truth_values(data, "treated", table=TABLE)
    clusters, convention = sampling_units(data, cluster, treated=treated, table=TABLE)
    frame = pd.DataFrame(influence, index=data.index, columns=names)
    used = frame.to_numpy() != 0
    people = data["person_id"].to_numpy() if "person_id" in data else np.arange(len(data))
    groups = data[cluster] if cluster else clusters
    count = [pd.unique(groups.to_numpy()[used[:, j]]).size for j in range(len(names))]
    table = tidy(
        names,
        (first["estimate"] - second["estimate"]).to_numpy(),
        np.sqrt(np.diag(clustered_covariance(frame, clusters))),
        df=np.array(count) - 1.0,
        persons=[pd.unique(people[used[:, j]]).size for j in range(len(names))],
        episodes=(first["episodes"] + second["episodes"]).tolist(),
        clusters=count,
        method=[f"triple difference, {value}" for value in first["method"]],
        convention=convention,
    )
    return Estimates(
        table, frame, clusters, tuple(dict.fromkeys(note for part in parts for note in part.notes))
    )


def naive_clustered(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    covariates: Sequence[str],
    cluster: str = "municipality",
    weights: str | None = None,
) -> pd.DataFrame:
    """Difference-in-differences by one regression with the usual clustered standard error.

    Shown beside the main estimate because many evaluations use it. With few treated clusters its standard
    error is far too small.

    Parameters
    ----------
    data, outcomes, covariates, cluster, weights
        As for `did_rc`.

    Returns
    -------
    pandas.DataFrame
        Tidy rows; G/(G−1)·(n−1)/(n−p), t(G−1).

    Source: Bertrand, Duflo & Mullainathan (2004); MacKinnon & Webb (2018) for its failure with few treated.

    Examples
    --------
    >>> cells = pd.DataFrame({"municipality": list("aabbccdd"), "treated": [0, 0, 0, 0, 1, 1, 1, 1],
    ...                       "post": [0, 1] * 4, "work": [1.0, 2, 2, 3, 1, 5, 3, 6]})
    >>> round(naive_clustered(cells, outcomes=["work"], covariates=[])["estimate"].item(), 6)
    2.5
    """
    require_columns(data, ["treated", "post", cluster, *covariates], table=TABLE)
    d = truth_values(data, "treated", table=TABLE).astype(float)
    t = truth_values(data, "post", table=TABLE).astype(float)
    y, w = outcome_matrix(data, outcomes, table=TABLE), row_weights(data, weights, table=TABLE)
    tables = []
    for j, outcome in enumerate(outcomes):
        rows = ~np.isnan(y[:, j]) & (w > 0)
        cells = [int((rows & (d == a) & (t == b)).sum()) for a in (1, 0) for b in (0, 1)]
        if min(cells) < 1:
            raise ValueError(f"{TABLE} ({outcome}): episodes by arm and period are {cells}; none may be 0")
        matrix = covariate_matrix(data.loc[rows], covariates, table=TABLE)
        x = np.column_stack([np.ones(rows.sum()), d[rows] * t[rows], d[rows], t[rows], matrix.values])
        fit = least_squares(x, y[rows, j : j + 1], weights=w[rows])
        codes, labels = pd.factorize(data.loc[rows, cluster])
        error = coefficient_covariance(x, fit, kind="cluster", weights=w[rows], clusters=codes)[1, 1]
        tables.append(
            tidy(
                [outcome],
                fit.coefficients[1],
                np.sqrt(np.array([error])),
                df=len(labels) - 1.0,
                persons=int(data.loc[rows, "person_id"].nunique())
                if "person_id" in data
                else int(rows.sum()),
                episodes=int(rows.sum()),
                clusters=len(labels),
                method="regression with treated × post",
                convention=f"clustered by {cluster}, G/(G-1)·(n-1)/(n-p), t(G-1)",
            )
        )
    return pd.concat(tables, ignore_index=True)


def leave_one_out(changes: MunicipalChanges, *, arm: str = "both") -> pd.DataFrame:
    """The effect without each municipality in turn.

    The contrast of municipal changes is recomputed from their sums; regressions and propensity stay as fitted
    on all, which is what a reader asks: does one municipality carry the finding?

    Parameters
    ----------
    changes : MunicipalChanges
    arm : {"both", "treated", "comparison"}
        Which municipalities to leave out; an arm with one municipality only is passed over.

    Returns
    -------
    pandas.DataFrame
        Tidy rows with a further column left_out (municipality). Standard errors hold the variation between
        persons only, not shocks of municipalities.

    Examples
    --------
    >>> from evaluation.effects import municipal_changes
    >>> cells = pd.DataFrame({"municipality": list("aaaabbbbcccc"), "treated": [1] * 4 + [0] * 8,
    ...                       "post": [0, 0, 1, 1] * 3, "work": [1.0, 3, 5, 6, 1, 2, 2, 3, 1, 2, 4, 5]})
    >>> found = municipal_changes(cells, outcomes=["work"], covariates=[], method="none", min_episodes=2)
    >>> leave_one_out(found)["estimate"].tolist()
    [0.5, 2.5]
    """
    if arm not in ("both", "treated", "comparison"):
        raise ValueError(f"arm {arm!r} is not known; choose both, treated or comparison")
    treated = changes.treated
    chosen = {"both": np.ones(len(treated), bool), "treated": treated, "comparison": ~treated}[arm]
    size = np.where(treated, treated.sum(), (~treated).sum())
    out = np.flatnonzero(chosen & (size > 1))
    if not len(out):
        raise ValueError("leave one out: no arm has 2 municipalities; nothing can be left out")
    kept = 1.0 - np.eye(len(treated))[out]
    weight = kept * changes.weight
    for side in (treated, ~treated):
        weight[:, side] /= weight[:, side].sum(axis=1, keepdims=True)
    signed = np.where(treated, weight, -weight)
    estimate = signed @ changes.change
    variance = np.einsum("lm,mk->lk", signed**2, np.diagonal(changes.sampling_covariance, axis1=1, axis2=2))
    episodes = kept @ (changes.n_before + changes.n_after)
    k = len(changes.outcomes)
    table = tidy(
        np.tile(changes.outcomes, len(out)).tolist(),
        estimate.ravel(),
        np.sqrt(variance).ravel(),
        df=np.inf,
        persons=np.nan,
        episodes=np.repeat(episodes, k).tolist(),
        clusters=len(treated) - 1,
        method="municipal changes, one left out",
        convention="between persons within municipalities, normal",
    )
    return table.assign(left_out=np.repeat(changes.municipality[out], k))
