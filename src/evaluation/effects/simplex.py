"""Least squares with weights that are not negative and sum to one: exactly, or by Frank–Wolfe steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def simplex_weights(a: FloatArray, b: FloatArray, *, ridge: float = 0.0) -> FloatArray:
    """Weights on the simplex that minimise |a w − b|² + ridge·|w|².

    An active-set method: finite, and checked against the optimality conditions. Where several weightings are
    equally good (more donors than periods), a negligible ridge picks the most even one.

    Parameters
    ----------
    a : ndarray, periods × donors
    b : ndarray, periods
    ridge : float

    Returns
    -------
    ndarray, donors

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
    w = np.zeros(donors)
    w[int(np.argmin(np.diag(gram) - 2 * target))] = 1.0
    held = w > 0
    for _ in range(50 * donors + 100):
        size = int(held.sum())
        system = np.zeros((size + 1, size + 1))
        system[:size, :size] = gram[np.ix_(held, held)]
        system[:size, size] = system[size, :size] = 1.0
        solution = np.linalg.lstsq(system, np.r_[target[held], 1.0], rcond=None)[0][:size]
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


def frank_wolfe_weights(
    a: FloatArray,
    b: FloatArray,
    *,
    ridge: float,
    smallest_gain: float,
    start: FloatArray | None = None,
    max_iterations: int = 10_000,
    first_iterations: int = 100,
) -> FloatArray:
    """Weights by Frank–Wolfe steps with a sparse restart, as the reference implementation of SDID has them.

    Stops where a step gains less than `smallest_gain`² in mean squared error, so the answer is near the
    optimum but not at it; kept to reproduce published figures to their last digit.

    Parameters
    ----------
    a : ndarray, periods × donors
    b : ndarray, periods
    ridge : float
        Penalty on the squared weights, per period.
    smallest_gain : float
    start : ndarray, donors, optional
        Even weights if not given.

    Source: Arkhangelsky, Athey, Hirshberg, Imbens & Wager (2021), algorithm of R synthdid.
    """
    periods, donors = a.shape
    w = np.full(donors, 1.0 / donors) if start is None else start
    for limit in (first_iterations, max_iterations):
        previous = before_that = np.inf
        for step in range(limit):
            if step >= 2 and not before_that - previous > smallest_gain**2:
                break
            fit = a @ w
            slope = (fit - b) @ a + periods * ridge * w
            move = -w.copy()
            best = int(np.argmin(slope))
            move[best] += 1.0
            if (move != 0).any():
                curvature = ((a[:, best] - fit) ** 2).sum() + periods * ridge * (move**2).sum()
                w = w + min(1.0, max(0.0, float(-(slope @ move) / curvature))) * move
            loss = float(ridge * (w**2).sum() + ((a @ w - b) ** 2).sum() / periods)
            before_that, previous = previous, loss
        if limit == first_iterations:
            w = np.where(w <= w.max() / 4, 0.0, w)
            w = w / w.sum()
    return w
