"""Kaplan–Meier curves, their quantiles, and mean time in a state up to a limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from evaluation.risk_sets import Risk, counting_variance, influence, risk, robust_variance
from evaluation.spells import Array
from evaluation.survival import INITIAL, Interval, Variance, aalen_johansen


def kaplan_meier(
    time: Array,
    event: Array,
    *,
    times: Array | None = None,
    weights: Array | None = None,
    cluster: Array | None = None,
    entry: Array | None = None,
    variance: Variance | None = None,
    interval: Interval = "log-log",
    level: float = 0.95,
) -> pd.DataFrame:
    """Probability of no event yet, by time.

    Parameters
    ----------
    time : array_like (n)
    event : array_like (n)
        True (or 1) where the event happened, false where censored.
    times, weights, cluster, entry, interval, level
        As for `survival.aalen_johansen`.
    variance : {"counting", "robust"}, optional
        Greenwood's, or the infinitesimal jackknife; by default Greenwood's without weights and clusters.

    Returns
    -------
    pandas.DataFrame
        time, estimate, std_error, ci_low, ci_high, at_risk, events.

    Examples
    --------
    >>> kaplan_meier([1, 2, 3], [1, 0, 1], times=[1])[["time", "estimate", "at_risk"]].values.tolist()
    [[1.0, 0.6666666666666667, 3.0]]
    """
    table = aalen_johansen(
        time,
        np.asarray(event).astype(bool).astype(int),
        times=times,
        weights=weights,
        cluster=cluster,
        entry=entry,
        states=(1,),
        variance=variance or _default(weights, cluster),
        interval=interval,
        level=level,
    )
    return table[table["state"] == INITIAL].drop(columns="state")


def quantiles(curve: pd.DataFrame, *, probabilities: Sequence[float] = (0.5,)) -> pd.DataFrame:
    """Times by which given shares have had the event, with bounds read off the curve's interval.

    Parameters
    ----------
    curve : pandas.DataFrame
        As `kaplan_meier` returns it at every distinct time.
    probabilities : sequence of float

    Returns
    -------
    pandas.DataFrame
        probability, estimate, ci_low, ci_high; missing where the curve does not fall that far.
    """
    rows = []
    for share in probabilities:
        row: dict[str, float] = {"probability": share}
        for name, column in (("estimate", "estimate"), ("ci_low", "ci_low"), ("ci_high", "ci_high")):
            row[name] = _crossing(curve["time"].to_numpy(), curve[column].to_numpy(), 1 - share)
        rows.append(row)
    return pd.DataFrame(rows)


def _crossing(time: Array, height: Array, level: float) -> float:
    tolerance = 1e-9
    below = np.flatnonzero(height <= level + tolerance)
    if not len(below):
        return float("nan")
    first = below[0]
    if abs(height[first] - level) <= tolerance:  # a flat step exactly at the level: its middle
        further = np.flatnonzero(height < level - tolerance)
        return float((time[first] + time[further[0]]) / 2) if len(further) else float(time[first])
    return float(time[first])


def restricted_mean(
    time: Array,
    event: Array,
    *,
    limit: float,
    weights: Array | None = None,
    cluster: Array | None = None,
    entry: Array | None = None,
    censored: Any = 0,
    states: Sequence[Any] | None = None,
    variance: Variance | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Mean time up to a limit that is spent without an event, and in (lost to) each event.

    Parameters
    ----------
    time, event, weights, cluster, entry, censored, states
        As for `survival.aalen_johansen`.
    limit : float
        End of the period; no later than the last observed time.
    variance : {"counting", "robust"}, optional
        By default "counting" without weights and clusters.

    Returns
    -------
    pandas.DataFrame
        state ("initial" and each event), limit, estimate, std_error, ci_low, ci_high, rows, events. The
        estimates add up to the limit.

    Raises
    ------
    ValueError
        If the limit lies beyond the last observed time while some are still without an event.

    Examples
    --------
    >>> table = restricted_mean([2, 4, 6], ["job", "study", ""], limit=6, censored="")
    >>> table[["state", "estimate"]].round(4).values.tolist()
    [['initial', 4.0], ['job', 1.3333], ['study', 0.6667]]

    References
    ----------
    Royston and Parmar (2013), BMC Medical Research Methodology 13:152; Andersen (2013), Statistics in
    Medicine 32, 5278–5285 (time lost to a cause).
    """
    found = risk(time, event, weights=weights, entry=entry, censored=censored, states=states)
    if limit > found.times[-1] and found.survival[-1] > 1e-12:
        raise ValueError(
            f"limit: {limit} lies beyond the last observed time; choose {found.times[-1]} or less"
        )
    chosen = variance or _default(weights, cluster)
    z = norm.ppf(0.5 + level / 2)
    rows = []
    for state in range(-1, len(found.states)):
        estimate, own, later = _area(found, state, limit)
        if chosen == "robust":
            values = influence(found, state=state, own=own, later=later)
            error = float(np.sqrt(robust_variance(values, found.weights, cluster)))
        else:
            error = float(np.sqrt(counting_variance(found, state=state, own=own, later=later)))
        seen = found.times <= limit
        happened = found.events[seen] if state < 0 else found.events[seen, state]
        rows.append(
            {
                "state": INITIAL if state < 0 else found.states[state],
                "limit": float(limit),
                "estimate": estimate,
                "std_error": error,
                "ci_low": estimate - z * error,
                "ci_high": estimate + z * error,
                "rows": len(found.left),
                "events": float(happened.sum()),
            }
        )
    return pd.DataFrame(rows)


def _area(found: Risk, state: int, limit: float) -> tuple[float, Array, Array]:
    """Area under one curve up to the limit, and how it depends on the hazard at each time."""
    remaining = np.maximum(limit - found.times, 0.0)
    if state < 0:
        edges = np.minimum(np.append(found.times, max(limit, found.times[-1])), limit)
        ahead = np.cumsum((found.survival * np.diff(edges))[::-1])[::-1]
        return float(min(found.times[0], limit) + ahead[0]), np.zeros(len(remaining)), ahead
    steps = found.before * found.events[:, state] / found.at_risk * remaining
    total = np.cumsum(steps)
    return float(total[-1]), found.before * remaining, total[-1] - total


def contrast(table: pd.DataFrame, reference: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Difference of independent estimates, row by row.

    Parameters
    ----------
    table, reference : pandas.DataFrame
        As `restricted_mean`, `kaplan_meier` or `aalen_johansen` return them, for two samples.

    Returns
    -------
    pandas.DataFrame
        The identifying columns, estimate (table − reference), std_error, ci_low, ci_high, p_value.

    Examples
    --------
    >>> one = pd.DataFrame({"estimate": [3.0], "std_error": [3.0]})
    >>> contrast(one, one + 1)[["estimate", "std_error"]].values.tolist()
    [[-1.0, 5.0]]
    """
    identifying = [name for name in ("state", "time", "limit") if name in table]
    if len(table) != len(reference) or not table[identifying].reset_index(drop=True).equals(
        reference[identifying].reset_index(drop=True)
    ):
        raise ValueError(f"contrast: the two tables differ in {identifying or 'length'}; estimate both alike")
    out = table[identifying].reset_index(drop=True)
    estimate = table["estimate"].to_numpy() - reference["estimate"].to_numpy()
    error = np.hypot(table["std_error"].to_numpy(), reference["std_error"].to_numpy())
    z = norm.ppf(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * norm.sf(np.abs(estimate) / error)
    return out.assign(
        estimate=estimate,
        std_error=error,
        ci_low=estimate - z * error,
        ci_high=estimate + z * error,
        p_value=p_value,
    )


def _default(weights: Array | None, cluster: Array | None) -> Variance:
    return "counting" if weights is None and cluster is None else "robust"
