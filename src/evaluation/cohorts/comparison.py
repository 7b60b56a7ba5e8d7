"""From a cohort to one comparison: pilot against comparison municipalities, before against after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.units import DAYS_IN_MONTH
from evaluation.windows import AFTER, GROUPS, TRIAL_START, WINDOWS, to_day

COARSENED = ("sex", "education", "native_language")
RARE_LEVEL = 5


def design(
    episodes: pd.DataFrame,
    *,
    area: str,
    baseline: str = "2019_20",
    followup: str = "after",
    group: str = "target_group",
    pool: Sequence[str] = ("comparison",),
    drop_municipalities: Sequence[str] = (),
    donut_months: int = 0,
) -> pd.DataFrame:
    """The episodes of one comparison.

    Parameters
    ----------
    episodes : pandas.DataFrame
        Episodes of a cohort.
    area : str
        Pilot area, or "all" for every area of confirmed pilot municipalities.
    baseline : str
        Window of index dates before the trial: 2018_19, 2019_20 or covid.
    followup : str
        Window of index dates after the start, or "after" for all of them.
    group : str
        target_group or te_office_stayers.
    pool : sequence of str
        Arms that the area is compared with.
    drop_municipalities : sequence of str
        Municipalities left out, treated or not.
    donut_months : int
        Index dates closer than this to the start of the trial are left out, on both sides
        (a month has 30.4375 days).

    Returns
    -------
    pandas.DataFrame
        A copy of the rows with `treated` and `post` (bool). Levels of sex, education and native language
        that fewer than five episodes of an arm have are joined to the most common level.

    Raises
    ------
    ValueError
        If a name is unknown or the area has no episode at all.

    Examples
    --------
    >>> table = pd.DataFrame({"area": ["oulu", ""], "arm": ["pilot", "comparison"], "group": "target_group",
    ...     "window": ["after_1", "2019_20"], "municipality": ["564", "005"], "index_day": [18_700, 18_000]})
    >>> design(table, area="oulu")[["treated", "post"]].values.tolist()
    [[True, True], [False, False]]
    """
    for name, value, known in (
        ("baseline", baseline, list(WINDOWS)),
        ("followup", followup, ["after", *WINDOWS]),
        ("group", group, list(GROUPS)),
    ):
        if value not in known:
            raise ValueError(f"{name}: {value!r} unknown; known are {known}")
    treated = episodes["arm"] == "pilot" if area == "all" else episodes["area"] == area
    if not treated.any():
        found = sorted(set(episodes["area"]) - {""})
        raise ValueError(f"area: {area!r} has no episodes; areas with episodes are {found}")
    post = episodes["window"].isin(AFTER if followup == "after" else (followup,))
    kept = (
        (treated | episodes["arm"].isin(list(pool)))
        & (post | (episodes["window"] == baseline))
        & (episodes["group"] == group)
        & ~episodes["municipality"].isin(list(drop_municipalities))
        & (np.abs(episodes["index_day"] - to_day(TRIAL_START)) >= donut_months * DAYS_IN_MONTH)
    )
    return _coarsened(episodes[kept].assign(treated=treated[kept], post=post[kept]))


def _coarsened(data: pd.DataFrame) -> pd.DataFrame:
    """Join levels that few episodes of an arm have to the most common one: they would separate the arms.

    A level that no treated episode has stays: the estimator leaves such comparison episodes out.
    """
    out = {}
    for name in COARSENED:
        if name not in data:
            continue
        counts = pd.crosstab(data[name], data["treated"]).reindex(columns=[True, False], fill_value=0)
        rare = counts[(counts[True] > 0) & (counts.min(axis=1) < RARE_LEVEL)].index
        out[name] = data[name].mask(data[name].isin(rare), counts.sum(axis=1).idxmax())
    return data.assign(**out)
