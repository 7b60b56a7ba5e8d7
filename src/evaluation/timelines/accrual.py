"""Amounts over intervals, cut at days and added up between days: whole paid days, no loop over persons."""

from __future__ import annotations

import numpy as np

from evaluation.timelines.spells import Array, running


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
    cuts = np.unique(cuts)
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
