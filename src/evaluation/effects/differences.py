"""Covariate-adjusted change of each municipality: the unit of inference for few treated areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.covariates import BoolArray, FloatArray, levels_of, require_columns, truth_values
from evaluation.effects.doubly_robust import TABLE, Block, Method, design_blocks
from evaluation.effects.regression import sum_by, sum_present
from evaluation.schemas import require


@dataclass(frozen=True)
class MunicipalChanges:
    """Covariate-adjusted change per municipality, k outcomes of M municipalities.

    Changes are after − before, in the unit of the outcome, from the scores of the doubly robust estimator.
    Their sampling covariance is from the variation between persons within the municipality; shocks that hit a
    whole municipality are not in it, nor the error of the comparison regressions that all municipalities
    share. `left_out` names, for each municipality with too few episodes on a side, the one whose episodes
    they were added to ("" where there is none).
    """

    outcomes: tuple[str, ...]
    municipality: NDArray[np.object_]  # M, in sorted order within arm, treated first
    treated: BoolArray  # M
    change: FloatArray  # M × k
    sampling_covariance: FloatArray  # M × k × k
    n_before: NDArray[np.intp]  # M, episodes
    n_after: NDArray[np.intp]  # M
    weight: FloatArray  # M, sums to one within each arm
    left_out: dict[str, str]


def municipal_changes(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    covariates: Sequence[str],
    method: Method = "dr",
    weights: str | None = None,
    min_episodes: int = 10,
) -> MunicipalChanges:
    """Covariate-adjusted change of each municipality, the unit of inference for few treated areas.

    The scores of the estimator of `did_rc` are averaged within municipality and period: outcomes minus what
    the comparison regression of the period predicts (for treated municipalities with the treated
    regressions, over entrants of both periods), comparison episodes weighted by their odds of treatment. The
    weighted contrast Σ weight·change over treated − Σ weight·change over comparison municipalities estimates
    the same effect as `did_rc`; the two differ only by municipalities whose share of their arm changed
    between the periods, which moves `did_rc` and cancels here. With one municipality in each arm they are
    equal.

    `data` is as for `did_rc`, with a column `municipality`; an outcome is no covariate of itself. A
    municipality needs `min_episodes` before and after, in every outcome: a comparison municipality with fewer
    is left out, a treated one joins the treated municipality with most episodes. Both are listed. An arm
    without any large enough is refused, as is what `did_rc` refuses.

    Examples
    --------
    >>> cells = pd.DataFrame({"municipality": list("aaaabbbb"), "treated": [1] * 4 + [0] * 4,
    ...                       "post": [0, 0, 1, 1] * 2, "work": [1.0, 3, 5, 6, 1, 2, 2, 3]})
    >>> found = municipal_changes(cells, outcomes=["work"], covariates=[], method="none", min_episodes=2)
    >>> float(found.change[0, 0] - found.change[1, 0])
    2.5
    """
    names = [*outcomes]
    require_columns(data, covariates, table=TABLE)
    covariates = [name for name in covariates if name not in names]
    require_columns(data, ["treated", "post"], table=TABLE)
    require("design", data, "municipality")
    treated = truth_values(data, "treated", table=TABLE)
    codes, units = levels_of(data["municipality"])
    if mixed := int(
        (sum_by(np.c_[treated, ~treated].astype(float), codes, len(units)) > 0).all(axis=1).sum()
    ):
        raise ValueError(f"{TABLE}.municipality: {mixed} municipalities are in both arms; correct `treated`")
    blocks = list(design_blocks(data, names, covariates, method=method, weights=weights))
    sides = np.stack([_episodes(codes[block.rows], block.fit.t, len(units)) for block in blocks]).min(axis=0)
    in_pilot = np.bincount(codes, weights=treated, minlength=len(units)) > 0
    enough = (sides >= max(2, min_episodes)).all(axis=1)
    target, left_out = _join_small(units, in_pilot, sides, enough, min_episodes)
    codes = target[codes]
    score = np.zeros((len(data), len(names)))
    change = np.zeros((len(units), len(names)))
    weight = np.zeros(len(units))
    for block in reversed(blocks):
        c = codes[block.rows]
        inside = c >= 0
        change[:, block.columns], rows, weight = _scores(block, np.where(inside, c, 0), inside, len(units))
        score[np.ix_(block.rows, block.columns)] = rows
    kept = np.unique(codes[codes >= 0])
    kept = kept[np.argsort(~in_pilot[kept], kind="stable")]
    covariance = within_covariance(score, codes, data.get("person_id"), len(units))
    arm = in_pilot[kept]
    share = weight[kept] / np.where(arm, weight[kept][arm].sum(), weight[kept][~arm].sum())
    n = _episodes(codes[codes >= 0], data["post"].to_numpy(float)[codes >= 0], len(units))[kept]
    return MunicipalChanges(
        tuple(names),
        units[kept],
        arm,
        change[kept],
        covariance[kept],
        n[:, 0],
        n[:, 1],
        share,
        left_out,
    )


def _episodes(codes: NDArray[np.intp], t: FloatArray, units: int) -> NDArray[np.intp]:
    """Episodes of each municipality before and after."""
    return np.stack([np.bincount(codes[t == side], minlength=units) for side in (0, 1)], axis=1)


def _join_small(
    units: NDArray[np.object_], in_pilot: BoolArray, sides: NDArray[np.intp], enough: BoolArray, minimum: int
) -> tuple[NDArray[np.intp], dict[str, str]]:
    """For each municipality the one its episodes count for, −1 for none, and the list of those changed."""
    if not (enough & in_pilot).any() and (sides[in_pilot].sum(axis=0) >= max(2, minimum)).all():
        # An area of small municipalities only is one unit.
        enough = enough.copy()
        enough[np.argmax(np.where(in_pilot, sides.sum(axis=1), -1))] = True
    target = np.where(enough, np.arange(len(units)), -1)
    for arm, name in ((True, "treated"), (False, "comparison")):
        if not (enough & (in_pilot == arm)).any():
            raise ValueError(
                f"{TABLE}: none of {int((in_pilot == arm).sum())} {name} municipalities has at least "
                f"{minimum} episodes before and after; lower min_episodes or widen the windows"
            )
    host = int(np.argmax(np.where(enough & in_pilot, sides.sum(axis=1), -1)))
    target[~enough & in_pilot] = host
    small = np.flatnonzero(~enough)
    return target, {units[unit]: units[host] if in_pilot[unit] else "" for unit in small}


def _scores(
    block: Block, codes: NDArray[np.intp], inside: BoolArray, units: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Change (M × k), its error per row (n × k) and total weight (M) of the municipalities."""
    fit, treated = block.fit, block.fit.d == 1
    d = treated[:, None]
    own = (1, 1) in fit.regressions
    # Outcome regression compares plain means of the treated with predictions for entrants of both periods.
    plain = fit.method in ("reg", "none")
    total_weight = block.weights * np.where(treated, 1.0, fit.odds) * inside
    change = np.zeros((units, fit.y.shape[1]))
    error = np.zeros_like(fit.y)

    def average(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        total = np.bincount(codes, weights=weights, minlength=units)[:, None]
        share = weights[:, None] / np.where(total > 0, total, np.inf)[codes]
        mean = sum_by(share * values, codes, units)
        return mean, share * (values - mean.take(codes, axis=0))

    for after, sign in ((1, 1.0), (0, -1.0)):
        now = fit.t == after
        base = fit.regressions[0, after].fitted
        predicted = base
        if own or plain:
            predicted = np.where(d, fit.regressions[1, after].fitted if own else 0.0, base)
        mean, rows = average(fit.y - predicted, total_weight * now)
        if own:
            # As many coefficients as fitted make residuals too small, which matters in small areas.
            cell = float((now & treated).sum())
            rows = rows * np.where(d, np.sqrt(cell / max(cell - fit.x.shape[1], 1.0)), 1.0)
        if own or plain:
            gap, gap_rows = average(predicted - base, total_weight)
            mean, rows = mean + gap, rows + gap_rows
        change, error = change + sign * mean, error + sign * rows
    return change, error, np.bincount(codes, weights=total_weight, minlength=units).astype(float)


def within_covariance(
    score: FloatArray, codes: NDArray[np.intp], persons: pd.Series[Any] | None, units: int
) -> FloatArray:
    """Covariance of the changes from sums of errors per person within municipality (M × k × k)."""
    people = np.arange(len(score)) if persons is None else pd.factorize(persons)[0]
    rows, most = codes >= 0, int(people.max()) + 1
    pair, sums = sum_present(score[rows], codes[rows] * most + people[rows])
    unit = pair // most
    edges = np.searchsorted(unit, np.arange(units + 1))
    out = np.zeros((units, score.shape[1], score.shape[1]))
    for m in range(units):
        part = sums[edges[m] : edges[m + 1]]
        out[m] = part.T @ part * (len(part) / max(len(part) - 1, 1))
    return out
