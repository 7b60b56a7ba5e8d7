"""Arithmetic behind changes per municipality: scores within municipality and period, and their covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.designs import TABLE, Block
from evaluation.effects.regression import sum_by

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def episodes_by_side(codes: NDArray[np.intp], t: FloatArray, units: int) -> NDArray[np.intp]:
    return np.stack([np.bincount(codes[t == side], minlength=units) for side in (0, 1)], axis=1)


def join_small(
    units: pd.Index[Any], in_pilot: BoolArray, sides: NDArray[np.intp], enough: BoolArray, minimum: int
) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """For each municipality the one its episodes count for, −1 for none, and the list of those changed."""
    if not (enough & in_pilot).any() and (sides[in_pilot].sum(axis=0) >= max(2, minimum)).all():
        # An area of small municipalities only is one unit.
        enough = enough.copy()
        enough[np.argmax(np.where(in_pilot, sides.sum(axis=1), -1))] = True
    target = np.where(enough, np.arange(len(units)), -1)
    for arm, name in ((True, "treated"), (False, "comparison")):
        if not (enough & (in_pilot == arm)).any():
            raise ValueError(
                f"{TABLE}: none of {int((in_pilot == arm).sum())} {name} municipalities has {minimum} "
                "episodes before and after; lower min_episodes or widen the windows"
            )
    host = int(np.argmax(np.where(enough & in_pilot, sides.sum(axis=1), -1)))
    target[~enough & in_pilot] = host
    small = np.flatnonzero(~enough)
    return target, pd.DataFrame(
        {
            "municipality": np.asarray(units, dtype=object)[small],
            "treated": in_pilot[small],
            "n_before": sides[small, 0],
            "n_after": sides[small, 1],
            "joined": np.where(in_pilot[small], units[host], ""),
        }
    )


def municipal_scores(
    block: Block, codes: NDArray[np.intp], inside: BoolArray, units: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Change (M × k), its error per row (n × k) and total weight (M) of the municipalities."""
    fit, d = block.fit, block.d[:, None]
    own = (1, 1) in fit.fitted
    # Outcome regression compares plain means of the treated with predictions for entrants of both periods.
    plain = fit.method in ("reg", "none")
    total_weight = block.w * np.where(block.d == 1, 1.0, fit.odds) * inside
    change = np.zeros((units, block.y.shape[1]))
    error = np.zeros_like(block.y)

    def average(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        total = np.bincount(codes, weights=weights, minlength=units)[:, None]
        share = weights[:, None] / np.where(total > 0, total, np.inf)[codes]
        mean = sum_by(share * values, codes, units)
        return mean, share * (values - mean[codes])

    for after, sign in ((1, 1.0), (0, -1.0)):
        now = block.t == after
        base = fit.fitted[0, after]
        predicted = base
        if own or plain:
            predicted = np.where(d == 1, fit.fitted[1, after] if own else 0.0, base)
        mean, rows = average(block.y - predicted, total_weight * now)
        if own:
            # As many coefficients as fitted make residuals too small, which matters in small areas.
            cell = float((now & (block.d == 1)).sum())
            rows = rows * np.where(d == 1, np.sqrt(cell / max(cell - block.rank, 1.0)), 1.0)
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
    rows = codes >= 0
    pair, pair_codes = np.unique(codes[rows] * (int(people.max()) + 1) + people[rows], return_inverse=True)
    sums = sum_by(score[rows], pair_codes, len(pair))
    unit = pair // (int(people.max()) + 1)
    edges = np.searchsorted(unit, np.arange(units + 1))
    out = np.zeros((units, score.shape[1], score.shape[1]))
    for m in range(units):
        part = sums[edges[m] : edges[m + 1]]
        out[m] = part.T @ part * (len(part) / max(len(part) - 1, 1))
    return out
