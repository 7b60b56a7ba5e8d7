"""Sums over spells: amounts prorated over windows, stocks on days and days by group and period.

Everything is a difference of running sums of whole numbers, so no spell is ever expanded into days and
results do not depend on the order of rows.
"""

from __future__ import annotations

import numpy as np

from evaluation.timelines.spells import Array, key

_UNITS = 10**9  # whole billionths, so that amounts add up exactly in any order


def prorated(
    person: Array, start: Array, end: Array, amount: Array, who: Array, since: Array, until: Array
) -> Array:
    """Sum of amounts that fall into each person's window, each spread evenly over its interval.

    Parameters
    ----------
    person, start, end, amount : array_like
        Intervals in any order; they may overlap.
    who, since, until : array_like of int
        One window a row.

    Returns
    -------
    ndarray of float64
        In the unit of `amount`, exact to about a millionth of it.

    Examples
    --------
    >>> one, two = np.array([1]), np.array([600.0])
    >>> prorated(one, np.array([0]), np.array([30]), two, one, np.array([10]), np.array([99])).tolist()
    [400.0]
    """
    person, start, end = np.asarray(person), np.asarray(start), np.asarray(end)
    real = end > start
    person, start, end = person[real], start[real].astype(np.int64), end[real].astype(np.int64)
    rate = np.rint(np.asarray(amount, dtype=float)[real] / (end - start) * _UNITS).astype(np.int64)

    def ramp(edge: Array) -> tuple[Array, Array, Array]:
        keys = key(person, edge)
        order = np.argsort(keys, kind="stable")
        return (
            keys[order],
            np.concatenate([[0], np.cumsum(rate[order])]),
            np.concatenate([[0], np.cumsum((rate * edge)[order])]),
        )

    ramps = ramp(start), ramp(end)

    def before(day: Array) -> Array:
        # Running totals over all persons may pass the range of int64; differences stay exact because
        # whole numbers wrap around, and the amount of one person always fits.
        day = day.astype(np.int64)
        up, down = (
            (day * slope[at] - offset[at])
            for keys, slope, offset in ramps
            for at in [np.searchsorted(keys, key(who, day), side="left")]
        )
        return up - down

    since = np.asarray(since)
    until = np.maximum(np.asarray(until), since)
    return (before(until) - before(since)) / _UNITS


def stock(group: Array, start: Array, end: Array, *, days: Array, groups: int) -> Array:
    """How many intervals of each group cover each of the given days.

    Parameters
    ----------
    group : array_like of int
        0 … `groups` − 1, one an interval.
    start, end : array_like of int
    days : array_like of int
        Increasing.

    Returns
    -------
    ndarray of int64, shape (groups, len(days))

    Examples
    --------
    >>> group, days = np.array([0, 0]), np.array([5, 8, 9])
    >>> stock(group, np.array([0, 5]), np.array([9, 6]), days=days, groups=1).tolist()
    [[2, 1, 0]]
    """
    width = len(days) + 1
    group = np.asarray(group).astype(np.int64) * width
    size = groups * width
    up = np.bincount(group + np.searchsorted(days, start, side="left"), minlength=size)
    down = np.bincount(group + np.searchsorted(days, end, side="left"), minlength=size)
    return np.cumsum((up - down).reshape(groups, width), axis=1)[:, :-1]
