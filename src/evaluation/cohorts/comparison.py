"""From a cohort to one comparison: pilot against comparison municipalities, before against after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from evaluation.schemas import GROUPS, require
from evaluation.study import AFTER, Study, nearest
from evaluation.units import DAYS_IN_MONTH, to_day, unit_of

COARSENED = ("sex", "education", "native_language", "immigrant")
RARE_LEVEL = 5
MOST_GROUPS = 20
Window = str | tuple[str, str]


@dataclass(frozen=True)
class Comparison:
    """The episodes of one area and of what it is compared with.

    Attributes
    ----------
    frame : pandas.DataFrame
        Episodes of the two windows with `treated` and `post` (bool).
    cohort, in_arms : pandas.DataFrame
        Episodes that were given, and for each whether it belongs to either arm (`kept`) and to the area's.
    study : Study
        The reform.
    area : str
        Pilot area, or "all".
    before, after : (str, str)
        First and last index date of each window.
    municipalities : pandas.DataFrame or None
        Reference table of municipalities; None stands for the one of the project.
    units : mapping of str to str
        Units of columns of one's own: share, days, eur or number.
    """

    frame: pd.DataFrame
    cohort: pd.DataFrame = field(repr=False)
    in_arms: pd.DataFrame = field(repr=False)  # `kept` and `treated` of each of the cohort's episodes
    study: Study
    area: str
    before: tuple[str, str]
    after: tuple[str, str]
    municipalities: pd.DataFrame | None = None
    units: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def every_day(self) -> pd.DataFrame:
        """Episodes of both arms on any index date, with `treated`: for what is followed over time."""
        kept, treated = (self.in_arms[name].to_numpy() for name in ("kept", "treated"))
        return self.cohort[kept].assign(treated=treated[kept])

    @property
    def simulated(self) -> bool:
        """Whether any episode comes from a simulated register: results and figures carry the mark on."""
        return "simulated" in self.frame and bool(self.frame["simulated"].any())

    def unit(self, outcome: str) -> str:
        """Unit of a column: as given, else told by its name, else by its values."""
        if outcome not in self.frame:
            numeric = self.frame.select_dtypes(["number", "bool"])
            raise ValueError(f"outcome: no column {outcome!r}{nearest(outcome, numeric)}")
        if not pd.api.types.is_numeric_dtype(self.frame[outcome]):
            raise ValueError(f"outcome: {outcome!r} holds no numbers; make a column of 0 and 1 of it")
        return self.units.get(outcome) or unit_of(outcome, self.frame[outcome])

    def groups(self, by: str | None) -> dict[str, pd.DataFrame]:
        """The frame by the levels of a column, rare levels of covariates joined anew in each; "all" without.

        Raises
        ------
        ValueError
            If there is no such column or it has more levels than can be read in a table.
        """
        if by is None:
            return {"all": self.frame}
        if by not in self.frame:
            raise ValueError(f"by: no column {by!r}{nearest(by, self.frame)}")
        levels = self.frame[by].dropna().sort_values().unique()
        if not 1 <= len(levels) <= MOST_GROUPS:
            raise ValueError(
                f"by: {by!r} has {len(levels)} levels, between 1 and {MOST_GROUPS} can be read; "
                "cut it into groups first, such as with pandas.cut"
            )
        return {str(level): coarsened(self.frame[self.frame[by] == level]) for level in levels}


def compare(
    episodes: pd.DataFrame,
    study: Study,
    *,
    area: str,
    before: Window | None = None,
    after: Window = AFTER,
    group: str = "target_group",
    pool: Sequence[str] = ("comparison",),
    drop_municipalities: Sequence[str] = (),
    donut_months: int = 0,
    municipalities: pd.DataFrame | None = None,
    units: Mapping[str, str] | None = None,
) -> Comparison:
    """Set one area against comparison municipalities, before against after.

    Parameters
    ----------
    episodes : pandas.DataFrame
        Episodes of a cohort, with whatever columns are to be outcomes.
    study : Study
        The reform: its start and the names of its windows.
    area : str
        Pilot area, or "all" for every area of confirmed pilot municipalities.
    before, after : str or (str, str)
        Index dates of either window: first and last date, or a name of the study; "after" is all of the
        time after the start. Without `before` it is the study's main baseline.
    group : str
        target_group or te_office_stayers.
    pool : sequence of str
        Arms that the area is compared with.
    drop_municipalities : sequence of str
        Municipalities left out, treated or not.
    donut_months : int
        Index dates closer than this to the start of the reform are left out, on both sides
        (a month has 30.4375 days).
    municipalities : pandas.DataFrame, optional
        Reference table of municipalities: which of them share shocks. By default the project's own.
    units : mapping of str to str, optional
        Units of columns of one's own (share, days, eur, number); else name and values tell.

    Returns
    -------
    Comparison
        Its `frame` is a copy of the rows with `treated` and `post`. Levels of sex, education and native
        language that fewer than five episodes of an arm have are joined to the most common level.

    Raises
    ------
    ValueError
        If a name is unknown, the windows overlap or are the wrong way round, or the area has no episode.

    Examples
    --------
    >>> year = ("2018-09-01", "2019-08-31")
    >>> data = compare(cohort.episodes, study, area="oulu", before=year, after="after_1")
    >>> data.before == year, sorted(set(data.frame["area"]))
    (True, ['', 'oulu'])
    """
    require("study", study, "start_day")
    columns = ("area", "arm", "group", "municipality")
    require("episodes", episodes, "index_day", may_be_empty=columns)
    if not pd.api.types.is_scalar(area):
        raise ValueError(f"area: {area!r} given; name one area, or 'all'")
    first = _dates("before", study.main_baseline if before is None else before, study)
    last = _dates("after", after, study)
    if not first[0] <= first[1] < last[0] <= last[1]:
        raise ValueError(
            f"before {first}, after {last}: give first and last dates, before ending before after"
        )
    if group not in GROUPS:
        raise ValueError(f"group: {group!r} unknown{nearest(group, GROUPS)}")
    treated = episodes["arm"] == "pilot" if area == "all" else episodes["area"] == area
    if not treated.any():
        known = {*episodes["area"].dropna().astype("str"), "all"} - {""}
        raise ValueError(f"area: {area!r} has no episodes{nearest(str(area), known)}")
    index_day = episodes["index_day"]
    kept = (
        (treated | episodes["arm"].isin(list(pool)))
        & (episodes["group"] == group)
        & ~episodes["municipality"].isin(list(drop_municipalities))
        & (np.abs(index_day - study.start_day) >= donut_months * DAYS_IN_MONTH)
    )
    early, post = (index_day.between(*map(to_day, window)) for window in (first, last))
    inside = (kept & (early | post)).to_numpy()
    marked = {"treated": treated.to_numpy()[inside], "post": post.to_numpy()[inside]}
    frame = coarsened(episodes[inside].assign(**marked))
    arms = (frame, episodes, pd.DataFrame({"kept": kept, "treated": treated}))
    return Comparison(*arms, study, area, first, last, municipalities, dict(units or {}))


def _dates(name: str, window: Window, study: Study) -> tuple[str, str]:
    """First and last date of a window that is given by its name or by its dates."""
    if not isinstance(window, str):
        first, last = (str(np.datetime64(date, "D")) for date in window)
        return first, last
    named = {**study.windows, AFTER: study.after}
    if window not in named:
        raise ValueError(f"{name}: window {window!r} unknown{nearest(window, named)}")
    return str(named[window].first), str(named[window].last)


def coarsened(data: pd.DataFrame) -> pd.DataFrame:
    """Join levels that few episodes of an arm have to the most common one: they would separate the arms.

    A level that no treated episode has stays: the estimator leaves such comparison episodes out.
    """
    out, treated = {}, data["treated"].to_numpy(dtype=bool)
    for name in COARSENED:
        if name not in data:
            continue
        level, names = pd.factorize(data[name], sort=True)
        known = level >= 0
        counts = np.bincount(2 * level[known] + treated[known], minlength=2 * len(names)).reshape(-1, 2)
        rare = (counts[:, 1] > 0) & (counts.min(axis=1) < RARE_LEVEL)
        if rare.any():
            out[name] = data[name].mask(np.append(rare, False)[level], names[counts.sum(axis=1).argmax()])
    return data.assign(**out)
