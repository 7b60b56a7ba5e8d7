"""Synthetic control and synthetic difference-in-differences on a units × periods table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.estimates import tidy
from evaluation.effects.simplex import frank_wolfe_weights, simplex_weights

FloatArray = NDArray[np.float64]
SyntheticMethod = Literal["synthetic_control", "synthetic_did", "did"]
TABLE = "series"


@dataclass(frozen=True)
class Synthetic:
    """A synthetic comparison for treated units.

    Attributes
    ----------
    table : pandas.DataFrame
        One tidy row: mean effect over the periods since the start.
    unit_weights, period_weights : pandas.Series
        Of the donors and of the periods before the start (zero throughout for synthetic control).
    gaps : pandas.Series
        Treated − synthetic by period, level difference taken out but for synthetic control.
    placebos : pandas.DataFrame
        Each donor in the place of the treated: estimate, rmspe_before, rmspe_ratio; and the treated unit as
        the row "treated". The share of rows with at least its ratio is the rank p-value.
    """

    table: pd.DataFrame
    unit_weights: pd.Series[Any]
    period_weights: pd.Series[Any]
    gaps: pd.Series[Any]
    placebos: pd.DataFrame


@dataclass(frozen=True)
class _Solution:
    estimate: float
    omega: FloatArray
    lam: FloatArray
    gaps: FloatArray


def synthetic(
    series: pd.DataFrame,
    *,
    treated: Sequence[Any],
    start: Any,
    method: SyntheticMethod = "synthetic_did",
    solver: Literal["exact", "frank_wolfe"] = "exact",
    placebos: bool = True,
    outcome: str = "outcome",
    level: float = 0.95,
) -> Synthetic:
    """Effect on treated units from a weighted average of untreated ones.

    Parameters
    ----------
    series : pandas.DataFrame
        One row per unit, one column per period in order of time; no empty cells.
    treated : sequence
        Row labels of the treated units; they enter as their mean.
    start : label
        Column label of the first treated period.
    method : {"synthetic_did", "synthetic_control", "did"}
        ``synthetic_did`` weights units and periods and allows a level difference, ``synthetic_control``
        weights units to match levels before the start, ``did`` weights all evenly.
    solver : {"exact", "frank_wolfe"}
        ``frank_wolfe`` stops early as the reference implementation does; ``exact`` is the optimum.
    placebos : bool
        Put every donor in the place of the treated; without, there is no standard error.
    outcome : str
        Name for the table.
    level : float
        Level of the interval.

    Returns
    -------
    Synthetic
        The standard error is the spread of the placebo estimates over all donors, each taking the treated
        units' place; interval and p-value use the normal distribution for ``synthetic_did`` and ``did``. For
        ``synthetic_control`` the p-value is the rank of the ratio of fit after to fit before the start, and
        there is no interval.

    Raises
    ------
    ValueError
        With empty cells, fewer than two donors, or fewer than two periods before the start.

    Source: Abadie, Diamond & Hainmueller (2010); Arkhangelsky et al. (2021).

    Examples
    --------
    >>> rows = pd.DataFrame([[1.0, 2, 3, 4], [3, 4, 5, 6], [1, 2, 3, 9]], index=["a", "b", "pilot"])
    >>> found = synthetic(rows, treated=["pilot"], start=3, method="synthetic_control")
    >>> float(found.table["estimate"].item())
    5.0
    """
    y, n_before, donors = _prepare(series, treated, start)
    solution = _solve(y, n_before, method, solver, None)
    rows: list[tuple[Any, float, float, float]] = [("treated", *_fit(solution, n_before))]
    for j in range(len(donors) if placebos else 0):
        # The donor takes the place of the treated, whose own series leaves the pool.
        order = np.r_[np.delete(np.arange(len(donors)), j), j]
        begin = np.delete(solution.omega, j)
        begin = begin / begin.sum() if begin.sum() > 0 else np.full(len(begin), 1 / len(begin))
        placebo = _solve(y[order], n_before, method, solver, (begin, solution.lam))
        rows.append((donors[j], *_fit(placebo, n_before)))
    runs = pd.DataFrame(rows, columns=["unit", "estimate", "rmspe_before", "rmspe_ratio"]).set_index("unit")
    error = float(runs["estimate"].iloc[1:].std(ddof=0))
    ratio = runs["rmspe_ratio"].to_numpy()
    rank_p = float((ratio >= ratio[0] * (1 - 1e-12)).mean()) if placebos else np.nan
    table = tidy(
        [outcome],
        np.array([solution.estimate]),
        np.array([error]),
        df=np.inf,
        persons=np.nan,
        episodes=np.nan,
        clusters=len(series),
        method=method,
        convention="spread of placebo estimates over donors, normal interval",
        level=level,
    )
    if method == "synthetic_control":
        table = table.assign(
            ci_low=np.nan,
            ci_high=np.nan,
            p_value=rank_p,
            convention="spread of placebo estimates over donors; p by rank of the fit ratio",
        )
    return Synthetic(
        table,
        pd.Series(solution.omega, index=donors, name="weight"),
        pd.Series(solution.lam, index=series.columns[:n_before], name="weight"),
        pd.Series(solution.gaps, index=series.columns, name="gap"),
        runs,
    )


def _prepare(
    series: pd.DataFrame, treated: Sequence[Any], start: Any
) -> tuple[FloatArray, int, pd.Index[Any]]:
    """Donor rows with the mean of the treated last, periods before the start, donor labels."""
    if missing := [unit for unit in treated if unit not in series.index]:
        raise ValueError(f"{TABLE}: {len(missing)} treated units are not rows of the table; check the labels")
    if start not in series.columns:
        raise ValueError(
            f"{TABLE}: no period {start!r}; columns run from {series.columns[0]} to {series.columns[-1]}"
        )
    if empty := int(series.isna().to_numpy().sum()):
        raise ValueError(
            f"{TABLE}: {empty} cells are empty; drop those units or periods, or fill them knowingly"
        )
    inside = series.index.isin(list(treated))
    n_before = int(series.columns.get_loc(start))
    if not inside.any() or (~inside).sum() < 2 or n_before < 2:
        raise ValueError(
            f"{TABLE}: {int(inside.sum())} treated units, {int((~inside).sum())} donors, {n_before} periods "
            "before the start; at least 1, 2 and 2 are needed"
        )
    values = series.to_numpy(float)
    return np.vstack([values[~inside], values[inside].mean(axis=0)]), n_before, series.index[~inside]


def _solve(
    y: FloatArray,
    n_before: int,
    method: SyntheticMethod,
    solver: str,
    start: tuple[FloatArray, FloatArray] | None,
) -> _Solution:
    donors, own = y[:-1], y[-1]
    before, after = donors[:, :n_before], donors[:, n_before:]
    # The penalty follows the size of month-to-month changes among donors.
    moves = np.diff(before, axis=1)
    noise = float(moves.std(ddof=1)) if moves.size > 1 else 0.0
    omega, lam = np.full(len(donors), 1 / len(donors)), np.full(n_before, 1 / n_before)
    periods_after = y.shape[1] - n_before
    zeta = noise * (periods_after**0.25 if method == "synthetic_did" else 1e-6)

    def weights(a: FloatArray, b: FloatArray, penalty: float, first: FloatArray | None) -> FloatArray:
        if solver == "exact":
            return simplex_weights(a, b, ridge=len(a) * penalty**2 if penalty > 1e-5 * noise else 0.0)
        return frank_wolfe_weights(a, b, ridge=penalty**2, smallest_gain=1e-5 * noise, start=first)

    if method == "synthetic_did":
        target = after.mean(axis=1)
        centred = before - before.mean(axis=0)
        lam = weights(centred, target - target.mean(), 1e-6 * noise, start[1] if start else None)
        level = before.T - before.T.mean(axis=0)
        omega = weights(level, own[:n_before] - own[:n_before].mean(), zeta, start[0] if start else None)
    elif method == "synthetic_control":
        lam = np.zeros(n_before)
        omega = weights(before.T, own[:n_before], zeta, start[0] if start else None)
    gaps = own - omega @ donors
    shift = float(lam @ gaps[:n_before])
    return _Solution(float(gaps[n_before:].mean() - shift), omega, lam, gaps - shift)


def _fit(solution: _Solution, n_before: int) -> tuple[float, float, float]:
    before = float(np.sqrt((solution.gaps[:n_before] ** 2).mean()))
    after = float(np.sqrt((solution.gaps[n_before:] ** 2).mean()))
    return solution.estimate, before, after / before if before > 0 else np.inf
