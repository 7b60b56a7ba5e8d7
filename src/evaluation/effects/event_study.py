"""Change of each quarter against the baseline window, by labour market area: event study and pre-trends.

The areas take the place of municipalities and quarters that of outcomes, so that the inference for few
treated units holds for every quarter and for all of them together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.covariates import FloatArray, covariate_matrix, outside_support
from evaluation.effects.differences import MunicipalChanges, within_covariance
from evaluation.effects.regression import least_squares, odds_fit

FEWEST_EPISODES = 3  # in every quarter, else a comparison unit is left out
FEWEST_UNITS = 5


def quarterly_changes(
    data: pd.DataFrame,
    *,
    outcomes: Sequence[str],
    covariates: Sequence[str],
    units: pd.Series,
    baseline: str,
) -> list[MunicipalChanges]:
    """Covariate-adjusted difference of every quarter from the baseline window, one unit a labour market area.

    `data` holds episodes with `treated`, `municipality`, `window`, `index_quarter`, covariates and the
    outcomes, which are empty in the same rows (see `known_alike`): they share the design. `units` is the
    labour market area by municipality (the treated area is one unit, "pilot"), `baseline` the window whose
    mean each quarter is compared with. A comparison unit with fewer than three episodes in a quarter is left
    out; an empty quarter of the treated area, or fewer than five comparison units, are refused. The outcomes
    of the changes of each outcome are the quarters.
    """
    rows = data[data[outcomes[0]].notna()]
    outside = outside_support(rows, covariates, treated=rows["treated"].to_numpy(bool))
    rows = rows[~outside]  # as in the main design: such comparison episodes would separate the arms
    treated = rows["treated"].to_numpy(bool)
    x = covariate_matrix(rows, covariates, table="design").with_constant
    odds = np.exp(odds_fit(x, treated.astype(float), what="propensity score of the event study").index)
    fit = least_squares(x[~treated], weights=odds[~treated])
    place, places = pd.factorize(rows["municipality"])
    names = np.where(treated, "pilot", units.reindex(places).astype("str").to_numpy()[place])
    unit, labels = pd.factorize(names, sort=True)
    quarter, quarters = pd.factorize(rows["index_quarter"], sort=True)
    base = rows["window"].eq(baseline).to_numpy()
    weight = np.where(treated, 1.0, odds)
    shape = (len(labels), len(quarters))
    cell = unit * len(quarters) + quarter
    counts = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    pilot = labels == "pilot"
    if (counts[pilot] == 0).any():
        raise ValueError(
            f"design: the area has {int((counts[pilot] == 0).sum())} quarters without an episode"
        )
    kept = np.flatnonzero(pilot | ((counts >= FEWEST_EPISODES).all(axis=1)))
    if (~pilot[kept]).sum() < FEWEST_UNITS:
        raise ValueError(
            f"design: {int((~pilot[kept]).sum())} labour market areas have at least {FEWEST_EPISODES} "
            f"comparison episodes in every quarter; at least {FEWEST_UNITS} are needed"
        )
    total = np.bincount(unit, weights=weight)
    share = total[kept] / np.where(pilot[kept], total[pilot].sum(), total[kept][~pilot[kept]].sum())
    inside = np.bincount(unit[base], minlength=shape[0])
    found = []
    for outcome in outcomes:
        y = rows[[outcome]].to_numpy(float)
        residual = (y - x @ fit.coefficients(y[~treated]))[:, 0]
        mean, score = _cell_means(residual, weight, cell, shape[0] * shape[1])
        base_mean, base_score = _cell_means(residual[base], weight[base], unit[base], shape[0])
        change = mean.reshape(shape) - base_mean[:, None]
        errors = np.zeros((len(rows), len(quarters)))
        errors[np.arange(len(rows)), quarter] = score
        errors[base] -= base_score[:, None]
        covariance = within_covariance(errors, unit, rows["person_id"], shape[0])[kept]
        changes = MunicipalChanges(
            tuple(quarters),
            labels[kept].astype(object),
            pilot[kept],
            change[kept],
            covariance,
            inside[kept],
            (counts.sum(axis=1) - inside)[kept],
            share,
            dict.fromkeys(np.delete(labels, kept), ""),
        )
        found.append(changes)
    return found


def _cell_means(
    values: FloatArray, weight: FloatArray, cell: NDArray[np.intp], cells: int
) -> tuple[FloatArray, FloatArray]:
    """Weighted mean per cell (NaN where empty) and each row's part in its error."""
    total = np.bincount(cell, weights=weight, minlength=cells)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(cell, weights=weight * values, minlength=cells) / np.where(
            total > 0, total, np.nan
        )
    return mean, weight / total[cell] * (values - mean[cell])
