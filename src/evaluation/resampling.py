"""Bootstraps over clusters that refit nothing: counts of draws times cluster sums.

Convention: clusters are municipalities; pooled results over many treated municipalities. One treated area is
a matter for placebo areas (:mod:`evaluation.inference`): no bootstrap can resample what was seen once.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

Array = NDArray[np.float64]

FULL_ENUMERATION = 12  # clusters up to which all 2^G sign vectors are used instead of draws
_GOLDEN = (1 + np.sqrt(5)) / 2


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


def _weights(kind: str, clusters: int, draws: int, seed: int) -> Array:
    """Bootstrap weights, draws × clusters; all sign vectors where they are few."""
    rng = np.random.default_rng(seed)
    if kind == "rademacher":
        if clusters <= FULL_ENUMERATION:
            return np.array(list(itertools.product([1.0, -1.0], repeat=clusters)))
        return rng.choice([1.0, -1.0], size=(draws, clusters))
    if kind == "webb":
        size = np.sqrt([0.5, 1.0, 1.5])
        return rng.choice(np.concatenate([size, -size]), size=(draws, clusters))
    if kind == "mammen":
        low = _GOLDEN / np.sqrt(5)
        return rng.choice([1 - _GOLDEN, _GOLDEN], p=[low, 1 - low], size=(draws, clusters))
    raise ValueError(f"wild_bootstrap: weights {kind!r} are not among rademacher, webb, mammen")


def _power(matrix: Array, exponent: float) -> Array:
    """Symmetric matrix to a power, null directions left at zero."""
    values, vectors = np.linalg.eigh(matrix)
    safe = np.where(values > 1e-10, values, 1.0)
    result: Array = (vectors * np.where(values > 1e-10, safe**exponent, 0.0)) @ vectors.T
    return result


def wild_bootstrap(
    data: pd.DataFrame,
    *,
    outcome: str,
    regressor: str,
    controls: list[str],
    cluster: str,
    weights: str = "rademacher",
    null_imposed: bool = True,
    level: float = 0.95,
    draws: int = 9_999,
    seed: int,
) -> pd.DataFrame:
    """Clustered inference on one regression coefficient when clusters are few.

    Parameters
    ----------
    data : DataFrame
        One row an observation; an intercept is added, controls must be numeric (dummies made before).
    outcome, regressor, cluster : str
        Columns; the coefficient of ``regressor`` is tested against zero.
    controls : list of str
        Other regressors.
    weights : {"rademacher", "webb", "mammen"}
        Rademacher with up to 12 clusters uses every sign vector once, and then needs no seed.
    null_imposed : bool
        Restricted residuals (better size); only these give an interval.
    level, draws, seed
        Level of the interval; number and seed of the draws.

    Returns
    -------
    DataFrame
        One row: estimate, se_cr1, se_cr2, df_cr2, p_cr2, se_cr3, t, p_value (draws more extreme than the
        statistic), p_value_ties (ties counted too, so that the statistic itself counts; the cautious one),
        ci_low, ci_high (inverting ``p_value``), clusters, draws.

    Raises
    ------
    ValueError
        With fewer than three clusters or regressors that do not identify the coefficient.

    Notes
    -----
    Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90(3); Webb (2023), Canadian
    Journal of Economics 56(3); Bell and McCaffrey (2002); Pustejovsky and Tipton (2018) for CR2 and its
    degrees of freedom.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> data = pd.DataFrame({"g": np.repeat(range(8), 20), "x": rng.normal(size=160)})
    >>> data["y"] = data["x"] + rng.normal(size=8)[data["g"]] + rng.normal(size=160)
    >>> row = wild_bootstrap(data, outcome="y", regressor="x", controls=[], cluster="g", seed=1).iloc[0]
    >>> int(row["draws"]), bool(row["ci_low"] < 1 < row["ci_high"])
    (256, True)
    """
    y = data[outcome].to_numpy(dtype=float)
    x = np.column_stack([data[[regressor, *controls]].to_numpy(dtype=float), np.ones(len(data))])
    code, names = pd.factorize(data[cluster], sort=True)
    n, k, groups = len(y), x.shape[1], len(names)
    if groups < 3:
        raise ValueError(f"{cluster}: {groups} clusters; at least three are needed")
    if np.linalg.matrix_rank(x) < k:
        raise ValueError(
            f"controls: regressors are collinear, so the coefficient of {regressor} is not identified"
        )
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ (x.T @ y)
    residual = y - x @ beta
    member = (code[:, None] == np.arange(groups)).astype(float)
    effect = x @ bread[:, 0]  # each row's share in the coefficient
    correction = groups / (groups - 1) * (n - 1) / (n - k)
    leverage = np.stack([effect[code == g] @ x[code == g] for g in range(groups)])  # G × k

    def statistic(null: float, draw: Array) -> tuple[float, Array]:
        if null_imposed:
            other = x[:, 1:]
            target = y - null * x[:, 0]
            drawn = target - other @ np.linalg.lstsq(other, target, rcond=None)[0]
        else:
            drawn = residual
        own = member.T @ (effect * drawn)  # G: cluster contributions to the coefficient
        shift = draw @ (member.T @ (x * drawn[:, None])) @ bread  # draws × k: change of all coefficients
        scores = draw * own - shift @ leverage.T
        boot = shift[:, 0] / np.sqrt(correction * (scores**2).sum(axis=1))
        return float((beta[0] - null) / se_cr1), boot

    se_cr1 = float(np.sqrt(correction * ((member.T @ (effect * residual)) ** 2).sum()))
    se_cr2, df_cr2, se_cr3 = _small_sample(x, bread, residual, code, groups)
    draw = _weights(weights, groups, draws, seed)
    t, boot = statistic(0.0, draw)
    close = 1e-9 * max(abs(t), 1e-300)
    low = high = float("nan")
    if null_imposed:

        def excess(null: float) -> float:
            observed, at = statistic(null, draw)
            return float((np.abs(at) > abs(observed) * (1 + 1e-9)).mean()) - (1 - level)

        low, high = (_root(excess, beta[0], side * se_cr1) for side in (-1, 1))
    return pd.DataFrame(
        {
            "estimate": [beta[0]],
            "se_cr1": se_cr1,
            "se_cr2": se_cr2,
            "df_cr2": df_cr2,
            "p_cr2": 2 * stats.t.sf(abs(beta[0] / se_cr2), df_cr2),
            "se_cr3": se_cr3,
            "t": t,
            "p_value": (np.abs(boot) > abs(t) + close).mean(),
            "p_value_ties": (np.abs(boot) >= abs(t) - close).mean(),
            "ci_low": low,
            "ci_high": high,
            "clusters": groups,
            "draws": len(draw),
        }
    )


def _root(excess: object, start: float, step: float) -> float:
    """Where the p-value falls below 1 − level, going from the estimate outwards."""
    assert callable(excess)
    reach = 2.0
    while excess(start + reach * step) > 0:
        reach *= 1.5
        if reach > 1e4:
            return float(np.sign(step) * np.inf)
    return float(optimize.brentq(excess, start + 0.01 * step, start + reach * step, xtol=abs(step) * 1e-6))


def _small_sample(
    x: Array, bread: Array, residual: Array, code: ArrayLike, groups: int
) -> tuple[float, float, float]:
    """CR2 standard error with Satterthwaite degrees of freedom, and the CR3 standard error."""
    code = np.asarray(code)
    scores2, scores3 = np.empty(groups), np.empty(groups)
    spread = np.zeros((len(x), groups))
    for g in range(groups):
        at = code == g
        inner = np.eye(int(at.sum())) - x[at] @ bread @ x[at].T
        half = _power(inner, -0.5) @ (x[at] @ bread[:, 0])
        scores2[g] = half @ residual[at]
        scores3[g] = (x[at] @ bread[:, 0]) @ np.linalg.pinv(inner) @ residual[at]
        spread[at, g] = half
        spread[:, g] -= x @ (bread @ (x[at].T @ half))
    products = spread.T @ spread
    df = float(np.trace(products) ** 2 / (products**2).sum())
    return float(np.sqrt((scores2**2).sum())), df, float(np.sqrt((scores3**2).sum()))
