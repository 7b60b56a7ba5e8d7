"""Fine–Gray regression: covariates and the cumulative incidence of one of several competing events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from evaluation.spells import Array


def fine_gray(
    time: Array,
    event: Array,
    covariates: pd.DataFrame,
    *,
    state: Any,
    censored: Any = 0,
    level: float = 0.95,
    steps: int = 30,
) -> pd.DataFrame:
    """Proportional subdistribution hazards for one of several competing events.

    Rows with a competing event stay at risk with the probability of not being censored since; censoring
    may not depend on the covariates. Ties are treated as by Efron. Standard errors are robust, a row being
    one person; they leave out the uncertainty of the censoring weights.

    Parameters
    ----------
    time, event : array_like (n)
    covariates : pandas.DataFrame (n, p)
        Numeric. A row with a missing value still informs the censoring weights, nothing else.
    state, censored : value
    level : float
    steps : int
        Newton steps before giving up.

    Returns
    -------
    pandas.DataFrame
        covariate, estimate (log subdistribution hazard ratio), std_error, ci_low, ci_high, p_value.

    Raises
    ------
    ValueError
        If the likelihood has no maximum (a covariate separates the rows or is constant).

    References
    ----------
    Fine and Gray (1999), Journal of the American Statistical Association 94, 496–509.
    """
    time, event = np.asarray(time, dtype=float), np.asarray(event)
    values = covariates.to_numpy(dtype=float)
    known = ~np.isnan(values).any(axis=1)
    times, stay = _uncensored(time, event == censored)
    time, event, values = time[known], event[known], values[known]
    order = np.argsort(time, kind="stable")
    time, event, values = time[order], event[order], values[order]
    values = values - values.mean(axis=0)
    ours, rivals = event == state, (event != state) & (event != censored)
    if not ours.any():
        raise ValueError(f"event: no row has {state!r}; nothing to estimate")
    weight = stay[np.searchsorted(times, time)]
    met = time[ours]
    met_weight = weight[ours]
    # Efron: of d tied events, the k-th meets a risk set without k/d of the tied ones
    first, last = np.searchsorted(met, met, side="left"), np.searchsorted(met, met, side="right")
    fraction = (np.arange(len(met)) - first) / (last - first)
    begin, rival_before = np.searchsorted(time, met), np.searchsorted(time[rivals], met)

    def sums(mass: Array) -> Array:
        """Totals over the risk set that each event meets."""
        lift = [-1, *[1] * (mass.ndim - 1)]
        present = _running(mass[::-1])[::-1][begin]
        gone = _running(mass[rivals] / weight[rivals].reshape(lift))[rival_before]
        own = _running(mass[ours])
        return present + gone * met_weight.reshape(lift) - fraction.reshape(lift) * (own[last] - own[first])

    beta = np.zeros(values.shape[1])
    for _ in range(steps):
        hazard = np.exp(values @ beta)
        product = hazard[:, None] * values
        s0, s1 = sums(hazard), sums(product)
        s2 = sums(product[:, :, None] * values[:, None, :])
        mean = s1 / s0[:, None]
        score = (values[ours] - mean).sum(axis=0)
        information = (s2 / s0[:, None, None] - mean[:, :, None] * mean[:, None, :]).sum(axis=0)
        if not np.isfinite(information).all() or np.linalg.cond(information) > 1e12:
            raise ValueError("covariates: constant, collinear or separating the events; drop such columns")
        move = np.linalg.solve(information, score)
        beta = beta + move
        if np.abs(move).max() < 1e-10:
            break
    else:
        raise ValueError(f"covariates: no maximum after {steps} steps; a column may separate the events")

    # what each row adds to the score: its own event less what its time at risk made likely
    pieces = np.column_stack([1 / s0, mean / s0[:, None]])
    passed = np.searchsorted(met, time, side="right")
    exposure = _running(pieces)[passed]
    tied = _running(pieces * fraction[:, None])
    exposure[ours] -= tied[last] - tied[first]
    late = _running(pieces * met_weight[:, None])
    exposure[rivals] += (late[-1] - late[passed[rivals]]) / weight[rivals, None]
    residual = -hazard[:, None] * (exposure[:, :1] * values - exposure[:, 1:])
    means = _running(mean)
    residual[ours] += values[ours] - (means[last] - means[first]) / (last - first)[:, None]
    bread = np.linalg.inv(information)
    error = np.sqrt(np.diag(bread @ (residual.T @ residual) @ bread))
    z = norm.ppf(0.5 + level / 2)
    return pd.DataFrame(
        {
            "covariate": list(covariates),
            "estimate": beta,
            "std_error": error,
            "ci_low": beta - z * error,
            "ci_high": beta + z * error,
            "p_value": 2 * norm.sf(np.abs(beta) / error),
        }
    )


def _running(parts: Array) -> Array:
    """Sums of the first 0, 1, … n rows."""
    return np.concatenate([np.zeros((1, *parts.shape[1:])), np.cumsum(parts, axis=0)])


def _uncensored(time: Array, censored: Array) -> tuple[Array, Array]:
    """Probability of not being censored before each distinct time; events come before censoring."""
    times, left = np.unique(time, return_inverse=True)
    leaving = np.bincount(left, minlength=len(times))
    lost = np.bincount(left[censored], minlength=len(times))
    exposed = np.cumsum(leaving[::-1])[::-1] - (leaving - lost)
    share = np.divide(lost, exposed, out=np.zeros(len(times)), where=exposed > 0)
    return times, np.concatenate([[1.0], np.cumprod(1 - share)[:-1]])
