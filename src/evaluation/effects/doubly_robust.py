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
    outcome_matrix,
    outside_support,
    require_columns,
    row_weights,
    truth_values,
)
from evaluation.effects.regression import least_squares, odds_fit

Method = Literal["dr", "dr_traditional", "reg", "none"]
METHODS = get_args(Method)
TABLE = "design"
# Below this many episodes per covariate a pilot cell is too small for a regression of its own.
EPISODES_PER_COVARIATE = 5


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
class Block:
    """Outcomes with the same rows observed, and the arrays of those rows."""

    columns: NDArray[np.intp]
    rows: NDArray[np.intp]
    y: FloatArray
    d: FloatArray
    t: FloatArray
    w: FloatArray
    fit: Fit
    rank: int


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
    comparison cells only, ``reg`` is outcome regression, ``none`` the contrast of four cell means.

    Source: Sant'Anna & Zhao (2020), equations 3.1–3.4.
    """
    w = w / w.mean()
    if method == "none":
        x = x[:, :1]
    everyone = w * d
    weighted = method in ("dr", "dr_traditional")
    odds, odds_influence = np.ones(len(y)), np.zeros_like(x)
    if weighted:
        propensity = odds_fit(x, d, weights=w, what=what)
        odds = np.exp(np.minimum(propensity.index, 500.0))
        score = (w * (d - propensity.probability))[:, None] * x
        odds_influence = score @ propensity.information_inverse
    estimate, influence = np.zeros(y.shape[1]), np.zeros_like(y)
    fitted: dict[tuple[int, int], FloatArray] = {}
    for after, sign in ((1, 1.0), (0, -1.0)):
        now = t if after else 1 - t
        cell, balanced = w * d * now, w * (1 - d) * now * odds
        base = _regress(x, y, w * (1 - d) * now)
        predicted = fitted[0, after] = base.fitted
        if method == "dr":
            own = _regress(x, y, cell)
            fitted[1, after] = own.fitted
            near, near_influence = _part(cell, y - own.fitted)
            gap, gap_influence = _part(everyone, own.fitted - predicted)
            level, rows = near + gap, near_influence + gap_influence
            direction = -_mean(everyone, x)
            rows = rows + own.effect(x, _mean(everyone, x) - _mean(cell, x))
        elif method == "dr_traditional":
            level, rows = _part(cell, y - predicted)
            direction = -_mean(cell, x)
        else:
            own_mean, own_influence = _part(cell, y)
            level_0, influence_0 = _part(everyone, predicted)
            level, rows, direction = own_mean - level_0, own_influence - influence_0, -_mean(everyone, x)
        if weighted:
            rest = y - predicted
            lost, lost_influence = _part(balanced, rest)
            slope = x.T @ (balanced[:, None] * (rest - lost)) / balanced.sum()
            level = level - lost
            rows = rows - lost_influence - odds_influence @ slope
            direction = direction + _mean(balanced, x)
        rows = rows + base.effect(x, direction)
        estimate, influence = estimate + sign * level, influence + sign * rows
    return Fit(estimate, influence, odds, fitted, method)


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
    open_rows = w > 0
    if covariates and treated.any():
        open_rows &= ~outside_support(data, covariates, treated=treated)
    empty = np.isnan(y)
    alike: dict[bytes, list[int]] = {}
    for j in range(len(outcomes)):
        alike.setdefault(empty[:, j].tobytes(), []).append(j)
    for group in sorted(alike.values(), key=lambda members: int(empty[:, members[0]].sum())):
        columns = np.array(group, dtype=np.intp)
        rows = np.flatnonzero(open_rows & ~empty[:, group[0]])
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
        x = covariate_matrix(data.iloc[rows], covariates, table=TABLE).with_constant
        for time, held in (("before", ~d & ~t), ("after", ~d & t)):
            if not independent_columns(x[held, 1:]).all():
                raise ValueError(
                    f"{which}: the {int(held.sum())} comparison episodes {time} cannot tell "
                    f"{x.shape[1] - 1} covariates apart; leave some out or widen the comparison pool"
                )
        smallest = min(cells["treated before"], cells["treated after"])
        thin = method == "dr" and smallest < EPISODES_PER_COVARIATE * (x.shape[1] - 1)
        arrays = y[np.ix_(rows, columns)], d.astype(float), t.astype(float)
        fit = repeated_cross_sections(
            *arrays,
            x,
            w[rows],
            method="dr_traditional" if thin else method,
            what=f"propensity score of {which}",
        )
        yield Block(columns, rows, *arrays, w[rows], fit, x.shape[1])


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
        influence[np.ix_(block.rows, block.columns)] = block.fit.influence * (len(data) / len(block.rows))
        estimate[block.columns] = block.fit.estimate
    return (
        pd.Series(estimate, index=names, name="estimate"),
        pd.DataFrame(influence, index=data.index, columns=names),
    )
