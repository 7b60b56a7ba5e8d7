"""Price years and discounting: no default year, no default rate."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd


def price_factors(index: pd.DataFrame, *, years: Iterable[int], price_year: int) -> np.ndarray:
    """Multipliers that carry nominal euros of each year to the prices of ``price_year``.

    Parameters
    ----------
    index : pandas.DataFrame
        Price index with columns ``year`` and ``index`` (price_index.csv).
    years : iterable of int
        Year of each amount.
    price_year : int
        Year in whose prices the result is expressed.

    Returns
    -------
    numpy.ndarray
        index(price_year) / index(year), one value per year given.

    Raises
    ------
    ValueError
        If the index lacks a year.

    Examples
    --------
    >>> table = pd.DataFrame({"year": [2020, 2021], "index": [100.0, 102.0]})
    >>> price_factors(table, years=[2020, 2021], price_year=2021).tolist()
    [1.02, 1.0]
    """
    level = table_by_year(index)
    wanted = np.asarray(list(years), dtype=int)
    lacking = sorted({int(year) for year in [*wanted, price_year]} - set(level))
    if lacking:
        raise ValueError(f"price_index: no value for {lacking}; add their rows with a source")
    return level[price_year] / np.array([level[int(year)] for year in wanted], dtype=float)


def table_by_year(index: pd.DataFrame) -> dict[int, float]:
    """Index level by year, refusing repeated years.

    Examples
    --------
    >>> table_by_year(pd.DataFrame({"year": [2021], "index": [105.9]}))
    {2021: 105.9}
    """
    if index["year"].duplicated().any():
        raise ValueError(
            f"price_index: {int(index['year'].duplicated().sum())} years are repeated; keep one row each"
        )
    return dict(zip(index["year"].astype(int).tolist(), index["index"].astype(float).tolist(), strict=True))


def discount_factors(times: np.ndarray | Iterable[float], *, rate: float, timing: str) -> np.ndarray:
    """Present value today of one euro in each year.

    Parameters
    ----------
    times : array-like of float
        Year number of each flow, 0 for the first year.
    rate : float
        Yearly discount rate, 0.03 for 3 %.
    timing : {"start", "middle", "end"}
        When within its year a flow is taken to fall.

    Examples
    --------
    >>> discount_factors([0, 1], rate=0.25, timing="start").tolist()
    [1.0, 0.8]
    """
    shifts = {"start": 0.0, "middle": 0.5, "end": 1.0}
    if timing not in shifts:
        raise ValueError(f"timing: {timing!r} is not among {list(shifts)}")
    return (1.0 + rate) ** -(np.asarray(times, dtype=float) + shifts[timing])
