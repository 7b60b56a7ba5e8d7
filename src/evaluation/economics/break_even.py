"""What would have to be true: break-even values, persistence of the effect, tornado and two-way tables."""

from __future__ import annotations

import numpy as np


def break_even_effect(delta_cost: float, *, threshold: float) -> float:
    """Months in work an episode must gain to be worth its cost; 0 where it costs nothing or less.

    Examples
    --------
    >>> break_even_effect(500.0, threshold=1000.0)
    0.5
    """
    return max(delta_cost / threshold, 0.0) if threshold > 0 else np.nan


def break_even_cost(delta_effect: float, *, threshold: float) -> float:
    """Highest additional cost per episode that the gained months are worth (negative: to be saved)."""
    return threshold * delta_effect


def break_even_persistence(
    delta_cost: float, delta_effect: float, *, threshold: float, monthly_effect: float, monthly_cost: float
) -> tuple[float, str]:
    """Months beyond the horizon that the last month's difference must last for net benefit to reach zero.

    Parameters
    ----------
    delta_cost, delta_effect : float
        Up to the horizon.
    threshold : float
        Value of a month in work.
    monthly_effect, monthly_cost : float
        Difference in the last month of the horizon: months in work per month, and euros.

    Returns
    -------
    months : float
        0 where it is worth it already, missing where it never is.
    words : {"already", "after", "never"}

    Examples
    --------
    >>> break_even_persistence(300.0, 0.1, threshold=1000.0, monthly_effect=0.05, monthly_cost=-50.0)
    (2.0, 'after')
    """
    short = delta_cost - threshold * delta_effect
    monthly = threshold * monthly_effect - monthly_cost
    if short <= 0:
        return 0.0, "already"
    if monthly <= 0:
        return np.nan, "never"
    return short / monthly, "after"
