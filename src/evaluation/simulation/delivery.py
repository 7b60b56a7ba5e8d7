"""What registers would hold about simulated histories: spells, services, benefits and earnings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from evaluation.simulation.histories import BROAD, STATES, SUBSIDISED, UNEMPLOYED, WORK, Days
from evaluation.simulation.population import Population, Years
from evaluation.simulation.set_effects import (
    BASIC,
    EARNINGS_RELATED,
    NO_BENEFIT,
    SUPPORT,
    YEAR,
    Floats,
    Phases,
    weekdays,
)
from evaluation.timelines.accrual import split
from evaluation.timelines.lookups import days_within, locate
from evaluation.timelines.spells import Intervals, islands, key, select
from evaluation.units import first_day_of, months_of

OPEN = 10**7  # in place of a last day: the spell goes on
# Codes of service_codes.csv with their shares; services last so many days on average.
SERVICES, SERVICE_SHARES = ("20", "05", "0", "4", "06"), (0.26, 0.22, 0.17, 0.17, 0.18)
MEAN_DAYS = (55, 110, 80, 40, 170)
SUBSIDIES, SUBSIDY_SHARES = ("80", "54", "40"), (0.55, 0.33, 0.12)
COACHING = "4"
# Basic allowance and full labour market support, euros per benefit day (Kela); August 2022: index increase.
RATE_FROM = ("2016-01-01", "2017-01-01", "2020-01-01", "2021-01-01", "2022-01-01", "2022-08-01", "2023-01-01")
RATE_EUR = (32.68, 32.40, 33.66, 33.78, 34.50, 35.72, 37.21)
WORKDAYS_IN_MONTH = 21.5
TOGETHER = 100_000  # persons whose months are worked out at a time


def uniform(seed: int, salt: int, person: Days, day: Days) -> Floats:
    """Uniform numbers that belong to a person and a day, so that counterfactual histories share them.

    Examples
    --------
    >>> bool(uniform(1, 2, np.array([3]), np.array([4]))[0] == uniform(1, 2, np.array([3]), np.array([4]))[0])
    True
    """
    with np.errstate(over="ignore"):
        word = (person.astype(np.uint64) << np.uint64(20)) + day.astype(np.uint64)
        word += np.uint64((seed * 1_000_003 + salt * 7_919) & 0xFFFFFFFF) * np.uint64(0x9E3779B97F4A7C15)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word ^= word >> np.uint64(31)
    return (word >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def choose(shares: Sequence[float], draw: Floats) -> Days:
    """Positions that come up with these shares, from uniform numbers."""
    return np.minimum(np.searchsorted(np.cumsum(shares), draw, side="right"), len(shares) - 1)


def total_in(amount: np.ndarray, spells: pd.DataFrame, person: Days, since: Days, until: Days) -> Floats:
    """Sum of `amount` of spells in each window, prorated by days.

    `spells` (person, start, end) are ordered by person and start and do not overlap.
    """
    who, start, end = (spells[name].to_numpy() for name in ("person", "start", "end"))
    starts = key(who, start)
    before = np.concatenate([[0.0], np.cumsum(amount)])

    def running(day: Days) -> Floats:
        rows = np.searchsorted(starts, key(person, day), side="left")
        last = np.maximum(rows - 1, 0)
        over = np.maximum(end[last] - day, 0) / (end[last] - start[last]) * amount[last]
        return before[rows] - np.where((rows > 0) & (who[last] == person), over, 0.0)

    return running(until) - running(since)


def days_covered(spells: pd.DataFrame, person: Days, since: Days, until: Days) -> Days:
    """Days of each window covered by spells (columns person, start, end)."""
    covered = islands(*(spells[name].to_numpy() for name in ("person", "start", "end")))
    return days_within(covered, person, since, until)


def services(line: Intervals, years: Years, *, seed: int) -> pd.DataFrame:
    """Services during unemployment: person, start, end, code. Unemployment goes on underneath them."""
    rows = line.label == UNEMPLOYED
    person, first, last = line.person[rows], line.start[rows], line.end[rows]
    codes, means = np.array(SERVICES), np.array(MEAN_DAYS)
    found = []
    now = first + 25
    for k in range(5):
        wait, kind, size = (uniform(seed, 10 * k + j, person, first) for j in range(3))
        start = now + np.floor(-230 * np.log1p(-wait)).astype(np.int64)
        which = choose(SERVICE_SHARES, kind)
        end = np.minimum(start + 5 + np.floor(2 * means[which] * size).astype(np.int64), last)
        keep = (end - start) >= 3
        found.append(pd.DataFrame({"person": person, "start": start, "end": end, "code": codes[which]})[keep])
        now = end + 20
        person, first, last, now = person[keep], first[keep], last[keep], now[keep]
    table = pd.concat(found, ignore_index=True)
    table = table[table["end"] > years.first]
    return table.assign(start=table["start"].clip(lower=years.first)).sort_values(
        ["person", "start"], ignore_index=True
    )


def adjust_services(
    table: pd.DataFrame,
    episodes: pd.DataFrame,
    *,
    gained: Days,
    wanted: Floats,
    line: Intervals,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Add or take away services so that treated episodes gain the wanted days in their first year.

    `gained` are days that each episode (with area, counted, treated) gained already, because it spends more
    or less time unemployed; `wanted` the mean days to be gained per treated episode, missing where nothing is
    set. More days than there are cannot be gained or lost: ValueError.

    Added is coaching in the first 24 days of unemployment, before other services begin: none is displaced.
    An addition also counts in the first year of an earlier episode; the share that gets one allows for that.
    """
    chosen = (episodes["treated"] & episodes["counted"]).to_numpy() & ~np.isnan(wanted)
    if not chosen.any():
        return table
    rows, draw = episodes[chosen], rng.random(int(chosen.sum()))
    person, start = rows["person"].to_numpy(), rows["start"].to_numpy()
    stop = np.minimum(start + 24, line.end[locate(line, person, start)])
    more = pd.DataFrame({"person": person, "start": start + 1, "end": stop, "code": COACHING})
    roomy = stop > start + 1

    def mean(values: Floats | Days) -> Floats:
        return pd.Series(values).groupby(rows["area"].to_numpy()).transform("mean").to_numpy(float)

    addable = days_covered(more[roomy], person, start, start + YEAR)
    received = days_covered(table, person, start, start + YEAR)
    missing = wanted[chosen] - mean(gained[chosen])
    share = missing / np.maximum(np.where(missing > 0, mean(addable), mean(received)), 1e-9)
    if (excess := np.abs(share) > 1).any():
        raise ValueError(
            f"effects: {', '.join(sorted(set(rows['area'].to_numpy()[excess])))} cannot gain or lose so many "
            "service days; additions end at about 15 days per episode, reductions at what there is"
        )
    cut = draw < -share
    starts = key(table["person"], table["start"])
    low = np.searchsorted(starts, key(person[cut], start[cut]))
    high = np.searchsorted(starts, key(person[cut], start[cut] + YEAR))
    mark = np.bincount(low, minlength=len(starts) + 1) - np.bincount(high, minlength=len(starts) + 1)
    left = table[np.cumsum(mark)[:-1] == 0]
    together = pd.concat([left, more[(draw < share) & roomy]], ignore_index=True)
    return together.sort_values(["person", "start"], ignore_index=True)


def benefits(line: Intervals, phases: Phases, population: Population, wages: Floats) -> pd.DataFrame:
    """Payment periods by quarter: person, benefit, start, end, days, amount_eur.

    Five days a week are paid, in services too. After 400 paid days an earnings-related or basic allowance
    gives way to labour market support.
    """
    joined = select(line, BROAD)
    person, start, end = joined.person, joined.start, joined.end
    origin = np.searchsorted(phases.spans.starts, joined.starts, side="right") - 1
    kind, left = phases.benefit[origin], phases.left[origin]
    switch = np.busday_offset(start.astype("datetime64[D]"), left, roll="forward").astype(int)
    limited = (kind == BASIC) | (kind == EARNINGS_RELATED)
    switch = np.where(limited, np.minimum(switch, end), np.where(kind == SUPPORT, start, end))
    first = limited & (switch > start)
    second = (switch < end) & (kind != NO_BENEFIT)
    person = np.concatenate([person[first], person[second]])
    kind = np.concatenate([kind[first], np.full(int(second.sum()), SUPPORT)])
    since = np.concatenate([start[first], switch[second]])
    until = np.concatenate([switch[first], end[second]])

    years = population.years
    first, last = months_of(np.array([years.warm_up, years.until]))
    quarters = first_day_of(np.arange(first, last + 3, 3))
    rate_from = np.array(RATE_FROM, dtype="datetime64[D]").astype(int)
    bounds = np.unique(np.append(quarters, rate_from[rate_from >= quarters[0]]))
    row, start, end = split(since, until, bounds)
    keep = start >= years.first
    row, start, end = row[keep], start[keep], end[keep]
    person, kind = person[row], kind[row]
    rate = np.array(RATE_EUR)[np.searchsorted(rate_from, start, side="right") - 1]
    daily = np.where(
        kind == EARNINGS_RELATED, rate + 0.45 * np.maximum(wages[person] / WORKDAYS_IN_MONTH - rate, 0), rate
    )
    days = weekdays(start, end)
    return pd.DataFrame(
        {
            "person": person,
            "benefit": kind,
            "start": start,
            "end": end,
            "days": days,
            "amount_eur": np.round(days * np.round(daily, 2), 2),
        }
    ).sort_values(["person", "start"], ignore_index=True)


def draw_wages(population: Population, *, rng: np.random.Generator) -> Floats:
    """Full-time gross monthly wage of each person at 2020 prices."""
    lift = np.select([population.education == 0, population.education == 2], [-0.12, 0.28], 0.0)
    age = (population.years.first - population.birth) / 365.25 + 4
    return 2250 * np.exp(
        lift + 0.006 * np.clip(age - 20, 0, 25) - 0.06 * population.female + rng.normal(0, 0.22, len(age))
    )


def earnings(line: Intervals, wages: Floats, years: Years) -> pd.DataFrame:
    """Earnings by person and month with work: person, month (since January 1970), earnings_eur."""
    firsts = np.searchsorted(line.person, np.arange(0, len(wages) + TOGETHER, TOGETHER))
    parts = [_earned(line[slice(*rows)], wages, years) for rows in pairwise(firsts)]
    person, month, amount = (np.concatenate(column) for column in zip(*parts, strict=True))
    return pd.DataFrame({"person": person, "month": month, "earnings_eur": amount})


def _earned(line: Intervals, wages: Floats, years: Years) -> tuple[Days, Days, Floats]:
    rows = np.isin(line.label, (WORK, SUBSIDISED)) & (line.end > years.first)
    person, start, end = line.person[rows], np.maximum(line.start[rows], years.first), line.end[rows]
    pay = wages[person] * np.where(line.label[rows] == SUBSIDISED, 0.75, 1.0)
    first, last = months_of(np.array([years.first, years.until]))
    months = np.arange(first, last + 1)
    bounds = first_day_of(months)
    row, start, end = split(start, end, bounds)
    step = np.searchsorted(bounds, start, side="right") - 1
    growth = 1.02 ** (np.arange(len(months)) / 12 - 4)
    amount = pay[row] * growth[step] * (end - start) / (bounds[step + 1] - bounds[step])
    head = np.flatnonzero(np.diff(key(person[row], step), prepend=0))
    total = np.add.reduceat(amount, head) if len(head) else amount
    return person[row][head].astype(np.int32), months[step[head]].astype(np.int32), np.round(total, 2)


def spells(line: Intervals, extra: pd.DataFrame, population: Population, *, seed: int) -> pd.DataFrame:
    """State spells and services: person, state (of the histories, STATES for a service), code, start, end."""
    # Nobody is in the register before the eighteenth birthday.
    adult = population.birth[line.person] + int(18 * 365.25)
    start = np.maximum(line.start, np.maximum(adult, population.years.first))
    keep = line.end > start
    person, state, start, end = line.person[keep], line.label[keep], start[keep], line.end[keep]
    which = choose(SUBSIDY_SHARES, uniform(seed, 91, person, start))
    code = np.where(state == SUBSIDISED, np.array(SUBSIDIES)[which], "")
    table = pd.DataFrame({"person": person, "state": state, "code": code, "start": start, "end": end})
    table = pd.concat([table, extra.assign(state=STATES)[table.columns.tolist()]], ignore_index=True)
    return table.sort_values(["person", "start", "state"], ignore_index=True, kind="stable")


def last_day(end: Days, years: Years) -> Days:
    """Raw end dates are the last day itself; stays that reach the end of the data go on."""
    return np.where(end >= years.until, OPEN, end - 1)
