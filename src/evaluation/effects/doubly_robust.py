"""Doubly robust arithmetic on arrays: effects on the treated and their influence values.

Notation: y n × k outcomes, d treated, t after, x n × p with a constant first, w weights of mean one.
Source: Sant'Anna & Zhao (2020), Journal of Econometrics 219(1); the influence functions are the derivatives
of the moments with respect to every nuisance parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evaluation.effects.regression import least_squares, odds_fit

FloatArray = NDArray[np.float64]
Method = Literal["dr", "dr_traditional", "dr_improved", "dr_improved_traditional", "reg", "ipw", "none"]
METHODS = ("dr", "dr_traditional", "dr_improved", "dr_improved_traditional", "reg", "ipw", "none")


@dataclass(frozen=True)
class Fit:
    """Estimates of k outcomes with what later steps reuse.

    ``odds`` are the odds of treatment that weight the comparison rows (ones under ``reg``), ``fitted`` the
    predicted outcomes of the regressions by (treated, after), n × k each.
    """

    estimate: FloatArray
    influence: FloatArray
    odds: FloatArray
    fitted: dict[tuple[int, int], FloatArray]
    method: str


@dataclass(frozen=True)
class _Regression:
    fitted: FloatArray  # n × k
    residual_rows: FloatArray  # n × k, w e per row of the cell, else 0
    inverse: FloatArray  # p × p, of the mean of w x x'

    def effect(self, x: FloatArray, direction: FloatArray) -> FloatArray:
        """Influence through the coefficients, where the estimate moves with them by `direction` (p)."""
        return self.residual_rows * (x @ (self.inverse @ direction))[:, None]


def _regress(x: FloatArray, y: FloatArray, weights: FloatArray) -> _Regression:
    held = weights > 0
    fit = least_squares(x[held], y[held], weights=weights[held])
    fitted = x @ fit.coefficients
    return _Regression(fitted, weights[:, None] * (y - fitted), fit.gram_inverse * len(x))


def _mean(weights: FloatArray, values: FloatArray) -> FloatArray:
    return weights @ values / weights.sum()


def _part(weights: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted mean (k) and its influence values (n × k)."""
    mean = _mean(weights, values)
    return mean, weights[:, None] * (values - mean) / weights.mean()


def _odds(
    x: FloatArray, d: FloatArray, w: FloatArray, method: Method, what: str
) -> tuple[FloatArray, FloatArray]:
    """Odds of treatment per row and influence of the fit on its coefficients (n × p; none for tilting)."""
    if method.startswith("dr_improved"):
        fit = odds_fit(x, d, weights=w, kind="tilting", what=what)
        return np.exp(np.minimum(fit.index, 500.0)), np.zeros_like(x)
    fit = odds_fit(x, d, weights=w, what=what)
    score = (w * (d - fit.probability))[:, None] * x
    return np.exp(np.minimum(fit.index, 500.0)), score @ fit.information_inverse


def repeated_cross_sections(
    y: FloatArray,
    d: FloatArray,
    t: FloatArray,
    x: FloatArray,
    w: FloatArray,
    *,
    method: Method,
    what: str = "propensity score",
) -> Fit:
    """Difference-in-differences effect on the treated from repeated cross-sections.

    ``dr`` is locally efficient (regressions in all four cells), ``dr_traditional`` uses regressions of the
    comparison cells only, the two ``dr_improved`` forms tilted odds and weighted regressions, ``reg`` outcome
    regression, ``ipw`` normalised odds weighting, ``none`` four cell means.

    Source: Sant'Anna & Zhao (2020), equations 3.1–3.4.
    """
    w = w / w.mean()
    if method == "none":
        x = x[:, :1]
    everyone = w * d
    odds, odds_influence = np.ones(len(y)), np.zeros_like(x)
    if method not in ("reg", "none"):
        odds, odds_influence = _odds(x, d, w, method, what)
    estimate, influence = np.zeros(y.shape[1]), np.zeros_like(y)
    fitted: dict[tuple[int, int], FloatArray] = {}
    improved = method.startswith("dr_improved")
    for after, sign in ((1, 1.0), (0, -1.0)):
        now = t if after else 1 - t
        cell, balanced = w * d * now, w * (1 - d) * now * odds
        base = None
        if method != "ipw":
            base = _regress(x, y, balanced if improved else w * (1 - d) * now)
        predicted = np.zeros_like(y) if base is None else base.fitted
        fitted[0, after] = predicted
        if method in ("dr", "dr_improved"):
            own = _regress(x, y, cell)
            fitted[1, after] = own.fitted
            near, near_influence = _part(cell, y - own.fitted)
            gap, gap_influence = _part(everyone, own.fitted - predicted)
            level, rows = near + gap, near_influence + gap_influence
            direction = -_mean(everyone, x)
            if not improved:
                rows = rows + own.effect(x, _mean(everyone, x) - _mean(cell, x))
        elif method in ("reg", "none"):
            own_mean, own_influence = _part(cell, y)
            level_0, influence_0 = _part(everyone, predicted)
            level, rows, direction = own_mean - level_0, own_influence - influence_0, -_mean(everyone, x)
        else:
            level, rows = _part(cell, y - predicted)
            direction = -_mean(cell, x)
        if method not in ("reg", "none"):
            rest = y - predicted
            lost, lost_influence = _part(balanced, rest)
            slope = x.T @ (balanced[:, None] * (rest - lost)) / balanced.sum()
            level = level - lost
            rows = rows - lost_influence - odds_influence @ slope
            direction = direction + _mean(balanced, x)
        if base is not None and not improved:
            rows = rows + base.effect(x, direction)
        estimate, influence = estimate + sign * level, influence + sign * rows
    return Fit(estimate, influence, odds, fitted, method)
