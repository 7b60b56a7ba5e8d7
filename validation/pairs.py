"""Paired registers in memory: the same persons with the pilot and without it, measured and priced.

The difference of the two is the truth about outcomes and costs that estimates are judged by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.cohorts import cohort
from evaluation.costs import assumptions, payers
from evaluation.outcomes import measures
from evaluation.registers.reference import reference as read_reference
from evaluation.registers.stored import Register
from evaluation.schemas import DTYPES, REGISTER_TABLES
from evaluation.simulation import delivery
from evaluation.simulation.files import CODES
from evaluation.simulation.population import Years
from evaluation.simulation.register import Simulation, wages_and_services
from evaluation.simulation.tables import raw_tables
from evaluation.study import Study
from evaluation.timelines.spells import Intervals


@dataclass(frozen=True)
class Paired:
    """A register in memory, and the treated persons' part of it as it would be without the pilot."""

    register: Register
    without: Register


def paired_registers(drawn: Simulation, *, seed: int) -> Paired:
    """Canonical registers of a simulation with the pilot and, for its treated persons, without it.

    Parameters
    ----------
    drawn : Simulation
        From :func:`evaluation.simulate.draw`.
    seed : int
        Seed of wages and services, which both registers share; with the seed of the simulation they are those
        of :func:`evaluation.simulation.register.simulate`.

    Returns
    -------
    Paired
        Without dirt, so that nothing has to be mended.
    """
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence([seed, 1]).spawn(5)]
    wages, mix, before, during = wages_and_services(drawn, streams=streams)
    table = drawn.episodes
    touched = np.unique(table.loc[table["treated"], "person"])
    line = drawn.without[np.isin(drawn.without.person, touched)]
    return Paired(
        _register(drawn, drawn.line, during, wages, seed=mix),
        _register(drawn, line, before[before["person"].isin(touched)], wages, seed=mix),
    )


def _register(
    drawn: Simulation, line: Intervals, services: pd.DataFrame, wages: np.ndarray, *, seed: int
) -> Register:
    """The canonical tables that a clean delivery of these histories becomes."""
    years = drawn.population.years
    paid = delivery.benefits(line, drawn.phases, drawn.population, wages)
    raw = raw_tables(drawn.population, drawn.sizes, line, services, paid, wages, seed=seed)
    return Register(
        **{name: _canonical(table, name, years) for name, table in raw},
        area_costs=pd.DataFrame(columns=REGISTER_TABLES["area_costs"].names),
        observed_from=years.first,
        observed_until=years.until,
        simulated=True,
    )


def _canonical(raw: pd.DataFrame, name: str, years: Years) -> pd.DataFrame:
    frame = raw.rename(columns={"person": "person_id", "birth": "birth_day"})
    if "end" in frame:  # the last day itself, or open
        frame = frame.assign(end=np.minimum(frame["end"] + 1, years.until))
        frame = frame[(frame["end"] > frame["start"]) & (frame["start"] < years.until)]
    if "month" in frame:
        months = (
            np.array([years.first, years.until - 1])
            .astype("datetime64[D]")
            .astype("datetime64[M]")
            .astype(int)
        )
        frame = frame[frame["month"].between(*months)]
    out = {}
    for column in REGISTER_TABLES[name].columns:
        values = frame[column.name]
        labels = CODES.get(name, {}).get(column.name)
        if labels and column.kind == "code":
            values = pd.Categorical.from_codes(values, categories=pd.Index(labels.values(), dtype="str"))
        out[column.name] = pd.Series(values, index=frame.index).astype(DTYPES[column.kind])
    return pd.DataFrame(out).reset_index(drop=True)


def priced_episodes(
    drawn: Simulation, *, names: Sequence[str], seed: int, reference: Path, study: Study
) -> pd.DataFrame:
    """Episodes of a simulated register with outcomes, costs and, where treated, the truth about both.

    Parameters
    ----------
    drawn : Simulation
    names : sequence of str
        Outcomes and costs of the first year to keep.
    seed : int
        As :func:`paired_registers`.
    reference : pathlib.Path
        Folder of the reference tables.
    study : Study
        The reform: cohort and price year.

    Returns
    -------
    DataFrame
        As the episode table of the pipeline, with ``true_<name>`` (with the pilot minus without it) for
        episodes of the target group in pilot areas from the start on.
    """
    both = paired_registers(drawn, seed=seed)
    found = cohort.inflow(
        both.register, study, municipalities=read_reference("municipalities", reference)
    ).episodes
    prices = assumptions.cost_reference(reference)

    def measured(register: Register, episodes: pd.DataFrame) -> pd.DataFrame:
        paid = payers.cost(
            register,
            episodes,
            months=(12,),
            price_year=study.price_year,
            discount_rate=0.0,  # the first year is not discounted
            reference=prices,
        )
        happened = measures.measure(register, episodes, months=(12,))
        return happened.join(paid)[list(names)]

    table = found.join(measured(both.register, found))
    after = table["window"].str.startswith("after") & (table["group"] == "target_group")
    treated = table[after & (table["arm"] == "pilot")]
    truth = treated[list(names)] * 0.0
    if any(any(effect.values()) for effect in drawn.effects.values()):
        truth = treated[list(names)] - measured(both.without, treated[list(found)])
    return table.join(truth.add_prefix("true_"))
