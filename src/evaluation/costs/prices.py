"""Price years: no default year."""

from __future__ import annotations

import numpy as np
import pandas as pd


def price_factors(
    index: pd.DataFrame, *, years: list[int] | np.ndarray | pd.Series, price_year: int
) -> np.ndarray:
    """Multipliers that carry nominal euros of each year to the prices of ``price_year``.

    ``index`` is price_index.csv, with columns ``year`` and ``index``. ValueError if it lacks a year or
    repeats one.

    Examples
    --------
    >>> table = pd.DataFrame({"year": [2020, 2021], "index": [100.0, 102.0]})
    >>> price_factors(table, years=[2020, 2021], price_year=2021).tolist()
    [1.02, 1.0]
    """
    level = index.set_index("year")["index"].astype(float)
    if repeated := int(level.index.duplicated().sum()):
        raise ValueError(f"price_index: {repeated} years are repeated; keep one row each")
    wanted, place = np.unique(np.asarray(years, dtype=int), return_inverse=True)
    if lacking := sorted({*wanted.tolist(), int(price_year)} - set(level.index)):
        years_lacking = ", ".join(map(str, lacking))
        raise ValueError(f"price_index: no value for year {years_lacking}; add their rows with a source")
    return np.asarray(level[int(price_year)] / level.loc[wanted].to_numpy())[place]
