"""Public funds: when they are paid back, and their marginal value."""

from __future__ import annotations

import numpy as np


def payback(flows: np.ndarray) -> float:
    """First period, from 0, after which the total of net gains never falls below zero; missing without one.

    Examples
    --------
    >>> payback(np.array([-100.0, 50.0, 100.0]))
    2.0
    """
    below = np.flatnonzero(np.cumsum(flows) < 0)
    period = below[-1] + 1.0 if len(below) else 0.0
    return float(period) if period < len(flows) else np.nan


def mvpf(willingness_to_pay: float | np.ndarray, net_cost: float | np.ndarray) -> np.ndarray:
    """Marginal value of public funds: what recipients would pay per euro of net public cost.

    A policy that people value and that costs the public purse nothing or less pays for itself: the value is
    infinite.

    Notes
    -----
    Hendren & Sprung-Keyser (2020), Q. J. Econ. 135, 1209–1318.

    Examples
    --------
    >>> mvpf([50.0, 50.0, -5.0], [100.0, -10.0, 100.0]).tolist()
    [0.5, inf, -0.05]
    """
    value = np.asarray(willingness_to_pay, dtype=float)
    cost = np.asarray(net_cost, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = value / cost
    return np.where((value > 0) & (cost <= 0), np.inf, np.where((value < 0) & (cost == 0), -np.inf, ratio))


def mvpf_interval(
    willingness_to_pay: float,
    net_cost: float,
    *,
    draws_willingness: np.ndarray,
    draws_cost: np.ndarray,
    level: float = 0.95,
) -> dict[str, float]:
    """MVPF with its bootstrap interval.

    Draws in which both numbers have the opposite sign of a point estimate with equal signs are not comparable
    with it: they are left out and their share is taken from the tails. If nothing of the tails is left, the
    interval is the whole line. `not_comparable` is their number.

    Examples
    --------
    >>> mvpf_interval(1.0, 2.0, draws_willingness=np.ones(3), draws_cost=np.full(3, 2.0))["ci_high"]
    0.5
    """
    value, cost = np.asarray(draws_willingness, dtype=float), np.asarray(draws_cost, dtype=float)
    same = np.sign(willingness_to_pay) * np.sign(net_cost) > 0
    apart = (np.sign(value) == -np.sign(willingness_to_pay)) & (np.sign(cost) == -np.sign(net_cost)) & same
    tail = (1 - level - apart.mean()) / 2
    low, high = -np.inf, np.inf
    if tail > 0:
        ratios = np.sort(mvpf(value[~apart], cost[~apart]))
        low, high = _quantile(ratios, tail), _quantile(ratios, 1 - tail)
    return {
        "mvpf": float(mvpf(willingness_to_pay, net_cost)),
        "ci_low": low,
        "ci_high": high,
        "share_paying_for_itself": float(np.mean((value > 0) & (cost <= 0))),
        "not_comparable": float(apart.sum()),
    }


def _quantile(ordered: np.ndarray, probability: float) -> float:
    """Linear quantile that passes infinite draws on instead of turning them into missing."""
    place = (len(ordered) - 1) * probability
    low = int(np.floor(place))
    high = min(low + 1, len(ordered) - 1)
    if place == low or ordered[low] == ordered[high]:
        return float(ordered[low])
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))
