"""The ledger of payers: what each episode costs municipality, state, unemployment funds and the EU.

A cost is money out of a public purse; taxes and contributions gained are negative costs. Every item is split
over its payers, so the payers of an episode sum to its public total to the cent, and transfers between payers
cancel in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaluation.costs.assumptions import CostReference, cost_reference
from evaluation.costs.items import BENEFIT_ITEMS, ITEMS, benefits_paid, services_used, taxes_on_earnings
from evaluation.schemas import PAYERS, require
from evaluation.study import Study
from evaluation.timelines.accrual import sums_between
from evaluation.timelines.spells import PERSON_BITS, key
from evaluation.units import horizon_days, require_horizons, to_day

_MICRO = 1_000_000  # whole millionths of a euro: sums do not depend on their order
COUNT_TOLD_BY = ["benefit", "paid_days_before"]
HALF_COUNT = "cost_municipality_half_count_12m_eur"
SHARED = ("labour_market_support", "municipality")  # the item that hangs on the count
PROGRAMME_ITEMS = tuple(("programme", payer) for payer in PAYERS)


def cost(
    register: Any,
    episodes: pd.DataFrame,
    study: Study | None = None,
    *,
    months: Sequence[int] | None = None,
    price_year: int | None = None,
    discount_rate: float | None = None,
    reference: CostReference | None = None,
    look_back_days: int | None = None,
    programme: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Net public cost of each episode by payer, with the items behind it.

    Parameters
    ----------
    register : Register
        With ``benefits``, ``spells`` and ``earnings`` (canonical tables).
    episodes : pandas.DataFrame
        person_id, index_day and followed_days; ``area`` where ``programme`` is given.
    study : Study, optional
        Gives months, price year and discount rate where they are not given here.
    months : sequence of int, optional
        Any whole months after the index date; 12 months are 365 days.
    price_year : int, optional
        Year in whose prices the costs are given.
    discount_rate : float, optional
        Yearly rate: months 1–12 after the index date count in full, months 13–24 are divided by 1 + rate.
    reference : CostReference, optional
        Assumptions, unit costs, price index and municipal share, from `cost_reference`; by default those of
        the project.
    look_back_days : int, optional
        Days before the index date from which paid days of labour market support are counted for the municipal
        share, where benefits do not tell the payer's own count (`paid_days_before`): the same for every
        window, or a register that begins late would make the share rise by itself. By default those between
        the register's first day and the study's first index date; without a study all of the register.
    programme : pandas.DataFrame, optional
        Programme spending per client: area, payer, start_day, eur_per_client (prices of ``price_year``),
        added once to each episode of the area that begins on start_day or later. A payer without a row spends
        nothing; a row without an amount makes the cost missing: it is never filled in.

    Returns
    -------
    pandas.DataFrame
        Index of ``episodes``; ``cost_{payer}_{m}m_eur`` for every payer and all_public, and
        ``item_{item}_{payer}_{m}m_eur``. Missing where the episode is followed for less than the horizon.

    Raises
    ------
    ValueError
        If neither the study nor the call gives months, price year and discount rate, or a column, an index or
        a unit cost is missing.

    Examples
    --------
    >>> found = cost(register, cohort.episodes, study)
    >>> [name for name in found if name.startswith("cost_") and name.endswith("_24m_eur")][:2]
    ['cost_municipality_24m_eur', 'cost_state_24m_eur']

    Hand-worked costs of single episodes are in tests/test_costs.py.
    """
    months = study.cost_horizons_months if months is None and study else months
    price_year = study.price_year if price_year is None and study else price_year
    discount_rate = study.discount_rate if discount_rate is None and study else discount_rate
    if months is None or price_year is None or discount_rate is None:
        raise ValueError("cost: months, price_year and discount_rate are needed; give them or a study")
    reference = cost_reference() if reference is None else reference
    require("reference", reference, "price_index")
    require("register", register, "benefits", "spells", "earnings")
    if look_back_days is None and study:
        look_back_days = look_back(int(register.observed_from), study)
    _check(episodes, months)
    bounds = _bounds(months)
    segments = _segments(register, episodes, bounds, price_year, reference, look_back_days)
    return _columns(segments, episodes, bounds, months, discount_rate, programme)


def look_back(observed_from: int, study: Study) -> int:
    """Days from the register's first day to the study's first index date: what every window has."""
    return max(to_day(study.first_day) - observed_from, 0)


def counted_by_payer(benefits: pd.DataFrame) -> bool:
    """Whether the payer's own count of paid days is told for at least half of labour market support.

    With half of the payments told the rest follows exactly; with few, most persons have none.
    """
    if "paid_days_before" not in benefits:
        return False
    support = benefits.loc[benefits["benefit"] == "labour_market_support", "paid_days_before"]
    return bool(len(support)) and bool(support.notna().mean() >= 0.5)


def half_count(
    register: Any,
    episodes: pd.DataFrame,
    study: Study,
    *,
    reference: CostReference,
    priced: pd.DataFrame,
) -> pd.DataFrame:
    """The municipality's cost if paid days were counted over half the look-back, as column `HALF_COUNT`.

    Shows how much the share hangs on where the count starts; where the payer told its own count
    (`counted_by_payer`) it says nothing. The costs as `priced` keep all items but the one that is shared.
    """
    bounds = _bounds(study.cost_horizons_months)
    benefits, spells, _, edges = _concerned(register, episodes, bounds)
    given = study.price_year, reference, look_back(int(register.observed_from), study) // 2
    euros = _benefits(benefits, spells, edges, *given)
    within = bounds[1:] <= horizon_days(12)
    own = euros[:, within, ITEMS.index(SHARED)].sum(axis=1)
    others = priced["cost_municipality_12m_eur"] - priced["item_{}_{}_12m_eur".format(*SHARED)]
    return pd.DataFrame({HALF_COUNT: np.round(others + np.round(own, 2), 2)})


def _check(episodes: pd.DataFrame, horizons: Sequence[int]) -> None:
    require("episodes", episodes, "person_id", "index_day", may_be_empty=["followed_days"])
    require_horizons(horizons)
    if not episodes.index.is_unique:
        raise ValueError(
            f"episodes: {int(episodes.index.duplicated().sum())} index values repeat; use episode_id"
        )


def _bounds(horizons: Sequence[int]) -> np.ndarray:
    """Days from the index date to each horizon and to each year before the last of them."""
    ends = [horizon_days(months) for months in horizons]
    return np.unique([0, *ends, *range(365, max(ends), 365)])


def _segments(
    register: Any,
    episodes: pd.DataFrame,
    bounds: np.ndarray,
    price_year: int,
    reference: CostReference,
    look_back: int | None,
) -> np.ndarray:
    """Euros of each episode between its bounds, by item."""
    if episodes.empty:
        return np.empty((0, len(bounds) - 1, len(ITEMS)))
    benefits, spells, earnings, edges = _concerned(register, episodes, bounds)
    given = edges.ravel(), price_year, reference
    parts = (
        _benefits(benefits, spells, edges, price_year, reference, look_back),
        _between(services_used(spells, *given), edges),
        _between(taxes_on_earnings(earnings, *given), edges),
    )
    return np.concatenate(parts, axis=2)


def _benefits(
    benefits: pd.DataFrame,
    spells: pd.DataFrame,
    edges: np.ndarray,
    price_year: int,
    reference: CostReference,
    look_back: int | None,
) -> np.ndarray:
    """Euros of benefits of each episode between its bounds: days are counted anew for each that overlaps."""
    turn = np.zeros(len(edges), dtype=np.intp) if look_back is None else _turn(edges)
    euros = np.empty((len(edges), edges.shape[1] - 1, len(BENEFIT_ITEMS)))
    for number in range(turn.max(initial=-1) + 1):
        own = edges[turn == number]
        if number:  # a few persons
            few = own[:, 0] >> PERSON_BITS
            benefits, spells = (of[np.isin(of["person_id"].to_numpy(), few)] for of in (benefits, spells))
        flow = benefits_paid(benefits, spells, own.ravel(), price_year, reference, own[:, 0], look_back)
        euros[turn == number] = _between(flow, own)
    return euros


def _turn(edges: np.ndarray) -> np.ndarray:
    """Place of each episode among those of its person that overlap: episodes of one place never do."""
    order = np.argsort(edges[:, 0], kind="stable")
    begins, ends = edges[order, 0], edges[order, -1]
    apart = np.append(True, begins[1:] >= ends[:-1])
    place = np.arange(len(order))
    turn = np.empty_like(place)
    turn[order] = place - np.maximum.accumulate(np.where(apart, place, 0))
    return turn


def _concerned(
    register: Any, episodes: pd.DataFrame, bounds: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Benefits, spells and earnings of the persons with episodes, and the bounds of each episode as keys."""
    person = episodes["person_id"].to_numpy()
    tables = (register.benefits, register.spells, register.earnings)
    benefits, spells, earnings = (of[np.isin(of["person_id"].to_numpy(), person)] for of in tables)
    index_day = episodes["index_day"].to_numpy(dtype=np.int64)
    return benefits, spells, earnings, key(person[:, None], index_day[:, None] + bounds)


def _between(flow: tuple[np.ndarray, np.ndarray], edges: np.ndarray) -> np.ndarray:
    """Euros of a flow between the bounds of each episode, by item."""
    at, values = flow
    found = sums_between(at, np.round(values * _MICRO).astype(np.int64), bounds=edges)
    return found.astype(float) / _MICRO


def _columns(
    segments: np.ndarray,
    episodes: pd.DataFrame,
    bounds: np.ndarray,
    horizons: Sequence[int],
    rate: float,
    programme: pd.DataFrame | None,
) -> pd.DataFrame:
    factor = (1.0 + rate) ** -(bounds[:-1] // 365).astype(float)  # a year's euros fall at its start
    running = np.cumsum(segments * factor[:, None], axis=1)
    added = _programme(programme, episodes)
    items = (*ITEMS, *(PROGRAMME_ITEMS if programme is not None else ()))
    out: dict[str, np.ndarray] = {}
    for months in horizons:
        ends = horizon_days(months)
        complete = episodes["followed_days"].to_numpy() >= ends
        values = np.concatenate([running[:, np.searchsorted(bounds, ends) - 1], added], axis=1)
        cents = np.where(complete[:, None], np.round(values, 2) + 0.0, np.nan)
        payer_of = np.array([payer for _, payer in items])
        by_payer = {payer: np.round(cents[:, payer_of == payer].sum(axis=1), 2) for payer in PAYERS}
        for payer in PAYERS:
            out[f"cost_{payer}_{months}m_eur"] = by_payer[payer]
        out[f"cost_all_public_{months}m_eur"] = np.round(np.sum(list(by_payer.values()), axis=0), 2)
        for place, (item, payer) in enumerate(items):
            out[f"item_{item}_{payer}_{months}m_eur"] = cents[:, place]
    return pd.DataFrame(out, index=episodes.index)


def _programme(programme: pd.DataFrame | None, episodes: pd.DataFrame) -> np.ndarray:
    if programme is None:
        return np.empty((len(episodes), 0))
    require("programme", programme, "area", "payer", "start_day", may_be_empty=["eur_per_client"])
    area, day = episodes["area"].astype("str"), episodes["index_day"].to_numpy()
    columns = []
    for payer in PAYERS:
        spending = programme.loc[programme["payer"] == payer].set_index("area")
        if spending.index.duplicated().any():
            raise ValueError(f"programme: areas repeat for payer {payer}; add their items up first")
        begun = day >= area.map(spending["start_day"]).to_numpy(dtype=float)
        columns.append(np.where(begun, area.map(spending["eur_per_client"]).to_numpy(dtype=float), 0.0))
    return np.stack(columns, axis=1)
