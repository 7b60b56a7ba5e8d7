"""Placebo areas from municipality series: how far do areas move apart when nothing is done to them?

Self-contained and fast: everything rests on one change per comparison municipality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Shocks:
    """Changes of comparison municipalities, and how their spread depends on size.

    Parameters
    ----------
    residual : ndarray (municipalities,)
        Change minus the weighted mean of all, in points.
    standardised : ndarray (municipalities,)
        The same divided by the standard deviation expected for the size, centred, with unit variance.
    weight : ndarray (municipalities,)
        Labour force.
    region : ndarray (municipalities,) of object
        Region of each.
    common, per_size : float
        Variance of a municipality's change is ``common + per_size / labour force``.
    correlation : float
        Correlation between two municipalities of one region, not below 0.
    """

    residual: np.ndarray
    standardised: np.ndarray
    weight: np.ndarray
    region: np.ndarray
    common: float
    per_size: float
    correlation: float

    def deviation(self, size: np.ndarray) -> np.ndarray:
        """Standard deviation of the change of municipalities with this labour force."""
        return np.sqrt(self.common + self.per_size / size)


def fit_shocks(change: np.ndarray, *, size: np.ndarray, region: np.ndarray) -> Shocks:
    """Describe the changes of comparison municipalities.

    The variance ``common + per_size / labour force`` (Ferman & Pinto 2019) is fitted by normal maximum
    likelihood. `common` keeps the interval of an area larger than every comparison municipality from
    shrinking to nothing; `per_size` keeps the noise of small municipalities from widening it.

    Parameters
    ----------
    change : ndarray (municipalities,)
        Change of the outcome.
    size : ndarray (municipalities,)
        Labour force.
    region : ndarray (municipalities,)
        Code of the region.

    Raises
    ------
    ValueError
        If there are fewer than 20 municipalities.

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
    return Shocks(
        residual=residual,
        standardised=standardised,
        weight=size,
        region=region,
        common=float(common * spread**2),
        per_size=float(per_size * spread**2),
        correlation=_within_region(standardised, region),
    )


def _within_region(standardised: np.ndarray, region: np.ndarray) -> float:
    _, label = np.unique(region.astype(str), return_inverse=True)
    sums, counts = np.bincount(label, standardised), np.bincount(label)
    products = (sums**2 - np.bincount(label, standardised**2)).sum()
    pairs = (counts * (counts - 1)).sum()
    return float(np.clip(products / pairs, 0, 0.95)) if pairs else 0.0


def placebo_differences(
    shocks: Shocks, *, size: np.ndarray, region: np.ndarray, draws: int, seed: int | Sequence[int]
) -> np.ndarray:
    """Differences between an area and the comparison group when nothing was done to either.

    Comparison municipalities are drawn without replacement, as many as the area has; each lends its
    standardised residual to one municipality of the area, where it is scaled to that municipality's size and
    weighted by its labour force. The others stay the comparison group. Municipalities of one region move
    together, which random sets do not show, so the spread is widened to the one that the correlation within
    regions implies. An area of one municipality meets every comparison municipality once. An area with more
    than half as many municipalities as the comparison group draws with replacement, for both groups.

    Parameters
    ----------
    shocks : Shocks
        From `fit_shocks`.
    size, region : ndarray (members,)
        Labour force and region of the area's municipalities.
    draws : int
        Placebo areas to draw.
    seed : int or sequence of int
        Seed.

    Returns
    -------
    ndarray (draws,)
        In the unit of the change.
    """
    rng = np.random.default_rng(seed)
    members, pool = len(size), len(shocks.residual)
    share = size / size.sum()
    scale = share * shocks.deviation(size)
    weight = shocks.weight
    if members > pool / 2:
        other = weight / weight.sum() * shocks.deviation(weight)
        widening = _widening(
            np.append(scale, other), np.append(region, shocks.region), correlation=shocks.correlation,
            group=np.repeat([0, 1], [members, pool]),
        )  # fmt: skip
        ours = shocks.standardised[rng.integers(0, pool, (draws, members))] @ scale
        theirs = shocks.standardised[rng.integers(0, pool, (draws, pool))] @ other
        return widening * (ours - theirs)
    if members == 1:
        chosen = np.arange(pool)[:, None]
    else:
        chosen = np.argpartition(rng.random((draws, pool)), members - 1, axis=1)[:, :members]
        chosen = rng.permuted(chosen, axis=1)
    ours = shocks.standardised[chosen] @ scale
    taken = weight[chosen]
    theirs = -(taken * shocks.residual[chosen]).sum(axis=1) / (weight.sum() - taken.sum(axis=1))
    widening = _widening(scale, region, correlation=shocks.correlation, group=np.zeros(members, dtype=int))
    return widening * ours - theirs


def _widening(scale: np.ndarray, region: np.ndarray, *, correlation: float, group: np.ndarray) -> float:
    """Ratio of standard deviations with and without correlation within regions, group by group."""
    cell = np.char.add(region.astype(str), np.char.add("/", group.astype(str)))
    _, label = np.unique(cell, return_inverse=True)
    alone = np.sum(scale**2)
    together = np.sum(np.bincount(label, scale) ** 2)
    return float(np.sqrt(((1 - correlation) * alone + correlation * together) / alone))
