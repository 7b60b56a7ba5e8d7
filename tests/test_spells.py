"""Interval arithmetic against a naive implementation that holds a set of days for every person."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.timelines import accrual, lookups, spells

LABELS = 3
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-40, 60), st.integers(0, 25), st.integers(0, LABELS - 1)),
    max_size=14,
)
WINDOWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-60, 90), st.integers(-5, 60)), min_size=1, max_size=6
)


def arrays(rows, width=4):
    """Columns of int32 from tuples; the third is a length and becomes an end."""
    table = np.array(rows, dtype=np.int32).reshape(-1, width)
    table[:, 2] += table[:, 1]
    return [table[:, column] for column in range(width)]


def day_sets(rows):
    """For each person the set of covered days: the definition, written as plainly as possible."""
    covered = {}
    for person, start, length, *_ in rows:
        covered.setdefault(person, set()).update(range(start, start + length))
    return covered


@given(ROWS)
def test_islands_cover_the_same_days_and_stay_apart(rows):
    person, start, end, _ = arrays(rows)
    merged = spells.islands(person, start, end)
    listed = [
        (int(p), day)
        for p, s, e in zip(merged.person, merged.start, merged.end, strict=True)
        for day in range(s, e)
    ]
    assert sorted(listed) == sorted((p, day) for p, days in day_sets(rows).items() for day in days)
    same = merged.person[1:] == merged.person[:-1]
    assert np.all(merged.start[1:][same] > merged.end[:-1][same])


@given(ROWS, WINDOWS)
def test_days_with_each_label_are_those_within_its_own_intervals(rows, windows):
    line = spells.timeline(*arrays(rows), labels=LABELS)
    who, since, until = arrays(windows, 3)
    until = np.maximum(since, until)
    before, after = lookups.days_with(line, who, [since, until], labels=LABELS)
    for label in range(LABELS):
        own = line[line.label == label]
        assert (after - before)[label].tolist() == lookups.days_within(own, who, since, until).tolist()


@given(ROWS, WINDOWS)
def test_days_within_counts_the_days_of_the_window(rows, windows):
    person, start, end, _ = arrays(rows)
    who, since, until = arrays(windows, 3)
    expected = [
        len(day_sets(rows).get(int(p), set()) & set(range(s, u)))
        for p, s, u in zip(who, since, until, strict=True)
    ]
    assert lookups.days_within(spells.islands(person, start, end), who, since, until).tolist() == expected


@given(ROWS, WINDOWS)
def test_timeline_gives_each_day_the_lowest_label(rows, windows):
    person, start, end, label = arrays(rows)
    line = spells.timeline(person, start, end, label, labels=LABELS)
    who, day, _ = arrays(windows, 3)
    expected = [
        min((lab for p, s, n, lab in rows if p == w and s <= d < s + n), default=-1)
        for w, d in zip(who, day, strict=True)
    ]
    assert lookups.status(line, who, day).tolist() == expected
    days = sum(len(each) for each in day_sets(rows).values())
    assert int((line.end - line.start).sum()) == days
    touching = (line.person[1:] == line.person[:-1]) & (line.start[1:] == line.end[:-1])
    assert np.all(line.label[1:][touching] != line.label[:-1][touching])


@given(ROWS, WINDOWS)
def test_next_start_and_starts_within_find_the_islands(rows, windows):
    person, start, end, _ = arrays(rows)
    merged = spells.islands(person, start, end)
    who, since, until = arrays(windows, 3)
    found = lookups.next_start(merged, who, since)
    counted = lookups.starts_within(merged, who, since, until)
    for w, s, u, at, count in zip(who, since, until, found, counted, strict=True):
        own = sorted(int(x) for x in merged.start[merged.person == w])
        later = [x for x in own if x >= s]
        assert (int(merged.start[at]) if at >= 0 else None) == (later[0] if later else None)
        assert count == len([x for x in own if s <= x < u])


@given(ROWS, ROWS)
def test_intersect_covers_exactly_the_common_days(rows, others):
    first = spells.timeline(*arrays(rows), labels=LABELS)
    second = spells.timeline(*arrays(others), labels=LABELS)
    pieces, in_first, in_second = lookups.intersect(first, second)
    common = {
        (p, d) for p, days in day_sets(rows).items() for d in days if d in day_sets(others).get(p, set())
    }
    listed = [
        (int(p), d)
        for p, s, e in zip(pieces.person, pieces.start, pieces.end, strict=True)
        for d in range(s, e)
    ]
    assert len(listed) == len(set(listed))
    assert set(listed) == common
    assert np.all(first.label[in_first] == pieces.label)
    assert np.all(second.person[in_second] == pieces.person)


@given(ROWS, WINDOWS, st.randoms())
def test_prorated_amounts_agree_with_day_by_day_sums_in_any_order(rows, windows, random):
    person, start, end, label = arrays(rows)
    amount = 12.34 * (label + 1)
    who, since, until = arrays(windows, 3)
    windows = {"who": who, "since": since, "until": [since + 7, until]}
    got = accrual.prorated(person, start, end, [amount, 2 * amount], **windows)
    expected = [
        sum(
            12.34 * (lab + 1) / n * len(set(range(s, s + n)) & set(range(a, b)))
            for p, s, n, lab in rows
            if p == w and n
        )
        for w, a, b in zip(who, since, until, strict=True)
    ]
    assert got[0, 1] == pytest.approx(expected, abs=1e-5)
    assert got[1] == pytest.approx(2 * got[0], abs=1e-5)
    order = list(range(len(rows)))
    random.shuffle(order)
    order = np.array(order, dtype=int)
    changed = person[order], start[order], end[order], [amount[order], 2 * amount[order]]
    again = accrual.prorated(*changed, **windows)
    assert np.array_equal(got, again)


def test_amounts_stay_exact_where_running_totals_pass_the_range_of_whole_numbers():
    rows = 200_000
    person = np.arange(rows)
    start = np.full(rows, 18_000)
    last = {"who": person[-1:], "since": start[-1:] + 10, "until": [start[-1:] + 20]}
    got = accrual.prorated(person, start, start + 30, [np.full(rows, 3_000.0)], **last)
    assert got.tolist() == [[[1_000.0]]]


def test_inputs_are_not_changed():
    person, start, end = np.array([2, 1]), np.array([5, 0]), np.array([9, 3])
    spells.islands(person, start, end)
    spells.timeline(person, start, end, np.array([0, 1]), labels=2)
    assert person.tolist() == [2, 1]
    assert start.tolist() == [5, 0]
    assert end.tolist() == [9, 3]


def test_a_day_may_hold_more_intervals_of_a_label_than_a_number_can_count():
    many = 3000
    person = np.repeat([1, 2], many)
    start, end = np.tile(np.arange(many), 2), np.full(2 * many, 2 * many)
    label = np.where(np.arange(2 * many) % 3 == 0, 1, 3)
    line = spells.timeline(person, start, end, label, labels=7)
    assert line.person.tolist() == [1, 2]
    assert line.start.tolist() == [0, 0] and line.end.tolist() == [2 * many] * 2
    assert line.label.tolist() == [1, 1]
    labels = np.arange(spells.MOST_LABELS)
    all_at_once = spells.timeline(
        *np.array([[1], [0], [9]]).repeat(len(labels), 1), labels, labels=len(labels)
    )
    assert all_at_once.label.tolist() == [0]
    with pytest.raises(ValueError, match="13 labels"):
        spells.timeline(person, start, end, label, labels=13)
