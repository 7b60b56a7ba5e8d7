"""Who is at risk and who has which event at each time, and how each row moves what follows from it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluation.timelines.spells import Array


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
