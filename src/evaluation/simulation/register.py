"""A simulated register with known effects, written as a raw delivery like the real ones.

Sizes of areas are real; no person is. See docs/simulated-register.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.registers.reference import FOLDER
from evaluation.simulation import delivery
from evaluation.simulation.dirt import refuse_strange, soil
from evaluation.simulation.files import write_register
from evaluation.simulation.histories import UNEMPLOYED, WORK, Days, draw_histories
from evaluation.simulation.population import Population, Years, draw_population, municipality_sizes
from evaluation.simulation.set_effects import (
    YEAR,
    Floats,
    Phases,
    convert,
    draw_shifts,
    episodes,
    relay,
    unemployment_phases,
)
from evaluation.simulation.tables import area_costs, raw_tables
from evaluation.study import Study
from evaluation.timelines.lookups import days_within, status
from evaluation.timelines.spells import Intervals, select
from evaluation.units import unit_of

PERSONS = 100_000
WORK_12M, SERVICE_DAYS = "open_employment_12m", "service_days_12m"
Effects = Mapping[str, float | Mapping[str, float]]


@dataclass(frozen=True)
class Simulation:
    """What was drawn: histories with the pilot and without it, and the episodes they differ in.

    `episodes` has a row per spell of unemployment or lay-off with `outcome` and `outcome_without` (in
    open-market work 365 days later); `counted` marks those that inflow cohorts use, `treated` the target
    group of pilot areas from the start on.
    """

    sizes: pd.DataFrame
    population: Population
    phases: Phases
    line: Intervals
    without: Intervals
    episodes: pd.DataFrame
    effects: dict[str, dict[str, float]]
    drifts: dict[str, float]


def simulate(
    raw: Path | str,
    study: Study,
    *,
    persons: int = PERSONS,
    seed: int,
    reference: Path | str = FOLDER,
    effects: Effects | None = None,
    area_shock_sd: float | None = None,
    drifts: Mapping[str, float] | None = None,
    area_shock_share: float = 0.2,
    selection: float = 0.03,
    dirt: float = 0.002,
) -> None:
    """Write a simulated register into a folder, with the table of its true effects.

    Parameters
    ----------
    raw : path
        Folder for the delivery (made if it does not exist): six CSV files, ``layout.toml`` and
        ``totuus.csv``.
    study : Study
        The reform that is simulated.
    persons : int
        Persons in the register; the default gives every area enough episodes.
    seed : int
        The same seed gives byte-identical files.
    reference : path
        Folder with the reference tables (sizes of areas and municipalities).
    effects : mapping, optional
        Per pilot area the change of ``open_employment_12m`` (a share: 0.03 is three percentage points), or a
        mapping with ``open_employment_12m`` and ``service_days_12m`` (days per episode). Areas that are not
        named have no effect. It applies to target-group episodes from the start on. By default those of the
        study.
    area_shock_sd : float
        Standard deviation of a municipality's own change of ``open_employment_12m`` between one window before
        and the three windows after the start. By default that of the study.
    drifts : mapping, optional
        Per pilot area the yearly change of ``open_employment_12m`` of all its jobseekers, from three years
        before the start on, that the reform did not cause. By default those of the study, without `effects`.
    area_shock_share : float
        Share of that variance which municipalities of an area (elsewhere: of a subregion) have in common.
    selection : float
        How much lower pilot municipalities' ``open_employment_12m`` is in every period (levels only).
    dirt : float
        Share of rows damaged in each table, 0 for a clean delivery.

    Raises
    ------
    ValueError
        For an unknown area or outcome in `effects`, or shares out of range.

    Examples
    --------
    >>> simulate(folder / "register", study, persons=2000, seed=1, effects={"oulu": 0.03})
    >>> (folder / "register" / "layout.toml").exists()
    True
    """
    refuse_strange(dirt)
    drawn = draw(
        study,
        persons=persons,
        seed=seed,
        reference=Path(reference),
        effects=effects,
        area_shock_sd=area_shock_sd,
        drifts=drifts,
        area_shock_share=area_shock_share,
        selection=selection,
    )
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence([seed, 1]).spawn(5)]
    population, table, year = drawn.population, drawn.episodes, _first_years(drawn)
    wages, mix, before, during = wages_and_services(drawn, streams=streams)
    paid_without = delivery.benefits(drawn.without, drawn.phases, population, wages)
    paid = delivery.benefits(drawn.line, drawn.phases, population, wages)
    days = {
        state: days_within(select(drawn.line, (state,)), *year)
        - days_within(select(drawn.without, (state,)), *year)
        for state in (WORK, UNEMPLOYED)
    }
    euros, euros_without = (
        delivery.total_in(one["amount_eur"].to_numpy(), one, *year) for one in (paid, paid_without)
    )
    differences = {
        WORK_12M: table["outcome"].to_numpy().astype(float) - table["outcome_without"].to_numpy(),
        "open_employment_days_12m": days[WORK],
        SERVICE_DAYS: delivery.days_covered(during, *year) - delivery.days_covered(before, *year),
        "unemployed_spell_days_12m": days[UNEMPLOYED],
        "benefit_eur_12m": euros - euros_without,
    }
    truth = _truth(table, drawn, differences)
    sizes, line = drawn.sizes, drawn.line
    del drawn, paid_without, before, table, differences  # only the truth needed them
    spent = range(study.start.year, study.after.last.year + 1)
    costs = area_costs(sizes, spent, rng=streams[3])
    numbers = streams[4].permutation(10 * persons)[:persons]
    pseudonyms = [f"H{number:07d}" for number in numbers]
    tables = raw_tables(population, sizes, line, during, paid, wages, seed=mix)
    soiled = ((name, soil(name, one, dirt=dirt, rng=streams[4])) for name, one in tables)
    together = chain(soiled, [("area_costs", costs)])
    write_register(Path(raw), together, pseudonyms=pseudonyms, truth=truth, years=population.years)


def wages_and_services(
    drawn: Simulation, *, streams: Sequence[np.random.Generator]
) -> tuple[Floats, int, pd.DataFrame, pd.DataFrame]:
    """Wages by person, the seed of what belongs to person and day, services without the pilot and with it."""
    years, table, year = drawn.population.years, drawn.episodes, _first_years(drawn)
    wages = delivery.draw_wages(drawn.population, rng=streams[0])
    mix = int(streams[1].integers(1 << 30))
    before, during = (delivery.services(line, years, seed=mix) for line in (drawn.without, drawn.line))
    gained = delivery.days_covered(during, *year) - delivery.days_covered(before, *year)
    days = {area: set_[SERVICE_DAYS] for area, set_ in drawn.effects.items() if SERVICE_DAYS in set_}
    wanted = table["area"].map(days).to_numpy(float)
    during = delivery.adjust_services(
        during, table, gained=gained, wanted=wanted, line=drawn.line, rng=streams[2]
    )
    return wages, mix, before, during


def _first_years(drawn: Simulation) -> tuple[Days, Days, Days]:
    """Person, first day and day after the last of each episode's first year."""
    start = drawn.episodes["start"].to_numpy()
    return drawn.episodes["person"].to_numpy(), start, start + YEAR


def draw(
    study: Study,
    *,
    persons: int,
    seed: int,
    reference: Path,
    effects: Effects | None = None,
    area_shock_sd: float | None = None,
    drifts: Mapping[str, float] | None = None,
    area_shock_share: float = 0.2,
    selection: float = 0.03,
) -> Simulation:
    """Histories and episodes of a simulated register in memory, without files: a second for 100,000 persons.

    Arguments are those of `simulate`, which writes what this draws.
    """
    sizes = municipality_sizes(study, reference)
    areas = sorted(set(sizes["area"]) - {""})
    wanted = _wanted(study.simulation.effects if effects is None else effects, areas)
    drifts = study.simulation.drifts if drifts is None and effects is None else drifts or {}
    _refuse_unknown(drifts, areas, what="drifts")
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence([seed, 0]).spawn(5)]
    population = draw_population(sizes, Years.of(study), persons=persons, rng=streams[0])
    base = draw_histories(population, cycle=study.simulation.cycle, rng=streams[1])
    phases = unemployment_phases(base, population, rng=streams[2])
    table = episodes(base, phases, population, sizes, rule=study.target_group)
    shift = draw_shifts(
        table,
        sizes,
        selection=selection,
        area_shock_sd=study.simulation.area_shock_sd if area_shock_sd is None else area_shock_sd,
        area_shock_share=area_shock_share,
        drifts=drifts,
        rng=streams[3],
    )
    draws = streams[4].random((len(table), 4))
    by_chance = status(base, table["person"].to_numpy(), table["start"].to_numpy() + YEAR) == WORK
    stratum, pilot = table["stratum"].to_numpy(), table["pilot"].to_numpy()
    window, area = (pd.factorize(table[name], sort=True)[0] for name in ("window", "area"))
    without = convert(by_chance, shift, (window * 2 + pilot) * 8 + stratum, draws[:, 0])
    treated = (table["target"] & table["after"] & table["pilot"]).to_numpy()
    effect = table["area"].map({name: e[WORK_12M] for name, e in wanted.items()}).fillna(0).to_numpy()
    outcome = convert(without, effect * treated, (area * 8 + stratum) * 2 + treated, draws[:, 1])
    return Simulation(
        sizes=sizes,
        population=population,
        phases=phases,
        line=relay(base, table, outcome, draws[:, 2:]),
        without=relay(base, table, without, draws[:, 2:]),
        episodes=table.assign(treated=treated, outcome=outcome, outcome_without=without),
        effects=wanted,
        drifts=dict(drifts),
    )


def _refuse_unknown(named: Iterable[str], areas: list[str], *, what: str) -> None:
    if unknown := sorted(set(named) - set(areas)):
        raise ValueError(f"{what}: no pilot area {', '.join(unknown)}; areas are {', '.join(areas)}")


def _wanted(effects: Effects, areas: list[str]) -> dict[str, dict[str, float]]:
    _refuse_unknown(effects, areas, what="effects")
    wanted: dict[str, dict[str, float]] = {area: {WORK_12M: 0.0} for area in areas}
    for area, value in effects.items():
        wanted[area] |= dict(value) if isinstance(value, Mapping) else {WORK_12M: float(value)}
        strange = sorted(set(wanted[area]) - {WORK_12M, SERVICE_DAYS})
        if strange or abs(wanted[area][WORK_12M]) > 0.3:
            raise ValueError(
                f"effects[{area!r}] = {value}: settable are {WORK_12M} (-0.3 to 0.3) and {SERVICE_DAYS}"
            )
    return wanted


def _truth(table: pd.DataFrame, drawn: Simulation, differences: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row per area and outcome: the set effect, and the mean paired difference that was realised.

    Episodes counted are those of inflow cohorts: a new spell of unemployment, none in the 90 days before.
    """
    frame = pd.DataFrame({"area": table["area"].to_numpy(), **differences})
    by_area = frame[(table["treated"] & table["counted"]).to_numpy()].groupby("area")
    realised, count = by_area.mean(), by_area.size()
    return pd.DataFrame(
        [
            {
                "area": area,
                "outcome": outcome,
                "group": "target_group",
                "effect": drawn.effects[area].get(outcome, np.nan),
                "drift_per_year": drawn.drifts.get(area, 0.0) if outcome == WORK_12M else np.nan,
                "realised_effect": realised[outcome].get(area, np.nan),
                "unit": unit_of(outcome),
                "episodes": int(count.get(area, 0)),
            }
            for area in drawn.effects
            for outcome in differences
        ]
    )
