"""What holds on a person's day, how many days fall into a window, and where two timelines meet.

One binary search answers a question for every person at once; `spells` makes the intervals that are asked.
A search that finds nothing gives position −1; what is looked up there is appended for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.timelines.spells import (
    PERSON_BITS,
    Array,
    Intervals,
    days_of,
    distinct,
    from_keys,
    key,
    running,
)


def days_within(intervals: Intervals, person: Array, start: Array, end: Array) -> Array:
    """Days that each person's window shares with that person's intervals; one window a row.

    A window that ends before it starts counts 0 days.

    Examples
    --------
    >>> from evaluation.timelines.spells import islands
    >>> one = islands(np.array([1, 1]), np.array([0, 20]), np.array([10, 30]))
    >>> days_within(one, np.array([1]), np.array([5]), np.array([25])).tolist()
    [10]
    """
    starts, ends, total = intervals.starts, np.append(intervals.ends, 0), intervals.days_before

    def before(instant: Array) -> Array:
        passed = np.searchsorted(starts, instant, side="left")
        # what the last island that has begun still has ahead of it
        return total[passed] - np.maximum(ends[passed - 1] - instant, 0)

    start, end = np.asarray(start), np.maximum(np.asarray(end), np.asarray(start))
    return before(key(person, end)) - before(key(person, start))


def days_with(intervals: Intervals, person: Array, days: Sequence[Array], *, labels: int) -> Array:
    """Days that each label has held before given days: the days between two of them are a difference.

    `days` are sets of days, each with one day a row of `person`; the result is set × label × row.

    Examples
    --------
    >>> from evaluation.timelines.spells import timeline
    >>> one = timeline(np.array([1, 1]), np.array([0, 3]), np.array([10, 5]), np.array([1, 0]), labels=2)
    >>> before, after = days_with(one, np.array([1]), [np.array([2]), np.array([9])], labels=2)
    >>> (after - before).tolist()
    [[2], [5]]
    """
    lengths, ends = intervals.ends - intervals.starts, np.append(intervals.ends, 0)
    holds = [np.append(intervals.label == label, False) for label in range(labels)]
    totals = [running(lengths * held[:-1]) for held in holds]
    found = np.zeros((len(days), labels, len(np.asarray(person))), dtype=np.int64)
    for row, day in enumerate(days):
        instant = key(person, day)
        passed = np.searchsorted(intervals.starts, instant, side="left")
        ahead = np.maximum(ends[passed - 1] - instant, 0)  # of the interval that has begun
        for label, (held, total) in enumerate(zip(holds, totals, strict=True)):
            found[row, label] = total[passed] - ahead * held[passed - 1]
    return found


def locate(intervals: Intervals, person: Array, day: Array) -> Array:
    """Position of the interval that covers each person's day, −1 where none does.

    Examples
    --------
    >>> from evaluation.timelines.spells import islands
    >>> one = islands(np.array([1, 1]), np.array([0, 20]), np.array([10, 30]))
    >>> locate(one, np.array([1, 1, 2]), np.array([9, 10, 5])).tolist()
    [0, -1, -1]
    """
    instant = key(person, day)
    last = np.searchsorted(intervals.starts, instant, side="right") - 1
    return np.where(np.append(intervals.ends, 0)[last] > instant, last, -1)


def status(intervals: Intervals, person: Array, day: Array) -> Array:
    """Label that holds for each person on a day, −1 where none does."""
    return np.append(intervals.label, np.int16(-1))[locate(intervals, person, day)]


def next_start(intervals: Intervals, person: Array, day: Array) -> Array:
    """Position of the first interval that starts on the day or later, −1 where the person has none.

    Examples
    --------
    >>> from evaluation.timelines.spells import islands
    >>> one = islands(np.array([1, 1]), np.array([0, 20]), np.array([10, 30]))
    >>> next_start(one, np.array([1, 1]), np.array([1, 21])).tolist()
    [1, -1]
    """
    found = np.searchsorted(intervals.starts, key(person, day), side="left")
    return np.where(np.append(intervals.person, -1)[found] == np.asarray(person), found, -1)


def starts_within(intervals: Intervals, person: Array, start: Array, end: Array) -> Array:
    """How many of each person's intervals start inside the window."""
    starts = intervals.starts
    low, high = key(person, start), key(person, np.maximum(np.asarray(end), np.asarray(start)))
    return np.searchsorted(starts, high, side="left") - np.searchsorted(starts, low, side="left")


def intersect(first: Intervals, second: Intervals) -> tuple[Intervals, Array, Array]:
    """The pieces that two timelines both cover, labelled as in `first`, and their positions in the two."""
    cuts = distinct(np.concatenate([edge for t in (first, second) for edge in (t.starts, t.ends)]))
    begins, ends = cuts[:-1], cuts[1:]
    person, day = begins >> PERSON_BITS, days_of(begins)
    in_first, in_second = locate(first, person, day), locate(second, person, day)
    both = (in_first >= 0) & (in_second >= 0)
    in_first, in_second = in_first[both], in_second[both]
    label = first.label[in_first] if len(first) else np.zeros(0, np.int16)
    return from_keys(begins[both], ends[both], label, first.person.dtype), in_first, in_second
