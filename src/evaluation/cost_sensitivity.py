"""What would have to be true: break-even values, persistence of the effect, tornado and two-way tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from evaluation.cost_effectiveness import Joint, net_benefit


def break_even_effect(delta_cost: float, *, threshold: float) -> float:
    """Months in work an episode must gain to be worth its cost; 0 where it costs nothing or less.

    Examples
    --------
    >>> break_even_effect(500.0, threshold=1000.0)
    0.5
    """
    return max(delta_cost / threshold, 0.0) if threshold > 0 else np.nan


def break_even_cost(delta_effect: float, *, threshold: float) -> float:
    """Highest additional cost per episode that the gained months are worth (negative: to be saved)."""
    return threshold * delta_effect


def break_even_spending(joint: Joint, *, threshold: float, level: float = 0.95) -> dict[str, float]:
    """Programme spending per client, on top of the costs in the ledger, at which net benefit is zero.

    It stands in for spending that is not published: the reader compares it with what the area knows.

    Examples
    --------
    >>> break_even_spending(Joint(-100.0, 1.0, np.eye(2)), threshold=50.0)["estimate"]
    150.0
    """
    row = net_benefit(joint, thresholds=[threshold], level=level).iloc[0]
    return {name: float(row[name]) for name in ("estimate", "ci_low", "ci_high")}


def break_even_persistence(
    delta_cost: float, delta_effect: float, *, threshold: float, monthly_effect: float, monthly_cost: float
) -> tuple[float, str]:
    """Months beyond the horizon that the last month's difference must last for net benefit to reach zero.

    Parameters
    ----------
    delta_cost, delta_effect : float
        Up to the horizon.
    threshold : float
        Value of a month in work.
    monthly_effect, monthly_cost : float
        Difference in the last month of the horizon: months in work per month, and euros.

    Returns
    -------
    months : float
        0 where it is worth it already, missing where it never is.
    words : {"already", "after", "never"}

    Examples
    --------
    >>> break_even_persistence(300.0, 0.1, threshold=1000.0, monthly_effect=0.05, monthly_cost=-50.0)
    (2.0, 'after')
    """
    short = delta_cost - threshold * delta_effect
    monthly = threshold * monthly_effect - monthly_cost
    if short <= 0:
        return 0.0, "already"
    if monthly <= 0:
        return np.nan, "never"
    return short / monthly, "after"


def persisting(
    delta: float, monthly: float, *, months: float, retention: float, discount_rate: float, from_month: int
) -> float:
    """A difference up to the horizon plus that of the months beyond it.

    Parameters
    ----------
    delta, monthly : float
        Up to the horizon, and in its last month.
    months : float
        Months beyond the horizon that the difference lasts; a part of a month counts in part.
    retention : float
        Share of the difference that is left after each further month; 1 keeps it whole.
    discount_rate : float
        Yearly rate, from the index date.
    from_month : int
        Horizon in months.

    Examples
    --------
    >>> persisting(1.0, 0.5, months=2, retention=1.0, discount_rate=0.0, from_month=12)
    2.0
    """
    whole = np.arange(int(np.ceil(months)))
    part = np.minimum(months - whole, 1.0)
    factor = (1 + discount_rate) ** -((from_month + whole) // 12).astype(float)
    return (
        float(delta + monthly * np.sum(part * retention ** (whole + 1.0) * factor)) if len(whole) else delta
    )


def tornado(
    result: Callable[..., float],
    base: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]],
    *,
    first: Sequence[str] = ("persistence_months",),
) -> pd.DataFrame:
    """One-way sensitivity: the result at the low and high value of each parameter.

    Parameters
    ----------
    result : callable
        Takes the parameters by name and gives, say, net benefit.
    base : mapping
        Value of every parameter.
    ranges : mapping
        Low and high value of the parameters to vary.
    first : sequence of str
        Parameters on top whatever their swing: how long the effect lasts, which no data set tells.

    Returns
    -------
    pandas.DataFrame
        parameter, low, high, at_low, at_high, at_base, swing; ``first``, then by falling swing.

    Examples
    --------
    >>> found = tornado(lambda a, b: a + 2 * b, {"a": 1, "b": 1}, {"a": (0, 2), "b": (0, 2)}, first=[])
    >>> found["parameter"].tolist()
    ['b', 'a']
    """
    unknown = sorted(set(ranges) - set(base))
    if unknown:
        raise ValueError(f"ranges: {unknown} have no base value; known are {sorted(base)}")
    middle = result(**base)
    rows = [
        {
            "parameter": name,
            "low": low,
            "high": high,
            "at_low": result(**{**base, name: low}),
            "at_high": result(**{**base, name: high}),
            "at_base": middle,
        }
        for name, (low, high) in ranges.items()
    ]
    out = pd.DataFrame(rows)
    out["swing"] = (out["at_high"] - out["at_low"]).abs()
    rank = out["parameter"].map({name: place for place, name in enumerate(first)}).fillna(len(first))
    return (
        out.assign(rank=rank)
        .sort_values(["rank", "swing"], ascending=[True, False])
        .drop(columns="rank")
        .reset_index(drop=True)
    )


def two_way(
    result: Callable[..., float],
    base: Mapping[str, float],
    *,
    rows: tuple[str, Sequence[float]],
    columns: tuple[str, Sequence[float]],
) -> pd.DataFrame:
    """Two-way sensitivity: the result for every pair of values of two parameters.

    Examples
    --------
    >>> found = two_way(lambda a, b: a * b, {"a": 1, "b": 1}, rows=("a", [1, 2]), columns=("b", [3]))
    >>> found[3].tolist()
    [3, 6]
    """
    table = [[result(**{**base, rows[0]: r, columns[0]: c}) for c in columns[1]] for r in rows[1]]
    return pd.DataFrame(
        table,
        index=pd.Index(list(rows[1]), name=rows[0]),
        columns=pd.Index(list(columns[1]), name=columns[0]),
    )
