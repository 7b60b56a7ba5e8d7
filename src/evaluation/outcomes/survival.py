"""Time to an event: Kaplan–Meier, Aalen–Johansen with competing events, restricted mean times.

Ties are taken as they are: everyone whose time is t is at risk at t, and events come before censoring.
Case weights may be any numbers above zero and are taken as known. Two variances: "counting" (Greenwood; for
competing events Aalen) holds for unweighted, independent rows; "robust" (infinitesimal jackknife) also for
weights and clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from evaluation.outcomes.risk_sets import Risk, counting_variance, influence, risk, robust_variance
from evaluation.timelines.spells import Array

Variance = Literal["counting", "robust"]
Interval = Literal["log-log", "log", "plain"]
INITIAL = "initial"


def aalen_johansen(
    time: Array,
    event: Array,
    *,
    times: Array | None = None,
    weights: Array | None = None,
    cluster: Array | None = None,
    entry: Array | None = None,
    censored: Any = 0,
    states: Sequence[Any] | None = None,
    variance: Variance = "robust",
    interval: Interval = "log-log",
    level: float = 0.95,
) -> pd.DataFrame:
    """Probability of each competing event, and of none yet, by time.

    Parameters
    ----------
    time, event, weights, entry, censored, states
        As for `risk`.
    times : array_like, optional
        Where to report; by default every distinct time. Missing results follow the last observed time,
        unless nobody was left without an event by then.
    cluster : array_like (n), optional
        Rows of one cluster are not independent (robust variance only).
    variance : {"robust", "counting"}
    interval : {"log-log", "log", "plain"}
        Scale on which the interval is symmetric.
    level : float

    Returns
    -------
    pandas.DataFrame
        state ("initial" and each event), time, estimate, std_error, ci_low, ci_high, at_risk and events
        (sums of weights; at risk just before the time, events up to it).

    Examples
    --------
    >>> table = aalen_johansen([1, 2, 3, 4], ["job", "study", "", "job"], times=[2], censored="")
    >>> table[["state", "estimate"]].values.tolist()
    [['initial', 0.5], ['job', 0.25], ['study', 0.25]]

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141–150.
    """
    found = risk(time, event, weights=weights, entry=entry, censored=censored, states=states)
    _refuse(variance, weights, cluster)
    wanted = found.times if times is None else np.atleast_1d(np.asarray(times, dtype=float))
    at = np.searchsorted(found.times, wanted, side="right")
    survival = np.concatenate([[1.0], found.survival])
    paths = np.column_stack([survival, np.vstack([np.zeros(len(found.states)), found.incidence])])
    seen = (wanted <= found.times[-1]) | (survival[-1] < 1e-12)
    ahead = np.append(found.at_risk, 0.0)[np.searchsorted(found.times, wanted, side="left")]
    counts = np.vstack([np.zeros(len(found.states)), np.cumsum(found.events, axis=0)])
    parts = []
    for number, name in enumerate([INITIAL, *found.states]):
        state = number - 1
        estimate = np.where(seen, paths[at, number], np.nan)
        spread = [_spread(found, state, int(stop), variance, cluster) for stop in at]
        error = np.where(seen, spread, np.nan)
        low, high = bounds(estimate, error, interval=interval, level=level)
        happened = counts[at].sum(axis=1) if state < 0 else counts[at, state]
        parts.append(
            pd.DataFrame(
                {
                    "state": name,
                    "time": wanted,
                    "estimate": estimate,
                    "std_error": error,
                    "ci_low": low,
                    "ci_high": high,
                    "at_risk": ahead,
                    "events": happened,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _spread(found: Risk, state: int, stop: int, variance: Variance, cluster: Array | None) -> float:
    """Standard error of one probability after the first `stop` times."""
    past = np.arange(len(found.times)) < stop
    if not stop:
        return 0.0
    if state < 0:
        own, later = np.zeros(len(past)), np.where(past, found.survival[stop - 1], 0.0)
    else:
        path = found.incidence[:, state]
        own, later = np.where(past, found.before, 0.0), np.where(past, path[stop - 1] - path, 0.0)
    if variance == "robust":
        values = influence(found, state=state, own=own, later=later)
        return float(np.sqrt(robust_variance(values, found.weights, cluster)))
    return float(np.sqrt(counting_variance(found, state=state, own=own, later=later)))


def bounds(estimate: Array, error: Array, *, interval: Interval, level: float) -> tuple[Array, Array]:
    """Confidence bounds of probabilities, symmetric on the named scale; never outside 0–1."""
    z = norm.ppf(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        if interval == "plain":
            low, high = estimate - z * error, estimate + z * error
        elif interval == "log":
            factor = np.exp(z * error / estimate)
            low, high = estimate / factor, estimate * factor
        elif interval == "log-log":
            power = np.exp(z * error / (estimate * np.abs(np.log(estimate))))
            low, high = estimate**power, estimate ** (1 / power)
        else:
            raise ValueError(f"interval: {interval!r} unknown; choose log-log, log or plain")
    # at 0 and 1 the scales have no slope; the point itself is all that the method says
    fixed = (error == 0) | (estimate <= 0)
    low, high = np.where(fixed, estimate, low), np.where(fixed, estimate, high)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def _refuse(variance: str, weights: Array | None, cluster: Array | None) -> None:
    if variance not in ("counting", "robust"):
        raise ValueError(f"variance: {variance!r} unknown; choose counting or robust")
    if variance == "counting" and (weights is not None or cluster is not None):
        raise ValueError("variance: counting does not hold with weights or clusters; choose robust")
