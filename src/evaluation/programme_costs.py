"""Spending on the trial itself: mostly unpublished, so a range, never a filled-in number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.prices import price_factors


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


def programme_spending(
    area_costs: pd.DataFrame,
    clients: pd.DataFrame,
    *,
    items: Sequence[str],
    start_day: int,
    price_index: pd.DataFrame,
    price_year: int,
) -> pd.DataFrame:
    """Spending per client by area and payer, for ``costs.ledger(programme=…)``.

    Parameters
    ----------
    area_costs : pandas.DataFrame
        Canonical table: area, year, item, payer, amount_eur.
    clients : pandas.DataFrame
        area, year, clients.
    items : sequence of str
        Items to count, named one by one: staff and projects, say. Pay subsidies and services bought are
        already in the ledger at unit cost and would be counted twice.
    start_day : int
        Day from which episodes carry the spending.
    price_index : pandas.DataFrame
    price_year : int

    Returns
    -------
    pandas.DataFrame
        area, payer, start_day, eur_per_client: all years of the area together, in prices of ``price_year``;
        missing where an amount or a number of clients is missing.

    Raises
    ------
    ValueError
        If an item is not in the table.

    Examples
    --------
    >>> spent = pd.DataFrame({"area": ["a"], "year": [2021], "item": ["staff"], "payer": ["municipality"],
    ...                       "amount_eur": [1000.0]})
    >>> people = pd.DataFrame({"area": ["a"], "year": [2021], "clients": [10]})
    >>> index = pd.DataFrame({"year": [2021], "index": [100.0]})
    >>> programme_spending(spent, people, items=["staff"], start_day=18687, price_index=index,
    ...                    price_year=2021)["eur_per_client"].tolist()
    [100.0]
    """
    unknown = sorted(set(items) - set(area_costs["item"]))
    if unknown:
        raise ValueError(f"area_costs.item: no {unknown}; found are {sorted(set(area_costs['item']))}")
    rows = area_costs.loc[area_costs["item"].isin(items)].astype({"area": "str", "payer": "str"})
    factor = price_factors(price_index, years=rows["year"], price_year=price_year)
    rows = rows.assign(amount_eur=rows["amount_eur"] * factor)
    total = rows.groupby(["area", "payer"])["amount_eur"].agg(lambda x: x.sum(skipna=False)).reset_index()
    years = rows[["area", "year"]].drop_duplicates().merge(clients, how="left", validate="1:1")
    people = years.groupby("area")["clients"].agg(lambda x: x.sum(skipna=False))
    total["eur_per_client"] = total["amount_eur"] / total["area"].map(people).astype(float)
    return total.assign(start_day=start_day)[["area", "payer", "start_day", "eur_per_client"]]
