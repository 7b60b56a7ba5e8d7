"""Amounts over intervals: cut at days, added up between days, prorated over windows; stocks on days.

Every sum is a difference of running sums of whole numbers, so no interval is ever expanded into days and
results do not depend on the order of rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.timelines.spells import Array, distinct, key, running

_UNITS = 10**9  # whole billionths, so that amounts add up exactly in any order


def paid_days(start: Array, end: Array, days: Array, until: Array) -> Array:
    """Whole benefit days of a payment period that are paid before the day `until`.

    A period states how many days were paid, not which. They are spread evenly over its weekdays: after the
    j-th of W weekdays floor(j · days / W) days are paid, so every day has a whole number and the period's
    total is kept. With as many paid days as weekdays each weekday is a paid day. A period that claims more
    days than it has weekdays is spread over its calendar days in the same way.

    Examples
    --------
    >>> monday = np.array([4])
    >>> [int(paid_days(monday, monday + 7, np.array([5]), monday + n)[0]) for n in (0, 1, 5, 7)]
    [0, 1, 5, 5]
    """
    until = np.clip(until, start, end)
    first, last, day = (each.astype("datetime64[D]") for each in (start, end, until))
    weekdays = np.busday_count(first, last)
    by_calendar = days > weekdays
    passed = np.where(by_calendar, until - start, np.busday_count(first, day))
    whole = np.where(by_calendar, end - start, weekdays)
    return passed * days // np.maximum(whole, 1)


def split(start: Array, end: Array, cuts: Array) -> tuple[Array, Array, Array]:
    """Cut intervals, of days or of keys of person and day, where later parts begin.

    The parts come in the order of the intervals: the row of the interval, start and end.

    Examples
    --------
    >>> row, start, end = split(np.array([0, 5]), np.array([9, 7]), np.array([4]))
    >>> list(zip(row.tolist(), start.tolist(), end.tolist()))
    [(0, 0, 4), (0, 4, 9), (1, 5, 7)]
    """
    cuts = distinct(cuts)
    first = np.searchsorted(cuts, start, side="right")
    parts = np.searchsorted(cuts, end, side="left") - first + 1
    row = np.repeat(np.arange(len(parts)), parts)
    number = np.arange(len(row)) - (np.cumsum(parts) - parts)[row]
    ahead, cuts = first[row] + number, np.append(cuts, 0)
    part_start = np.where(number == 0, start[row], cuts[ahead - 1])
    part_end = np.where(number + 1 == parts[row], end[row], cuts[ahead])
    return row, part_start, part_end


def sums_between(at: Array, values: Array, *, bounds: Array) -> Array:
    """Sums of values (parts × columns) between consecutive bounds: episodes × segments × columns.

    Parts stand `at` keys of person and day, and `bounds` are such keys, ascending in a row an episode. Values
    are whole units (millionths of a euro, say), so that sums are exact in every order.

    Examples
    --------
    >>> sums_between(np.array([0, 5]), np.array([[2], [3]]), bounds=np.array([[0, 5, 9]])).tolist()
    [[[2], [3]]]
    """
    order = np.argsort(at, kind="stable")
    return np.diff(running(values[order])[np.searchsorted(at[order], bounds)], axis=1)


def prorated(
    person: Array,
    start: Array,
    end: Array,
    amounts: Sequence[Array],
    *,
    who: Array,
    since: Array,
    until: Sequence[Array],
) -> Array:
    """Sums of amounts that fall into each person's windows, each spread evenly over its interval.

    Intervals (`person`, `start`, `end`) come in any order, may overlap and have several kinds of `amounts`.
    A window is a row of `who` and `since`; each array of `until`, the days after the last, is a set of them.
    The result is kind × set × row, in the unit of `amounts` and exact to about a millionth of it.

    Examples
    --------
    >>> one, two = np.array([1]), np.array([600.0])
    >>> windows = {"who": one, "since": np.array([10]), "until": [np.array([20]), np.array([99])]}
    >>> prorated(one, np.array([0]), np.array([30]), [two], **windows).tolist()
    [[[200.0], [400.0]]]
    """
    person, start, end = np.asarray(person), np.asarray(start), np.asarray(end)
    real = end > start
    person, start, end = person[real], start[real].astype(np.int64), end[real].astype(np.int64)
    rates = [
        np.rint(np.asarray(amount, dtype=float)[real] / (end - start) * _UNITS).astype(np.int64)
        for amount in amounts
    ]
    since = np.asarray(since).astype(np.int64)
    days = [since, *(np.maximum(np.asarray(day), since).astype(np.int64) for day in until)]
    found = np.zeros((len(rates), len(days), len(since)), dtype=np.int64)
    for edge, sign in ((start, 1), (end, -1)):
        keys = key(person, edge)
        order = np.argsort(keys, kind="stable")
        passed = [np.searchsorted(keys[order], key(who, day), side="left") for day in days]
        # Running totals over all persons may pass the range of int64; differences stay exact because
        # whole numbers wrap around, and the amount of one person always fits.
        for kind, rate in enumerate(rates):
            slope = running(rate[order])
            offset = running((rate * edge)[order])
            for number, (day, at) in enumerate(zip(days, passed, strict=True)):
                found[kind, number] += sign * (day * slope[at] - offset[at])
    return (found[:, 1:] - found[:, :1]) / _UNITS


def stock(group: Array, start: Array, end: Array, *, days: Array, groups: int) -> Array:
    """How many intervals of each group (0 … `groups` − 1) cover each of the increasing days: group × day.

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
