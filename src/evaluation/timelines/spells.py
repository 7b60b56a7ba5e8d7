"""Interval arithmetic on integer days: islands, overlaps, one status a day.

Every interval is half-open, ``[start, end)``, in whole days since 1970-01-01. Persons are whole numbers.
Person and day are packed into one sortable number, so that one binary search answers a question for every
person at once. All sums are sums of whole numbers: results do not depend on the order of rows or on how
persons are split into buckets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_BITS = 32
_SHIFT = 1 << 31  # lets days before 1970 keep their order inside the packed number


@dataclass(frozen=True)
class Intervals:
    """Intervals sorted by person and start that do not overlap within a person.

    Attributes
    ----------
    person, start, end : arrays of equal length
    label : array
        What holds during the interval (a whole number); zeros where there is only one thing.
    """

    person: Array
    start: Array
    end: Array
    label: Array

    def __len__(self) -> int:
        return len(self.person)

    def __getitem__(self, rows: Array | slice) -> Intervals:
        return Intervals(self.person[rows], self.start[rows], self.end[rows], self.label[rows])

    @cached_property
    def starts(self) -> Array:
        """Person and first day as one number."""
        return key(self.person, self.start)

    @cached_property
    def ends(self) -> Array:
        """Person and the day after the last as one number."""
        return key(self.person, self.end)

    @cached_property
    def days_before(self) -> Array:
        """Days of all intervals before each of them, and of all."""
        return np.concatenate([[0], np.cumsum(self.ends - self.starts)])


def key(person: Array, day: Array | int) -> Array:
    """Person and day as one int64 that sorts by person, then day.

    Examples
    --------
    >>> bool(key(np.array([1]), 99)[0] < key(np.array([2]), -5)[0])
    True
    """
    return (np.asarray(person).astype(np.int64) << _BITS) + (np.asarray(day).astype(np.int64) + _SHIFT)


def _days(keys: Array) -> Array:
    return ((keys & ((1 << _BITS) - 1)) - _SHIFT).astype(np.int32)


def _build(start_key: Array, end_key: Array, label: Array, person_dtype: Any) -> Intervals:
    return Intervals((start_key >> _BITS).astype(person_dtype), _days(start_key), _days(end_key), label)


def islands(person: Array, start: Array, end: Array, *, gap: int = 0) -> Intervals:
    """Merge overlapping and touching intervals of each person.

    Parameters
    ----------
    person, start, end : array_like of int
        Intervals in any order, overlapping or not.
    gap : int
        Islands at most this many days apart are one; 0 merges only what overlaps or touches.

    Returns
    -------
    Intervals
        Sorted by person and start, more than `gap` days apart within a person.

    Examples
    --------
    >>> one = islands(np.array([1, 1, 1]), np.array([0, 5, 20]), np.array([6, 9, 30]))
    >>> one.start.tolist(), one.end.tolist()
    ([0, 20], [9, 30])
    """
    person, start, end = np.asarray(person), np.asarray(start), np.asarray(end)
    real = end > start
    starts, ends = key(person[real], start[real]), key(person[real], end[real])
    order = np.argsort(starts, kind="stable")
    return _joined(starts[order], np.maximum.accumulate(ends[order]), gap, person.dtype)


def _joined(starts: Array, ends: Array, gap: int, person_dtype: Any) -> Intervals:
    """Islands of sorted keys whose ends do not fall."""
    opens = np.ones(len(starts), dtype=bool)
    opens[1:] = starts[1:] > ends[:-1] + gap
    first = np.flatnonzero(opens)
    closing = np.append(first[1:], len(starts)) - 1 if len(first) else first
    return _build(starts[first], ends[closing], np.zeros(len(first), np.int16), person_dtype)


def timeline(person: Array, start: Array, end: Array, label: Array, *, labels: int) -> Intervals:
    """One label for each day where intervals with different labels overlap.

    Parameters
    ----------
    person, start, end : array_like of int
        Intervals in any order.
    label : array_like of int
        0 … `labels` − 1; where several hold on a day, the **lowest** is kept.
    labels : int
        How many labels there are.

    Returns
    -------
    Intervals
        Disjoint, with neighbours that touch and share a label merged. Days without any interval are absent.

    Examples
    --------
    >>> one = timeline(np.array([1, 1]), np.array([0, 3]), np.array([10, 5]), np.array([1, 0]), labels=2)
    >>> one.start.tolist(), one.label.tolist()
    ([0, 3, 5], [1, 0, 1])
    """
    person, start, end, label = (np.asarray(part) for part in (person, start, end, label))
    real = end > start
    person_dtype = person.dtype
    person, start, end, label = person[real], start[real], end[real], label[real].astype(np.int64)
    keys = np.concatenate([key(person, start), key(person, end)])
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    room = 63 // labels  # bits of one number in which the intervals of a label that hold on a day are counted
    at_once = np.cumsum(np.where(order < len(label), 1, -1), dtype=np.int32)
    if at_once.max(initial=0) >> room:
        alone = [
            islands(person[label == code], start[label == code], end[label == code]) for code in range(labels)
        ]
        return timeline(
            *(np.concatenate([getattr(each, name) for each in alone]) for name in ("person", "start", "end")),
            np.repeat(np.arange(labels), [len(each) for each in alone]),
            labels=labels,
        )
    change = np.ones(len(keys), dtype=bool)
    change[:-1] = keys[1:] != keys[:-1]  # the last event of a day decides what holds from that day on
    one = np.int64(1) << (room * label)
    count = np.cumsum(np.concatenate([one, -one])[order])[change]
    lowest = np.log2(np.maximum(count & -count, 1)).astype(np.int16) // room
    held = np.where(count > 0, lowest, labels).astype(np.int16)
    keys = keys[change]
    begins, ends, held = keys[:-1], keys[1:], held[:-1]
    keep = held < labels
    begins, ends, held = begins[keep], ends[keep], held[keep]
    opens = np.ones(len(begins), dtype=bool)
    opens[1:] = (begins[1:] != ends[:-1]) | (held[1:] != held[:-1])
    first = np.flatnonzero(opens)
    closing = np.append(first[1:], len(begins)) - 1 if len(first) else first
    return _build(begins[first], ends[closing], held[first], person_dtype)


def select(intervals: Intervals, labels: tuple[int, ...], *, gap: int = 0) -> Intervals:
    """The intervals of a timeline that carry one of the labels, merged into islands."""
    wanted = np.isin(np.arange(intervals.label.max(initial=0) + 1), labels)
    chosen = np.flatnonzero(wanted[intervals.label])
    return _joined(intervals.starts[chosen], intervals.ends[chosen], gap, intervals.person.dtype)


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
    person, day = begins >> _BITS, _days(begins)
    in_first, in_second = locate(first, person, day), locate(second, person, day)
    both = (in_first >= 0) & (in_second >= 0)
    in_first, in_second = in_first[both], in_second[both]
    label = first.label[in_first] if len(first) else np.zeros(0, np.int16)
    return _build(begins[both], ends[both], label, first.person.dtype), in_first, in_second
