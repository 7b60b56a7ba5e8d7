"""Who is in a simulated register, and where: real area sizes, municipalities, persons and moves."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.registers.reference import reference
from evaluation.study import Study
from evaluation.timelines.spells import Intervals
from evaluation.units import to_day

# The other municipalities' unemployed share of the labour force before the start (baseline_by_area.csv).
COMPARISON_SHARE = 0.114
# Municipalities whose membership nobody could verify are kept out of the comparison: fewer of them suffice.
POSSIBLE_PILOT_SCALE = 0.3


@dataclass(frozen=True)
class Years:
    """Days on which histories, the register and the reform begin, and on which the register has ended."""

    warm_up: int
    first: int
    reform: int
    until: int

    @classmethod
    def of(cls, study: Study) -> Years:
        """The years that a study simulates."""
        drawn = study.simulation
        return cls(to_day(drawn.warm_up), to_day(drawn.first), study.start_day, to_day(drawn.last) + 1)


@dataclass(frozen=True)
class Population:
    """Persons as arrays of one length, and their stays, labelled with the row of the municipality table."""

    years: Years
    birth: np.ndarray
    female: np.ndarray
    education: np.ndarray  # 0 basic, 1 secondary, 2 tertiary, 3 unknown
    language: np.ndarray  # 0 fi, 1 sv, 2 other
    immigrant: np.ndarray
    employability: np.ndarray
    fund_member: np.ndarray
    stays: Intervals


def municipality_sizes(study: Study, folder: Path) -> pd.DataFrame:
    """Size of every municipality in a simulated register, from the reference tables.

    One row per municipality: ``municipality``, ``arm``, ``area`` (empty outside confirmed pilots), ``unit``
    (pilot area, elsewhere the subregion), ``region``, ``clients`` (as in the table of areas or, where no
    number is known, a share of the labour force as elsewhere), ``swedish`` (share), ``urban``. Where the
    labour force of a municipality is missing: ValueError.
    """
    table = reference("municipalities", folder)
    areas = reference(study.areas.table, folder)
    baseline = reference("baseline_by_area", folder).set_index("area")
    labour_force = table.get("labour_force", pd.Series(np.nan, table.index))
    if labour_force.isna().any():
        raise ValueError(
            "municipalities.csv: labour_force is missing or not a number; fill it from StatFin 12r5"
        )
    eve = study.start - dt.timedelta(days=1)
    unemployed = areas["area"].map(baseline.get(f"unemployed_{eve:%Y-%m}", pd.Series(dtype=float)))
    clients = areas["clients_at_transfer"].fillna(unemployed).set_axis(areas["area"])

    arm, belongs = table[study.areas.arm_column].map(study.areas.arm_of), table[study.areas.column]
    pilot = arm == "pilot"
    area = belongs.where(pilot, "")
    in_area = labour_force.groupby(area).transform("sum")
    by_labour_force = COMPARISON_SHARE * labour_force
    by_labour_force *= np.where((arm == "possible_pilot") & (belongs == ""), POSSIBLE_PILOT_SCALE, 1.0)
    counted_clients = area.map(clients) * labour_force / in_area
    size = np.where(pilot & counted_clients.notna(), counted_clients, by_labour_force)
    swedish = table["language_fi"].map(
        lambda text: 0.9 if "yksikielinen ruotsin" in text.lower() else
        0.55 if "enemmistön kieli on ruotsi" in text else
        0.15 if "enemmistön kieli on suomi" in text else 0.01
    )  # fmt: skip
    return pd.DataFrame(
        {
            "municipality": table["municipality"],
            "arm": arm,
            "area": area,
            "unit": area.where(pilot, "subregion " + table["subregion_code"]),
            "region": table["region_code"],
            "clients": size,
            "swedish": swedish.astype(float),
            "urban": table["urban_rural_fi"].str.startswith("Kaupunki"),
        }
    )


def allocate(weights: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers in proportion to weights that add up to `total` (largest remainders).

    Examples
    --------
    >>> allocate(np.array([1.0, 1.0, 2.0]), 9).tolist()
    [2, 2, 5]
    """
    exact = weights / weights.sum() * total
    whole = np.floor(exact).astype(int)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - whole.sum()]] += 1
    return whole


def draw_population(
    sizes: pd.DataFrame, years: Years, *, persons: int, rng: np.random.Generator
) -> Population:
    """Persons of working age in every municipality, and their moves during the observed years."""
    home = np.repeat(np.arange(len(sizes)), allocate(sizes["clients"].to_numpy(), persons))
    home = rng.permutation(home)
    n = len(home)
    urban = sizes["urban"].to_numpy()[home]
    # From 8 to 58 years old at the start: every later year has its young people, none is past 67 at the end.
    birth = years.first - np.round(rng.uniform(8, 58, n) * 365.25).astype(np.int64)
    female = rng.random(n) < 0.47
    foreign = rng.random(n) < np.where(urban, 0.17, 0.05)
    swedish = rng.random(n) < sizes["swedish"].to_numpy()[home]
    language = np.where(foreign, 2, np.where(swedish, 1, 0))
    immigrant = np.where(language == 2, rng.random(n) < 0.85, rng.random(n) < 0.01)
    draw = rng.random(n)
    low = 0.22 + 0.12 * immigrant
    education = np.select([draw < low, draw < 0.74, draw < 0.97], [0, 1, 2], 3)
    age = (years.first - birth) / 365.25 + 4
    employability = (
        rng.normal(0, 0.75, n)
        + np.select([education == 0, education == 2], [-0.35, 0.35], 0.0)
        - 0.35 * immigrant
        - 0.02 * np.clip(age - 45, 0, None)
        + 0.05 * female
    )
    member = rng.random(n) < np.clip(0.25 + 0.012 * (age - 20), 0.15, 0.65) - 0.15 * immigrant
    employability += 0.25 * member - 0.1
    stays = _stays(home, sizes, birth, years, rng)
    return Population(years, birth, female, education, language, immigrant, employability, member, stays)


def _stays(
    home: np.ndarray, sizes: pd.DataFrame, birth: np.ndarray, years: Years, rng: np.random.Generator
) -> Intervals:
    """Stays by person and start: about 3 % move in a year, two of three within their region."""
    n = len(home)
    moves = np.minimum(rng.poisson(0.03 * (years.until - years.first) / 365.25, n), 4)
    mover = np.repeat(np.arange(n), moves)
    day = rng.integers(years.first + 30, years.until - 30, len(mover))
    target = rng.choice(len(sizes), len(mover), p=(sizes["clients"] / sizes["clients"].sum()).to_numpy())
    region = sizes["region"].to_numpy()
    near = rng.random(len(mover)) < 0.66
    draw = rng.random(len(mover))
    for code in np.unique(region):
        rows = np.flatnonzero(near & (region[home[mover]] == code))
        members = np.flatnonzero(region == code)
        share = np.cumsum(sizes["clients"].to_numpy()[members])
        target[rows] = members[np.searchsorted(share / share[-1], draw[rows], side="right")]
    since = np.maximum(years.first - rng.integers(1, 5000, n), birth)
    person = np.concatenate([np.arange(n), mover])
    start = np.concatenate([since, day])
    where = np.concatenate([home, target])
    order = np.lexsort((start, person))
    person, start, where = person[order], start[order], where[order]
    # A move to where one already lives, or two on a day, is no stay of its own.
    keep = np.ones(len(person), dtype=bool)
    keep[1:] = (person[1:] != person[:-1]) | ((where[1:] != where[:-1]) & (start[1:] != start[:-1]))
    person, start, where = person[keep], start[keep], where[keep]
    end = np.full(len(person), years.until)
    inside = person[1:] == person[:-1]
    end[:-1][inside] = start[1:][inside]
    return Intervals(person, start, end, where)
