"""Time to an event: Kaplan–Meier, Aalen–Johansen with competing events, restricted mean times.

Ties are taken as they are: everyone whose time is t is at risk at t, and events come before censoring.
Case weights may be any numbers above zero. Two variances: "counting" (Greenwood; Aalen for competing events)
holds for unweighted, independent rows; "robust" (infinitesimal jackknife) also for weights and clusters.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from evaluation.spells import Array

Variance = Literal["counting", "robust"]
Interval = Literal["log-log", "log", "plain"]
INITIAL = "initial"


@dataclass(frozen=True)
class Risk:
    """Counts at each distinct time: who is at risk, who has which event, and each row's place.

    Attributes
    ----------
    times : array (T)
    at_risk : array (T)
        Sum of weights of rows with entry < time ≤ end.
    events : array (T, J)
        Sum of weights of events of each kind.
    states : tuple of J
    left, entered : array (n)
        Position of each row's end in `times`, and how many times lie at or before its entry.
    kind : array (n)
        Position of the row's event in `states`, −1 where censored.
    weights : array (n)
    """

    times: Array
    at_risk: Array
    events: Array
    states: tuple[Hashable, ...]
    left: Array
    entered: Array
    kind: Array
    weights: Array

    @property
    def survival(self) -> Array:
        """Probability of no event of any kind, just after each time."""
        return np.cumprod(1 - self.events.sum(axis=1) / self.at_risk)

    @property
    def before(self) -> Array:
        """Probability of no event of any kind, just before each time."""
        return np.concatenate([[1.0], self.survival[:-1]])

    @property
    def incidence(self) -> Array:
        """Cumulative incidence of each kind of event, just after each time: (T, J)."""
        return np.cumsum(self.before[:, None] * self.events / self.at_risk[:, None], axis=0)


def risk(
    time: Array,
    event: Array,
    *,
    weights: Array | None = None,
    entry: Array | None = None,
    censored: Any = 0,
    states: Sequence[Any] | None = None,
) -> Risk:
    """Count who is at risk and who has an event at each distinct time.

    Parameters
    ----------
    time : array_like (n)
        End of follow-up.
    event : array_like (n)
        What happened at the end; `censored` where nothing did.
    weights : array_like (n), optional
    entry : array_like (n), optional
        Start of follow-up, for rows that are first seen after time 0 (left truncation).
    censored : value
        The value of `event` that means censored.
    states : sequence, optional
        Kinds of events in their order; by default all that occur, sorted.

    Raises
    ------
    ValueError
        If there is no row, a time is missing, a weight is not positive or an entry is not before its end.
    """
    time, event = np.asarray(time, dtype=float), np.asarray(event)
    mass = np.ones(len(time)) if weights is None else np.asarray(weights, dtype=float)
    if not len(time):
        raise ValueError("time: no rows; nothing to estimate")
    if not np.isfinite(time).all() or pd.isna(event).any():
        raise ValueError("time, event: missing values; drop the rows or give them a censoring time")
    if not (mass > 0).all():
        raise ValueError(f"weights: {int((~(mass > 0)).sum())} are not above zero; drop those rows")
    kinds = tuple(sorted(set(event.tolist()) - {censored})) if states is None else tuple(states)
    unknown = set(event.tolist()) - {censored} - set(kinds)
    if unknown:
        raise ValueError(
            f"event: {sorted(map(str, unknown))} is neither censored nor among the states {kinds}"
        )
    times, left = np.unique(time, return_inverse=True)
    kind = np.full(len(time), -1)
    for number, name in enumerate(kinds):
        kind[event == name] = number
    leaving = np.bincount(left, mass, minlength=len(times))
    at_risk = np.cumsum(leaving[::-1])[::-1]
    entered = np.zeros(len(time), dtype=np.int64)
    if entry is not None:
        since = np.asarray(entry, dtype=float)
        if (since >= time).any():
            raise ValueError(f"entry: {int((since >= time).sum())} rows do not enter before they end")
        entered = np.searchsorted(times, since, side="right")
        coming = np.bincount(entered, mass, minlength=len(times) + 1)[: len(times)]
        at_risk = np.cumsum(coming) - np.concatenate([[0.0], np.cumsum(leaving)[:-1]])
    events = np.zeros((len(times), len(kinds)))
    had = kind >= 0
    np.add.at(events, (left[had], kind[had]), mass[had])
    return Risk(times, at_risk, events, kinds, left, entered, kind, mass)


def influence(found: Risk, *, state: int, own: Array, later: Array) -> Array:
    """Influence of each row (per unit of weight) on a sum over times of `own` × hazard of a state.

    Parameters
    ----------
    found : Risk
    state : int
        Position of the state, or −1 for the survival probability itself.
    own : array (T)
        How the target changes with the hazard of the state at each time, all else equal.
    later : array (T)
        How much of the target still lies ahead of each time: it shrinks with the hazard of any event.
    """
    hazard = found.events / found.at_risk[:, None]
    total = hazard.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = np.where(total < 1, later / (1 - total), 0.0) / found.at_risk
    gain = own / found.at_risk
    mine = hazard[:, state] if state >= 0 else np.zeros(len(total))
    drift = np.concatenate([[0.0], np.cumsum(gain * mine - loss * total)])
    out = drift[found.entered] - drift[found.left + 1]
    any_event = found.kind >= 0
    out[any_event] -= loss[found.left[any_event]]
    if state >= 0:
        this = found.kind == state
        out[this] += gain[found.left[this]]
    return out


def robust_variance(values: Array, weights: Array, cluster: Array | None) -> float:
    """Sum of squared influences, summed within clusters first."""
    scores = values * weights
    if cluster is not None:
        scores = np.bincount(pd.factorize(np.asarray(cluster))[0], scores)
    return float(scores @ scores)


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


def counting_variance(found: Risk, *, state: int, own: Array, later: Array) -> float:
    """Variance of the same sum as in `influence`, from the counts of events at each time.

    Greenwood's for the survival probability; for competing events each kind is a hypergeometric count of
    its own (Aalen 1978), as R's cmprsk has it.
    """
    at_risk, total = found.at_risk, found.events.sum(axis=1)
    left = at_risk - total
    with np.errstate(divide="ignore", invalid="ignore"):
        if state < 0:
            return float(np.where(left > 0, later**2 * total / (at_risk * left), 0.0).sum())
        mine = found.events[:, state]
        loss = np.where(left > 0, later * at_risk / left, 0.0)
        scale = np.where(at_risk > 1, 1 / ((at_risk - 1) * at_risk**2), 0.0)
        lone = at_risk <= 1
    spread = [np.where(lone, d / at_risk**2, d * (at_risk - d) * scale) for d in found.events.T]
    others = np.sum(spread, axis=0) - spread[state]
    return float((np.where(mine > 0, own - loss, 0.0) ** 2 * spread[state] + loss**2 * others).sum())


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
