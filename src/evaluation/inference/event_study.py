"""The difference from the comparison by quarter of the index date, with intervals by placebo areas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.cohorts.comparison import Comparison, coarsened
from evaluation.effects.differences import MunicipalChanges
from evaluation.effects.event_study import quarterly_changes
from evaluation.inference.area import shock_structure
from evaluation.inference.placebo_areas import placebo_areas
from evaluation.schemas import require
from evaluation.study import Study
from evaluation.units import to_day

FOLLOWED = 0.9  # share of episodes that have the outcome, against the best period


def event_study(
    data: Comparison,
    *,
    outcome: str,
    months: int = 3,
    covariates: Sequence[str] | None = None,
    level: float = 0.95,
    seed: int = 1,
) -> pd.DataFrame:
    """Difference of every quarter from the window before, pilot area against comparison.

    All index dates in whole quarters are followed, not only those of the two windows; quarters whose
    follow-up the register cuts are left out.

    Parameters
    ----------
    data : Comparison
        From `compare`; its window before is the base.
    outcome : str
        Column of the comparison's frame.
    months : int
        Length of a period: 3, 6 or 12; longer ones where quarters hold too few episodes.
    covariates : sequence of str, optional
        Columns that the comparison is balanced on; by default the study's.
    level : float
        Coverage of the intervals.
    seed : int
        Seed of the placebo areas.

    Returns
    -------
    pandas.DataFrame
        One row a period: outcome, window (its first quarter, "2019Q2"), x (quarters since the start), unit,
        estimate, std_error, ci_low, ci_high, p_value, persons and episodes of the area, simulated.

    Raises
    ------
    ValueError
        If the outcome is unknown, the area has a period without an episode, or fewer than five labour
        market areas have three comparison episodes in every period.

    Source: Conley and Taber (2011), Review of Economics and Statistics 93(1), applied to every quarter.

    Examples
    --------
    >>> found = event_study(data, outcome="open_employment_12m", months=12)
    >>> found[["window", "x"]].values.tolist()
    [['2019Q1', -8], ['2020Q1', -4], ['2021Q1', 0], ['2022Q1', 4], ['2023Q1', 8]]
    """
    if months not in (3, 6, 12):
        raise ValueError(f"months: {months} unknown; give 3, 6 or 12")
    require("data", data, "frame", "study")
    unit, study = data.unit(outcome), data.study
    covariates = study.covariates if covariates is None else covariates
    first, last = (to_day(date) for date in data.before)
    base = data.every_day["index_day"].between(first, last)
    frame = coarsened(data.every_day).assign(window=np.where(base, "before", ""))
    frame = _whole_periods(frame, study, outcome=outcome, months=months)
    (changes,) = quarterly_changes(
        frame,
        outcomes=[outcome],
        covariates=[name for name in covariates if name != outcome],
        units=shock_structure(data.municipalities, study.areas, area=data.area)["groups"],
        baseline="before",
    )
    rows = quarter_rows(changes, frame, study, outcome=outcome, unit=unit, level=level, seed=seed)
    return rows.assign(simulated=data.simulated)


def _whole_periods(data: pd.DataFrame, study: Study, *, outcome: str, months: int) -> pd.DataFrame:
    """Episodes of the periods that index dates and follow-up cover; `index_quarter` is the first of each."""
    days = data["index_day"].to_numpy().astype("datetime64[D]")
    start = days.astype("datetime64[M]").astype(int) // months * months
    first, after = (
        month.astype("datetime64[M]").astype("datetime64[D]") for month in (start, start + months)
    )
    whole = (first >= np.datetime64(study.first_day)) & (after <= np.datetime64(study.after.last) + 1)
    names = [f"{1970 + month // 12}Q{month % 12 // 3 + 1}" for month in start]
    followed = data[outcome].notna().groupby(names).transform("mean")
    return data.assign(index_quarter=names)[whole & (followed >= FOLLOWED * followed.max())]


def quarter_rows(
    changes: MunicipalChanges,
    data: pd.DataFrame,
    study: Study,
    *,
    outcome: str,
    unit: str,
    seed: int,
    level: float = 0.95,
) -> pd.DataFrame:
    """Rows of an event study from the changes by quarter, with the area's persons behind each."""
    variance = np.diagonal(changes.sampling_covariance, axis1=1, axis2=2).max(axis=0)
    free = variance > 1e-12 * variance.max()  # a period that is the base itself differs from it by nothing
    moving = [name for name, varies in zip(changes.outcomes, free, strict=True) if varies]
    found = placebo_areas(changes, outcomes=moving, level=level, seed=seed)
    found = found.set_index("outcome")[["estimate", "std_error", "ci_low", "ci_high", "p_value"]]
    rows = found.reindex(changes.outcomes).rename_axis("window").reset_index().fillna({"estimate": 0.0})
    own = data.loc[data["treated"], ["index_quarter", "person_id"]]
    own = own.groupby("index_quarter")["person_id"].agg(["nunique", "size"])
    return rows.assign(
        outcome=outcome,
        unit=unit,
        x=rows["window"].map(study.quarters_since_start),
        persons=rows["window"].map(own["nunique"]).astype(float),
        episodes=rows["window"].map(own["size"]).astype(float),
    )
