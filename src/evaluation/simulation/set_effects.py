"""Set effects, shocks and selection on simulated histories, with the paired counterfactual.

Headline outcome of an episode: in open-market work exactly 365 days after the first day of unemployment. A
change of d in its probability is made by giving a share d / (1 - q) of those without work on that day a job
that lasts over it (q: share in work in their cell), or by taking work from a share -d / q of those with it.
A change alters one stay around one such day and no other episode's day, so probabilities change by exactly d.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.schemas import BENEFITS, NATIVE_LANGUAGES
from evaluation.simulation.histories import (
    BROAD,
    LAID_OFF,
    OUTSIDE,
    STATES,
    SUBSIDISED,
    UNEMPLOYED,
    WORK,
    Days,
)
from evaluation.simulation.population import Population
from evaluation.study_parts import TargetGroup
from evaluation.timelines.lookups import days_within, locate, status
from evaluation.timelines.spells import Intervals, select, timeline

YEAR = 365
WASHOUT = 90
FULL_ENTITLEMENT = 400
NO_BENEFIT, SUPPORT, BASIC, EARNINGS_RELATED = range(4)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Phases:
    """Unbroken times in unemployment or lay-off."""

    spans: Intervals
    benefit: Days  # at the start
    left: Days  # paid days left of the basic or earnings-related allowance at the start


def unemployment_phases(line: Intervals, population: Population, *, rng: np.random.Generator) -> Phases:
    """Phases with the benefit each starts on.

    The work condition is 26 weeks of work in the last 28 months; who fulfils it gets 400 paid days anew,
    earnings-related for members of an unemployment fund, else as basic allowance. Everybody else gets labour
    market support, or nothing (means test).
    """
    spans = select(line, BROAD)
    person, start, end = spans.person, spans.start, spans.end
    n = len(person)
    same = np.diff(person, prepend=-1) == 0
    first_day = int(line.start[0])
    since = np.maximum(start - 850, first_day)
    worked = days_within(select(line, (WORK, SUBSIDISED)), person, since, start)
    # Work before the simulated years is unknown: a draw decides for phases that open them.
    entitled = (worked >= 182) | ((start == first_day) & (rng.random(n) < 0.5))
    # Outside the funds many work too few hours for the condition.
    entitled &= population.fund_member[person] | (rng.random(n) < 0.2)
    unpaid = rng.random(n) < 0.10
    paid = weekdays(start, end)
    order = np.arange(n) - np.maximum.accumulate(np.where(same, 0, np.arange(n)))
    left = np.where(entitled, FULL_ENTITLEMENT, 0)
    for k in range(1, int(order.max()) + 1):
        rows = np.flatnonzero((order == k) & ~entitled)
        left[rows] = np.maximum(left[rows - 1] - paid[rows - 1], 0)
    insured = np.where(population.fund_member[person], EARNINGS_RELATED, BASIC)
    benefit = np.where(left > 0, insured, np.where(unpaid, NO_BENEFIT, SUPPORT))
    return Phases(spans, benefit, left)


def weekdays(start: Days, end: Days) -> Days:
    """Benefit days, five a week, from `start` until (not including) `end`."""
    return np.busday_count(start.astype("datetime64[D]"), end.astype("datetime64[D]"))


def episodes(
    line: Intervals, phases: Phases, population: Population, sizes: pd.DataFrame, *, rule: TargetGroup
) -> pd.DataFrame:
    """One row per spell of unemployment or lay-off of the register whose first year is observed.

    `stratum` tells apart what cohorts may tell apart: target group or not, entry by unemployment or lay-off,
    and 90 days before without unemployment and subsidised work, or not. Each stratum gets the effect in full.
    """
    years = population.years
    rows = np.isin(line.label, BROAD) & (line.start > years.first) & (line.start + YEAR < years.until)
    person, start, state = line.person[rows], line.start[rows], line.label[rows]
    home = status(population.stays, person, start)
    phase = locate(phases.spans, person, start)
    drawn = weekdays(phases.spans.start[phase], start) < phases.left[phase]
    stayer = (
        (phases.benefit[phase] == 1 + BENEFITS.index(rule.stay_benefit))
        & drawn
        & ((start - population.birth[person]) / 365.2425 >= rule.stay_age)
        & np.isin(
            population.language[person], [NATIVE_LANGUAGES.index(one) for one in rule.national_languages]
        )
        & ~population.immigrant[person]
    )
    laid_off = state == LAID_OFF
    quarter = person, start - WASHOUT, start
    before = days_within(select(line, (UNEMPLOYED, SUBSIDISED)), *quarter)
    washed = before + days_within(select(line, (LAID_OFF,)), *quarter) * laid_off == 0
    return pd.DataFrame(
        {
            "person": person,
            "start": start,
            "spell_end": line.end[rows],
            "home": home,
            "area": sizes["area"].to_numpy()[home],
            "pilot": (sizes["arm"].to_numpy() == "pilot")[home],
            "target": ~stayer,
            "counted": washed & ~laid_off,
            "stratum": 4 * ~stayer + 2 * laid_off + washed,
            "window": (start - years.reform) // YEAR,  # twelve-month windows around the start of the reform
            "after": start >= years.reform,
        }
    )


def draw_shifts(
    table: pd.DataFrame,
    sizes: pd.DataFrame,
    *,
    selection: float,
    area_shock_sd: float,
    area_shock_share: float,
    drifts: Mapping[str, float],
    rng: np.random.Generator,
) -> Floats:
    """Change of the probability of work that has nothing to do with the trial, per episode.

    Shocks are drawn per municipality and twelve-month window, a share of their variance in common for the
    pilot area (elsewhere: the subregion). They are scaled so that the change from one window before the start
    to the mean of three after it has the standard deviation `area_shock_sd`. A drift of an area adds up from
    the window that begins three years before the start on.
    """
    windows = np.sort(table["window"].unique())
    units, unit = np.unique(sizes["unit"].to_numpy(), return_inverse=True)
    scale = area_shock_sd / np.sqrt(1 + 1 / 3)
    own = rng.normal(0, scale * np.sqrt(1 - area_shock_share), (len(sizes), len(windows)))
    common = rng.normal(0, scale * np.sqrt(area_shock_share), (len(units), len(windows)))
    window = np.searchsorted(windows, table["window"])
    home = table["home"].to_numpy()
    shock = own[home, window] + common[unit[home], window]
    pilot = table["pilot"].to_numpy()
    drift = table["area"].map(dict(drifts)).fillna(0).to_numpy()
    years = np.maximum(table["window"].to_numpy() + 3, 0)
    return shock - selection * pilot + drift * years


def convert(outcome: NDArray[np.bool_], shift: Floats, cell: Days, draw: Floats) -> NDArray[np.bool_]:
    """Outcomes whose probability differs by `shift` from the given ones, on average over each cell.

    Examples
    --------
    >>> y = np.array([True, False, False, False])
    >>> convert(y, np.full(4, 0.75), np.zeros(4, int), np.zeros(4)).tolist()
    [True, True, True, True]
    """
    size = np.bincount(cell)
    share = (np.bincount(cell, weights=outcome) / np.maximum(size, 1))[cell]
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(~outcome & (shift > 0), shift / (1 - share), 0.0)
        lose = np.where(outcome & (shift < 0), -shift / share, 0.0)
    return outcome ^ _pick(np.minimum(gain + lose, 1.0), cell, draw)


def _pick(probability: Floats, cell: Days, draw: Floats) -> NDArray[np.bool_]:
    """Picks with the given probabilities, as many per cell as their sum says (systematic, in random order).

    The effect that is realised so stays within one episode per cell of the one that was set.
    """
    offset = (np.bincount(cell, weights=draw) % 1.0)[cell]
    order = np.lexsort((draw, cell))
    running = np.cumsum(probability[order])
    first = np.diff(cell[order], prepend=-1) > 0
    within = running - (running - probability[order])[first][np.cumsum(first) - 1]
    reached = np.floor(within + offset[order])
    before = np.floor(within - probability[order] + offset[order])
    picked = np.zeros(len(cell), dtype=bool)
    picked[order] = reached > before
    return picked


def relay(line: Intervals, table: pd.DataFrame, outcome: NDArray[np.bool_], draws: Floats) -> Intervals:
    """Histories in which every episode has the given outcome on its 365th day.

    `draws` are two uniform numbers an episode, for when a change begins and how long it lasts: the same for
    every counterfactual.
    """
    person = table["person"].to_numpy()
    start = table["start"].to_numpy()
    day = start + YEAR
    row = locate(line, person, day)
    state = line.label[row]
    now = state == WORK
    previous = np.full(len(table), -(10**6))
    following = np.full(len(table), 10**6)
    same = person[1:] == person[:-1]
    previous[1:][same] = day[:-1][same]
    following[:-1][same] = day[1:][same]
    low, high = line.start[row], line.end[row]
    idle = np.isin(state, BROAD)
    early, late = draws[:, 0], draws[:, 1]
    long = 30 + np.floor(-300 * np.log1p(-late * 0.999)).astype(np.int64)

    # A job instead of unemployment runs until that unemployment would have ended, so that no new spell of
    # unemployment appears; where another episode's day is in the way, it stays under the washout of 90 days.
    earliest = np.minimum(np.maximum.reduce([low + idle, previous + 1, start + 1]), day)
    free = following >= high
    brief = idle & (~free | (state == LAID_OFF))
    earliest = np.where(brief, np.maximum(earliest, day - 40), earliest)
    begin = day - np.floor(early * np.minimum(day - earliest + 1, 150)).astype(np.int64)
    stop = np.where(idle, np.where(brief, day + 45, high), day + 1 + long)
    stop = np.minimum.reduce([stop, high, following])

    # Work taken away: the first job after the episode starts later, else the person is out for some weeks.
    delayed = day + 1 + np.floor(120 * late).astype(np.int64)
    delay = (
        (low == table["spell_end"].to_numpy())
        & (previous < low)
        & (delayed <= high - 91)
        & (following >= delayed)
    )
    out_begin = np.maximum.reduce([day - np.floor(60 * early).astype(np.int64), low, previous + 1, start + 1])
    out_stop = np.minimum.reduce([delayed, high, following])

    gain, lose = outcome & ~now, ~outcome & now
    changed = gain | lose
    bump_start = np.where(gain, begin, np.where(delay, low, out_begin))[changed]
    bump_stop = np.where(gain, stop, np.where(delay, delayed, out_stop))[changed]
    bump_state = np.where(gain, WORK, np.where(delay, UNEMPLOYED, OUTSIDE))[changed]
    return overlay(line, person[changed], bump_start, bump_stop, bump_state)


def overlay(line: Intervals, person: Days, start: Days, stop: Days, state: Days) -> Intervals:
    """Histories with parts replaced; a part yields to the one of the person that begins before it."""
    order = np.lexsort((start, person))
    person, start, stop, state = person[order], start[order], stop[order], state[order]
    again = person[1:] == person[:-1]
    start[1:] = np.where(again, np.maximum(start[1:], stop[:-1]), start[1:])
    layers = timeline(
        np.concatenate([person, line.person]),
        np.concatenate([start, line.start]),
        np.concatenate([stop, line.end]),
        np.concatenate([state, line.label + STATES]),  # what is replaced counts less
        labels=2 * STATES,
    )
    return timeline(layers.person, layers.start, layers.end, layers.label % STATES, labels=STATES)
