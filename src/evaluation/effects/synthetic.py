"""Synthetic control and synthetic difference-in-differences on a units × periods table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from evaluation.effects.covariates import FloatArray
from evaluation.effects.estimates import tidy

SyntheticMethod = Literal["synthetic_control", "synthetic_did"]
TABLE = "series"


@dataclass(frozen=True)
class Solution:
    """Effect on one series, the weights behind it, and how far it lay from its counterpart."""

    estimate: float  # mean gap after the start, less the weighted gap before it where periods have weights
    donors: FloatArray  # weights that add up to one
    periods: FloatArray  # weights of the periods before the start; all zero for synthetic_control
    fit_before: float  # root mean squared gap before the start
    fit_ratio: float  # that after the start over that before it


def synthetic(
    series: pd.DataFrame,
    *,
    treated: Sequence[Any],
    start: Any,
    method: SyntheticMethod = "synthetic_did",
    outcome: str = "outcome",
) -> pd.DataFrame:
    """Effect on treated units from a weighted average of untreated ones.

    `series` has one row a unit and one column a period in order of time, without empty cells; `start` is the
    label of the first treated period; several treated units enter as their mean. ``synthetic_did`` weights
    units and periods and allows a level difference, ``synthetic_control`` weights units to match levels
    before the start. Empty cells, fewer than two donors, or than two periods before the start, are refused.

    The tidy row that comes back holds the mean effect over the periods since the start. The standard error is
    the spread of the placebo estimates over all donors, each taking the treated units' place; interval and
    p-value use the normal distribution for ``synthetic_did``. For ``synthetic_control`` the p-value is the
    rank of the ratio of fit after to fit before the start, and there is no interval.

    Source: Abadie, Diamond & Hainmueller (2010); Arkhangelsky et al. (2021).

    Examples
    --------
    >>> rows = pd.DataFrame([[1.0, 2, 3, 4], [3, 4, 5, 6], [1, 2, 3, 9]], index=["a", "b", "pilot"])
    >>> found = synthetic(rows, treated=["pilot"], start=3, method="synthetic_control")
    >>> float(found["estimate"].item())
    5.0
    """
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
    values, inside = series.to_numpy(float), series.index.isin(list(treated))
    n_before, donors = int(series.columns.get_loc(start)), int((~inside).sum())
    if not inside.any() or donors < 2 or n_before < 2:
        raise ValueError(
            f"{TABLE}: {int(inside.sum())} treated units, {donors} donors, {n_before} periods "
            "before the start; at least 1, 2 and 2 are needed"
        )
    y = np.vstack([values[~inside], values[inside].mean(axis=0)])
    own = solve(y, n_before, method)
    # Each donor takes the place of the treated, whose own series leaves the pool.
    placebos = [solve(y[np.r_[np.delete(np.arange(donors), j), j]], n_before, method) for j in range(donors)]
    error = pd.Series([placebo.estimate for placebo in placebos]).std(ddof=0)
    table = tidy(outcome, own.estimate, error, method=method)
    if method == "synthetic_control":
        ratio = np.array([own.fit_ratio, *(placebo.fit_ratio for placebo in placebos)])
        rank = float((ratio >= ratio[0] * (1 - 1e-12)).mean())
        table = table.assign(ci_low=np.nan, ci_high=np.nan, p_value=rank)
    return table


def solve(y: FloatArray, n_before: int, method: SyntheticMethod) -> Solution:
    """Set the last row of a units × periods table against a weighted average of the rows above it.

    Examples
    --------
    >>> table = np.array([[1.0, 2, 3, 4], [3, 4, 5, 6], [2, 3, 4, 9]])
    >>> found = solve(table, 2, "synthetic_control")
    >>> round(found.estimate, 6), found.donors.round(6).tolist()
    (2.0, [0.5, 0.5])
    """
    donors, own = y[:-1], y[-1]
    early, late = donors[:, :n_before], donors[:, n_before:]
    if method == "synthetic_control":
        shift, omega, lam = 0.0, simplex_weights(early.T, own[:n_before]), np.zeros(n_before)
        gaps = own - omega @ donors
    else:
        # The penalty follows the size of month-to-month changes among donors.
        moves = np.diff(early, axis=1)
        noise = float(moves.std(ddof=1)) if moves.size > 1 else 0.0
        target = late.mean(axis=1)
        lam = simplex_weights(early - early.mean(axis=0), target - target.mean())
        level = early.T - early.T.mean(axis=0)
        ridge = n_before * (noise * (y.shape[1] - n_before) ** 0.25) ** 2
        omega = simplex_weights(level, own[:n_before] - own[:n_before].mean(), ridge=ridge)
        gaps = own - omega @ donors
        shift = float(lam @ gaps[:n_before])
    before, after = (
        float(np.sqrt(((part - shift) ** 2).mean())) for part in (gaps[:n_before], gaps[n_before:])
    )
    ratio = after / before if before > 0 else np.inf
    return Solution(float(gaps[n_before:].mean() - shift), omega, lam, before, ratio)


def simplex_weights(a: FloatArray, b: FloatArray, *, ridge: float = 0.0) -> FloatArray:
    """Weights on the simplex that minimise |a w − b|² + ridge·|w|².

    An active-set method: finite, and checked against the optimality conditions. Where several weightings are
    equally good (more donors than periods), a negligible ridge picks the most even one. `a` is periods ×
    donors, `b` the series to be matched.

    Source: Lawson & Hanson (1974), with one equality constraint.

    Examples
    --------
    >>> simplex_weights(np.array([[0.0, 4.0]]), np.array([1.0])).round(6).tolist()
    [0.75, 0.25]
    """
    donors = a.shape[1]
    scale = max(float((a**2).sum(axis=0).max()), 1e-300)
    gram = a.T @ a / scale + np.eye(donors) * max(ridge / scale, 1e-13)
    target = a.T @ b / scale
    # the system of all donors, bordered by the equality: those held are its rows and columns
    every, known = np.ones((donors + 1, donors + 1)), np.append(target, 1.0)
    every[:donors, :donors], every[donors, donors] = gram, 0.0
    w = np.zeros(donors)
    w[int(np.argmin(np.diag(gram) - 2 * target))] = 1.0
    held = w > 0
    for _ in range(50 * donors + 100):
        at = np.append(np.flatnonzero(held), donors)
        system = every[at[:, None], at]
        # the ridge makes the system regular, which is ten times as fast
        solved = np.linalg.solve(system, known[at]) if ridge else np.linalg.lstsq(system, known[at])[0]
        solution = solved[:-1]
        if (solution < 0).any():
            # Walk towards the solution as far as the simplex allows and let go of the donors that hit zero.
            now = w[held]
            falling = solution < 0
            step = float((now[falling] / (now[falling] - solution[falling])).min())
            w[held] = np.maximum(now + step * (solution - now), 0.0)
            w[np.flatnonzero(held)[falling & (w[held] <= 1e-15)]] = 0.0
            held &= w > 0
            continue
        w[:] = 0.0
        w[held] = solution
        gradient = gram @ w - target
        level = float(gradient[held] @ w[held])
        slack = np.where(held, 0.0, gradient - level)
        entering = int(np.argmin(slack))
        if slack[entering] >= -1e-12:
            return w / w.sum()
        held[entering] = True
    raise ValueError(f"synthetic control: no weights found for {donors} donors; check the series for errors")
