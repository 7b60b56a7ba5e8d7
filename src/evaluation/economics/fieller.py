"""Fieller's confidence set for a ratio, its kind, and words where a ratio means nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class FiellerSet:
    """Confidence set of a cost-effect ratio.

    Kinds: ``interval``, from low to high; ``outside``, everything but the open interval from low to high;
    ``everything``, every ratio is compatible with the data.
    """

    ratio: float  # missing where the effect is exactly zero
    kind: str
    low: float  # infinite where the set reaches no limit, missing for ``everything``
    high: float

    def contains(self, ratio: float) -> bool:
        """Whether a ratio is compatible with the data."""
        if self.kind == "everything":
            return True
        if self.kind == "outside":
            return bool(ratio <= self.low or ratio >= self.high)
        return bool(self.low <= ratio <= self.high)


def fieller(
    delta_cost: float,
    delta_effect: float,
    covariance: np.ndarray,
    *,
    level: float = 0.95,
    df: float = np.inf,
) -> FiellerSet:
    """Fieller's confidence set of delta_cost / delta_effect, from their covariance (2 × 2, cost first).

    `df` are the degrees of freedom of the t quantile; infinite ones give the normal.

    Notes
    -----
    Fieller (1954), J. R. Statist. Soc. B 16, 175–185; Willan & O'Brien (1996), Health Econ. 5, 297–305. The
    set is an interval exactly if the effect differs from zero at the same level.

    Examples
    --------
    >>> found = fieller(1000.0, 20.0, [[90000.0, -360.0], [-360.0, 16.0]])
    >>> found.kind, round(found.low, 2), round(found.high, 2)
    ('interval', 17.81, 108.52)
    """
    variance = np.asarray(covariance, dtype=float)
    if variance.shape != (2, 2) or not np.isfinite(variance).all() or (np.diag(variance) < 0).any():
        raise ValueError("covariance: 2 × 2 finite numbers with variances ≥ 0 expected, cost first")
    # the set is where a R² + 2 b R + c ≤ 0
    q = stats.t.ppf(0.5 + level / 2, df) ** 2
    a = float(delta_effect**2 - q * variance[1, 1])
    b = float(q * variance[0, 1] - delta_cost * delta_effect)
    c = float(delta_cost**2 - q * variance[0, 0])
    ratio = delta_cost / delta_effect if delta_effect != 0 else np.nan
    discriminant = b**2 - a * c
    if a == b == 0 or (a < 0 and discriminant < 0):
        return FiellerSet(ratio, "everything", np.nan, np.nan)
    if a == 0:
        limit = -c / (2 * b)
        low, high = (-np.inf, limit) if b > 0 else (limit, np.inf)
        return FiellerSet(ratio, "interval", low, high)
    # The larger root in size first, the other from their product: no cancellation.
    larger = -b - math.copysign(math.sqrt(max(discriminant, 0.0)), b)
    low, high = sorted([larger / a, c / larger]) if larger != 0 else (0.0, 0.0)
    return FiellerSet(ratio, "interval" if a > 0 else "outside", low, high)


def reason_to_refuse(delta_cost: float, delta_effect: float) -> str:
    """Why a cost per month must not be stated, or "" where it may.

    A negative ratio says nothing without its quadrant, and a ratio of two negative numbers is money saved per
    month lost, not a price per month gained: ``dominant`` (costs less, more work), ``dominated`` (costs more,
    less work), ``saves_and_loses`` (costs less, less work) or ``no_effect``.

    Examples
    --------
    >>> reason_to_refuse(-900.0, 15.0), reason_to_refuse(1000.0, 20.0)
    ('dominant', '')
    """
    if delta_effect == 0:
        return "no_effect"
    if delta_effect > 0:
        return "dominant" if delta_cost <= 0 else ""
    return "dominated" if delta_cost >= 0 else "saves_and_loses"
