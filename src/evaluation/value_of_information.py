"""Acceptability and value of information from draws, by the upper envelope of lines.

The net benefit of a strategy in one draw is a line in the value λ of a unit of effect. The best strategy
changes only where lines of the upper envelope meet, so each draw needs a handful of breakpoints instead of a
value at every threshold: time and memory do not grow with draws × strategies × thresholds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy import stats


def acceptability(
    cost: np.ndarray | pd.DataFrame,
    effect: np.ndarray | pd.DataFrame,
    *,
    thresholds: Iterable[float],
    strategies: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Probability that each strategy is best, its expected loss, and the value of perfect information.

    Parameters
    ----------
    cost, effect : array_like, shape (draws, strategies)
        Paired draws.
    thresholds : iterable of float
        Values of a unit of effect.
    strategies : sequence of str, optional
        Names; by default the columns of ``cost``.

    Returns
    -------
    pandas.DataFrame
        threshold, strategy, probability_best, expected_net_benefit, expected_loss, on_frontier (highest
        expected net benefit), evpi (expected loss of the strategy on the frontier). Ties go to the first
        strategy.

    Raises
    ------
    ValueError
        If shapes differ, names repeat or a draw is missing.

    Examples
    --------
    >>> found = acceptability([[0.0, 5.0]], [[0.0, 1.0]], thresholds=[4, 6], strategies=["a", "b"])
    >>> found["probability_best"].tolist()
    [1.0, 0.0, 0.0, 1.0]
    """
    names = list(strategies if strategies is not None else getattr(cost, "columns", range(np.shape(cost)[1])))
    costs, effects = np.asarray(cost, dtype=float), np.asarray(effect, dtype=float)
    if costs.shape != effects.shape or costs.shape[1] != len(names) or len(set(names)) < len(names):
        raise ValueError(
            f"draws: costs {costs.shape}, effects {effects.shape}, {len(names)} names; they must match"
        )
    if not (np.isfinite(costs).all() and np.isfinite(effects).all()):
        raise ValueError("draws: some are missing or infinite; drop or repair them first")
    grid = np.asarray(list(thresholds), dtype=float)
    order = np.argsort(grid, kind="stable")
    best, gain = envelope(costs, effects, grid[order])
    back = np.argsort(order, kind="stable")
    best, gain = best[back], gain[back]
    mean_cost, mean_effect = costs.mean(axis=0), effects.mean(axis=0)
    expected = grid[:, None] * mean_effect - mean_cost
    loss = np.maximum((gain - (expected - expected[:, :1]).T).T, 0.0)
    frontier = expected.argmax(axis=1)
    evpi = loss[np.arange(len(grid)), frontier]
    return pd.DataFrame(
        {
            "threshold": np.repeat(grid, len(names)),
            "strategy": np.tile(np.asarray(names, dtype=object), len(grid)),
            "probability_best": best.ravel(),
            "expected_net_benefit": expected.ravel(),
            "expected_loss": loss.ravel(),
            "on_frontier": (np.arange(len(names)) == frontier[:, None]).ravel(),
            "evpi": np.repeat(evpi, len(names)),
        }
    )


def envelope(costs: np.ndarray, effects: np.ndarray, grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Walk the upper envelope of every draw at once.

    Parameters
    ----------
    costs, effects : numpy.ndarray, shape (draws, strategies)
    grid : numpy.ndarray, shape (thresholds,)
        Ascending.

    Returns
    -------
    best : numpy.ndarray, shape (thresholds, strategies)
        Share of draws in which each strategy is best.
    gain : numpy.ndarray, shape (thresholds,)
        Mean over draws of the best net benefit less that of the first strategy.

    Examples
    --------
    >>> envelope(np.array([[0.0, 5.0]]), np.array([[0.0, 1.0]]), np.array([4.0, 6.0]))[1].tolist()
    [0.0, 1.0]
    """
    draws, strategies = costs.shape
    cost, effect = costs - costs[:, :1], effects - effects[:, :1]
    steps = len(grid)
    row = np.arange(draws)
    now = np.argmax(grid[0] * effect - cost, axis=1)
    from_step = np.zeros(draws, dtype=np.int64)
    change = np.zeros((steps + 1, strategies))
    slope, level = np.zeros(steps + 1), np.zeros(steps + 1)
    while len(row):
        own_cost, own_effect = cost[row, now], effect[row, now]
        rise = effect[row] - own_effect[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            meet = np.where(rise > 0, (cost[row] - own_cost[:, None]) / rise, np.inf)
        at = meet.min(axis=1)
        # Of several lines through one breakpoint the steepest goes on.
        following = np.where(meet <= at[:, None], rise, -np.inf).argmax(axis=1)
        until = np.where(
            now < following, np.searchsorted(grid, at, side="right"), np.searchsorted(grid, at, side="left")
        )
        until = np.where(np.isfinite(at), np.clip(until, from_step, steps), steps)
        cells = now + strategies * from_step
        change += np.bincount(cells, minlength=change.size).reshape(change.shape)
        change -= np.bincount(now + strategies * until, minlength=change.size).reshape(change.shape)
        for total, value in ((slope, own_effect), (level, own_cost)):
            total += np.bincount(from_step, weights=value, minlength=steps + 1)
            total -= np.bincount(until, weights=value, minlength=steps + 1)
        on = until < steps
        row, now, from_step = row[on], following[on], until[on]
    best = np.cumsum(change, axis=0)[:-1] / draws
    gain = (grid * np.cumsum(slope)[:-1] - np.cumsum(level)[:-1]) / draws
    return best, gain


def evpi_normal(mean: float, std_error: float) -> float:
    """Expected value of perfect information of two strategies with a normal incremental net benefit.

    Examples
    --------
    >>> round(evpi_normal(0.0, 100.0), 4)
    39.8942
    """
    if std_error == 0:
        return 0.0
    z = abs(mean) / std_error
    # s φ(z) − |m| Φ(−z) without cancellation in the far tail: φ(z) (1 − z · Mills ratio).
    if z < 5:
        return float(std_error * stats.norm.pdf(z) - abs(mean) * stats.norm.sf(z))
    mills = np.sqrt(np.pi / 2) * _scaled_erfc(z / np.sqrt(2))
    return float(std_error * stats.norm.pdf(z) * _one_minus(z, mills))


def _scaled_erfc(x: float) -> float:
    from scipy.special import erfcx

    return float(erfcx(x))


def _one_minus(z: float, mills: float) -> float:
    if z < 30:
        return 1 - z * mills
    inverse = 1 / z**2
    return inverse * (1 - inverse * (3 - inverse * (15 - 105 * inverse)))


def population_value(per_person: float, *, persons_by_year: Sequence[float], discount_rate: float) -> float:
    """Value over all persons a decision concerns, the first year undiscounted.

    Examples
    --------
    >>> population_value(10.0, persons_by_year=[100, 125], discount_rate=0.25)
    2000.0
    """
    persons = np.asarray(persons_by_year, dtype=float)
    return float(per_person * np.sum(persons * (1 + discount_rate) ** -np.arange(len(persons), dtype=float)))


def evppi(net_benefit: np.ndarray, parameters: pd.DataFrame, *, of: Sequence[str], knots: int = 6) -> float:
    """Expected value of partial perfect information by regression on splines.

    Parameters
    ----------
    net_benefit : numpy.ndarray, shape (draws, strategies)
        Net benefit of each strategy in each draw; the incremental one beside a column of zeros will do.
    parameters : pandas.DataFrame
        Parameter draws.
    of : sequence of str
        Parameters to be known: one or two fully, more as a sum of curves.
    knots : int
        Knots of each cubic spline, at quantiles.

    Notes
    -----
    Strong, Oakley & Brennan (2014), Med. Decis. Making 34, 311–326.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 201)
    >>> round(evppi(np.column_stack([np.zeros(201), x]), pd.DataFrame({"p": x}), of=["p"]), 3)
    0.251
    """
    from sklearn.preprocessing import SplineTransformer

    values = np.asarray(net_benefit, dtype=float)
    bases = [
        SplineTransformer(n_knots=knots, knots="quantile").fit_transform(
            parameters[[name]].to_numpy(dtype=float)
        )
        for name in of
    ]
    if len(bases) == 2:
        bases = [(bases[0][:, :, None] * bases[1][:, None, :]).reshape(len(values), -1)]
    design = np.column_stack([np.ones(len(values)), *bases])
    fitted = np.column_stack(
        [design @ np.linalg.lstsq(design, column, rcond=1e-10)[0] for column in (values - values[:, :1]).T]
    )
    return float(max(fitted.max(axis=1).mean() - fitted.mean(axis=0).max(), 0.0))
