"""Placebo areas from municipality series: how far do areas move apart when nothing is done to them?

Self-contained and fast: everything rests on one change per comparison municipality.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Shocks:
    """Changes of comparison municipalities, and how their spread depends on size.

    The variance of a municipality's change is ``common + per_size / labour force``. `few_regions` is a factor
    on the variance that regions share, since few regions show it with uncertainty: the variance of Student's
    t with one degree of freedom less than there are regions.
    """

    standardised: np.ndarray  # change minus the weighted mean, over its expected spread; variance 1
    common: float
    per_size: float
    correlation: float  # between two municipalities of one region, not below 0
    mean_variance: float  # of the weighted mean of all, with that correlation
    few_regions: float


def fit_shocks(change: np.ndarray, *, size: np.ndarray, region: np.ndarray) -> Shocks:
    """Describe the changes of comparison municipalities, by their labour force (`size`) and region.

    The variance ``common + per_size / labour force`` (Ferman & Pinto 2019) is fitted by normal maximum
    likelihood. `common` keeps the interval of an area larger than every comparison municipality from
    shrinking to nothing; `per_size` keeps the noise of small municipalities from widening it.

    ValueError if there are fewer than 20 municipalities.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> size = np.geomspace(300, 30_000, 400)
    >>> change = rng.normal(0, np.sqrt(0.5 + 1000 / size))
    >>> shocks = fit_shocks(change, size=size, region=np.repeat(np.arange(20), 20))
    >>> 0.3 < shocks.common < 0.7 and 700 < shocks.per_size < 1300
    True
    """
    from scipy.optimize import minimize

    if len(change) < 20:
        raise ValueError(f"placebo areas need at least 20 comparison municipalities, {len(change)} given")
    residual = change - np.average(change, weights=size)
    squared = residual**2
    start = max(squared.mean(), 1e-12)
    inverse = np.mean(1 / size)

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:
        common, per_size = np.exp(logs)
        variance = common + per_size / size
        slope = 1 / variance - squared / variance**2
        value = np.mean(np.log(variance) + squared / variance)
        return value, np.array([np.mean(slope) * common, np.mean(slope / size) * per_size])

    first = np.log([start / 2, start / 2 / inverse])
    box = [(value - 12, value + 3) for value in first]
    common, per_size = np.exp(minimize(loss, first, jac=True, bounds=box, method="L-BFGS-B").x)
    standardised = residual / np.sqrt(common + per_size / size)
    standardised = standardised - standardised.mean()
    spread = standardised.std(ddof=1)
    standardised = standardised / spread
    correlation = _within_region(standardised, region)
    common, per_size = float(common * spread**2), float(per_size * spread**2)
    scale = size / size.sum() * np.sqrt(common + per_size / size)
    regions = len(np.unique(region.astype(str)))
    few_regions = (regions - 1) / (regions - 3) if regions > 3 else 3.0
    mean_variance = _variance(scale, region, correlation=correlation, few_regions=few_regions)
    return Shocks(standardised, common, per_size, correlation, mean_variance, few_regions)


def _within_region(standardised: np.ndarray, region: np.ndarray) -> float:
    """Correlation within regions above that between regions, which centring makes negative."""
    _, label = np.unique(region.astype(str), return_inverse=True)
    sums, counts = np.bincount(label, standardised), np.bincount(label)
    inside, pairs = np.sum(sums**2) - np.sum(standardised**2), np.sum(counts * (counts - 1))
    n = len(standardised)
    outside = n * (n - 1) - pairs
    if not pairs or not outside:
        return 0.0
    within, between = inside / pairs, (standardised.sum() ** 2 - np.sum(standardised**2) - inside) / outside
    return float(np.clip((within - between) / (1 - between), 0, 0.95))


def _variance(scale: np.ndarray, region: np.ndarray, *, correlation: float, few_regions: float) -> float:
    """Variance of a sum of shocks with these standard deviations, correlated within regions."""
    _, label = np.unique(region.astype(str), return_inverse=True)
    alone, together = np.sum(scale**2), np.sum(np.bincount(label, scale) ** 2)
    return float(alone + correlation * (few_regions * together - alone))


def placebo_differences(
    shocks: Shocks,
    *,
    size: np.ndarray,
    region: np.ndarray,
    draws: int,
    seed: int | tuple[int, ...],
    higher: float = 1.0,
) -> np.ndarray:
    """Differences between an area and the comparison group when nothing was done to either (draws,).

    `size` and `region` are labour force and region of the area's municipalities. Comparison municipalities
    are drawn without replacement (with, if the area has more than half as many), and each lends its
    standardised shock to one municipality of the area, where it is scaled to that municipality's size and
    weighted by its labour force. An area of one municipality meets every comparison municipality once.

    The spread is widened to what the model implies beyond that: municipalities of one region move together,
    which random sets do not show; the mean of the comparison group is itself uncertain; and changes measured
    from that mean vary less than true shocks by as much again. Where the level before is `higher` than that
    of the comparison, so are moves: by the square root of that ratio, as for counts (real municipalities:
    power 0.4, standard error 0.1); no more than four times counts.
    """
    chosen = _chosen(len(size), len(shocks.standardised), draws=draws, seed=seed)
    scale = size / size.sum() * np.sqrt(shocks.common + shocks.per_size / size)
    implied = 2 * shocks.mean_variance + _variance(
        scale, region, correlation=shocks.correlation, few_regions=shocks.few_regions
    )
    implied *= np.clip(higher, 0.25, 4.0) if np.isfinite(higher) else 1.0
    return np.sqrt(implied / np.sum(scale**2)) * (shocks.standardised[chosen] @ scale)


@lru_cache(maxsize=64)  # the same for every share and pair of windows; as many as there are areas
def _chosen(members: int, pool: int, *, draws: int, seed: int | tuple[int, ...]) -> np.ndarray:
    """Which comparison municipality takes the place of each of the area's, draw by draw."""
    rng = np.random.default_rng(seed)
    if members == 1:
        return np.arange(pool)[:, None]
    if members > pool / 2:
        return rng.integers(0, pool, (draws, members))
    return rng.permuted(np.argpartition(rng.random((draws, pool)), members - 1)[:, :members], axis=1)


def invert(estimate: float, null: np.ndarray, *, level: float = 0.95) -> tuple[float, float]:
    """Half width of the interval and p-value of an estimate from differences under no effect.

    Both are exact: the interval holds the effects whose p-value is above ``1 - level``.

    Examples
    --------
    >>> invert(3.0, np.arange(-9.5, 10), level=0.9)
    (9.5, 0.7142857142857143)
    """
    spread = np.sort(np.abs(null))[::-1]
    p_value = (1 + np.sum(spread >= abs(estimate))) / (len(null) + 1)
    rank = int(np.floor((1 - level) * (len(null) + 1) + 1e-9))  # as many may be further out than a value kept
    return (float(spread[rank - 1]) if rank else float("inf")), float(p_value)


def judge(
    estimate: float,
    shocks: Shocks,
    *,
    size: np.ndarray,
    region: np.ndarray,
    higher: float,
    hidden: float,
    draws: int,
    seed: int,
    area: str,
) -> dict[str, float]:
    """Estimate, std_error (spread of placebos), 95 per cent interval and p-value, as ledger columns.

    The placebos are `placebo_differences`, drawn for the `area` whatever others there are. `hidden` is how
    far the estimate may be off because figures are hidden: interval and p-value are those of the least
    favourable values. The interval excludes 0 exactly where p is at most 0.05.
    """
    own_seed = seed, zlib.crc32(area.encode())
    null = placebo_differences(shocks, size=size, region=region, draws=draws, seed=own_seed, higher=higher)
    half, _ = invert(estimate, null)
    _, p_value = invert(np.sign(estimate) * max(abs(estimate) - hidden, 0.0), null)
    return {
        "estimate": estimate,
        "std_error": float(np.sqrt(np.mean(null**2))),
        "ci_low": estimate - half - hidden,
        "ci_high": estimate + half + hidden,
        "p_value": p_value,
    }
