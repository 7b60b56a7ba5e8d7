"""Flows over years and payers: present value, payback, rate of return, marginal value of public funds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import brentq


def payback(flows: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """When the running total turns non-negative for good.

    Parameters
    ----------
    flows : sequence of float
        Net flow of each period (years or months) from period 0, a gain positive.

    Returns
    -------
    period, interpolated : float
        First period after which the total never falls below zero again, and the point inside it by straight
        line; both missing where that never happens.

    Examples
    --------
    >>> payback([-100.0, 50.0, 100.0])
    (2.0, 1.5)
    """
    flow = np.asarray(flows, dtype=float)
    total = np.cumsum(flow)
    below = np.flatnonzero(total < 0)
    if len(below) == 0:
        return 0.0, 0.0
    period = int(below[-1]) + 1
    if period == len(flow):
        return np.nan, np.nan
    return float(period), float(period - 1 - total[period - 1] / flow[period])


def internal_rate_of_return(flows: Sequence[float] | np.ndarray) -> float:
    """Yearly rate at which the present value of yearly flows (from year 0) is zero.

    Raises
    ------
    ValueError
        If the flows change sign more than once: several rates may then solve the equation, none is "the"
        rate.

    Examples
    --------
    >>> round(internal_rate_of_return([-100.0, 110.0]), 10)
    0.1
    """
    flow = np.asarray(flows, dtype=float)
    signs = np.sign(flow[flow != 0])
    changes = int((np.diff(signs) != 0).sum())
    if changes == 0:
        return np.nan
    if changes > 1:
        raise ValueError(
            f"flows: they change sign {changes} times; state the present value at a given rate instead"
        )
    years = np.arange(len(flow), dtype=float)

    def value(growth: float) -> float:
        # In 1 / (1 + rate) and scaled by the last year, so that rates near −100 % stay finite.
        return float(
            np.sum(flow * growth**-years) if growth > 1 else np.sum(flow * growth ** (years[-1] - years))
        )

    return float(brentq(value, 1e-9, 1e6, xtol=1e-15, rtol=8.9e-16, maxiter=1000)) - 1.0


def appraise(
    costs: Sequence[float] | np.ndarray,
    benefits: Sequence[float] | np.ndarray,
    *,
    factors: Sequence[float] | np.ndarray,
    cost_uplift: float = 0.0,
    marginal_excess_burden: float = 0.0,
) -> dict[str, float]:
    """Present values of costs and benefits, their difference, ratio and break-even.

    Parameters
    ----------
    costs, benefits : sequence of float
        By year from 0.
    factors : sequence of float
        Discount factor of each year (``prices.discount_factors`` or ``prices.stpr_factors``).
    cost_uplift : float
        Share added to costs for optimism bias.
    marginal_excess_burden : float
        Social cost of raising a euro of taxes, beyond the euro.

    Returns
    -------
    dict
        pv_costs, pv_benefits, npv, bcr and break_even_share (the share of the estimated benefits at which npv
        is 0).

    Examples
    --------
    >>> appraise([100.0], [150.0], factors=[1.0])["npv"]
    50.0
    """
    weights = np.asarray(factors, dtype=float)
    spent = float(np.asarray(costs, dtype=float) @ weights) * (1 + cost_uplift) * (1 + marginal_excess_burden)
    gained = float(np.asarray(benefits, dtype=float) @ weights)
    return {
        "pv_costs": spent,
        "pv_benefits": gained,
        "npv": gained - spent,
        "bcr": gained / spent if spent else np.nan,
        "break_even_share": spent / gained if gained else np.nan,
    }


def perspectives(flows: Mapping[str, float], *, cost: float = 0.0) -> dict[str, float]:
    """Columns of one table that add up: each party's gain, society as their sum, net, and ratio.

    Examples
    --------
    >>> perspectives({"participants": 4000.0, "employers": 6850.0, "exchequer": -3100.0})["society"]
    7750.0
    """
    total = float(sum(flows.values()))
    return {
        **{name: float(value) for name, value in flows.items()},
        "society": total,
        "net": total - cost,
        "ratio": total / cost if cost else np.nan,
    }


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
    interval is the whole line.

    Returns
    -------
    dict
        mvpf, ci_low, ci_high, share_paying_for_itself, not_comparable (number of draws).

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
