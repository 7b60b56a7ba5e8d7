"""Spending on the trial itself: mostly unpublished, so a range, never a filled-in number."""

from __future__ import annotations

import numpy as np
import pandas as pd


def cost_per_client(area_costs: pd.DataFrame, clients: pd.Series) -> pd.DataFrame:
    """Programme spending per client of each area; what is not published stays missing.

    Parameters
    ----------
    area_costs : pandas.DataFrame
        Canonical table: area, year, item, payer, amount_eur, source, status.
    clients : pandas.Series
        Clients by area; a missing number leaves the area missing.

    Returns
    -------
    pandas.DataFrame
        Index area; reported_eur (per client; missing unless every item has an amount), low_eur (published
        items only, a lower bound), high_eur (highest of the areas with complete figures), items,
        missing_items, status (ok / missing).

    Examples
    --------
    >>> costs = pd.DataFrame({"area": ["a", "b"], "amount_eur": [100.0, None]})
    >>> cost_per_client(costs, pd.Series({"a": 10, "b": 10, "c": 5}))["reported_eur"].tolist()
    [10.0, nan, nan]
    """
    grouped = area_costs.groupby(area_costs["area"].astype("str"))["amount_eur"]
    items = grouped.size().reindex(clients.index, fill_value=0)
    missing = (grouped.size() - grouped.count()).reindex(clients.index, fill_value=0)
    low = grouped.sum(min_count=1).reindex(clients.index) / clients
    complete = (items > 0) & (missing == 0) & clients.notna()
    reported = low.where(complete)
    return pd.DataFrame(
        {
            "reported_eur": reported,
            "low_eur": low,
            "high_eur": reported.fillna(reported.max()),
            "items": items,
            "missing_items": missing,
            "status": np.where(complete, "ok", "missing"),
        },
        index=clients.index,
    )
