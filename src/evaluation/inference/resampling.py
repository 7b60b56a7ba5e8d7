"""Bootstraps over clusters that refit nothing: counts of draws times cluster sums.

Convention: clusters are municipalities; pooled results over many treated municipalities. One treated area is
a matter for placebo areas (:mod:`evaluation.inference`): no bootstrap can resample what was seen once.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def cluster_bootstrap(influence: pd.DataFrame, clusters: pd.Series, *, draws: int, seed: int) -> pd.DataFrame:
    """Draw estimation errors by resampling whole clusters.

    Parameters
    ----------
    influence : DataFrame, n × k
        Influence values: estimate − truth is about the column mean.
    clusters : Series
        Cluster of each row, aligned with ``influence``.
    draws, seed : int

    Returns
    -------
    DataFrame, draws × k
        Estimation errors (add the estimates to get draws of the estimates), in the columns' units, scaled by
        √(G / (G − 1)) so that their variance is that of the clustered standard error.

    Raises
    ------
    ValueError
        With fewer than two clusters or rows that do not align.

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
