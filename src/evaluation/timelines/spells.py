"""Interval arithmetic on integer days: islands, and one label a day.

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

PERSON_BITS = 32
MOST_LABELS = 12  # all at once, twice on a day when one ends and another begins, fit into the bits of each
SIDES = ("person", "start", "end")
_SHIFT = 1 << 31  # lets days before 1970 keep their order inside the packed number


def running(values: Array) -> Array:
    """Sums of whole numbers (of each column) before each of them, and of all.

    Examples
    --------
    >>> running(np.array([3, 4])).tolist()
    [0, 3, 7]
    """
    total = np.zeros((len(values) + 1, *values.shape[1:]), dtype=np.int64)
    np.cumsum(values, axis=0, out=total[1:])
    return total


def distinct(values: Array) -> Array:
    """Whole numbers in order, each once: keys are sorted many times as fast as numpy's `unique` hashes them.

    Examples
    --------
    >>> distinct(np.array([4, 3, 4])).tolist()
    [3, 4]
    """
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=ordered[:1] - 1) > 0]


@dataclass(frozen=True)
class Intervals:
    """Intervals sorted by person and start that do not overlap within a person.

    The label is what holds during the interval (a whole number); zeros where there is only one thing.
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
        return running(self.ends - self.starts)


def key(person: Array, day: Array | int) -> Array:
    """Person and day as one int64 that sorts by person, then day.

    Examples
    --------
    >>> bool(key(np.array([1]), 99)[0] < key(np.array([2]), -5)[0])
    True
    """
    return (np.asarray(person).astype(np.int64) << PERSON_BITS) + (np.asarray(day).astype(np.int64) + _SHIFT)


def days_of(keys: Array) -> Array:
    """The days of keys."""
    return ((keys & ((1 << PERSON_BITS) - 1)) - _SHIFT).astype(np.int32)


def from_keys(start_key: Array, end_key: Array, label: Array, person_dtype: Any) -> Intervals:
    """Intervals from the keys of their first day and of the day after their last."""
    return Intervals(
        (start_key >> PERSON_BITS).astype(person_dtype), days_of(start_key), days_of(end_key), label
    )


def islands(person: Array, start: Array, end: Array) -> Intervals:
    """Merge overlapping and touching intervals of each person, given in any order.

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
    label = np.zeros(len(order), np.int16)
    return joined(starts[order], np.maximum.accumulate(ends[order]), label, person.dtype)


def joined(starts: Array, ends: Array, label: Array, person_dtype: Any) -> Intervals:
    """Sorted intervals, as keys whose ends do not fall, with those that touch and share a label as one."""
    opens = np.ones(len(starts), dtype=bool)
    opens[1:] = (starts[1:] > ends[:-1]) | (label[1:] != label[:-1])
    closes = np.roll(opens, -1)  # each before one that opens; the first opens, and so the last closes
    return from_keys(starts[opens], ends[closes], label[opens], person_dtype)


def select(intervals: Intervals, labels: Array | tuple[int, ...]) -> Intervals:
    """The intervals of a timeline that carry one of the labels, merged where they touch; labels are zeros."""
    chosen = np.flatnonzero(np.isin(np.arange(intervals.label.max(initial=0) + 1), labels)[intervals.label])
    label = np.zeros(len(chosen), np.int16)
    return joined(intervals.starts[chosen], intervals.ends[chosen], label, intervals.person.dtype)


def timeline(person: Array, start: Array, end: Array, label: Array, *, labels: int) -> Intervals:
    """One label for each day where intervals with different labels overlap, in any order.

    Labels are 0 … `labels` − 1, 12 at most; where several hold on a day, the **lowest** is kept. The result
    is disjoint, with neighbours that touch and share a label merged. Days without any interval are absent.

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
    if labels > MOST_LABELS:
        raise ValueError(f"timeline: {labels} labels; at most {MOST_LABELS} can be told apart")
    room = 63 // labels  # bits of one number in which the intervals of a label that hold on a day are counted
    at_once = np.cumsum(np.where(order < len(label), 1, -1), dtype=np.int32)
    if at_once.max(initial=0) >> room:
        rows = [label == code for code in range(labels)]
        alone = [islands(person[own], start[own], end[own]) for own in rows]
        person, start, end = (np.concatenate([getattr(i, side) for i in alone]) for side in SIDES)
        label = np.repeat(np.arange(labels), [len(i) for i in alone])
        return timeline(person, start, end, label, labels=labels)
    change = np.ones(len(keys), dtype=bool)
    change[:-1] = keys[1:] != keys[:-1]  # the last event of a day decides what holds from that day on
    one = np.int64(1) << (room * label)
    count = np.cumsum(np.concatenate([one, -one])[order])[change]
    lowest = np.log2(np.maximum(count & -count, 1)).astype(np.int16) // room
    held = np.where(count > 0, lowest, labels).astype(np.int16)
    keys = keys[change]
    begins, ends, held = keys[:-1], keys[1:], held[:-1]
    keep = held < labels
    return joined(begins[keep], ends[keep], held[keep], person_dtype)
