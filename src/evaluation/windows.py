"""Named windows of index dates, before and after the start of the trial."""

from __future__ import annotations

import numpy as np

from evaluation.timelines.spells import Array

# Index dates, first and last day included. They do not overlap.
WINDOWS: dict[str, tuple[str, str]] = {
    "2018_19": ("2018-03-01", "2019-02-28"),
    "2019_20": ("2019-03-01", "2020-02-29"),
    "covid": ("2020-03-01", "2021-02-28"),
    "after_1": ("2021-03-01", "2022-02-28"),
    "after_2": ("2022-03-01", "2023-02-28"),
    "after_3": ("2023-03-01", "2023-12-31"),
}
BASELINES = ("2018_19", "2019_20", "covid")
AFTER = ("after_1", "after_2", "after_3")
TRIAL_START = "2021-03-01"


def to_day(date: str) -> int:
    """Days since 1970-01-01 of a text date.

    Examples
    --------
    >>> to_day("1970-01-31")
    30
    """
    return int(np.datetime64(date, "D").astype(int))


def window_of(index_day: Array) -> Array:
    """Name of the window of each index date, "" outside all of them."""
    names = np.array([*WINDOWS, ""], dtype=object)
    found = np.full(len(index_day), len(WINDOWS))
    for number, (first, last) in enumerate(WINDOWS.values()):
        found[(index_day >= to_day(first)) & (index_day <= to_day(last))] = number
    return names[found]
