"""Several strategies against each other: dominance, extended dominance and the ratios along the frontier."""

from __future__ import annotations

import numpy as np
import pandas as pd

STATUS_ORDER = {"ND": 0, "ED": 1, "D": 2}


def icer_table(data: pd.DataFrame, *, strategy: str, cost: str, effect: str) -> pd.DataFrame:
    """Fully incremental table of strategies.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a strategy; names must be unique.

    Returns
    -------
    pandas.DataFrame
        strategy, cost, effect, inc_cost, inc_effect, icer, status: ND (on the frontier), ED (a mix of two
        others brings more for the same money), D (another strategy brings as much or more for the same or
        less). Sorted by status, then cost.

    Notes
    -----
    Drummond et al. (2015), Methods for the Economic Evaluation of Health Care Programmes, ch. 4; the same
    rules as dampack::calculate_icers.

    Examples
    --------
    >>> frame = pd.DataFrame({"s": ["a", "b", "c"], "c": [0.0, 10.0, 12.0], "e": [0.0, 1.0, 4.0]})
    >>> icer_table(frame, strategy="s", cost="c", effect="e")[["strategy", "icer", "status"]].values.tolist()
    [['a', nan, 'ND'], ['c', 3.0, 'ND'], ['b', nan, 'ED']]
    """
    names = data[strategy]
    if names.duplicated().any():
        raise ValueError(
            f"{strategy}: {int(names.duplicated().sum())} strategies share a name; give each its own"
        )
    missing = int(data[[cost, effect]].isna().any(axis=1).sum())
    if missing:
        raise ValueError(
            f"{cost}, {effect}: {missing} strategies have no value; leave them out of the comparison"
        )
    table = pd.DataFrame(
        {
            "strategy": names.to_numpy(),
            "cost": data[cost].to_numpy(dtype=float),
            "effect": data[effect].to_numpy(dtype=float),
        }
    )
    ranked = table.sort_values(["cost", "effect"], ascending=[True, False], kind="stable")
    best_before = ranked["effect"].cummax().shift(fill_value=-np.inf)
    kept = ranked.index[ranked["effect"] > best_before].tolist()
    status = pd.Series("D", index=table.index)
    hull: list[int] = []
    for candidate in kept:
        while len(hull) > 1 and _slope(table, hull[-1], candidate) <= _slope(table, hull[-2], hull[-1]):
            hull.pop()
        hull.append(candidate)
    status[kept] = "ED"
    status[hull] = "ND"
    table["inc_cost"] = table.loc[hull, "cost"].diff()
    table["inc_effect"] = table.loc[hull, "effect"].diff()
    table["icer"] = table["inc_cost"] / table["inc_effect"]
    table["status"] = status
    order = table.assign(rank=status.map(STATUS_ORDER)).sort_values(["rank", "cost"], kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _slope(table: pd.DataFrame, first: int, second: int) -> float:
    rise = table.loc[second, "cost"] - table.loc[first, "cost"]
    return float(rise / (table.loc[second, "effect"] - table.loc[first, "effect"]))
