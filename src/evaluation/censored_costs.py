"""Mean costs to a horizon where some are followed for less: inverse-probability weighting."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats


def survival_at(time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Kaplan–Meier survival just after each own time.

    Examples
    --------
    >>> survival_at(np.array([1.0, 2.0, 3.0]), np.array([1, 0, 1])).round(4).tolist()
    [0.6667, 0.6667, 0.0]
    """
    time, event = np.asarray(time, dtype=float), np.asarray(event, dtype=float)
    points, place = np.unique(time, return_inverse=True)
    events = np.bincount(place, weights=event, minlength=len(points))
    leaving = np.bincount(place, minlength=len(points))
    at_risk = len(time) - np.cumsum(leaving) + leaving
    return np.cumprod(1 - events / at_risk)[place]


def mean_cost(
    spending: pd.DataFrame,
    *,
    horizon: float,
    person: str = "id",
    start: str = "start",
    end: str = "stop",
    cost: str = "cost",
    complete: str = "delta",
    followed: str = "surv",
    unit: float = 1.0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Mean cost up to a horizon from spending intervals of persons, some of them censored.

    Parameters
    ----------
    spending : pandas.DataFrame
        One row a cost: person, start and end of the interval it covers, cost, whether the person was followed
        to the event, and how long the person was followed.
    horizon : float
        Time up to which costs count, in the unit of the intervals.
    unit : float
        Length added to an interval when a part of it is taken: 1 where its end is an inclusive last day, 0
        where half-open.
    level : float
        Confidence level of normal intervals.

    Returns
    -------
    pandas.DataFrame
        Rows available_sample, complete_case (both biased downwards, for comparison), bang_tsiatis, zhao_tian;
        columns estimate, std_error, ci_low, ci_high.

    Notes
    -----
    Bang & Tsiatis (2000), Biometrika 87, 329–343; Zhao & Tian (2001), Biometrics 57, 1002–1008.

    Examples
    --------
    >>> one = pd.DataFrame({"id": [1, 2], "start": [0, 0], "stop": [1, 1], "cost": [10.0, 20.0],
    ...                     "delta": [1, 1], "surv": [1.0, 1.0]})
    >>> mean_cost(one, horizon=1.0, unit=0.0)["estimate"].tolist()
    [15.0, 15.0, 15.0, 15.0]
    """
    rows = spending.loc[spending[start] <= horizon]
    follow = np.minimum(rows[followed].to_numpy(dtype=float), horizon)
    done = np.where(
        rows[followed].to_numpy(dtype=float) >= horizon, 1.0, rows[complete].to_numpy(dtype=float)
    )
    first, last = rows[start].to_numpy(dtype=float), rows[end].to_numpy(dtype=float)
    share = np.where(last > follow, (follow - first + unit) / np.maximum(last - first + unit, 1e-300), 1.0)
    euros = rows[cost].to_numpy(dtype=float) * share
    last = np.minimum(last, horizon)
    who, place = np.unique(rows[person].to_numpy(), return_inverse=True)
    n = len(who)
    total = np.bincount(place, weights=euros, minlength=n)
    time, delta = np.zeros(n), np.zeros(n)
    time[place], delta[place] = follow, done

    censoring = survival_at(time, 1 - delta)
    censoring[censoring == 0] = censoring[censoring > 0].min()
    alive = survival_at(time, delta)
    weight = delta / censoring
    gone = np.flatnonzero(delta == 0)
    later = time[:, None] >= time[gone]
    reach = 1 / (n * alive[gone])
    running, present = _running_cost(place, n, first, last, euros, time[gone], unit)
    g_total = reach * (weight * total @ later)
    g_square = reach * (weight * total**2 @ later)
    lost = 1 / censoring[gone] ** 2

    bang = float(np.mean(weight * total))
    bang_variance = (np.mean(weight * (total - bang) ** 2) + np.sum(lost * (g_square - g_total**2)) / n) / n
    among = later & present
    count = among.sum(axis=0)
    mean = (running * among).sum(axis=0) / count
    square = (running**2 * among).sum(axis=0) / count
    zhao = bang + float(np.nansum((total[gone] - mean) / censoring[gone]) / n)
    cross = reach * ((weight[:, None] * running) * later).sum(axis=0)
    cross_total = reach * (((weight * total)[:, None] * running) * later).sum(axis=0)
    zhao_variance = (
        bang_variance
        - 2 / n**2 * np.sum(lost * (cross_total - g_total * cross))
        + 1 / n**2 * np.sum(lost * (square - mean**2))
    )
    full = total[delta == 1]
    found = {
        "available_sample": (total.mean(), total.var(ddof=1) / n),
        "complete_case": (full.mean(), full.var(ddof=1) / len(full)),
        "bang_tsiatis": (bang, bang_variance),
        "zhao_tian": (zhao, zhao_variance),
    }
    out = pd.DataFrame.from_dict(found, orient="index", columns=["estimate", "variance"])
    error = np.sqrt(out.pop("variance"))
    reach_out = stats.norm.ppf(0.5 + level / 2) * error
    return out.assign(
        std_error=error, ci_low=out["estimate"] - reach_out, ci_high=out["estimate"] + reach_out
    )


def _running_cost(
    place: np.ndarray,
    persons: int,
    first: np.ndarray,
    last: np.ndarray,
    euros: np.ndarray,
    times: np.ndarray,
    unit: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Cost of every person up to each time, and whether the person had any spending begun by then."""
    begun = first[:, None] <= times
    length = np.maximum(last - first + unit, 1e-300)[:, None]
    part = np.where(last[:, None] > times, (times - first[:, None] + unit) / length, 1.0)
    spent = np.where(begun, euros[:, None] * part, 0.0)
    order = np.argsort(place, kind="stable")
    edges = np.searchsorted(place[order], np.arange(persons))
    return np.add.reduceat(spent[order], edges, axis=0), np.add.reduceat(begun[order], edges, axis=0) > 0


def interval_mean_cost(
    costs: np.ndarray, *, followed: np.ndarray, complete: np.ndarray, ends: np.ndarray
) -> float:
    """Mean cost: over intervals, survival to the start times the mean of those under observation.

    Parameters
    ----------
    costs : numpy.ndarray, shape (persons, intervals)
        Cost in each interval.
    followed, complete : numpy.ndarray, shape (persons,)
        Length of follow-up, and 1 where it ended with the event.
    ends : numpy.ndarray, shape (intervals,)
        End of each interval, ascending, the first interval starting at 0.

    Notes
    -----
    Lin, Feuer, Etzioni & Wax (1997), Biometrics 53, 419–434, first method: right where censoring falls on the
    ends of intervals.

    Examples
    --------
    >>> interval_mean_cost(np.array([[1.0, 1.0], [1.0, 0.0]]), followed=np.array([2.0, 1.0]),
    ...                    complete=np.array([0, 0]), ends=np.array([1.0, 2.0]))
    2.0
    """
    costs, followed = np.asarray(costs, dtype=float), np.asarray(followed, dtype=float)
    starts = np.concatenate([[0.0], np.asarray(ends, dtype=float)[:-1]])
    points, first = np.unique(followed, return_index=True)
    curve = np.concatenate([[1.0], survival_at(followed, np.asarray(complete))[first]])
    alive = curve[np.searchsorted(points, starts, side="right")]
    watched = followed[:, None] > starts
    count = watched.sum(axis=0)
    mean = (costs * watched).sum(axis=0) / np.maximum(count, 1)
    if (empty := int(((count == 0) & (alive > 0)).sum())) > 0:
        raise ValueError(
            f"costs: nobody is under observation at the start of {empty} intervals; shorten the horizon"
        )
    return float(np.sum(alive * mean))
