"""Competing exits over time: Aalen–Johansen with standard errors that hold for clustered rows.

Ties are taken as they are: everyone whose time is t is at risk at t, and events come before censoring. The
standard error is the infinitesimal jackknife, summed within clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from evaluation.timelines.spells import Array


@dataclass(frozen=True)
class _Risk:
    """Counts at each of T distinct times: who is at risk, and who has which of J events."""

    times: Array
    at_risk: Array
    events: Array  # T × J
    left: Array  # position of each row's end in `times`
    kind: Array  # position of its event, −1 where censored

    @cached_property
    def before(self) -> Array:
        """Probability of no event of any kind, just before each time and after the last."""
        return np.concatenate([[1.0], np.cumprod(1 - self.events.sum(axis=1) / self.at_risk)])

    @cached_property
    def incidence(self) -> Array:
        """Cumulative incidence of each kind of event, just after each time: T × J."""
        return np.cumsum(self.before[:-1, None] * self.events / self.at_risk[:, None], axis=0)


def aalen_johansen(
    time: Array, event: Array, *, times: Array, cluster: Array | None = None, censored: Any = 0
) -> pd.DataFrame:
    """Probability of each competing event by each of `times`.

    `time` is the end of follow-up and `event` what happened at it (`censored` where nothing did); rows of one
    `cluster` are not independent. Columns: state (each event), time, estimate, std_error, ci_low, ci_high
    (95 %, symmetric on the log-log scale). Missing after the last observed time, unless nobody was left
    without an event by then; no rows where nobody had an event.

    Examples
    --------
    >>> table = aalen_johansen([1, 2, 3, 4], ["job", "study", "", "job"], times=[2], censored="")
    >>> table[["state", "estimate"]].values.tolist()
    [['job', 0.25], ['study', 0.25]]

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141–150.
    """
    time, event = np.asarray(time, dtype=float), np.asarray(event)
    if not len(time):
        raise ValueError("time: no rows; nothing to estimate")
    if not np.isfinite(time).all() or pd.isna(event).any():
        raise ValueError("time, event: missing values; drop the rows or give them a censoring time")
    states = sorted(set(event.tolist()) - {censored})
    found, wanted = _risk(time, event, states), np.asarray(times, dtype=float)
    persons = None if cluster is None else pd.factorize(np.asarray(cluster))[0]
    at = np.searchsorted(found.times, wanted, side="right")
    seen = np.tile((wanted <= found.times[-1]) | (found.before[-1] < 1e-12), len(states))
    paths = np.vstack([np.zeros(len(states)), found.incidence])
    errors = [_spread(found, state, int(stop), persons) for state in range(len(states)) for stop in at]
    estimate, error = np.where(seen, paths[at].T.ravel(), np.nan), np.where(seen, errors, np.nan)
    low, high = _bounds(estimate, error)
    return pd.DataFrame(
        {
            "state": [state for state in states for _ in at],
            "time": np.tile(wanted, len(states)),
            "estimate": estimate,
            "std_error": error,
            "ci_low": low,
            "ci_high": high,
        }
    )


def _risk(time: Array, event: Array, states: list[Any]) -> _Risk:
    times, left = np.unique(time, return_inverse=True)
    kind = np.full(len(time), -1)
    for number, name in enumerate(states):
        kind[event == name] = number
    leaving = np.bincount(left, minlength=len(times)).astype(float)
    events = np.zeros((len(times), len(states)))
    had = kind >= 0
    np.add.at(events, (left[had], kind[had]), 1.0)
    return _Risk(times, np.cumsum(leaving[::-1])[::-1], events, left, kind)


def _spread(found: _Risk, state: int, stop: int, cluster: Array | None) -> float:
    """Standard error of the incidence of a state after the first `stop` times, from each row's influence."""
    if not stop:
        return 0.0
    past, path = np.arange(len(found.times)) < stop, found.incidence[:, state]
    hazard = found.events / found.at_risk[:, None]
    total = hazard.sum(axis=1)
    # incidence grows with the hazard of the state; what still lies ahead shrinks with that of any event
    gain = np.where(past, found.before[:-1], 0.0) / found.at_risk
    ahead = np.where(past, path[stop - 1] - path, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = np.where(total < 1, ahead / (1 - total), 0.0) / found.at_risk
    drift = np.concatenate([[0.0], np.cumsum(gain * hazard[:, state] - loss * total)])
    scores = drift[0] - drift[found.left + 1]
    any_event, this = found.kind >= 0, found.kind == state
    scores[any_event] -= loss[found.left[any_event]]
    scores[this] += gain[found.left[this]]
    if cluster is not None:
        scores = np.bincount(cluster, scores)
    return float(np.sqrt(scores @ scores))


def _bounds(estimate: Array, error: Array) -> tuple[Array, Array]:
    """95 % bounds of probabilities, symmetric on the log-log scale; never outside 0–1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.exp(norm.ppf(0.975) * error / (estimate * np.abs(np.log(estimate))))
        low, high = estimate**power, estimate ** (1 / power)
    # at 0 and 1 the scale has no slope; the point itself is all that the method says
    fixed = (error == 0) | (estimate <= 0)
    return np.where(fixed, estimate, low), np.where(fixed, estimate, high)
