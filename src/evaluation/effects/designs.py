"""From a frame of episodes to fitted four-cell designs: refusals, covariates, rows with every outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.covariates import (
    covariate_matrix,
    independent_columns,
    outside_support,
    require_columns,
)
from evaluation.effects.doubly_robust import METHODS, Fit, Method, repeated_cross_sections
from evaluation.effects.estimates import outcome_matrix, row_weights, truth_values

FloatArray = NDArray[np.float64]
TABLE = "design"
# Below this many episodes per covariate a pilot cell is too small for a regression of its own.
EPISODES_PER_COVARIATE = 5


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


def design_blocks(
    data: pd.DataFrame,
    outcomes: list[str],
    covariates: Sequence[str],
    method: Method,
    weights: str | None,
    notes: list[str],
) -> Iterator[Block]:
    """Fit the outcomes, those with the same empty rows together, most complete first."""
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
        outside = outside_support(data, covariates, treated=treated) & open_rows
        if count := int(outside.sum()):
            notes.append(
                f"{count} comparison episodes have a level of a covariate that no treated episode has"
            )
        open_rows &= ~outside
    empty = np.isnan(y)
    alike: dict[bytes, list[int]] = {}
    for j in range(len(outcomes)):
        alike.setdefault(empty[:, j].tobytes(), []).append(j)
    for group in sorted(alike.values(), key=lambda members: int(empty[:, members[0]].sum())):
        columns = np.array(group, dtype=np.intp)
        rows = np.flatnonzero(open_rows & ~empty[:, group[0]])
        which = ", ".join(outcomes[j] for j in columns[:3])
        d, t = treated[rows], post[rows]
        cells = {
            f"{arm} {time}": int((a & b).sum())
            for arm, a in (("treated", d), ("comparison", ~d))
            for time, b in (("before", ~t), ("after", t))
        }
        if min(cells.values()) < 2:
            counts = ", ".join(f"{count} {cell}" for cell, count in cells.items())
            raise ValueError(
                f"{TABLE} ({which}): {counts}; at least 2 episodes are needed in each; "
                "widen the windows, the group or the comparison pool"
            )
        matrix = covariate_matrix(data.iloc[rows], covariates, table=TABLE)
        notes.extend(matrix.notes)
        x = matrix.with_constant
        for time, held in (("before", ~d & ~t), ("after", ~d & t)):
            if not independent_columns(x[held, 1:], matrix.names)[0].all():
                raise ValueError(
                    f"{TABLE} ({which}): the {int(held.sum())} comparison episodes {time} cannot tell "
                    f"{x.shape[1] - 1} covariates apart; leave some out or widen the comparison pool"
                )
        chosen = method
        if method in ("dr", "dr_improved"):
            smallest = min(cells["treated before"], cells["treated after"])
            if smallest < EPISODES_PER_COVARIATE * (x.shape[1] - 1):
                chosen = "dr_traditional" if method == "dr" else "dr_improved_traditional"
                notes.append(
                    f"treated cell of {smallest} episodes for {x.shape[1] - 1} covariates: "
                    "no regression of its own"
                )
        block_d, block_t = d.astype(float), t.astype(float)
        fit = repeated_cross_sections(
            y[np.ix_(rows, columns)],
            block_d,
            block_t,
            x,
            w[rows],
            method=chosen,
            what=f"propensity score of {TABLE} ({which})",
        )
        yield Block(columns, rows, y[np.ix_(rows, columns)], block_d, block_t, w[rows], fit, x.shape[1])
