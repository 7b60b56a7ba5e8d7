"""Tables of costs for readers: means by payer and item, and who gains when a person moves."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from evaluation.costs.assumptions import CostReference
from evaluation.costs.items import ITEMS
from evaluation.costs.payers import cost
from evaluation.schemas import PAYERS

PURSES = (*PAYERS, "all_public")


def mean_costs(data: pd.DataFrame) -> pd.DataFrame:
    """Mean cost per episode in the first year by arm (`side`), window and payer, and by item and payer.

    Episodes without the full year are left out. Columns of the results ledger: group (arm), window, measure
    (mean_cost, cost_item), item (payer or item:payer), unit, estimate, std_error, persons, episodes.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": [1, 2], "side": "pilot", "window": "after",
    ...     **{f"cost_{p}_12m_eur": [10.0, 20.0] for p in PURSES}})
    >>> mean_costs(frame)["estimate"].tolist()
    [15.0, 15.0, 15.0, 15.0, 15.0]
    """
    means = {f"cost_{payer}_12m_eur": ("mean_cost", payer) for payer in PURSES}
    items = {f"item_{item}_{payer}_12m_eur": ("cost_item", f"{item}:{payer}") for item, payer in ITEMS}
    wanted = {name: said for name, said in (means | items).items() if name in data}
    rows = data.loc[data["cost_all_public_12m_eur"].notna()]
    grouped = rows.groupby(["side", "window"], observed=True, sort=True)
    base = grouped.agg(persons=("person_id", "nunique"), episodes=("person_id", "size"))
    mean, error = grouped[list(wanted)].mean(), grouped[list(wanted)].sem()
    long = mean.melt(ignore_index=False, value_name="estimate", var_name="column")
    long["std_error"] = error.melt(ignore_index=False)["value"].to_numpy()
    long["measure"] = [wanted[name][0] for name in long["column"]]
    long["item"] = [wanted[name][1] for name in long["column"]]
    out = long.drop(columns="column").join(base).reset_index().rename(columns={"side": "group"})
    return out.assign(unit="eur")


def cost_shift(
    reference: CostReference,
    *,
    year: int,
    price_year: int,
    paid_days_before: int,
    service: str,
    subsidy: str,
) -> pd.DataFrame:
    """What each payer pays for a person in a month of unemployment, a service, subsidised work or open work.

    The states go through the same ledger as the episodes: a person stays in one of them for a year, and the
    year is divided by twelve. Nobody needs to work more for the municipality to gain when a person moves from
    unemployment to a service. In both the person is paid labour market support at the full basic rate.

    Taxes and benefit rates are those of `year`, prices those of `price_year`. `paid_days_before` are paid
    unemployed days of labour market support: 300 put the municipality's share at half. `service` and
    `subsidy` are codes of the service and of the subsidised work. Index: the state; one column a payer with
    all_public: euros a month.
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
    whole_year = {"start": first, "end": first + 365}
    register = SimpleNamespace(
        benefits=pd.DataFrame(
            {
                "person_id": [0, 1],
                "benefit": "labour_market_support",
                "days": weekdays,
                "amount_eur": weekdays * rate,
                "paid_days_before": float(paid_days_before),
                **whole_year,
            }
        ),
        spells=pd.DataFrame(
            {
                "person_id": [1, 2],
                "state": ["service", "subsidised_employment"],
                "code": [service, subsidy],
                **whole_year,
            }
        ),
        earnings=pd.DataFrame(
            [(person, month, wage) for person, wage in wages.items() for month in months],
            columns=["person_id", "month", "earnings_eur"],
        ),
    )
    people = pd.DataFrame({"person_id": range(4), "index_day": first, "followed_days": 365})
    found = cost(register, people, months=[12], price_year=price_year, discount_rate=0.0, reference=reference)
    return pd.DataFrame({payer: found[f"cost_{payer}_12m_eur"] / 12 for payer in PURSES}).set_axis(
        ["unemployed", "service", "subsidised_work", "open_work"]
    )


def shift_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Change in each payer's euros a month when a person moves from unemployment to another state.

    Takes the table of :func:`cost_shift` and gives columns of the results ledger: measure cost_shift, item
    ``from_to_to:payer``, estimate (+ pays more).

    Examples
    --------
    >>> table = pd.DataFrame({p: [100.0, 0.0] for p in PURSES}, index=["unemployed", "service"])
    >>> shift_rows(table)[["item", "estimate"]].values.tolist()[0]
    ['unemployed_to_service:municipality', -100.0]
    """
    change = (table - table.loc["unemployed"]).drop("unemployed")
    rows = [
        {"item": f"unemployed_to_{state}:{payer}", "estimate": change.loc[state, payer]}
        for state in change.index
        for payer in PURSES
    ]
    return pd.DataFrame(rows).assign(measure="cost_shift", unit="eur", method="unit values of the ledger")
