"""Registers of a few rows for tests, with dates written as text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation import schemas
from evaluation.registers.stored import Register
from evaluation.study import read_study

TRIALS = read_study(Path(__file__).parents[1] / "studies" / "kuntakokeilut-2021.toml")


@dataclass(frozen=True)
class SmallRegister:
    """The attributes of the canonical register that cohort and outcomes read."""

    persons: pd.DataFrame
    residence: pd.DataFrame
    spells: pd.DataFrame
    benefits: pd.DataFrame
    earnings: pd.DataFrame
    observed_from: int
    observed_until: int
    simulated: bool = True

    days = Register.days

    def with_(self, **tables):
        return replace(self, **tables)


def day(text):
    return int(np.datetime64(text, "D").astype(int))


def table(name, rows):
    """A canonical table from tuples; text dates become days."""
    contract = schemas.REGISTER_TABLES[name]
    frame = pd.DataFrame(rows, columns=contract.names)
    for column in contract.columns:
        values = frame[column.name]
        if column.kind == "day":
            values = values.map(lambda x: day(x) if isinstance(x, str) else x)
        frame[column.name] = values.astype(schemas.DTYPES[column.kind])
    schemas.check(frame, contract)
    return frame


def register(*, persons, residence, spells, benefits=(), earnings=()):
    return SmallRegister(
        table("persons", persons),
        table("residence", residence),
        table("spells", spells),
        table("benefits", list(benefits)),
        table("earnings", list(earnings)),
        day("2016-01-01"),
        day("2025-01-01"),
    )


MUNICIPALITIES = pd.DataFrame(
    [
        ("005", None, "comparison", "14", "Taajaan asutut kunnat", "Oulun tk-alue"),
        ("035", None, "comparison", "21", "Maaseutumaiset kunnat", "Ei tk-alue"),
        ("091", "helsinki", "pilot", "01", "Kaupunkimaiset kunnat", "Helsingin tk-alue"),
        ("564", "oulu", "pilot", "17", "Kaupunkimaiset kunnat", "Oulun tk-alue"),
        ("630", None, "possible_pilot", "17", "Maaseutumaiset kunnat", "Ei tk-alue"),
    ],
    columns=["municipality", "pilot_area", "status", "region_code", "urban_rural_fi", "commuting_area_fi"],
)


def random_register(seed, *, people=60, spells=14):
    """Dirty on purpose: spells overlap across states, people move, benefits overlap."""
    rng = np.random.default_rng(seed)
    first, last = day("2016-01-01"), day("2025-01-01")
    person = np.arange(1, people + 1)
    persons = pd.DataFrame(
        {
            "person_id": person,
            "birth_day": rng.integers(day("1955-01-01"), day("2003-01-01"), people),
            "sex": rng.choice(schemas.SEXES, people),
            "education": rng.choice(schemas.EDUCATIONS, people),
            "native_language": rng.choice(schemas.NATIVE_LANGUAGES, people, p=[0.8, 0.1, 0.1]),
            "immigrant": rng.random(people) < 0.1,
        }
    )
    moves = rng.integers(first + 1, last, people)
    codes = MUNICIPALITIES["municipality"].to_numpy()
    residence = pd.DataFrame(
        {
            "person_id": np.repeat(person, 2),
            "municipality": rng.choice(codes, 2 * people),
            "start": np.column_stack([np.full(people, first), moves]).ravel(),
            "end": np.column_stack([moves, np.full(people, last)]).ravel(),
        }
    )
    many = people * spells
    start = rng.integers(first, last - 1, many)
    drawn = pd.DataFrame(
        {
            "person_id": np.repeat(person, spells),
            "state": rng.choice(schemas.STATES, many, p=[0.35, 0.05, 0.25, 0.1, 0.15, 0.05, 0.05]),
            "code": "",
            "start": start,
            "end": np.minimum(start + rng.integers(1, 500, many), last),
        }
    ).drop_duplicates(["person_id", "state", "start"])
    start = rng.integers(first, last - 40, many)
    length = rng.integers(1, 40, many)
    benefits = pd.DataFrame(
        {
            "person_id": np.repeat(person, spells),
            "benefit": rng.choice(schemas.BENEFITS, many),
            "start": start,
            "end": start + length,
            "days": length * 5 // 7 + 1,
            "amount_eur": np.round(length * 25.43, 2),
        }
    ).drop_duplicates(["person_id", "benefit", "start"])
    month = np.arange(552, 660)
    earnings = pd.DataFrame(
        {
            "person_id": np.repeat(person, len(month)),
            "month": np.tile(month, people),
            "earnings_eur": np.round(rng.gamma(2, 900, people * len(month)), 2),
        }
    )
    tables = {
        "persons": persons,
        "residence": residence,
        "spells": drawn,
        "benefits": benefits,
        "earnings": earnings,
    }
    typed = {
        name: frame.astype({c.name: schemas.DTYPES[c.kind] for c in schemas.REGISTER_TABLES[name].columns})
        for name, frame in tables.items()
    }
    return SmallRegister(**typed, observed_from=first, observed_until=last)
