"""Days, months, quarters and horizons, and the unit that the name of an outcome tells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

DAYS_IN_MONTH = 30.4375


def quarters_between(first: dt.date, last: dt.date) -> list[str]:
    """Quarters that lie wholly between two days, both included.

    Examples
    --------
    >>> quarters_between(dt.date(2020, 1, 1), dt.date(2020, 9, 29))
    ['2020Q1', '2020Q2']
    """
    starts = pd.date_range(first, last, freq="QS")
    ends = pd.Timestamp(last)
    return [f"{day.year}Q{day.quarter}" for day in starts if day + pd.offsets.QuarterEnd() <= ends]


def to_day(date: dt.date | str) -> int:
    """Days since 1970-01-01.

    Examples
    --------
    >>> to_day("1970-01-31")
    30
    """
    return int(np.datetime64(date, "D").astype(int))


def to_month(date: dt.date) -> int:
    """Months since January 1970.

    Examples
    --------
    >>> to_month(dt.date(1971, 3, 31))
    14
    """
    return 12 * (date.year - 1970) + date.month - 1


def years_of(day: np.ndarray) -> np.ndarray:
    """Calendar years of days since 1970-01-01."""
    return _counted_as(day, "D", "Y") + 1970


def months_of(day: np.ndarray) -> np.ndarray:
    """Months since January 1970 of days since 1970-01-01."""
    return _counted_as(day, "D", "M")


def first_day_of(month: np.ndarray) -> np.ndarray:
    """First days of months since January 1970, as days since 1970-01-01.

    Examples
    --------
    >>> first_day_of(np.array([0, 1])).tolist(), months_of(np.array([30, 31])).tolist()
    ([0, 31], [0, 1])
    """
    return _counted_as(month, "M", "D")


def _counted_as(number: np.ndarray, unit: str, other: str) -> np.ndarray:
    """Days, months or years since 1970 in another of these units; each of many numbers is worked out once."""
    first, last = int(number.min(initial=0)), int(number.max(initial=0))
    many = last - first < number.size
    each = np.arange(first, last + 1) if many else number
    found = each.astype(f"datetime64[{unit}]").astype(f"datetime64[{other}]").astype(np.int64)
    return found[number - first] if many else found


def horizon_days(months: int) -> int:
    """Days from the index date to a horizon: twelfths of 365 days, halves rounded up.

    Examples
    --------
    >>> [horizon_days(months) for months in (3, 6, 12, 18, 24)]
    [91, 183, 365, 548, 730]
    """
    return (365 * months + 6) // 12


def require_horizons(months: Sequence[int]) -> None:
    """Refuse horizons that are not whole months of one or more."""
    if isinstance(months, int | float):
        raise ValueError(f"months: {months} is one number; give a list, such as [{months}]")
    wrong = [month for month in months if int(month) != month or month < 1]
    if wrong or not len(months):
        raise ValueError(f"months: {wrong or 'none given'}; give whole numbers of one or more, such as 12")


def unit_of(outcome: str, values: pd.Series | None = None) -> str:
    """Unit of an outcome column, told by its name, else by its values: what leaves 0..1 is no share.

    Examples
    --------
    >>> [unit_of(name) for name in ("service_days_12m", "benefit_eur_12m", "still_unemployed_6m", "age")]
    ['days', 'eur', 'share', 'number']
    >>> unit_of("jobs", pd.Series([0, 2])), unit_of("steady_job", pd.Series([0.0, 1.0]))
    ('number', 'share')
    """
    if outcome == "age":
        return "number"
    if "_days" in outcome:
        return "days"
    if "eur" in outcome.split("_"):
        return "eur"
    return "share" if values is None or values.dropna().between(0, 1).all() else "number"
