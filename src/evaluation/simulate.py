"""A simulated register with known effects, written as a raw delivery like the real ones.

Sizes of areas are real; no person is. See docs/simulated-register.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation import simulate_delivery as delivery
from evaluation.simulate_dirt import soil
from evaluation.simulate_effects import YEAR, convert, draw_shifts, episodes, relay, unemployment_phases
from evaluation.simulate_files import write_register
from evaluation.simulate_histories import UNEMPLOYED, WORK, Timeline, draw_histories
from evaluation.simulate_population import Population, draw_population, municipality_sizes

PERSONS = 100_000
WORK_12M, SERVICE_DAYS = "open_employment_12m", "service_days_12m"
Effects = Mapping[str, float | Mapping[str, float]]

# A plausible mix: many areas without any effect, some with a gain, one with a loss.
DEFAULT_EFFECTS: Effects = {
    "helsinki": {WORK_12M: 0.01, SERVICE_DAYS: 2.0},
    "vantaa-kerava": {WORK_12M: 0.015, SERVICE_DAYS: 3.0},
    "oulu": {WORK_12M: 0.03, SERVICE_DAYS: 4.0},
    "pirkanmaa": {WORK_12M: 0.02, SERVICE_DAYS: 2.0},
    "turku": {WORK_12M: 0.0, SERVICE_DAYS: 4.0},
    "kainuu": {WORK_12M: 0.04},
    "raasepori-hanko": {WORK_12M: 0.02},
    "jyvaskyla": {WORK_12M: -0.02, SERVICE_DAYS: 3.0},
}
UNITS = {
    WORK_12M: "share",
    "open_employment_days_12m": "days",
    SERVICE_DAYS: "days",
    "unemployed_spell_days_12m": "days",
    "benefit_eur_12m": "eur",
}


def register(
    raw: Path,
    *,
    persons: int,
    seed: int,
    reference: Path,
    effects: Effects = DEFAULT_EFFECTS,
    area_shock_sd: float = 0.01,
    area_shock_share: float = 0.2,
    selection: float = 0.03,
    trend_break: float = 0.0,
    dirt: float = 0.002,
) -> None:
    """Write a simulated register into a folder, with the table of its true effects.

    Parameters
    ----------
    raw : pathlib.Path
        Folder for the delivery (made if it does not exist): seven CSV files, ``layout.toml`` and
        ``totuus.csv``.
    persons : int
        Persons in the register; ``PERSONS`` gives every area enough episodes.
    seed : int
        The same seed gives byte-identical files.
    reference : pathlib.Path
        Folder with the reference tables (sizes of areas and municipalities).
    effects : mapping
        Per pilot area the change of ``open_employment_12m`` (a share: 0.03 is three percentage points), or a
        mapping with ``open_employment_12m`` and ``service_days_12m`` (days per episode). Areas that are not
        named have no effect. It applies to target-group episodes that begin on 2021-03-01 or later.
    area_shock_sd : float
        Standard deviation of a municipality's own change of ``open_employment_12m`` between one window before
        and the three windows after the start.
    area_shock_share : float
        Share of that variance which municipalities of an area (elsewhere: of a subregion) have in common.
    selection : float
        How much lower pilot municipalities' ``open_employment_12m`` is in every period (levels only).
    trend_break : float
        Change of ``open_employment_12m`` in all pilot municipalities after the start that the pilot did not
        cause: breaks parallel trends.
    dirt : float
        Share of rows damaged in each table, 0 for a clean delivery.

    Raises
    ------
    ValueError
        For an unknown area or outcome in `effects`, or shares out of range.

    Examples
    --------
    >>> register(Path("data/raw/register"), persons=2000, seed=1, reference=Path("data/raw/reference"),
    ...          effects={"oulu": 0.03})  # doctest: +SKIP
    """
    sizes = municipality_sizes(reference)
    wanted = _wanted(effects, sorted(set(sizes["area"]) - {""}))
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(9)]
    population = draw_population(sizes, persons=persons, rng=streams[0])
    base = draw_histories(population, rng=streams[1])
    phases = unemployment_phases(base, population, rng=streams[2])
    table = episodes(base, phases, population, sizes)

    shift = draw_shifts(
        table,
        sizes,
        selection=selection,
        trend_break=trend_break,
        area_shock_sd=area_shock_sd,
        area_shock_share=area_shock_share,
        rng=streams[3],
    )
    person, start = table["person"].to_numpy(), table["start"].to_numpy()
    window = pd.factorize(table["window"], sort=True)[0]
    stratum = table["stratum"].to_numpy()
    arm = table["pilot"].to_numpy().astype(int)
    draws = streams[4].random((len(table), 5))
    by_chance = base.state[base.at(person, start + YEAR)] == WORK
    without = convert(by_chance, shift, (window * 2 + arm) * 8 + stratum, draws[:, 0])
    treated = (table["target"] & table["after"] & table["pilot"]).to_numpy()
    effect = table["area"].map({a: e[WORK_12M] for a, e in wanted.items()}).fillna(0).to_numpy() * treated
    area = pd.factorize(table["area"], sort=True)[0]
    cell = (area * 8 + stratum) * 2 + treated
    with_pilot = convert(without, effect, cell, draws[:, 1])
    line_without = relay(base, table, without, draws[:, 2:4])
    line = relay(base, table, with_pilot, draws[:, 2:4])

    wages = delivery.draw_wages(population, rng=streams[5])
    mix = int(streams[6].integers(1 << 30))
    paid_without = delivery.benefits(line_without, phases, population, wages)
    paid = delivery.benefits(line, phases, population, wages)
    help_without = delivery.services(line_without, seed=mix)
    help_ = delivery.services(line, seed=mix)
    days_of_help = delivery.days_covered(help_, person, start, start + YEAR)
    gained = days_of_help - delivery.days_covered(help_without, person, start, start + YEAR)
    set_days = table["area"].map({a: e[SERVICE_DAYS] for a, e in wanted.items() if SERVICE_DAYS in e})
    so_far = pd.Series(gained[treated]).groupby(area[treated]).mean()
    missing = (set_days - pd.Series(area, index=table.index).map(so_far)).fillna(0).to_numpy()
    extra = delivery.extra_services(table, treated & (missing > 0), missing, draws[:, 4], line)
    help_ = pd.concat([help_, extra], ignore_index=True).sort_values(["person", "start"], ignore_index=True)

    truth = _truth(table, treated, wanted, {
        WORK_12M: with_pilot.astype(float) - without,
        "open_employment_days_12m": line.days_in((WORK,), person, start, start + YEAR)
        - line_without.days_in((WORK,), person, start, start + YEAR),
        SERVICE_DAYS: delivery.days_covered(help_, person, start, start + YEAR)
        - delivery.days_covered(help_without, person, start, start + YEAR),
        "unemployed_spell_days_12m": line.days_in((UNEMPLOYED,), person, start, start + YEAR)
        - line_without.days_in((UNEMPLOYED,), person, start, start + YEAR),
        "benefit_eur_12m": delivery.amount_in(paid, person, start, start + YEAR)
        - delivery.amount_in(paid_without, person, start, start + YEAR),
    })  # fmt: skip

    tables = raw_tables(population, sizes, line, help_, paid, delivery.earnings(line, wages), seed=mix)
    tables["area_costs"] = area_costs(sizes, rng=streams[7])
    order = streams[8].permutation(10 * persons)[:persons]
    pseudonyms = [f"H{number:07d}" for number in order]
    write_register(raw, soil(tables, dirt=dirt, rng=streams[8]), pseudonyms=pseudonyms, truth=truth)


def _wanted(effects: Effects, areas: list[str]) -> dict[str, dict[str, float]]:
    unknown = sorted(set(effects) - set(areas))
    if unknown:
        raise ValueError(f"effects: no pilot area {', '.join(unknown)}; areas are {', '.join(areas)}")
    wanted: dict[str, dict[str, float]] = {area: {WORK_12M: 0.0} for area in areas}
    for area, value in effects.items():
        wanted[area] |= dict(value) if isinstance(value, Mapping) else {WORK_12M: float(value)}
        strange = sorted(set(wanted[area]) - {WORK_12M, SERVICE_DAYS})
        if strange or abs(wanted[area][WORK_12M]) > 0.3:
            raise ValueError(
                f"effects[{area!r}] = {value}: settable are {WORK_12M} (-0.3 to 0.3) and {SERVICE_DAYS}"
            )
    return wanted


def _truth(
    table: pd.DataFrame,
    treated: np.ndarray,
    wanted: dict[str, dict[str, float]],
    differences: dict[str, np.ndarray],
) -> pd.DataFrame:
    """One row per area and outcome: the set effect, and the mean paired difference that was realised.

    Episodes counted are those of inflow cohorts: a new spell of unemployment, none in the 90 days before.
    """
    rows = treated & table["counted"].to_numpy()
    frame = pd.DataFrame({name: np.asarray(value)[rows] for name, value in differences.items()})
    frame["area"] = table["area"].to_numpy()[rows]
    realised = frame.groupby("area").mean()
    count = frame.groupby("area").size()
    return pd.DataFrame(
        [
            {
                "area": area,
                "outcome": outcome,
                "group": "target_group",
                "effect": wanted[area].get(outcome, np.nan),
                "realised_effect": realised[outcome].get(area, np.nan),
                "unit": UNITS[outcome],
                "episodes": int(count.get(area, 0)),
            }
            for area in wanted
            for outcome in differences
        ]
    )


def raw_tables(
    population: Population,
    sizes: pd.DataFrame,
    line: Timeline,
    help_: pd.DataFrame,
    paid: pd.DataFrame,
    earned: pd.DataFrame,
    *,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Tables of a delivery with last days inclusive and whole-number codes as in ``simulate_files.CODES``."""
    states = delivery.spells(line, help_, population, seed=seed)
    states["end"] = delivery.last_day(states["end"].to_numpy())
    states["state"] = states["state"].replace({9: 6})
    return {
        "persons": pd.DataFrame(
            {
                "person": np.arange(len(population.birth)),
                "birth": population.birth,
                "sex": population.female.astype(int),
                "education": population.education,
                "native_language": population.language,
                "immigrant": population.immigrant.astype(int),
            }
        ),
        "residence": pd.DataFrame(
            {
                "person": population.stay_person,
                "municipality": sizes["municipality"].to_numpy()[population.stay_home],
                "start": population.stay_start,
                "end": delivery.last_day(population.stay_end),
            }
        ),
        "spells": states,
        "benefits": paid.assign(benefit=paid["benefit"] - 1, end=paid["end"] - 1),
        "earnings": earned,
    }


def area_costs(sizes: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Programme spending of a few areas in a few years: most is unpublished, so most is missing here."""
    clients = sizes[sizes["area"] != ""].groupby("area")["clients"].sum()
    known = rng.permutation(len(clients))[: len(clients) // 3]
    items = (
        ("henkilöstö", 0, 240.0),
        ("palveluhankinnat", 0, 90.0),
        ("palkkatuki", 1, 160.0),
        ("hankkeet", 3, 25.0),
    )
    rows = [
        {
            "area": clients.index[a],
            "year": year,
            "item": item,
            "payer": payer,
            "amount_eur": round(per_client * float(clients.iloc[a]) * float(rng.lognormal(0, 0.2)), -2),
            "source": "simuloitu",
            "status": 0,
        }
        for a in np.sort(known)
        for year in (2021, 2022, 2023)
        if rng.random() < 0.7
        for item, payer, per_client in items
    ]
    return pd.DataFrame(rows, columns=["area", "year", "item", "payer", "amount_eur", "source", "status"])
