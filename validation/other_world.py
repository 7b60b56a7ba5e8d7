"""A register that shares no code with the library's simulator: histories, drift, anticipation, shocks.

Persons move between states by durations drawn from Weibull and gamma distributions; how fast the unemployed
find work depends on the person, the COVID year, and municipality x quarter shocks that are autocorrelated and
partly common to a labour market area. With and without the trial the same random numbers are used, so
that a true effect is a difference of two histories of the same persons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.registers.stored import Register
from evaluation.schemas import DTYPES, REGISTER_TABLES, STATES

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FIRST, LAST = (int(np.datetime64(day, "D").astype(int)) for day in ("2016-01-01", "2025-01-01"))
START = int(np.datetime64("2021-03-01", "D").astype(int))
COVID = tuple(int(np.datetime64(day, "D").astype(int)) for day in ("2020-03-16", "2021-06-01"))
DRIFT_FROM = int(np.datetime64("2018-03-01", "D").astype(int))
QUARTER = 91.3125
UNEMPLOYED, LAID_OFF, OPEN, SUBSIDISED, SERVICE, STUDY, OUTSIDE = range(len(STATES))
CAREER_COACHING, PAY_SUBSIDY = "5", "60"
# Where each state leads, in the order of STATES; unemployment leads by its own hazards.
NEXT = {
    OPEN: (0.76, 0.06, 0.0, 0.0, 0.0, 0.06, 0.12),
    LAID_OFF: (0.2, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0),
    SERVICE: (0.62, 0.0, 0.25, 0.08, 0.0, 0.03, 0.02),
    SUBSIDISED: (0.6, 0.0, 0.38, 0.0, 0.0, 0.0, 0.02),
    STUDY: (0.45, 0.0, 0.5, 0.0, 0.0, 0.0, 0.05),
    OUTSIDE: (0.55, 0.0, 0.4, 0.0, 0.0, 0.05, 0.0),
    UNEMPLOYED: (0.0, 0.0, 0.58, 0.08, 0.22, 0.05, 0.07),
}
MEAN_DAYS = {
    OPEN: 620,
    LAID_OFF: 60,
    SERVICE: 120,
    SUBSIDISED: 190,
    STUDY: 420,
    OUTSIDE: 380,
    UNEMPLOYED: 170,
}
SHAPE = {OPEN: 0.8, LAID_OFF: 1.2, SERVICE: 1.6, SUBSIDISED: 1.8, STUDY: 1.4, OUTSIDE: 0.9, UNEMPLOYED: 0.8}


@dataclass(frozen=True)
class Truths:
    """What is true of each area: yearly drift and trial effect on the log hazard of finding work.

    ``anticipation`` lowers that hazard in the half-year before the start.
    """

    drift: Mapping[str, float]
    effect: Mapping[str, float]
    anticipation: Mapping[str, float]


@dataclass(frozen=True)
class World:
    """Persons with their places, and everything that moves municipalities."""

    persons: pd.DataFrame
    municipality: Ints  # row of the municipality table, by person
    places: pd.DataFrame
    shock: Floats  # municipality x quarter, on the log hazard


def world(
    municipalities: pd.DataFrame,
    *,
    persons: int,
    seed: int,
    shock_sd: float,
    autocorrelation: float,
    shared: float,
) -> World:
    """Draw persons and shocks.

    Parameters
    ----------
    municipalities : DataFrame
        Reference table; the mainland municipalities with a labour force are used.
    persons : int
    seed : int
    shock_sd : float
        Standard deviation of a municipality's shock in a quarter, on the log hazard.
    autocorrelation : float
        Of shocks from quarter to quarter.
    shared : float
        Share of the shocks' variance that a labour market area has in common.
    """
    rng = np.random.default_rng([seed, 1])
    places = municipalities[municipalities["labour_force"].notna()].reset_index(drop=True)
    size = places["labour_force"].to_numpy(float)
    home = np.sort(rng.choice(len(places), size=persons, p=size / size.sum()))
    level = rng.normal(0, 0.15, len(places)) + 0.05 * (places["status"] == "pilot")
    age = 18 + 47 * rng.beta(1.3, 1.4, persons)
    foreign = rng.random(persons) < np.clip(0.03 + 0.012 * np.log(size / 3000), 0.01, 0.2)[home]
    education = rng.choice(3, size=persons, p=(0.25, 0.5, 0.25))
    speed = (
        0.35 * (education - 1)
        - 0.012 * (age - 40)
        - 0.25 * foreign
        + level[home]
        + rng.normal(0, 0.4, persons)
    )
    frame = pd.DataFrame(
        {
            "age_2018": age,
            "sex": rng.choice(["female", "male"], size=persons),
            "education": np.array(["basic", "secondary", "tertiary"])[education],
            "native_language": np.where(foreign, "other", np.where(rng.random(persons) < 0.05, "sv", "fi")),
            "immigrant": foreign & (rng.random(persons) < 0.7),
            "speed": speed,
            "member": rng.random(persons) < 0.35 + 0.3 * (age > 30) + 0.1 * education,
            "wage": np.exp(rng.normal(7.7, 0.3, persons) + 0.15 * (education - 1)),
        }
    )
    quarters = int((LAST - FIRST) / QUARTER) + 1
    group, _ = pd.factorize(places["subregion_code"])
    own = _autoregressive(rng, len(places), quarters, autocorrelation) * np.sqrt(1 - shared)
    common = _autoregressive(rng, int(group.max()) + 1, quarters, autocorrelation)[group] * np.sqrt(shared)
    return World(frame, home, places, shock_sd * (own + common))


def _autoregressive(rng: np.random.Generator, units: int, periods: int, rho: float) -> Floats:
    out = np.empty((units, periods))
    out[:, 0] = rng.normal(size=units)
    for period in range(1, periods):
        out[:, period] = rho * out[:, period - 1] + np.sqrt(1 - rho**2) * rng.normal(size=units)
    return out


def histories(drawn: World, truths: Truths, *, seed: int, trial: bool) -> pd.DataFrame:
    """Spells of all persons: person, state, start, end (half-open days), insured at the start.

    With ``trial`` false nobody has an effect; the random numbers are the same.
    """
    rng = np.random.default_rng([seed, 2])
    people = len(drawn.persons)
    area = drawn.places["pilot_area"].fillna("").to_numpy(str)
    drift, effect, early = (
        np.array([table.get(name, 0.0) for name in area])[drawn.municipality]
        for table in (truths.drift, truths.effect, truths.anticipation)
    )
    speed, age = drawn.persons["speed"].to_numpy(), drawn.persons["age_2018"].to_numpy()
    foreign = (drawn.persons["native_language"] == "other").to_numpy() | drawn.persons["immigrant"].to_numpy()
    member = drawn.persons["member"].to_numpy()
    state = rng.choice(len(STATES), size=people, p=(0.11, 0.01, 0.66, 0.02, 0.03, 0.06, 0.11))
    day = np.full(people, FIRST)
    worked, insured = np.full(people, 700), member & (state == UNEMPLOYED)
    found = []
    while len(who := np.flatnonzero(day < LAST)):
        u, v, w = rng.random((3, people))
        now, at = state[who], day[who]
        insured[who] = np.where(now == UNEMPLOYED, insured[who] | (member[who] & (worked[who] > 180)), False)
        stayer = insured[who] & (age[who] + (at - 17532) / 365.25 >= 30) & ~foreign[who]
        quarter = np.clip(((at - FIRST) / QUARTER).astype(int), 0, drawn.shock.shape[1] - 1)
        hazard = speed[who] + drawn.shock[drawn.municipality[who], quarter]
        hazard -= 0.35 * ((at >= COVID[0]) & (at < COVID[1]))
        hazard += drift[who] * np.maximum(at - DRIFT_FROM, 0) / 365.25
        hazard -= early[who] * ((at >= START - 182) & (at < START))
        hazard += effect[who] * (trial & (at >= START) & ~stayer)
        hazard = np.where(now == UNEMPLOYED, hazard, 0.2 * speed[who] * np.where(now == OPEN, -1, 0))
        shape = np.array([SHAPE[s] for s in range(len(STATES))])[now]
        mean = np.array([MEAN_DAYS[s] for s in range(len(STATES))])[now]
        length = mean * (-np.log(np.maximum(u[who], 1e-12))) ** (1 / shape) * np.exp(-hazard)
        length = np.maximum(np.ceil(length), 1).astype(int)
        chance = np.array([NEXT[s] for s in range(len(STATES))])[now]
        # a faster way to work takes from the other ways out of unemployment
        chance[:, OPEN] *= np.where(now == UNEMPLOYED, np.exp(np.clip(hazard, -1, 1)), 1.0)
        chance /= chance.sum(axis=1, keepdims=True)
        following = (chance.cumsum(axis=1) < v[who][:, None]).sum(axis=1).clip(max=len(STATES) - 1)
        end = np.minimum(at + length, LAST)
        found.append(
            pd.DataFrame({"person": who, "state": now, "start": at, "end": end, "insured": insured[who]})
        )
        worked[who] = np.where(
            now == OPEN, length, np.where(now == UNEMPLOYED, worked[who], worked[who] // 2)
        )
        # a recall brings the laid-off back to the same employer after a short gap
        gap = np.where((now == OPEN) & (w[who] < 0.1), 1, 0)
        day[who], state[who] = end + gap, following
    return pd.concat(found, ignore_index=True).sort_values(["person", "start"], ignore_index=True)


def register(drawn: World, spells: pd.DataFrame, *, only: NDArray[np.bool_] | None = None) -> Register:
    """The canonical register of these histories, whole or of some persons."""
    spells = spells if only is None else spells[only[spells["person"].to_numpy()]]
    who = np.arange(len(drawn.persons)) if only is None else np.flatnonzero(only)
    people = drawn.persons.iloc[who]
    birth = 17532 - (people["age_2018"] * 365.25).to_numpy().astype(int)
    persons = people.assign(person_id=who, birth_day=birth)
    code = drawn.places["municipality"].to_numpy()[drawn.municipality[who]]
    residence = pd.DataFrame({"person_id": who, "municipality": code, "start": FIRST, "end": LAST})
    state = spells["state"].to_numpy()
    code_of_service = np.where(
        state == SERVICE, CAREER_COACHING, np.where(state == SUBSIDISED, PAY_SUBSIDY, "")
    )
    told = spells.assign(person_id=spells["person"], state=np.array(STATES)[state], code=code_of_service)
    return Register(
        persons=_typed(persons, "persons"),
        residence=_typed(residence, "residence"),
        spells=_typed(told[told["state"] != "outside"], "spells"),
        benefits=_typed(_benefits(spells), "benefits"),
        earnings=_typed(_earnings(spells, drawn.persons["wage"].to_numpy()), "earnings"),
        area_costs=pd.DataFrame(columns=REGISTER_TABLES["area_costs"].names),
        observed_from=FIRST,
        observed_until=LAST,
        simulated=True,
    )


def _typed(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    columns = REGISTER_TABLES[name].columns
    return pd.DataFrame({c.name: frame[c.name].astype(DTYPES[c.kind]) for c in columns}).reset_index(
        drop=True
    )


def _benefits(spells: pd.DataFrame) -> pd.DataFrame:
    """Four-week payments while unemployed or in a service; earnings-related for the insured, 400 days."""
    idle = spells[spells["state"].isin([UNEMPLOYED, SERVICE])]
    count = ((idle["end"] - idle["start"]) // 28).to_numpy()
    row = np.repeat(np.arange(len(idle)), count)
    order = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    start = idle["start"].to_numpy()[row] + 28 * order
    insured = idle["insured"].to_numpy()[row] & (order < 20)
    kind = np.where(insured, "earnings_related", "labour_market_support")
    amount = 20 * np.where(insured, 68.0, 34.5)
    columns = {
        "person_id": idle["person"].to_numpy()[row],
        "benefit": kind,
        "start": start,
        "end": start + 28,
    }
    return pd.DataFrame({**columns, "days": 20, "amount_eur": amount})


def _earnings(spells: pd.DataFrame, wage: Floats) -> pd.DataFrame:
    """Monthly earnings in work, in proportion to the days of the month."""
    work = spells[spells["state"].isin([OPEN, SUBSIDISED])]
    first, last = (
        work[name].to_numpy().astype("datetime64[D]").astype("datetime64[M]").astype(int)
        for name in ("start", "end")
    )
    count = last - first + 1
    row = np.repeat(np.arange(len(work)), count)
    month = np.repeat(first, count) + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    begins = month.astype("datetime64[M]").astype("datetime64[D]").astype(int)
    ends = (month + 1).astype("datetime64[M]").astype("datetime64[D]").astype(int)
    days = np.minimum(work["end"].to_numpy()[row], ends) - np.maximum(work["start"].to_numpy()[row], begins)
    person = work["person"].to_numpy()[row]
    frame = pd.DataFrame(
        {"person_id": person, "month": month, "earnings_eur": wage[person] * days / (ends - begins)}
    )
    return frame[days > 0].groupby(["person_id", "month"], as_index=False)["earnings_eur"].sum().round(2)
