"""What two-way fixed effects average where units start at different times, and a regression without that."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.panel import fixed_effects

TABLE = "panel"


def bacon_decomposition(
    data: pd.DataFrame, *, outcome: str, unit: str, time: str, treated: str
) -> pd.DataFrame:
    """The 2×2 comparisons that a two-way fixed effects estimate averages, with their weights.

    Parameters
    ----------
    data : pandas.DataFrame
        Balanced panel; `treated` is 0/1 and never falls back.
    outcome, unit, time, treated : str

    Returns
    -------
    pandas.DataFrame
        treated (first treated period), untreated (first treated period of the comparison, infinite for
        never), estimate, weight (sum to one), kind.

    Source: Goodman-Bacon (2021), theorem 1.

    Examples
    --------
    >>> rows = pd.DataFrame({"u": [1, 1, 2, 2], "t": [0, 1] * 2, "d": [0, 1, 0, 0], "y": [1.0, 4, 2, 3]})
    >>> bacon_decomposition(rows, outcome="y", unit="u", time="t", treated="d")["estimate"].item()
    2.0
    """
    wide = data.pivot(index=unit, columns=time, values=outcome)  # noqa: PD010
    dose = data.pivot(index=unit, columns=time, values=treated)  # noqa: PD010
    if empty := int(wide.isna().sum().sum()):
        raise ValueError(f"{TABLE}: {empty} unit-periods are empty; keep complete units only")
    on, y = dose.to_numpy() > 0, wide.to_numpy(float)
    if (on[:, :-1] & ~on[:, 1:]).any():
        raise ValueError(
            f"{TABLE}.{treated}: {int((on[:, :-1] & ~on[:, 1:]).sum())} returns to 0; not covered"
        )
    periods = y.shape[1]
    start = np.where(on.any(axis=1), on.argmax(axis=1), periods)
    cohorts = np.unique(start)
    size = {g: float((start == g).mean()) for g in cohorts}
    mean = {g: y[start == g].mean(axis=0) for g in cohorts}
    rows = []
    for k in cohorts[(cohorts < periods) & (cohorts > 0)]:
        for u in cohorts[cohorts != k]:
            together = size[k] + size[u]
            part = size[k] / together
            later_untreated = u > k
            # A later or never treated group serves while untreated; an earlier one only once always treated.
            first, last = (0, u) if later_untreated else (u, periods)
            span = (last - first) / periods
            before, after = slice(first, k), slice(k, last)
            if k in (first, last):
                continue
            on_share = (last - k) / (last - first)
            gap = mean[k] - mean[u]
            weight = (together * span) ** 2 * part * (1 - part) * on_share * (1 - on_share)
            kind = (
                "Treated vs Untreated"
                if u == periods
                else "Earlier vs Later Treated"
                if later_untreated
                else ("Later vs Always Treated" if u == 0 else "Later vs Earlier Treated")
            )
            rows.append((k, u, gap[after].mean() - gap[before].mean(), weight, kind))
    if not rows:
        raise ValueError(f"{TABLE}.{treated}: no group becomes treated beside another; nothing to compare")
    out = pd.DataFrame(rows, columns=["treated", "untreated", "estimate", "weight", "kind"])
    stamps = np.r_[wide.columns.to_numpy(float), np.inf]
    return out.assign(
        treated=stamps[out["treated"]],
        untreated=stamps[out["untreated"]],
        weight=out["weight"] / out["weight"].sum(),
    )


def interaction_weighted(
    data: pd.DataFrame, *, outcome: str, unit: str, time: str, first_treated: str, cluster: str
) -> tuple[pd.DataFrame, float, float]:
    """Event study from one regression saturated in group × event time, averaged by group size.

    Parameters
    ----------
    data, outcome, unit, time, first_treated
        Panel; first treated period 0, missing or infinite for never. Groups treated throughout are refused.
    cluster : str

    Returns
    -------
    (pandas.DataFrame, float, float)
        event, estimate, std_error (event time −1 is the reference); effect over all treated unit-periods and
        its standard error. Shares are taken as fixed.

    Source: Sun & Abraham (2021), Journal of Econometrics 225(2); standard errors as in R fixest.

    Examples
    --------
    >>> rows = pd.DataFrame({"u": np.repeat([1, 2, 3, 4], 2), "t": [0, 1] * 4,
    ...                      "g": np.repeat([1, 1, 0, 0], 2), "y": [1.0, 4, 2, 4, 1, 2, 3, 3]})
    >>> found = interaction_weighted(rows, outcome="y", unit="u", time="t", first_treated="g", cluster="u")
    >>> round(found[1], 6)
    2.0
    """
    start = data[first_treated].to_numpy(float)
    periods, now = np.unique(data[time].to_numpy(float)), data[time].to_numpy(float)
    start = np.where(np.isnan(start) | (start == 0) | (start > periods[-1]), np.inf, start)
    if count := int((start <= periods[0]).sum()):
        raise ValueError(
            f"{TABLE}.{first_treated}: {count} rows are treated throughout; leave those units out"
        )
    cells = [
        (g, t, int(np.searchsorted(periods, t) - np.searchsorted(periods, g)))
        for g in np.unique(start[np.isfinite(start)])
        for t in periods
    ]
    cells = [cell for cell in cells if cell[2] != -1]
    dummies = {f"cell{i}": ((start == g) & (now == t)).astype(float) for i, (g, t, _) in enumerate(cells)}
    frame = pd.concat([data, pd.DataFrame(dummies, index=data.index)], axis=1)
    fit = fixed_effects(
        frame, outcome=outcome, regressors=list(dummies), unit=unit, time=time, cluster=cluster
    )
    if len(fit.table) < len(cells):
        raise ValueError(f"{TABLE}: {len(cells) - len(fit.table)} of {len(cells)} cells are not identified")
    b, v = fit.table["estimate"].to_numpy(), fit.covariance.to_numpy()
    sizes = np.array([column.sum() for column in dummies.values()])
    event = np.array([cell[2] for cell in cells])

    def average(rows: NDArray[np.bool_]) -> tuple[float, float]:
        weights = np.where(rows, sizes, 0.0) / sizes[rows].sum()
        return float(weights @ b), float(np.sqrt(weights @ v @ weights))

    out = [(value, *average(event == value)) for value in np.unique(event)]
    return pd.DataFrame(out, columns=["event", "estimate", "std_error"]), *average(event >= 0)
