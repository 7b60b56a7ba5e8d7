"""Relatives of the main estimate: triple difference, clustered regression, leaving one municipality out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.effects.covariates import covariate_matrix, require_columns
from evaluation.effects.designs import TABLE
from evaluation.effects.estimates import outcome_matrix, row_weights, tidy, truth_values
from evaluation.effects.regression import coefficient_covariance, least_squares


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
