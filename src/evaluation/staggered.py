"""Effects by group and period where units start at different times, and their aggregates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.covariates import covariate_matrix, require_columns
from evaluation.doubly_robust import Method, treated_effect

FloatArray = NDArray[np.float64]
Aggregate = Literal["simple", "dynamic", "group", "calendar"]
TABLE = "panel"


@dataclass(frozen=True)
class GroupTimeEffects:
    """Effects of each group (first treated period) in each period.

    Attributes
    ----------
    table : pandas.DataFrame
        group, time, estimate, std_error (missing in the reference period).
    influence : ndarray, units × rows of table
        Estimate − truth is about the mean of a column.
    unit_group : ndarray, units
        First treated period of each unit, infinite for never treated.
    periods : ndarray
    pretrend_statistic, pretrend_p : float
        Joint Wald test that every effect before the start is zero; missing where it cannot be computed.
    """

    table: pd.DataFrame
    influence: FloatArray
    unit_group: FloatArray
    periods: FloatArray
    pretrend_statistic: float
    pretrend_p: float


def group_time_effects(
    data: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    first_treated: str,
    covariates: Sequence[str] = (),
    method: Method = "dr",
    comparison: Literal["never", "not_yet"] = "never",
    base: Literal["varying", "universal"] = "varying",
) -> GroupTimeEffects:
    """Effect on each group in each period against units not treated (yet).

    Parameters
    ----------
    data : pandas.DataFrame
        Balanced panel, one row per unit and period.
    outcome, unit, time : str
    first_treated : str
        Column with the first treated period; 0, missing or infinite for never treated.
    covariates : sequence of str
        Measured in the base period.
    method : str
        As in `treated_effect`.
    comparison : {"never", "not_yet"}
    base : {"varying", "universal"}
        Before the start, compare with the period before (varying) or always with the last period before
        the start (universal).

    Returns
    -------
    GroupTimeEffects
        Standard errors are analytic, units independent, without a small-sample factor.

    Source: Callaway & Sant'Anna (2021), Journal of Econometrics 225(2).

    Examples
    --------
    >>> rows = pd.DataFrame({"u": np.repeat([1, 2, 3, 4], 2), "t": [0, 1] * 4,
    ...                      "g": np.repeat([1, 1, 0, 0], 2), "y": [1.0, 4, 2, 4, 1, 2, 3, 3]})
    >>> found = group_time_effects(rows, outcome="y", unit="u", time="t", first_treated="g", method="none")
    >>> found.table["estimate"].tolist()
    [2.0]
    """
    require_columns(data, [outcome, unit, time, first_treated, *covariates], table=TABLE)
    wide = data.pivot(index=unit, columns=time, values=outcome)  # noqa: PD010
    if empty := int(wide.isna().sum().sum()):
        raise ValueError(f"{TABLE}: {empty} unit-periods are empty; keep complete units only")
    rows = data.set_index([unit, time])
    starts = data.drop_duplicates(unit).set_index(unit)[first_treated].reindex(wide.index).to_numpy(float)
    starts = np.where(np.isnan(starts) | (starts == 0), np.inf, starts)
    y, periods, n = wide.to_numpy(float), wide.columns.to_numpy(float), len(wide)
    never = starts > periods[-1]
    groups = np.unique(starts[(starts > periods[0]) & ~never])
    if not len(groups):
        raise ValueError(f"{TABLE}.{first_treated}: 0 groups start within the panel; nothing to compare")
    if comparison == "never" and not never.any():
        raise ValueError(
            f"{TABLE}.{first_treated}: 0 of {n} units are never treated; use comparison='not_yet'"
        )
    found: list[tuple[float, float, float]] = []
    influence: list[FloatArray] = []
    for g in groups:
        reference = int(np.searchsorted(periods, g)) - 1
        for now in range(0 if base == "universal" else 1, len(periods)):
            before = reference if now > reference or base == "universal" else now - 1
            if before == now:
                found.append((g, periods[now], 0.0))
                influence.append(np.zeros(n))
                continue
            controls = never if comparison == "never" else starts > max(periods[now], periods[before])
            used = (starts == g) | (controls & (starts != g))
            if not (controls & (starts != g)).any():
                continue
            at_base = rows.xs(periods[min(before, now)], level=time).reindex(wide.index)
            x = covariate_matrix(at_base.loc[used], covariates, table=TABLE).with_constant
            fit = treated_effect(
                (y[used, now] - y[used, before])[:, None],
                (starts[used] == g).astype(float),
                x,
                np.ones(int(used.sum())),
                method=method if covariates else "none",
                what=f"propensity score of group {g:g} in {periods[now]:g}",
            )
            values = np.zeros(n)
            values[used] = fit.influence[:, 0] * n / used.sum()
            found.append((g, periods[now], float(fit.estimate[0])))
            influence.append(values)
    table = pd.DataFrame(found, columns=["group", "time", "estimate"])
    matrix = np.column_stack(influence)
    error = np.sqrt((matrix**2).mean(axis=0) / n)
    table["std_error"] = np.where(error > 0, error, np.nan)
    return GroupTimeEffects(table, matrix, starts, periods, *_pretrend(table, matrix))


def aggregate_effects(
    effects: GroupTimeEffects,
    *,
    kind: Aggregate,
    balance: int | None = None,
    shares: Literal["estimated", "as_reference"] = "estimated",
) -> tuple[pd.DataFrame, float, float]:
    """Average group-time effects with weights by group size.

    Parameters
    ----------
    effects : GroupTimeEffects
    kind : {"simple", "dynamic", "group", "calendar"}
        All treated group-periods; by periods since the start; by group; by period.
    balance : int, optional
        For ``dynamic``: only groups seen for that many periods after the start, and event times up to it.
    shares : {"estimated", "as_reference"}
        R did 2.1.2 takes the membership of the first group for that of every group in the standard error of
        the overall effect by group; ``as_reference`` repeats that to compare figures.

    Returns
    -------
    (pandas.DataFrame, float, float)
        event (event time, group or period), estimate, std_error; then the overall effect and its standard
        error, which includes the error of the estimated group shares.

    Source: Callaway & Sant'Anna (2021), section 3.

    Examples
    --------
    >>> rows = pd.DataFrame({"u": np.repeat([1, 2, 3, 4], 2), "t": [0, 1] * 4,
    ...                      "g": np.repeat([1, 1, 0, 0], 2), "y": [1.0, 4, 2, 4, 1, 2, 3, 3]})
    >>> found = group_time_effects(rows, outcome="y", unit="u", time="t", first_treated="g", method="none")
    >>> aggregate_effects(found, kind="simple")[1]
    2.0
    """
    table, n = effects.table, len(effects.unit_group)
    group, time = table["group"].to_numpy(), table["time"].to_numpy()
    att = table["estimate"].to_numpy()
    member = effects.unit_group[:, None] == group
    share = member.mean(axis=0)
    treated = time >= group
    # Event time counts periods of the panel, so that gaps in the calendar do not matter.
    event = np.searchsorted(effects.periods, time) - np.searchsorted(effects.periods, group)
    last = len(effects.periods) - 1 - np.searchsorted(effects.periods, group)
    allowed = np.ones(len(att), dtype=bool)
    if balance is not None:
        earliest = balance - len(effects.periods) + 1
        allowed = (last >= balance) & (event <= balance) & (event >= earliest)

    def weighted(rows: NDArray[np.bool_], even: bool = False) -> tuple[float, FloatArray]:
        if even:
            weights = np.full(int(rows.sum()), 1 / rows.sum())
            return float(weights @ att[rows]), effects.influence[:, rows] @ weights
        total = share[rows].sum()
        weights = share[rows] / total
        moves = member[:, rows] - share[rows]
        drift = moves / total - moves.sum(axis=1, keepdims=True) * share[rows] / total**2
        return float(weights @ att[rows]), effects.influence[:, rows] @ weights + drift @ att[rows]

    if kind == "simple":
        estimate, influence = weighted(treated)
        return pd.DataFrame(columns=["event", "estimate", "std_error"]), estimate, _error(influence, n)
    if kind == "dynamic":
        values = np.unique(event[allowed])
        parts = [weighted(allowed & (event == value)) for value in values]
        counted = values >= 0
    elif kind == "group":
        values = np.unique(group)
        parts = [weighted(treated & (group == value), even=True) for value in values]
        counted = np.ones(len(values), dtype=bool)
    else:
        values = np.unique(time[treated])
        parts = [weighted(treated & (time == value)) for value in values]
        counted = np.ones(len(values), dtype=bool)
    estimates = np.array([part[0] for part in parts])
    curves = np.column_stack([part[1] for part in parts])
    errors = np.array([_error(curve, n) for curve in curves.T])
    out = pd.DataFrame({"event": values, "estimate": estimates, "std_error": errors})
    if kind == "group":
        sizes = np.array([(effects.unit_group == value).mean() for value in values])
        weights = sizes / sizes.sum()
        of = values if shares == "estimated" else np.full(len(values), values[0])
        moves = (effects.unit_group[:, None] == of) - sizes
        drift = moves / sizes.sum() - moves.sum(axis=1, keepdims=True) * sizes / sizes.sum() ** 2
        return out, float(weights @ estimates), _error(curves @ weights + drift @ estimates, n)
    weights = counted / counted.sum()
    return out, float(weights @ estimates), _error(curves @ weights, n)


def _error(influence: FloatArray, n: int) -> float:
    error = float(np.sqrt((influence**2).mean() / n))
    return error if error > 0 else float("nan")


def _pretrend(table: pd.DataFrame, influence: FloatArray) -> tuple[float, float]:
    from scipy import stats

    rows = ((table["time"] < table["group"]) & table["std_error"].notna()).to_numpy()
    n = len(influence)
    if not rows.any():
        return np.nan, np.nan
    covariance = influence[:, rows].T @ influence[:, rows] / n
    if np.linalg.matrix_rank(covariance) < rows.sum():
        return np.nan, np.nan
    gap: Any = table["estimate"].to_numpy()[rows]
    statistic = float(n * gap @ np.linalg.solve(covariance, gap))
    return statistic, float(stats.chi2.sf(statistic, rows.sum()))
