"""Least squares with weights that are not negative and sum to one."""

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
