"""Bootstrap of costs and effects together: counts of draws times sums, never a resampled frame."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

_EXACT_UNITS = 4000  # up to here every unit gets its own count
_CHUNK = 4_000_000
_ALONE, _SIDE = 64, 6
FEW_CLUSTERS = 24  # Flynn & Peters (2004): fewer in an arm, and a plain cluster bootstrap under-covers


def resampling_method(clusters_by_arm: Mapping[str, int]) -> tuple[str, str]:
    """Which resampling holds with so many clusters, and why.

    Examples
    --------
    >>> resampling_method({"pilot": 3, "comparison": 180})[0]
    't_draws'
    """
    name, fewest = min(clusters_by_arm.items(), key=lambda pair: pair[1])
    if fewest >= FEW_CLUSTERS:
        return "cluster_bootstrap", f"cluster bootstrap over municipalities: {fewest} or more in each arm"
    return (
        "t_draws",
        f"draws from a t distribution with the area covariance: {fewest} clusters in {name}, and below "
        f"{FEW_CLUSTERS} a plain cluster bootstrap gives intervals that are too narrow (Flynn & Peters 2004)",
    )


def mean_differences(
    data: pd.DataFrame,
    *,
    columns: list[str],
    arm: str,
    draws: int,
    seed: int,
    cluster: str | None = None,
    exact: bool | None = None,
) -> np.ndarray:
    """Bootstrap differences of means, arm 1 minus arm 0, resampled within arms.

    Parameters
    ----------
    data : pandas.DataFrame
        One row an episode; ``arm`` is 0 or 1.
    columns : list of str
        Costs and effects to draw together.
    cluster : str, optional
        Whole clusters are drawn within each arm and their episodes pooled.
    exact : bool, optional
        Whether every unit is counted in every draw. By default up to 4,000 units an arm. Beyond that units
        are counted by cells of similar cost and effect, the 64 farthest units one by one: the number drawn
        from each cell is exact, the spread inside the cells is drawn from a normal law with its exact
        covariance.

    Returns
    -------
    numpy.ndarray, shape (draws, columns)

    Examples
    --------
    >>> frame = pd.DataFrame({"arm": [0, 0, 1, 1], "cost": [1.0, 1.0, 3.0, 3.0]})
    >>> mean_differences(frame, columns=["cost"], arm="arm", draws=2, seed=1).tolist()
    [[2.0], [2.0]]
    """
    rng = np.random.default_rng(seed)
    means = []
    for value in (0, 1):
        rows = data.loc[(data[arm] == value).to_numpy()]
        values = rows[columns].to_numpy(dtype=float)
        sums = np.column_stack([values, np.ones(len(values))])
        if cluster is not None:
            sums = pd.DataFrame(sums).groupby(rows[cluster].to_numpy(), sort=False).sum().to_numpy()
        plain = cluster is not None or (len(sums) <= _EXACT_UNITS if exact is None else exact)
        total = _counted(sums, draws, rng) if plain else _by_cells(sums, draws, rng)
        means.append(total[:, :-1] / total[:, -1:])
    return means[1] - means[0]


def influence_draws(
    estimates: pd.Series, influence: pd.DataFrame, clusters: pd.Series, *, draws: int, seed: int
) -> pd.DataFrame:
    """Bootstrap estimates from influence values: clusters are redrawn, nothing is refitted.

    Parameters
    ----------
    estimates : pandas.Series
        Estimate of each outcome.
    influence : pandas.DataFrame
        One influence value per episode and outcome.
    clusters : pandas.Series
        Cluster of each episode. Use it where every arm has at least 24 clusters (see
        :func:`resampling_method`).

    Returns
    -------
    pandas.DataFrame
        draws × outcomes.

    Examples
    --------
    >>> values = pd.DataFrame({"cost": [0.0, 0.0]})
    >>> influence_draws(pd.Series({"cost": 5.0}), values, pd.Series([1, 2]), draws=1, seed=0)["cost"].tolist()
    [5.0]
    """
    sums = influence.groupby(clusters.to_numpy(), sort=False).sum().to_numpy() / len(influence)
    groups = len(sums)
    rng = np.random.default_rng(seed)
    centred = (sums - sums.mean(axis=0)) * np.sqrt(groups / max(groups - 1, 1))
    moved = _counted(centred, draws, rng)
    return pd.DataFrame(estimates[influence.columns].to_numpy(dtype=float) + moved, columns=influence.columns)


def _counted(sums: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    units = len(sums)
    out = np.empty((draws, sums.shape[1]))
    step = max(1, _CHUNK // units)
    for first in range(0, draws, step):
        size = min(step, draws - first)
        drawn = rng.integers(units, size=(size, units), dtype=np.int32)
        drawn += np.arange(size, dtype=np.int32)[:, None] * np.int32(units)
        counts = np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units)
        out[first : first + size] = counts.astype(float) @ sums
    return out


def _by_cells(sums: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    values = sums[:, :-1]
    spread = np.where(values.std(axis=0) > 0, values.std(axis=0), 1.0)
    far = np.argsort(-np.abs((values - values.mean(axis=0)) / spread).max(axis=1), kind="stable")[:_ALONE]
    cell = np.zeros(len(values), dtype=np.int64)
    for column in values.T[:2]:
        rank = pd.Series(column).groupby(cell).rank(method="first").to_numpy() - 1
        cell = cell * _SIDE + np.minimum((rank * _SIDE / np.bincount(cell)[cell]).astype(np.int64), _SIDE - 1)
    # Single large costs make the skewness: each of the farthest units is counted on its own.
    cell[far] = cell.max() + 1
    _, cell = np.unique(cell, return_inverse=True)
    size = np.bincount(cell)
    centre = np.stack([np.bincount(cell, weights=column) / size for column in values.T], axis=1)
    centre[-1] = 0.0
    inside = np.where((cell < len(size) - 1)[:, None], values - centre[cell], 0.0)
    counts = rng.multinomial(len(values), size / len(values), size=draws)
    total = counts.astype(float) @ np.column_stack([centre, np.ones(len(size))])
    root = np.linalg.cholesky(inside.T @ inside + 1e-12 * np.eye(values.shape[1]) * len(values))
    total[:, :-1] += rng.standard_normal((draws, values.shape[1])) @ root.T
    which = np.repeat(np.arange(draws) * len(far), counts[:, -1]) + rng.integers(
        len(far), size=counts[:, -1].sum()
    )
    alone = np.bincount(which, minlength=draws * len(far)).reshape(draws, len(far))
    total[:, :-1] += alone.astype(float) @ values[far]
    return total


def order_quantile(draws: np.ndarray, probability: float) -> float:
    """Quantile of draws as the (R + 1)p-th smallest, interpolated on the normal scale.

    Davison & Hinkley (1997), Bootstrap Methods and their Application, eq. 5.8.

    Examples
    --------
    >>> order_quantile(np.arange(1.0, 20.0), 0.5)
    10.0
    """
    ordered = np.sort(np.asarray(draws, dtype=float))
    count = len(ordered)
    place = (count + 1) * probability
    low = int(np.floor(place + 1e-9))
    if low < 1 or low >= count:
        return float(ordered[0] if low < 1 else ordered[-1])
    if abs(place - low) < 1e-9:
        return float(ordered[low - 1])
    at, below, above = stats.norm.ppf([probability, low / (count + 1), (low + 1) / (count + 1)])
    return float(ordered[low - 1] + (at - below) / (above - below) * (ordered[low] - ordered[low - 1]))


def intervals(
    draws: np.ndarray, *, estimate: float, level: float = 0.95, influence: np.ndarray | None = None
) -> pd.DataFrame:
    """Bootstrap intervals of one statistic.

    Parameters
    ----------
    draws : numpy.ndarray, shape (R,)
    estimate : float
        Statistic of the data themselves.
    influence : numpy.ndarray, optional
        Influence values of the statistic, for the acceleration of the BCa interval.

    Returns
    -------
    pandas.DataFrame
        Rows normal, basic, percentile and, with influence values, bca; columns ci_low, ci_high.

    Examples
    --------
    >>> intervals(np.arange(1.0, 40.0), estimate=20.0).loc["percentile"].tolist()
    [1.0, 39.0]
    """
    tail = (1 - level) / 2
    low, high = order_quantile(draws, tail), order_quantile(draws, 1 - tail)
    reach = stats.norm.ppf(1 - tail) * np.std(draws, ddof=1)
    centre = 2 * estimate - np.mean(draws)
    rows = {
        "normal": (centre - reach, centre + reach),
        "basic": (2 * estimate - high, 2 * estimate - low),
        "percentile": (low, high),
    }
    if influence is not None:
        shift = stats.norm.ppf(np.mean(np.asarray(draws) < estimate))
        pull = np.sum(influence**3) / (6 * np.sum(influence**2) ** 1.5)
        z = shift + stats.norm.ppf([tail, 1 - tail])
        adjusted = stats.norm.cdf(shift + z / (1 - pull * z))
        rows["bca"] = (order_quantile(draws, adjusted[0]), order_quantile(draws, adjusted[1]))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["ci_low", "ci_high"])
