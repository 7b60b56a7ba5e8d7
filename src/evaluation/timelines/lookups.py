"""What holds on a person's day, how many days fall into a window, and where two timelines meet.

One binary search answers a question for every person at once; `spells` makes the intervals that are asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.timelines.spells import PERSON_BITS, Array, Intervals, days_of, from_keys, key, running


def days_within(intervals: Intervals, person: Array, start: Array, end: Array) -> Array:
    """Days that each person's window shares with that person's disjoint intervals.

    Parameters
    ----------
    intervals : Intervals
        Disjoint within a person, as `islands` and `timeline` return them.
    person, start, end : array_like of int
        One window a row; a window that ends before it starts counts 0 days.

    Returns
    -------
    ndarray of int64

    Examples
    --------
    >>> one = islands(np.array([1, 1]), np.array([0, 20]), np.array([10, 30]))
    >>> days_within(one, np.array([1]), np.array([5]), np.array([25])).tolist()
    [10]
    """
    starts, ends, total = intervals.starts, intervals.ends, intervals.days_before

    def before(instant: Array) -> Array:
        passed = np.searchsorted(starts, instant, side="left")
        # what the last island that has begun still has ahead of it
        ahead = np.maximum(ends[passed - 1] - instant, 0) if len(ends) else 0
        return total[passed] - np.where(passed > 0, ahead, 0)

    start, end = np.asarray(start), np.maximum(np.asarray(end), np.asarray(start))
    return before(key(person, end)) - before(key(person, start))


def days_with(intervals: Intervals, person: Array, days: Sequence[Array], *, labels: int) -> Array:
    """Days that each label has held before given days: the days between two of them are a difference.

    Parameters
    ----------
    intervals : Intervals
        Disjoint within a person, as `timeline` returns them.
    person : array_like of int
        One row each.
    days : sequence of array_like of int
        Days of the rows.
    labels : int
        How many labels there are.

    Returns
    -------
    ndarray of int64
        Day × label × row.

    Examples
    --------
    >>> one = timeline(np.array([1, 1]), np.array([0, 3]), np.array([10, 5]), np.array([1, 0]), labels=2)
    >>> before, after = days_with(one, np.array([1]), [np.array([2]), np.array([9])], labels=2)
    >>> (after - before).tolist()
    [[2], [5]]
    """
    instants = [key(person, day) for day in days]
    begun = [np.searchsorted(intervals.starts, instant, side="left") for instant in instants]
    found = np.zeros((len(days), labels, len(np.asarray(person))), dtype=np.int64)
    if not len(intervals):
        return found
    lengths = intervals.ends - intervals.starts
    for label in range(labels):
        held = intervals.label == label
        total = running(lengths * held)
        for row, (passed, instant) in enumerate(zip(begun, instants, strict=True)):
            last = passed - 1
            ahead = np.maximum(intervals.ends[last] - instant, 0)  # of the interval that has begun
            found[row, label] = total[passed] - np.where((passed > 0) & held[last], ahead, 0)
    return found


def locate(intervals: Intervals, person: Array, day: Array) -> Array:
    """Position of the interval that covers each person's day, −1 where none does.

    Examples
    --------
    >>> one = islands(np.array([1, 1]), np.array([0, 20]), np.array([10, 30]))
    >>> locate(one, np.array([1, 1, 2]), np.array([9, 10, 5])).tolist()
    [0, -1, -1]
    """
    instant = key(person, day)
    last = np.searchsorted(intervals.starts, instant, side="right") - 1
    if not len(intervals):
        return np.full(len(instant), -1)
    inside = (last >= 0) & (intervals.ends[last] > instant)
    return np.where(inside, last, -1)


def status(intervals: Intervals, person: Array, day: Array) -> Array:
    """Label that holds for each person on a day, −1 where none does."""
    found = locate(intervals, person, day)
    if not len(intervals):
        return found
    return np.where(found >= 0, intervals.label[found], -1)


def next_start(intervals: Intervals, person: Array, day: Array) -> Array:
    """Position of the first interval that starts on the day or later, −1 where the person has none.

    Examples
    --------
    >>> one = islands(np.array([1, 1]), np.array([0, 20]), np.array([10, 30]))
    >>> next_start(one, np.array([1, 1]), np.array([1, 21])).tolist()
    [1, -1]
    """
    found = np.searchsorted(intervals.starts, key(person, day), side="left")
    if not len(intervals):
        return np.full(len(found), -1)
    nearest = np.minimum(found, len(intervals) - 1)
    own = (found < len(intervals)) & (intervals.person[nearest] == np.asarray(person))
    return np.where(own, found, -1)


def starts_within(intervals: Intervals, person: Array, start: Array, end: Array) -> Array:
    """How many of each person's intervals start inside the window."""
    starts = intervals.starts
    low, high = key(person, start), key(person, np.maximum(np.asarray(end), np.asarray(start)))
    return np.searchsorted(starts, high, side="left") - np.searchsorted(starts, low, side="left")


def intersect(first: Intervals, second: Intervals) -> tuple[Intervals, Array, Array]:
    """Cut two timelines into the pieces that both cover.

    Returns
    -------
    pieces : Intervals
        With the labels of `first`.
    in_first, in_second : ndarray of int
        Positions of the interval that each piece comes from.
    """
    cuts = np.unique(np.concatenate([key(t.person, d) for t in (first, second) for d in (t.start, t.end)]))
    begins, ends = cuts[:-1], cuts[1:]
    person, day = begins >> PERSON_BITS, days_of(begins)
    in_first, in_second = locate(first, person, day), locate(second, person, day)
    both = (in_first >= 0) & (in_second >= 0)
    in_first, in_second = in_first[both], in_second[both]
    label = first.label[in_first] if len(first) else np.zeros(0, np.int16)
    return from_keys(begins[both], ends[both], label, first.person.dtype), in_first, in_second
