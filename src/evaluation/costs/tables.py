"""Tables of costs for readers: means by payer and item, and who gains when a person moves."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pandas as pd

from evaluation.costs.assumptions import CostReference
from evaluation.costs.items import ITEMS
from evaluation.costs.payers import cost
from evaluation.schemas import PAYERS

PURSES = (*PAYERS, "all_public")
_COLUMNS = ["group", "window", "measure", "item", "estimate", "std_error", "persons", "episodes"]


def mean_costs(data: pd.DataFrame, *, months: int, arm: str = "arm", window: str = "window") -> pd.DataFrame:
    """Mean cost per episode by arm, window and payer, and by item and payer.

    Parameters
    ----------
    data : pandas.DataFrame
        Episodes with person_id, ``arm``, ``window`` and the columns of the ledger of payers.
    months : int
        Horizon.

    Returns
    -------
    pandas.DataFrame
        Columns of the results ledger: group (arm), window, measure (mean_cost, cost_item), item (payer or
        item:payer), unit, estimate, std_error, persons, episodes. Episodes without the full follow-up are
        left out.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": [1, 2], "arm": "pilot", "window": "after",
    ...     **{f"cost_{p}_12m_eur": [10.0, 20.0] for p in PURSES}})
    >>> mean_costs(frame, months=12)["estimate"].tolist()
    [15.0, 15.0, 15.0, 15.0, 15.0]
    """
    wanted = {f"cost_{payer}_{months}m_eur": ("mean_cost", payer) for payer in PURSES}
    wanted |= {
        f"item_{item}_{payer}_{months}m_eur": ("cost_item", f"{item}:{payer}") for item, payer in ITEMS
    }
    columns = [name for name in wanted if name in data]
    rows = data.loc[data[f"cost_all_public_{months}m_eur"].notna()]
    grouped = rows.groupby([arm, window], observed=True, sort=True)
    base = grouped.agg(persons=("person_id", "nunique"), episodes=("person_id", "size"))
    mean, error = grouped[columns].mean(), grouped[columns].sem()
    long = mean.melt(ignore_index=False, value_name="estimate", var_name="column")
    long["std_error"] = error.melt(ignore_index=False)["value"].to_numpy()
    out = long.join(base).reset_index().rename(columns={arm: "group", window: "window"})
    out["measure"] = out["column"].map(lambda name: wanted[name][0])
    out["item"] = out["column"].map(lambda name: wanted[name][1])
    return out[_COLUMNS].assign(unit="eur", topic="cost")


def cost_shift(
    reference: CostReference,
    *,
    year: int,
    price_year: int,
    paid_days_before: int,
    service: str,
    subsidy: str,
    benefit: str = "labour_market_support",
) -> pd.DataFrame:
    """What each payer pays for a person in a month of unemployment, a service, subsidised work or open work.

    The states go through the same ledger as the episodes: a person stays in one of them for a year, and the
    year is divided by twelve. Nobody needs to work more for the municipality to gain when a person moves from
    unemployment to a service.

    Parameters
    ----------
    reference : CostReference
    year : int
        Year lived through; taxes and benefit rates are those of that year.
    price_year : int
        Year in whose prices the table is given.
    paid_days_before : int
        Paid unemployed days of labour market support before; 300 puts the municipality's share at half.
    service, subsidy : str
        Codes of the service and of the subsidised work.
    benefit : str
        Benefit paid in unemployment and in the service, at the full basic rate.

    Returns
    -------
    pandas.DataFrame
        position, and one column a payer with all_public: euros a month.

    Examples
    --------
    See tests/test_cost_tables.py.
    """
    first = int(np.datetime64(f"{year}-01-01").astype(np.int64))
    day = np.datetime64(f"{year}-01-01") + np.arange(365)
    weekdays = int(np.is_busday(day).sum())
    rate = reference.value("basic_allowance_eur_per_day", year)
    wages = {
        2: reference.value("subsidised_work_earnings_eur_per_month"),
        3: reference.value("open_work_earnings_eur_per_month"),
    }
    months = (year - 1970) * 12 + np.arange(12)
    register = SimpleNamespace(
        benefits=pd.DataFrame(
            {
                "person_id": [0, 1],
                "benefit": benefit,
                "start": first,
                "end": first + 365,
                "days": weekdays,
                "amount_eur": weekdays * rate,
                "paid_days_before": float(paid_days_before),
            }
        ),
        spells=pd.DataFrame(
            {
                "person_id": [1, 2],
                "state": ["service", "subsidised_employment"],
                "code": [service, subsidy],
                "start": first,
                "end": first + 365,
            }
        ),
        earnings=pd.DataFrame(
            [(person, month, wage) for person, wage in wages.items() for month in months],
            columns=["person_id", "month", "earnings_eur"],
        ),
    )
    people = pd.DataFrame({"person_id": range(4), "index_day": first, "followed_days": 365})
    found = cost(
        register,
        people,
        months=[12],
        price_year=price_year,
        discount_rate=0.0,
        reference=reference,
    )
    table = pd.DataFrame({payer: found[f"cost_{payer}_12m_eur"] / 12 for payer in PURSES})
    table.insert(0, "position", ["unemployed", "service", "subsidised_work", "open_work"])
    return table


def shift_rows(table: pd.DataFrame, *, moves: Sequence[tuple[str, str]] = ()) -> pd.DataFrame:
    """Change in each payer's euros a month when a person moves from one state to another.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`cost_shift`.
    moves : sequence of (from, to), optional
        By default from unemployment to each other state.

    Returns
    -------
    pandas.DataFrame
        Columns of the results ledger: measure cost_shift, item ``from_to_to:payer``, estimate (+ pays more).

    Examples
    --------
    >>> table = pd.DataFrame({"position": ["unemployed", "service"], **{p: [100.0, 0.0] for p in PURSES}})
    >>> shift_rows(table)[["item", "estimate"]].values.tolist()[0]
    ['unemployed_to_service:municipality', -100.0]
    """
    by_state = table.set_index("position")
    chosen = list(moves) or [("unemployed", state) for state in by_state.index if state != "unemployed"]
    rows = [
        {
            "item": f"{one}_to_{other}:{payer}",
            "estimate": by_state.loc[other, payer] - by_state.loc[one, payer],
        }
        for one, other in chosen
        for payer in PURSES
    ]
    return pd.DataFrame(rows).assign(
        topic="cost", measure="cost_shift", unit="eur", method="unit values of the ledger"
    )
