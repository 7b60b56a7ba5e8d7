"""Amounts over intervals, cut at days and added up between days: whole paid days, no loop over persons."""

from __future__ import annotations

import numpy as np

from evaluation.timelines.spells import Array, key, running


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


def split(
    person: Array, start: Array, end: Array, *, cut_person: Array | None, cut_day: Array
) -> tuple[Array, Array, Array]:
    """Cut intervals at days, each the first day of the later part; without `cut_person` it cuts everybody.

    Returns
    -------
    row, start, end : ndarray of int
        The parts and the interval each comes from, in the order of the intervals.

    Examples
    --------
    >>> one = (np.array([1]), np.array([0]), np.array([9]))
    >>> row, start, end = split(*one, cut_person=None, cut_day=np.array([4]))
    >>> list(zip(row.tolist(), start.tolist(), end.tolist()))
    [(0, 0, 4), (0, 4, 9)]
    """
    if cut_person is None:
        cuts = np.unique(np.asarray(cut_day, dtype=np.int64))
        low, high = np.asarray(start, dtype=np.int64), np.asarray(end, dtype=np.int64)
        base = np.zeros(len(low), dtype=np.int64)
    else:
        cuts = np.unique(key(cut_person, cut_day))
        low, high = key(person, start), key(person, end)
        base = key(person, 0)
    first = np.searchsorted(cuts, low, side="right")
    count = np.searchsorted(cuts, high, side="left") - first
    parts = count + 1
    row = np.repeat(np.arange(len(low)), parts)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    position = first[row] + offset
    bounds = np.concatenate([cuts, [0]])
    part_start = np.where(offset == 0, low[row], bounds[np.minimum(position - 1, len(cuts))])
    part_end = np.where(offset == count[row], high[row], bounds[np.minimum(position, len(cuts))])
    return row, part_start - base[row], part_end - base[row]


def sums_between(person: Array, start: Array, values: Array, *, at_person: Array, bounds: Array) -> Array:
    """Sums of values that start between consecutive days of each person.

    Parameters
    ----------
    person, start : ndarray of int, shape (parts,)
        Parts that no bound cuts.
    values : ndarray of int, shape (parts, columns)
        Whole units (millionths of a euro, say), so that sums are exact in every order.
    at_person : ndarray of int, shape (episodes,)
    bounds : ndarray of int, shape (episodes, segments + 1)
        Days between which to add up, ascending.

    Returns
    -------
    ndarray of int, shape (episodes, segments, columns)

    Examples
    --------
    >>> sums_between(np.array([1, 1]), np.array([0, 5]), np.array([[2], [3]]), at_person=np.array([1]),
    ...              bounds=np.array([[0, 5, 9]])).tolist()
    [[[2], [3]]]
    """
    starts = key(person, start)
    order = np.argsort(starts, kind="stable")
    at = np.searchsorted(starts[order], key(at_person[:, None], bounds), side="left")
    return np.diff(running(values[order])[at], axis=1)
