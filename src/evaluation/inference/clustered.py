"""What is usual with many municipalities: clustered regression, and a bootstrap of whole municipalities.

With few treated municipalities both find effects that are not there: no method can resample what was seen
once. Placebo areas are the answer there (:mod:`evaluation.inference.placebo_areas`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.effects.covariates import (
    covariate_matrix,
    known_alike,
    outcome_matrix,
    require_columns,
    truth_values,
)
from evaluation.effects.doubly_robust import TABLE
from evaluation.effects.estimates import tidy
from evaluation.effects.regression import least_squares, sum_by


def naive_clustered(
    data: pd.DataFrame, *, outcomes: Sequence[str], covariates: Sequence[str]
) -> pd.DataFrame:
    """Difference-in-differences by one regression with the usual clustered standard error.

    Shown beside the main estimate because many evaluations use it; `data` is as for `municipal_changes`. Tidy
    rows come back, clustered by municipality, G/(G−1)·(n−1)/(n−p), t(G−1).

    Source: Bertrand, Duflo & Mullainathan (2004); MacKinnon & Webb (2018) for its failure with few treated.

    Examples
    --------
    >>> cells = pd.DataFrame({"municipality": list("aabbccdd"), "treated": [0, 0, 0, 0, 1, 1, 1, 1],
    ...                       "post": [0, 1] * 4, "work": [1.0, 2, 2, 3, 1, 5, 3, 6]})
    >>> round(naive_clustered(cells, outcomes=["work"], covariates=[])["estimate"].item(), 6)
    2.5
    """
    require_columns(data, ["treated", "post", "municipality", *covariates], table=TABLE)
    d, t = (truth_values(data, name, table=TABLE).astype(float) for name in ("treated", "post"))
    y = outcome_matrix(data, outcomes, table=TABLE)
    tables = {}
    for columns in known_alike(y):
        names = [outcomes[j] for j in columns]
        rows = ~np.isnan(y[:, columns[0]])
        cells = [int((rows & (d == a) & (t == b)).sum()) for a in (1, 0) for b in (0, 1)]
        if min(cells) < 1:
            raise ValueError(f"{TABLE} ({names[0]}): episodes by arm and period are {cells}; none may be 0")
        values = covariate_matrix(data.loc[rows], covariates, table=TABLE).values
        x = np.column_stack([np.ones(rows.sum()), d[rows] * t[rows], d[rows], t[rows], values])
        fit = least_squares(x, weights=np.ones(len(x)))
        cluster, units = pd.factorize(data.loc[rows, "municipality"])
        groups, n = len(units), len(x)
        if groups < 2:
            raise ValueError(f"{TABLE} ({names[0]}): 1 municipality; at least 2 are needed")
        factor = groups / (groups - 1) * (n - 1) / (n - fit.rank)
        for j, outcome in zip(columns, names, strict=True):
            own = y[rows, j : j + 1]
            coefficients = fit.coefficients(own)
            sums = sum_by((own - x @ coefficients) * x, cluster, groups)
            variance = factor * fit.gram_inverse @ (sums.T @ sums) @ fit.gram_inverse
            error, method = np.sqrt(variance[1, 1]), "regression with treated × post"
            tables[outcome] = tidy(outcome, coefficients[1, 0], error, method=method, df=groups - 1.0)
    return pd.concat([tables[outcome] for outcome in outcomes], ignore_index=True)


def cluster_bootstrap(influence: pd.DataFrame, clusters: pd.Series, *, draws: int, seed: int) -> pd.DataFrame:
    """Draw estimation errors by resampling whole clusters.

    `influence` holds n × k influence values (estimate − truth is about the column mean), `clusters` the
    cluster of each row. The errors (draws × k; add the estimates to get draws of the estimates) are in the
    columns' units, scaled by √(G / (G − 1)) so that their variance is that of the clustered standard error.
    Rows that do not align are refused, and fewer than two clusters.

    Examples
    --------
    >>> influence = pd.DataFrame({"work": [1.0, -1.0, 2.0, -2.0]})
    >>> errors = cluster_bootstrap(influence, pd.Series(list("abcd")), draws=4000, seed=1)
    >>> bool(abs(errors["work"].std() - (10 / 16 * 4 / 3) ** 0.5) < 0.02)
    True
    """
    if not influence.index.equals(clusters.index):
        raise ValueError("clusters: its index differs from that of the influence values; align them first")
    sums = influence.groupby(clusters.to_numpy(), sort=True).sum().to_numpy()
    groups = len(sums)
    if groups < 2:
        raise ValueError(f"clusters: {groups} cluster; at least two are needed to resample")
    counts = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=draws)
    errors = (counts - 1.0) @ sums / len(influence) * np.sqrt(groups / (groups - 1))
    return pd.DataFrame(errors, columns=influence.columns)
