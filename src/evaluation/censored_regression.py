"""Net-benefit regression where follow-up is cut short: weights, in whole or by interval, doubly robust.

Chen & Hoch (2022), Stat. Med. 41, 3958–3974. Censoring may differ between the arms but not with covariates
within them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.censored_costs import survival_at
from evaluation.net_benefit_regression import Fit

METHODS = ("simple_weighted", "partitioned", "complete_case", "ignore_censoring")


def to_horizon(
    amounts: np.ndarray, followed: np.ndarray, *, ends: Sequence[float], horizon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Amounts by interval up to a horizon; the interval it falls into is taken in proportion.

    Returns
    -------
    amounts : numpy.ndarray, shape (persons, intervals to the horizon)
    ends : numpy.ndarray
        Their ends, the last one the horizon.

    Examples
    --------
    >>> to_horizon(np.array([[4.0, 2.0]]), np.array([2.0]), ends=[1, 2], horizon=1.5)[0].tolist()
    [[4.0, 1.0]]
    """
    last = np.asarray(ends, dtype=float)
    if horizon > last[-1]:
        raise ValueError(f"horizon: {horizon} lies beyond the last interval, which ends at {last[-1]}")
    first = np.concatenate([[0.0], last[:-1]])
    until = np.minimum(followed, horizon)[:, None]
    seen = np.minimum(followed[:, None], last) - first
    share = np.where(
        until < last, np.where(until <= first, 0.0, (until - first) / np.where(seen > 0, seen, 1)), 1.0
    )
    keep = int(np.searchsorted(last, horizon)) + 1
    return (np.asarray(amounts, dtype=float) * share)[:, :keep], np.append(last[: keep - 1], horizon)


def censored_regression(
    outcome: np.ndarray,
    design: pd.DataFrame,
    *,
    arm: str,
    followed: np.ndarray,
    complete: np.ndarray,
    ends: Sequence[float],
    horizon: float,
    method: str,
) -> Fit:
    """Regression of a cost, an effect or a net benefit that accrues over intervals.

    Parameters
    ----------
    outcome : numpy.ndarray, shape (persons, intervals)
        λ · effect − cost (or one of them) by interval.
    design : pandas.DataFrame
        Intercept, ``arm`` (0 or 1) and covariates.
    followed, complete : numpy.ndarray, shape (persons,)
        Length of follow-up, and 1 where it ended with the event.
    ends : sequence of float
        End of each interval.
    horizon : float
        Time up to which outcomes count.
    method : {"simple_weighted", "partitioned", "complete_case", "ignore_censoring"}
        The last two are biased and stand for comparison.

    Returns
    -------
    Fit
        Normal intervals; standard errors allow for estimated censoring weights.
    """
    if method not in METHODS:
        raise ValueError(f"method: {method!r} is not among {list(METHODS)}")
    x, n = design.to_numpy(dtype=float), len(design)
    names = list(design)
    amounts, last = to_horizon(outcome, followed, ends=ends, horizon=horizon)
    time = np.minimum(followed, horizon)
    done = np.where(followed >= horizon, 1.0, complete)
    if method in ("complete_case", "ignore_censoring"):
        weight = done if method == "complete_case" else np.ones(n)
        beta, influence, bread = _least_squares(x, amounts.sum(axis=1), weight)
        covariance = bread @ (influence.T @ influence) @ bread
    else:
        parts = (
            [(amounts.sum(axis=1), horizon)]
            if method == "simple_weighted"
            else list(zip(amounts.T, last, strict=True))
        )
        bread = np.linalg.inv(x.T @ x)
        beta, influence = np.zeros(x.shape[1]), np.zeros((n, x.shape[1]))
        group = design[arm].to_numpy()
        for values, end in parts:
            cut, finished = np.minimum(time, end), np.where(time >= end, 1.0, done)
            weight = censoring_weights(cut, finished, group)
            coefficient, score, _ = _least_squares(x, values, weight)
            beta += coefficient
            influence += score + _weights_were_estimated(score, cut, finished)
        covariance = bread @ (influence.T @ influence) @ bread
    return Fit(pd.Series(beta, names), pd.DataFrame(covariance, names, names), np.inf, method)


def censoring_weights(time: np.ndarray, done: np.ndarray, group: np.ndarray) -> np.ndarray:
    """One over the probability of not being censored by the own time, within groups; 0 for the censored.

    Examples
    --------
    >>> censoring_weights(np.array([1.0, 2.0]), np.array([0.0, 1.0]), np.zeros(2)).tolist()
    [0.0, 2.0]
    """
    out = np.zeros(len(time))
    for value in np.unique(group):
        rows = np.flatnonzero(group == value)
        kept = survival_at(time[rows], 1 - done[rows])
        if (kept[done[rows] == 1] == 0).any():
            raise ValueError("horizon: nobody is left uncensored in an arm before it; choose a shorter one")
        out[rows] = np.where(done[rows] == 1, 1 / np.where(kept > 0, kept, 1.0), 0.0)
    return out


def _least_squares(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    used = ((x**2) * weight[:, None]).sum(axis=0) > 0
    bread = np.zeros((x.shape[1], x.shape[1]))
    inner = x[:, used]
    bread[np.ix_(used, used)] = np.linalg.inv((inner * weight[:, None]).T @ inner)
    beta = bread @ (x.T @ (weight * y))
    return beta, x * (weight * (y - x @ beta))[:, None], bread


def _weights_were_estimated(score: np.ndarray, time: np.ndarray, done: np.ndarray) -> np.ndarray:
    points, place = np.unique(time, return_inverse=True)
    size = np.bincount(place, minlength=len(points))
    at_risk = (len(time) - np.cumsum(size) + size).astype(float)
    by_time = np.stack(
        [np.bincount(place, weights=column, minlength=len(points)) for column in score.T], axis=1
    )
    after = by_time[::-1].cumsum(axis=0)[::-1] - by_time
    mean_after = after / at_risk[:, None]
    censored = np.bincount(place, weights=1 - done, minlength=len(points))
    compensator = np.cumsum(mean_after * (censored / at_risk)[:, None], axis=0)
    return mean_after[place] * (1 - done)[:, None] - compensator[place]


def doubly_robust(
    outcome: np.ndarray,
    design: pd.DataFrame,
    propensity_design: pd.DataFrame,
    *,
    arm: str,
    followed: np.ndarray,
    complete: np.ndarray,
    ends: Sequence[float],
    horizon: float,
    method: str,
    trim: float = 0.05,
) -> tuple[float, float]:
    """Average difference between the arms from outcome regression and propensity score, censoring weighted.

    Parameters
    ----------
    propensity_design : pandas.DataFrame
        Intercept and covariates of the propensity model.
    method : {"simple_weighted", "partitioned"}
    trim : float
        Propensities below ``trim`` or above 1 − ``trim`` are set to that limit.

    Returns
    -------
    estimate, std_error : float
    """
    if method not in METHODS[:2]:
        raise ValueError(f"method: {method!r} is not among {list(METHODS[:2])}")
    x, z = design.to_numpy(dtype=float), propensity_design.to_numpy(dtype=float)
    group, n = design[arm].to_numpy(dtype=float), len(design)
    score = np.clip(_logistic(z, group), trim, 1 - trim)
    information = np.linalg.inv((z * (score * (1 - score))[:, None]).T @ z / n)
    treated, untreated = x.copy(), x.copy()
    place = list(design).index(arm)
    treated[:, place], untreated[:, place] = 1.0, 0.0
    amounts, last = to_horizon(outcome, followed, ends=ends, horizon=horizon)
    time, done = np.minimum(followed, horizon), np.where(followed >= horizon, 1.0, complete)
    parts = (
        [(amounts.sum(axis=1), horizon)]
        if method == "simple_weighted"
        else list(zip(amounts.T, last, strict=True))
    )
    estimate, influence = 0.0, np.zeros(n)
    for y, end in parts:
        cut, finished = np.minimum(time, end), np.where(time >= end, 1.0, done)
        weight = censoring_weights(cut, finished, group)
        beta, _, _ = _least_squares(x, y, weight)
        one, zero = treated @ beta, untreated @ beta
        by_treated, by_untreated = group / score, (1 - group) / (1 - score)
        term = by_treated * y - (group - score) / score * one
        term -= by_untreated * y + (group - score) / (1 - score) * zero
        difference = float(np.sum(weight * term) / weight.sum())
        pull = z.T @ (weight * by_treated * (y - one) * (1 - score)) / np.sum(weight * by_treated)
        pull += z.T @ (weight * by_untreated * (y - zero) * score) / np.sum(weight * by_untreated)
        correction = (z * (group - score)[:, None]) @ (information @ pull)
        influence += weight * (term - difference - correction)
        estimate += difference
    return estimate, float(np.sqrt(influence @ influence) / n)


def _logistic(z: np.ndarray, group: np.ndarray) -> np.ndarray:
    beta = np.zeros(z.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-z @ beta))
        step = np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z, z.T @ (group - p))
        beta = beta + step
        if np.abs(step).max() < 1e-12:
            break
    return np.asarray(1 / (1 + np.exp(-z @ beta)))
