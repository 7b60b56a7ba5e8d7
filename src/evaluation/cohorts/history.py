"""What is known about an episode before it begins: covariates from days before the index date only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evaluation.schemas import BENEFITS
from evaluation.timelines.lookups import days_within, locate, next_start, starts_within
from evaluation.timelines.spells import Array, key, running, timeline
from evaluation.timelines.states import UNEMPLOYED, periods
from evaluation.units import first_day_of, months_of

if TYPE_CHECKING:
    from evaluation.registers.stored import Register

# The first payment may come after the waiting days and is recorded with its own start.
BENEFIT_LOOKAHEAD_DAYS = 31
_ORDER = ("earnings_related", "basic_allowance", "labour_market_support")
assert set(_ORDER) == set(BENEFITS)


def completed_years(birth_day: Array, day: Array) -> Array:
    """Age in completed calendar years.

    Examples
    --------
    >>> birth = np.array(["1991-03-01"], "datetime64[D]").astype(int)
    >>> eve = np.array(["2021-02-28"], "datetime64[D]").astype(int)
    >>> completed_years(birth, eve).tolist(), completed_years(birth, eve + 1).tolist()
    ([29], [30])
    """
    early = _day_of_month(day) < _day_of_month(birth_day)
    return (months_of(day) - months_of(birth_day) - early) // 12


def days_since_birthday(birth_day: Array, day: Array, *, years: int) -> Array:
    """Days from the birthday on which a person turns `years` to the day; negative before it.

    Where the year has no 29 February, that birthday is on 1 March, as in `completed_years`.
    """
    birthday = first_day_of(months_of(birth_day) + 12 * years) + _day_of_month(birth_day)
    return (day - birthday).astype(np.int32)


def _day_of_month(day: Array) -> Array:
    return day - first_day_of(months_of(day))


def calendar(index_day: Array) -> pd.DataFrame:
    """`index_month` (months since January 1970) and `index_quarter` (text as 2019Q1) of index days.

    Examples
    --------
    >>> calendar(np.array([18_000])).values.tolist()
    [[591, '2019Q2']]
    """
    month = months_of(index_day)
    quarter = pd.Categorical(month // 3)
    names = [f"{1970 + code // 4}Q{code % 4 + 1}" for code in quarter.categories]
    quarter = quarter.rename_categories(names)
    return pd.DataFrame({"index_month": month.astype(np.int32), "index_quarter": as_text(quarter)})


def as_text(values: pd.Series | pd.Categorical) -> Any:
    """Categories, or what is text already, as text; faster than pandas, which looks at every value anew."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return pd.array(values, dtype="str")
    coded = values.array if isinstance(values, pd.Series) else values
    return pd.array(coded.categories, dtype="str").take(coded.codes, allow_fill=True)


def benefit_at(benefits: pd.DataFrame, person: Array, day: Array) -> pd.Categorical:
    """The benefit that the person is entitled to when the episode begins.

    The benefit paid on the day, or else the first one paid in the next 31 days, or else "none". It decides
    who belongs to the target group by law; it is not a covariate measured before the index date.
    """
    label = pd.Categorical(benefits["benefit"], categories=list(_ORDER)).codes
    who, start, end = (benefits[name].to_numpy() for name in ("person_id", "start", "end"))
    paid = timeline(who, start, end, label, labels=len(_ORDER))
    now, later = locate(paid, person, day), next_start(paid, person, day)
    soon = np.append(paid.start, 0)[later] < day + BENEFIT_LOOKAHEAD_DAYS
    found = np.where(now >= 0, now, np.where(soon, later, -1))
    codes_found = np.append(paid.label, len(_ORDER))[found]
    return pd.Categorical.from_codes(codes_found, categories=[*_ORDER, "none"])


def earnings_before(earnings: pd.DataFrame, person: Array, day: Array) -> Array:
    """Euros earned in the twelve whole calendar months before the month of the day."""
    keys = key(earnings["person_id"].to_numpy(), earnings["month"].to_numpy())
    # whole cents, so that the sum does not depend on who else is in the table
    cents = np.rint(earnings["earnings_eur"].to_numpy() * 100).astype(np.int64)
    if (keys[1:] < keys[:-1]).any():  # a stored register is sorted
        order = np.argsort(keys, kind="stable")
        keys, cents = keys[order], cents[order]
    total = running(cents)
    month = months_of(day)
    low = np.searchsorted(keys, key(person, month - 12), side="left")
    high = np.searchsorted(keys, key(person, month), side="left")
    return (total[high] - total[low]) / 100


def covariates(register: Register, person: Array, index_day: Array, *, stay_age: int) -> pd.DataFrame:
    """Covariates of episodes (rows of `person` and `index_day`), from days strictly before the index date.

    age (completed years), days_from_30 (days since the birthday of the target group's age limit, `stay_age`),
    sex, education, native_language, immigrant, unemployed_days_12m_before, unemployed_days_24m_before,
    service_days_24m_before, earlier_spells_24m (unemployment spells that began), earnings_12m_before_eur.
    Months are 365 and 730 days.
    """
    people = register.persons.set_index("person_id").reindex(person)
    birth = people["birth_day"].to_numpy()
    year, two_years = index_day - 365, index_day - 730
    unemployed, service = periods(register.days, UNEMPLOYED), periods(register.days, ("service",))
    spells_before = starts_within(unemployed, person, two_years, index_day)
    days_before = {
        "unemployed_days_12m_before": days_within(unemployed, person, year, index_day),
        "unemployed_days_24m_before": days_within(unemployed, person, two_years, index_day),
        "service_days_24m_before": days_within(service, person, two_years, index_day),
    }
    return pd.DataFrame(
        {
            "age": completed_years(birth, index_day).astype(np.int32),
            f"days_from_{stay_age}": days_since_birthday(birth, index_day, years=stay_age),
            **{name: as_text(people[name]) for name in ("sex", "education", "native_language")},
            "immigrant": people["immigrant"].to_numpy(dtype=bool),
            **{name: days.astype(np.int32) for name, days in days_before.items()},
            "earlier_spells_24m": spells_before.astype(np.int32),
            "earnings_12m_before_eur": earnings_before(register.earnings, person, index_day),
        }
    )
