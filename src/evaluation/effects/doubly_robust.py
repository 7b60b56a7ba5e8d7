"""Doubly robust difference-in-differences from repeated cross-sections, with influence values.

Notation: y n × k outcomes, d treated, t after, x n × p with a constant first, w weights of mean one.
Source: Sant'Anna & Zhao (2020), Journal of Econometrics 219(1); the influence functions are the derivatives
of the moments with respect to every nuisance parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.covariates import (
    FloatArray,
    covariate_matrix,
    independent_columns,
    known_alike,
    outcome_matrix,
    outside_support,
    require_columns,
    row_weights,
    truth_values,
)
from evaluation.effects.regression import OddsFit, least_squares, odds_fit

Method = Literal["dr", "dr_traditional", "reg", "none"]
METHODS = get_args(Method)
TABLE = "design"
# Below this many episodes per covariate a pilot cell is too small for a regression of its own.
EPISODES_PER_COVARIATE = 5


@dataclass(frozen=True)
class _Regression:
    fitted: FloatArray  # n × k
    weights: FloatArray  # n, zero outside the cell
    inverse: FloatArray  # p × p, of the mean of w x x'

    def effect(self, x: FloatArray, y: FloatArray, direction: FloatArray) -> FloatArray:
        """Influence through the coefficients, where the estimate moves with them by `direction` (p)."""
        return self.weights[:, None] * (y - self.fitted) * (x @ (self.inverse @ direction))[:, None]


@dataclass(frozen=True)
class Models:
    """Arrays of a design with the models that its estimators rest on.

    ``odds`` are the odds of treatment that weight the comparison rows (ones without a ``propensity``),
    ``regressions`` those of the outcomes in the cells (treated, after).
    """

    y: FloatArray
    d: FloatArray
    t: FloatArray
    x: FloatArray
    w: FloatArray
    method: str
    propensity: OddsFit | None
    odds: FloatArray
    regressions: dict[tuple[int, int], _Regression]


@dataclass(frozen=True)
class Block:
    """Outcomes with the same rows observed, the weights of those rows as they were given, and the models."""

    columns: NDArray[np.intp]
    rows: NDArray[np.intp]
    weights: FloatArray
    fit: Models


def _regress(x: FloatArray, y: FloatArray, weights: FloatArray) -> _Regression:
    held = weights > 0
    fit = least_squares(x[held], weights=weights[held])
    return _Regression(x @ fit.coefficients(y[held]), weights, fit.gram_inverse * len(x))


def _mean(weights: FloatArray, values: FloatArray) -> FloatArray:
    return weights @ values / weights.sum()


def _part(weights: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted mean (k) and its influence values (n × k)."""
    mean = _mean(weights, values)
    return mean, weights[:, None] * (values - mean) / weights.mean()


def fitted_models(
    y: FloatArray,
    d: FloatArray,
    t: FloatArray,
    x: FloatArray,
    w: FloatArray,
    *,
    method: Method,
    what: str = "propensity score",
) -> Models:
    """Fit what difference-in-differences from repeated cross-sections needs.

    ``dr`` is locally efficient (regressions in all four cells), ``dr_traditional`` uses regressions of the
    comparison cells only, ``reg`` is outcome regression, ``none`` the contrast of four cell means.
    """
    w = w / w.mean()
    if method == "none":
        x = x[:, :1]
    weighted = method in ("dr", "dr_traditional")
    propensity = odds_fit(x, d, weights=w, what=what) if weighted else None
    odds = np.exp(np.minimum(propensity.index, 500.0)) if propensity else np.ones(len(y))
    regressions: dict[tuple[int, int], _Regression] = {}
    for after, now in ((1, t), (0, 1 - t)):
        regressions[0, after] = _regress(x, y, w * (1 - d) * now)
        if method == "dr":
            regressions[1, after] = _regress(x, y, w * d * now)
    return Models(y, d, t, x, w, method, propensity, odds, regressions)


def effect_on_treated(fit: Models) -> tuple[FloatArray, FloatArray]:
    """Difference-in-differences effects on the treated (k) and their influence values (n × k).

    Source: Sant'Anna & Zhao (2020), equations 3.1–3.4.
    """
    y, d, x, w = fit.y, fit.d, fit.x, fit.w
    everyone = w * d
    estimate, influence = np.zeros(y.shape[1]), np.zeros_like(y)
    for after, sign in ((1, 1.0), (0, -1.0)):
        now = fit.t if after else 1 - fit.t
        cell, balanced = w * d * now, w * (1 - d) * now * fit.odds
        base, own = fit.regressions[0, after], fit.regressions.get((1, after))
        if own:
            near, near_influence = _part(cell, y - own.fitted)
            gap, gap_influence = _part(everyone, own.fitted - base.fitted)
            level, rows = near + gap, near_influence + gap_influence
            direction = -_mean(everyone, x)
            rows = rows + own.effect(x, y, _mean(everyone, x) - _mean(cell, x))
        elif fit.method == "dr_traditional":
            level, rows = _part(cell, y - base.fitted)
            direction = -_mean(cell, x)
        else:
            own_mean, own_influence = _part(cell, y)
            level_0, influence_0 = _part(everyone, base.fitted)
            level, rows, direction = own_mean - level_0, own_influence - influence_0, -_mean(everyone, x)
        if fit.propensity:
            rest = y - base.fitted
            lost, lost_influence = _part(balanced, rest)
            slope = x.T @ (balanced[:, None] * (rest - lost)) / balanced.sum()
            score = (w * (d - fit.propensity.probability))[:, None] * x
            level = level - lost
            rows = rows - lost_influence - score @ fit.propensity.information_inverse @ slope
            direction = direction + _mean(balanced, x)
        rows = rows + base.effect(x, y, direction)
        estimate, influence = estimate + sign * level, influence + sign * rows
    return estimate, influence


def design_blocks(
    data: pd.DataFrame,
    outcomes: Sequence[str],
    covariates: Sequence[str],
    *,
    method: Method = "dr",
    weights: str | None = None,
) -> Iterator[Block]:
    """Fit the outcomes, those with the same empty rows together, most complete first.

    Comparison episodes with a level of a covariate that no treated episode has are left out. Where a treated
    cell has fewer than five episodes per covariate it has no regression of its own and ``dr`` becomes
    ``dr_traditional``, as the fit's method then says.
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r} is not known; choose one of {', '.join(METHODS)}")
    treated = truth_values(data, "treated", table=TABLE)
    post = truth_values(data, "post", table=TABLE)
    y = outcome_matrix(data, outcomes, table=TABLE)
    w = row_weights(data, weights, table=TABLE)
    if method == "none":
        covariates = []
    require_columns(data, covariates, table=TABLE)
    open_rows, narrow = w > 0, data[["treated", *covariates]]
    if covariates and treated.any():
        open_rows &= ~outside_support(data, covariates, treated=treated)
    for columns in sorted(known_alike(y), key=lambda alike: int(np.isnan(y[:, alike[0]]).sum())):
        rows = np.flatnonzero(open_rows & ~np.isnan(y[:, columns[0]]))
        which = f"{TABLE} ({', '.join(outcomes[j] for j in columns[:3])})"
        d, t = treated[rows], post[rows]
        cells = {
            f"{arm} {time}": int((a & b).sum())
            for arm, a in (("treated", d), ("comparison", ~d))
            for time, b in (("before", ~t), ("after", t))
        }
        if min(cells.values()) < 2:
            counts = ", ".join(f"{count} {cell}" for cell, count in cells.items())
            raise ValueError(
                f"{which}: {counts}; at least 2 episodes are needed in each; "
                "widen the windows, the group or the comparison pool"
            )
        x = covariate_matrix(narrow.iloc[rows], covariates, table=TABLE).with_constant
        for time, held in (("before", ~d & ~t), ("after", ~d & t)):
            if not independent_columns(x[held, 1:]).all():
                raise ValueError(
                    f"{which}: the {int(held.sum())} comparison episodes {time} cannot tell "
                    f"{x.shape[1] - 1} covariates apart; leave some out or widen the comparison pool"
                )
        smallest = min(cells["treated before"], cells["treated after"])
        thin = method == "dr" and smallest < EPISODES_PER_COVARIATE * (x.shape[1] - 1)
        arrays = y[np.ix_(rows, columns)], d.astype(float), t.astype(float)
        fit = fitted_models(
            *arrays,
            x,
            w[rows],
            method="dr_traditional" if thin else method,
            what=f"propensity score of {which}",
        )
        yield Block(columns, rows, w[rows], fit)


def did_rc(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    covariates: Sequence[str],
    method: Method = "dr",
    weights: str | None = None,
) -> tuple[pd.Series, pd.DataFrame]:
    """Effect on the treated by difference-in-differences for repeated cross-sections, and influence values.

    All outcomes share one design and one propensity fit. Outcomes with empty values (follow-up not complete)
    are estimated on the rows that have them. `data` has one row an episode with `treated` and `post`
    (true/false), outcomes, covariates measured before the index date, and `weights`, sampling weights.

    The estimate of each outcome comes back, in its unit, and one influence value per episode and outcome: the
    mean of a column is the first-order error of the estimate, so Σ over clusters of products of sums / n² is
    the joint covariance (too small with few treated clusters: see `inference`). A cell without two episodes,
    a constant outcome, and covariates that separate the arms are refused.

    Source: Sant'Anna & Zhao (2020), Journal of Econometrics 219(1).

    Examples
    --------
    >>> cells = pd.DataFrame({"treated": [0, 0, 0, 0, 1, 1, 1, 1], "post": [0, 0, 1, 1, 0, 0, 1, 1],
    ...                       "work": [1.0, 2, 2, 3, 1, 3, 5, 6]})
    >>> float(did_rc(cells, outcomes=["work"], covariates=[], method="none")[0]["work"])
    2.5
    """
    names = [*outcomes]
    require_columns(data, ["treated", "post"], table=TABLE)
    estimate, influence = np.empty(len(names)), np.zeros((len(data), len(names)))
    for block in design_blocks(data, names, covariates, method=method, weights=weights):
        estimate[block.columns], own = effect_on_treated(block.fit)
        influence[np.ix_(block.rows, block.columns)] = own * (len(data) / len(block.rows))
    return (
        pd.Series(estimate, index=names, name="estimate"),
        pd.DataFrame(influence, index=data.index, columns=names),
    )
