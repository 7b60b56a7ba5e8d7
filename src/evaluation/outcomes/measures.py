"""From spells to what happened to each episode: outcomes over months after the index date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evaluation.cohorts.history import earnings_before
from evaluation.costs.prices import price_factors
from evaluation.schemas import require
from evaluation.study import Study
from evaluation.timelines.accrual import prorated
from evaluation.timelines.lookups import days_with, days_within, locate, next_start, starts_within, status
from evaluation.timelines.spells import Array, Intervals
from evaluation.timelines.states import BROAD, LONG_TERM_DAYS, PRECEDENCE, UNEMPLOYED, codes, periods
from evaluation.units import horizon_days, require_horizons, years_of

if TYPE_CHECKING:
    from evaluation.registers.stored import Register

MIN_JOB_DAYS = 28
EXITS = ("open_employment", "subsidised_employment", "study", "outside")
STILL = "censored"
_DAYS_IN = {
    "open_employment_days": ("open_employment",),
    "subsidised_days": ("subsidised_employment",),
    "service_days": ("service",),
    "study_days": ("study",),
    "unemployed_days": UNEMPLOYED,
    "broad_unemployed_days": BROAD,
}


def measure(
    register: Register,
    episodes: pd.DataFrame,
    study: Study | None = None,
    *,
    months: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Outcomes of episodes.

    Parameters
    ----------
    register : Register
        Canonical register; only `days`, `benefits` and `observed_until` are read.
    episodes : pandas.DataFrame
        With `person_id` and `index_day`; a unique index.
    study : Study, optional
        Gives the months where they are not given here.
    months : sequence of int, optional
        Any whole months after the index date; 12 months are 365 days (`units.horizon_days`).

    Returns
    -------
    pandas.DataFrame
        Index of `episodes`. For each horizon ``m``, over the days ``[index, index + horizon)``, or on the
        day ``index + horizon``, and missing unless that day was observed:

        - ``open_employment_{m}m`` (0/1): in open-market employment on the day
        - ``open_employment_days_{m}m``, ``subsidised_days_``, ``service_days_``, ``study_days_``,
          ``unemployed_days_`` (lay-offs included), ``broad_unemployed_days_`` (unemployed, laid off, in
          services or in subsidised work); one state counts on each day (`states.PRECEDENCE`)
        - ``entered_education_{m}m`` (0/1): a period of study began after the index date
        - ``still_unemployed_{m}m`` (0/1): the unemployment of the index date continues unbroken on the day
        - ``long_term_unemployed_{m}m`` (0/1; from 12): unemployed on the day, unbroken for a year or more
        - ``benefit_days_{m}m``, ``benefit_eur_{m}m``: payment periods spread evenly over their days

        and ``exit_state`` with ``exit_day`` (days from the index date to the first exit, or to where the
        follow-up of exits ends, with the state "censored"). A job is an exit if it lasts 28 days or more;
        so that every job can show whether it does, exits are followed until 28 days before the end of
        observation.

    Raises
    ------
    ValueError
        If neither the study nor the call gives months, a horizon is no whole month or the index of
        `episodes` repeats.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from evaluation.timelines.states import daily_states
    >>> spells = pd.DataFrame({"person_id": [1, 1], "state": ["unemployed", "open_employment"],
    ...                        "start": [0, 50], "end": [50, 500]})
    >>> benefits = pd.DataFrame({"person_id": [], "start": [], "end": [], "days": [], "amount_eur": []})
    >>> facts = {"benefits": benefits.astype("int64"), "observed_until": 500}
    >>> register = SimpleNamespace(days=daily_states(spells), **facts)
    >>> found = measure(register, pd.DataFrame({"person_id": [1], "index_day": [0]}), months=[3])
    >>> found[["open_employment_3m", "open_employment_days_3m", "exit_state", "exit_day"]].values.tolist()
    [[1.0, 41.0, 'open_employment', 50]]
    """
    months = study.horizons_months if months is None and study else months
    if months is None:
        raise ValueError("measure: months are needed; give them or a study")
    require_horizons(months)
    require("register", register, "days", "observed_until")
    require("episodes", episodes, "person_id", "index_day")
    if not episodes.index.is_unique:
        raise ValueError(
            f"episodes: {int(episodes.index.duplicated().sum())} rows repeat the index; make it unique"
        )
    person, since = episodes["person_id"].to_numpy(), episodes["index_day"].to_numpy()
    days, followed = register.days, register.observed_until - since
    found: dict[str, Array] = {}
    unemployed, studying = periods(days, UNEMPLOYED), periods(days, ("study",))
    until = [since + horizon_days(horizon) for horizon in months]
    benefits = register.benefits[np.isin(register.benefits["person_id"].to_numpy(), person)]
    before, *after = days_with(days, person, [since, *until], labels=len(PRECEDENCE))
    who, start, end = (benefits[name].to_numpy() for name in ("person_id", "start", "end"))
    amounts = [benefits[column].to_numpy() for column in ("days", "amount_eur")]
    paid = prorated(who, start, end, amounts, who=person, since=since, until=until)
    at_index = locate(unemployed, person, since)
    for number, (horizon, last) in enumerate(zip(months, until, strict=True)):
        spent = after[number] - before
        at_end = locate(unemployed, person, last)
        values = {
            "open_employment": status(days, person, last) == codes(("open_employment",))[0],
            **{name: spent[list(codes(states))].sum(axis=0) for name, states in _DAYS_IN.items()},
            "entered_education": starts_within(studying, person, since + 1, last) > 0,
            "still_unemployed": (at_index >= 0) & (at_end == at_index),
        }
        if horizon >= 12:
            began = np.append(unemployed.start, 0)[at_end]
            values["long_term_unemployed"] = (at_end >= 0) & (last - began >= LONG_TERM_DAYS)
        values["benefit_days"], values["benefit_eur"] = paid[:, number]
        complete = followed > horizon_days(horizon)
        for name, value in values.items():
            found[f"{name}_{horizon}m"] = np.where(complete, value.astype(float), np.nan)
    exit_state, exit_day = _exits(days, person, since, followed)
    found |= {"exit_state": pd.array(exit_state, dtype="str"), "exit_day": exit_day.astype(np.int32)}
    return pd.DataFrame(found, index=episodes.index)


def held(register: Register, episodes: pd.DataFrame, *, state: str, days: int, within_days: int) -> pd.Series:
    """Whether a state was held without a break for so many days within so many days of the index date.

    Parameters
    ----------
    register : Register
        Canonical register; only `days` and `observed_until` are read.
    episodes : pandas.DataFrame
        With `person_id` and `index_day`.
    state : str
        One state, such as open_employment; one state counts on each day (`states.PRECEDENCE`).
    days : int
        Days without a break, all of them from the index date to `within_days` after it.
    within_days : int
        Days after the index date that are looked at.

    Returns
    -------
    pandas.Series
        0/1 with the index of `episodes`; missing where not all of the days were observed.

    Raises
    ------
    ValueError
        If the state is unknown or `within_days` are fewer than `days`.

    Examples
    --------
    A job of six months within a year and a half:

    >>> steady = held(register, cohort.episodes, state="open_employment", days=183, within_days=548)
    >>> sorted(steady.dropna().unique().tolist())
    [0.0, 1.0]
    """
    require("register", register, "days", "observed_until")
    require("episodes", episodes, "person_id", "index_day")
    if not 1 <= days <= within_days:
        raise ValueError(f"days: {days} of {within_days} days; give at least 1 and at most within_days")
    unbroken = periods(register.days, (state,))
    enough = unbroken[unbroken.end - unbroken.start >= days]
    # days on which so long a stay can begin and still end inside the window
    begins = replace(enough, end=enough.end - days + 1)
    since = episodes["index_day"].to_numpy()
    found = days_within(begins, episodes["person_id"].to_numpy(), since, since + within_days - days + 1) > 0
    observed = register.observed_until - since >= within_days
    return pd.Series(np.where(observed, found.astype(float), np.nan), index=episodes.index, name=state)


def _exits(days: Intervals, person: Array, since: Array, followed: Array) -> tuple[Array, Array]:
    end = np.maximum(followed - MIN_JOB_DAYS, 0)
    first = end.copy()
    state = np.full(len(person), STILL, dtype=object)
    for name in EXITS:
        entered = periods(days, (name,))
        if name == "open_employment":
            entered = entered[entered.end - entered.start >= MIN_JOB_DAYS]
        at = next_start(entered, person, since + 1)
        wait = np.append(entered.start, 0)[at] - since
        # the end of follow-up itself still counts: a job that starts there lasts 28 observed days
        sooner = (at >= 0) & (wait <= end) & ((wait < first) | (state == STILL))
        state[sooner], first[sooner] = name, wait[sooner]
    return state, first


def earnings(
    register: Register, episodes: pd.DataFrame, *, price_index: pd.DataFrame, price_year: int
) -> pd.DataFrame:
    """Earnings in the first year after the index date, in prices of `price_year`.

    `earnings_12m_eur` with the index of `episodes`: gross earnings of the twelve whole months before the day
    ``index + 365``, at the price level of the middle of that year; missing where it was not observed.
    """
    index_day = episodes["index_day"].to_numpy()
    euros = earnings_before(register.earnings, episodes["person_id"].to_numpy(), index_day + 365)
    seen = episodes["followed_days"].to_numpy() > 365
    middle = years_of(index_day[seen] + 183)
    out = np.full(len(index_day), np.nan)
    out[seen] = euros[seen] * price_factors(price_index, years=middle, price_year=price_year)
    return pd.DataFrame({"earnings_12m_eur": out}, index=episodes.index)
