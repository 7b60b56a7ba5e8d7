"""Groups compared over time: the log-rank test and Gray's test for competing events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from evaluation.risk_sets import risk
from evaluation.spells import Array


@dataclass(frozen=True)
class GroupTest:
    """A chi-square test of equal groups, with one row a group: group, rows, observed, expected."""

    statistic: float
    df: int
    p_value: float
    table: pd.DataFrame


def log_rank(
    time: Array, event: Array, group: Array, *, rho: float = 0.0, strata: Array | None = None
) -> GroupTest:
    """Test that groups have the same hazard (log-rank; with rho = 1, Peto–Peto).

    Parameters
    ----------
    time, event, group : array_like (n)
        `event` true where the event happened.
    rho : float
        Weight of each time: the pooled survival probability just before it, to this power.
    strata : array_like (n), optional
        Groups are compared within strata only.

    Returns
    -------
    GroupTest

    Examples
    --------
    >>> round(log_rank([1, 2, 3, 4], [1, 1, 1, 1], ["a", "a", "b", "b"]).statistic, 3)
    2.882

    References
    ----------
    Harrington and Fleming (1982), Biometrika 69, 553–566.
    """
    time, event = np.asarray(time, dtype=float), np.asarray(event).astype(bool).astype(int)
    codes, names = _groups(group)
    layers = np.zeros(len(time), dtype=int) if strata is None else pd.factorize(np.asarray(strata))[0]
    observed, expected = np.zeros(len(names)), np.zeros(len(names))
    covariance = np.zeros((len(names), len(names)))
    for layer in range(layers.max() + 1):
        own = layers == layer
        pooled = risk(time[own], event[own], states=(1,))
        weight = pooled.before**rho
        at_risk, events = _by_group(pooled.left, event[own] == 1, codes[own], len(pooled.times), len(names))
        total, happened = at_risk.sum(axis=1), events.sum(axis=1)
        share = at_risk / total[:, None]
        observed += weight @ events
        expected += (weight * happened) @ share
        spread = (
            weight**2 * happened * np.where(total > 1, (total - happened) / np.maximum(total - 1, 1), 0.0)
        )
        covariance += np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return _chi_square(observed, expected, covariance, codes, names)


def gray_test(
    time: Array, event: Array, group: Array, *, state: Any, rho: float = 0.0, censored: Any = 0
) -> GroupTest:
    """Test that groups have the same cumulative incidence of one of several competing events.

    Parameters
    ----------
    time, event, group : array_like (n)
    state : value
        The kind of event compared; every other one competes.
    rho : float
        Power of the pooled subdistribution survival that weights the times.
    censored : value

    Returns
    -------
    GroupTest

    References
    ----------
    Gray (1988), Annals of Statistics 16, 1141–1154.
    """
    time, event = np.asarray(time, dtype=float), np.asarray(event)
    codes, names = _groups(group)
    size = len(names)
    _, left = np.unique(time, return_inverse=True)
    steps = int(left.max()) + 1
    at_risk, cause = _by_group(left, event == state, codes, steps, size)
    _, other = _by_group(left, (event != state) & (event != censored), codes, steps, size)
    observed, expected = np.zeros(size), np.zeros(size)
    drift, variance = np.zeros((size, size)), np.zeros((size, size))
    cross, own = np.zeros((size, size)), np.zeros(size)
    survival, incidence, pooled = np.ones(size), np.zeros(size), 0.0
    for y, d1, d2 in zip(at_risk, cause, other, strict=True):
        n1 = d1.sum()
        here = (y > 0) & (survival > 0)
        if not here.any() or not (n1 or d2.sum()):
            continue
        scaled = np.where(here, y / np.where(here, survival, 1.0), 0.0)
        after = np.where(here, survival * (y - d1 - d2) / np.where(here, y, 1.0), survival)
        reach = scaled * (1 - incidence)
        weight = (1 - pooled) ** rho
        observed += weight * d1
        expected += weight * n1 * reach / reach.sum()
        total = scaled.sum()
        step = weight * (np.diag(scaled) - np.outer(scaled, scaled) / total)
        drift += step * n1 / (total * (1 - pooled))
        rest = 1 - (pooled + n1 / total)
        ratio = np.where(after > 0, rest / np.where(after > 0, after, 1.0), 0.0)
        # what the events of this kind, then those of the others, add to the variance of the score
        if n1:
            base = total * np.where(here, survival, 1.0)
            ties = (
                np.where(base > 1, 1 - (n1 - 1) / np.where(base > 1, base - 1, 1.0), 1.0) if n1 > 1 else 1.0
            )
            spread = np.where(here, ties * survival * n1 / (total * np.where(here, y, 1.0)), 0.0)
            tail = np.where(after > 0, 1 - ratio, 1.0)
            lever = step - drift * tail
            variance += (lever * spread) @ lever.T
            cross += lever * tail * spread
            own += tail**2 * spread
        if d2.any():
            ties = np.where(d2 > 1, 1 - (d2 - 1) / np.maximum(y - 1, 1), 1.0)
            spread = np.where(here & (after > 0), ties * survival**2 * d2 / np.where(here, y, 1.0) ** 2, 0.0)
            lever = drift * ratio
            variance += (lever * spread) @ lever.T
            cross -= lever * ratio * spread
            own += ratio**2 * spread
        incidence = np.where(here, incidence + survival * d1 / np.where(here, y, 1.0), incidence)
        survival, pooled = after, pooled + n1 / total
    variance += (drift * own) @ drift.T + drift @ cross.T + cross @ drift.T
    return _chi_square(observed, expected, variance, codes, names)


def _groups(group: Array) -> tuple[Array, list[Any]]:
    codes, names = pd.factorize(np.asarray(group), sort=True)
    if len(names) < 2:
        raise ValueError(f"group: {len(names)} group found; a comparison needs two or more")
    return codes, list(names)


def _by_group(left: Array, happened: Array, codes: Array, steps: int, groups: int) -> tuple[Array, Array]:
    """At risk and events at each time in each group."""
    cell = left * groups + codes
    leaving = np.bincount(cell, minlength=steps * groups).reshape(steps, groups)
    events = np.bincount(cell[happened], minlength=steps * groups).reshape(steps, groups)
    return np.cumsum(leaving[::-1], axis=0)[::-1].astype(float), events.astype(float)


def _chi_square(
    observed: Array, expected: Array, covariance: Array, codes: Array, names: list[Any]
) -> GroupTest:
    score = (observed - expected)[1:]
    rest = covariance[1:, 1:]
    df = int(np.linalg.matrix_rank(rest)) if np.any(rest) else 0
    statistic = float(score @ np.linalg.pinv(rest, hermitian=True) @ score) if df else float("nan")
    table = pd.DataFrame(
        {"group": names, "rows": np.bincount(codes), "observed": observed, "expected": expected}
    )
    return GroupTest(statistic, df, float(chi2.sf(statistic, df)) if df else float("nan"), table)
