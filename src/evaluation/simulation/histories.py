"""Labour-market histories of a simulated register before any shock or effect is laid on them.

A person is in one main state at a time. How long a stay lasts is drawn on a warped clock, the cumulative
hazard of the calendar, so that seasons and the COVID year are exact without a loop over days.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.simulation.population import Population, Years
from evaluation.study_parts import Cycle
from evaluation.timelines.spells import Intervals, timeline

Days = NDArray[np.int64]

UNEMPLOYED, LAID_OFF, WORK, SUBSIDISED, STUDY, OUTSIDE = range(6)
STATES = 6  # a delivery has one more, for services
BROAD = (UNEMPLOYED, LAID_OFF)


def calendar(years: Years, cycle: Sequence[Cycle]) -> dict[str, NDArray[np.float64]]:
    """Daily multipliers: `entry` into unemployment, `exit` from it, `layoff` share of separations."""
    days = np.arange(years.warm_up, years.until).astype("datetime64[D]")
    month = days.astype("datetime64[M]").astype(int) % 12
    entry = np.array([1.25, 0.85, 0.85, 0.9, 0.95, 1.3, 1.15, 1.0, 0.9, 0.9, 0.9, 1.15])[month]
    leave = np.array([0.9, 0.85, 0.95, 1.05, 1.25, 1.15, 0.9, 1.3, 1.1, 0.9, 0.85, 0.7])[month]
    layoff = np.array([0.1, 0.08, 0.06, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.06, 0.08, 0.1])[month]
    for part in cycle:
        when = (days >= np.datetime64(part.first)) & (days < np.datetime64(part.until))
        entry[when] *= part.entry
        leave[when] *= part.exit
        layoff[when] = part.layoffs
    return {"entry": entry, "exit": leave, "layoff": layoff}


def draw_histories(population: Population, *, cycle: Sequence[Cycle], rng: np.random.Generator) -> Intervals:
    """Main states of every person, labelled as above, without gaps from the first year drawn on."""
    years = population.years
    factors = calendar(years, cycle)
    grid = np.arange(years.warm_up, years.until + 1)
    clock = {name: np.concatenate([[0.0], np.cumsum(factors[name])]) for name in ("entry", "exit")}
    adult = population.birth + int(18 * 365.25)
    n = len(adult)
    state = rng.choice([WORK, STUDY, OUTSIDE, UNEMPLOYED], n, p=[0.62, 0.12, 0.12, 0.14])
    state[adult > years.warm_up] = STUDY
    person = np.arange(n)
    day = np.full(n, years.warm_up)
    pieces: list[tuple[Days, Days, Days, Days]] = []  # person, first day, day after the last, state
    first = True
    while len(person):
        ability = population.employability[person]
        until, following = _stay(state, day, ability, clock, grid, factors["layoff"], rng)
        if first:  # whoever is under 18 studies until the birthday at least
            until = np.maximum(until, np.minimum(adult, years.until))
            first = False
        pieces.append((person, day, until, state))
        going = until < years.until
        person, state, day = person[going], following[going], until[going]
    return timeline(*(np.concatenate(column) for column in zip(*pieces, strict=True)), labels=STATES)


def _stay(
    state: Days,
    day: Days,
    ability: NDArray[np.float64],
    clock: dict[str, NDArray[np.float64]],
    grid: Days,
    layoff: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[Days, Days]:
    """When each current stay ends, and the state that follows."""
    n = len(state)
    draw, choice, kind = rng.exponential(size=n), rng.random(n), rng.random(n)
    mean = np.select(
        [state == UNEMPLOYED, state == LAID_OFF, state == SUBSIDISED, state == STUDY, state == OUTSIDE],
        [172 * np.exp(-0.6 * ability), 75.0, 190.0, 420.0, 330 * np.exp(-0.2 * ability)],
        # Two kinds of job: temporary ones, and lasting ones.
        np.where(kind < 0.5 - 0.12 * ability, 170.0, 1900 * np.exp(0.35 * ability)),
    )
    until = np.empty(n, dtype=np.int64)
    for name, rows in (
        ("entry", state == WORK),
        ("exit", (state == UNEMPLOYED) | (state == LAID_OFF)),
    ):
        now = clock[name][day[rows] - grid[0]]
        until[rows] = np.ceil(np.interp(now + draw[rows] * mean[rows], clock[name], grid, right=grid[-1]))
    plain = (state == STUDY) | (state == OUTSIDE)
    until[plain] = day[plain] + 20 + np.round(draw[plain] * mean[plain]).astype(np.int64)
    fixed = state == SUBSIDISED
    until[fixed] = day[fixed] + np.round(90 + 200 * kind[fixed]).astype(np.int64)
    until = np.minimum(np.maximum(until, day + 1 + (draw * 6).astype(np.int64)), grid[-1])

    up = 0.08 * ability
    laid = layoff[np.minimum(until, grid[-1] - 1) - grid[0]]
    # Cumulative shares of the states that follow: work, subsidised, study, outside, else unemployed.
    shares = {
        UNEMPLOYED: (0.65 + up, 0.76 + 0.6 * up, 0.84 + 0.6 * up, 1.0),
        LAID_OFF: (0.84 + 0 * up, 0.85 + 0 * up, 0.86 + 0 * up, 0.88),
        SUBSIDISED: (0.36 + up, 0.36 + up, 0.38 + up, 0.48),
        STUDY: (0.52 + up, 0.53 + up, 0.53 + up, 0.60),
        OUTSIDE: (0.34 + up, 0.37 + up, 0.44 + up, 0.44),
        WORK: (0 * up, 0 * up, 0.05 + 0 * up, 0.13),
    }
    following = np.full(n, UNEMPLOYED)
    for current, steps in shares.items():
        rows = state == current
        edges = [np.broadcast_to(step, n)[rows] for step in steps]
        value = choice[rows]
        following[rows] = np.select(
            [value < edge for edge in edges], [WORK, SUBSIDISED, STUDY, OUTSIDE], UNEMPLOYED
        )
    separated = (state == WORK) & (following == UNEMPLOYED)
    following[separated & (rng.random(n) < laid)] = LAID_OFF
    return until, following
