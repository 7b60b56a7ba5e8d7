"""The tables of a simulated delivery, with whole-number codes, before anything is damaged or written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from evaluation.simulation import delivery
from evaluation.simulation.population import Population
from evaluation.simulation.set_effects import Floats
from evaluation.timelines.spells import Intervals


def raw_tables(
    population: Population,
    sizes: pd.DataFrame,
    line: Intervals,
    help_: pd.DataFrame,
    paid: pd.DataFrame,
    wages: Floats,
    *,
    seed: int,
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Tables of a delivery by name, one at a time: last days inclusive, codes as in ``files.CODES``."""
    yield (
        "persons",
        pd.DataFrame(
            {
                "person": np.arange(len(population.birth)),
                "birth": population.birth,
                "sex": population.female.astype(int),
                "education": population.education,
                "native_language": population.language,
                "immigrant": population.immigrant.astype(int),
            }
        ),
    )
    stays = population.stays
    yield (
        "residence",
        pd.DataFrame(
            {
                "person": stays.person,
                "municipality": sizes["municipality"].to_numpy()[stays.label],
                "start": stays.start,
                "end": delivery.last_day(stays.end, population.years),
            }
        ),
    )
    states = delivery.spells(line, help_, population, seed=seed)
    yield "spells", states.assign(end=delivery.last_day(states["end"].to_numpy(), population.years))
    yield "benefits", paid.assign(benefit=paid["benefit"] - 1, end=paid["end"] - 1)
    yield "earnings", delivery.earnings(line, wages, population.years)


def area_costs(sizes: pd.DataFrame, years: Iterable[int], *, rng: np.random.Generator) -> pd.DataFrame:
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
        for year in years
        if rng.random() < 0.7
        for item, payer, per_client in items
    ]
    return pd.DataFrame(rows, columns=["area", "year", "item", "payer", "amount_eur", "source", "status"])
