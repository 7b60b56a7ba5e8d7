"""Spending on the trial itself: mostly unpublished, so a range, never a filled-in number."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Staff and projects; bought services and pay subsidies are in the ledger of payers at unit cost already.
PROGRAMME_ITEMS = ("henkilöstö", "hankkeet")


def cost_per_client(area_costs: pd.DataFrame, clients: pd.Series) -> pd.DataFrame:
    """Programme spending in euros per client, by area; what is not published stays missing.

    Columns: reported (missing unless every item has an amount), low (published items only, a lower bound),
    high (highest of the areas with complete figures). A missing number of clients leaves the area missing.

    Examples
    --------
    >>> costs = pd.DataFrame({"area": ["a", "b"], "amount_eur": [100.0, None]})
    >>> cost_per_client(costs, pd.Series({"a": 10, "b": 10, "c": 5}))["reported"].tolist()
    [10.0, nan, nan]
    """
    areas = area_costs["area"].astype("str")
    low = area_costs["amount_eur"].groupby(areas).sum(min_count=1).reindex(clients.index) / clients
    complete = area_costs["amount_eur"].notna().groupby(areas).all()
    reported = low.where(complete.reindex(clients.index, fill_value=False))
    return pd.DataFrame({"reported": reported, "low": low, "high": reported.fillna(reported.max())})


def programme_rows(area_costs: pd.DataFrame, clients: pd.Series, *, area: str) -> pd.DataFrame:
    """Spending per client and year: as reported, or at least what is published; missing stays missing."""
    counted = area_costs[area_costs["item"].isin(PROGRAMME_ITEMS)]
    years = counted.groupby("area", observed=True)["year"].transform("nunique")
    yearly = counted.assign(amount_eur=counted["amount_eur"] / years)
    found = cost_per_client(yearly, clients).reindex([area]).iloc[0]
    return pd.DataFrame({"item": found.index, "estimate": found.to_numpy()}).assign(
        measure="programme_cost_per_client",
        unit="eur",
        status=np.where(found.isna(), "missing", "ok"),
    )
