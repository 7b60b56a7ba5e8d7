"""What the public statistics show: pilot areas against comparison municipalities, before and after.

Sums of StatFin 12r5 over municipalities and months, so every share is weighted by the labour force.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import pandas as pd

from evaluation.statistics.area_shocks import fit_shocks, judge
from evaluation.statistics.shares import PARTS, counted, levels
from evaluation.study import Study

ARMS = ("pilot", "comparison")
UNEMPLOYED = "unemployed_share"
Windows = Mapping[str, tuple[int, int]]
CHANGES = ["area", "baseline", "window", "estimate", "std_error", "ci_low", "ci_high", "p_value",
           "municipalities", "method"]  # fmt: skip


def with_arms(statistics: pd.DataFrame, study: Study, *, municipalities: pd.DataFrame) -> pd.DataFrame:
    """Rows of municipalities that are in an arm, with `arm`, `area` and `region_code`.

    Pilot: the municipality's membership is confirmed, also where other members of its area are not. Possible
    pilots and regions that the study leaves out are in neither arm. Months without the number of unemployed
    are left out.
    """
    areas = study.areas
    arm = municipalities[areas.arm_column].map(areas.arm_of)
    chosen = arm.isin(ARMS) & ~municipalities["region_code"].isin(areas.regions_left_out)
    arms = municipalities.assign(arm=arm, area=municipalities[areas.column])
    arms = arms.loc[chosen, ["municipality", "arm", "area", "region_code"]]
    joined = statistics.merge(arms, on="municipality", how="inner", validate="many_to_one")
    return joined.dropna(subset=["unemployed", "labour_force"])


def series(
    statistics: pd.DataFrame, study: Study, *, municipalities: pd.DataFrame, share: str = UNEMPLOYED
) -> pd.DataFrame:
    """A share by month: every pilot area, all together, comparison.

    Columns area (slug or "all"), arm, month (months since January 1970), labour_force, sums of the parts,
    level and open (in the unit of the share, per cent or euros): the level lies within `open` of `level`,
    since figures are hidden. The comparison is the same for every area and stands under "all".
    """
    rows = counted(with_arms(statistics, study, municipalities=municipalities), share)
    rows = pd.concat([rows.assign(area="all"), rows[rows["arm"] == "pilot"]])
    sums = rows.groupby(["area", "arm", "month"], as_index=False)[["labour_force", *PARTS]].sum()
    return sums.join(levels(sums, share))


def gaps(
    statistics: pd.DataFrame,
    study: Study,
    *,
    municipalities: pd.DataFrame,
    share: str = UNEMPLOYED,
    windows: Windows | None = None,
) -> pd.DataFrame:
    """A share, pilot minus comparison, in every window.

    The share of a window is the sum of its parts over municipalities and months, divided by the sum of what
    they are part of. A window that the table does not reach to its end is that of the months there are.
    `windows` are first and last month (since January 1970) by name; by default those of the study.

    Columns area (slug or "all"), window, pilot, comparison, gap, open (all in the unit of the share; the gap
    lies within `open` of `gap`, since figures are hidden), labour_force (pilot, mean of the months). Windows
    that the statistics do not reach are left out; ValueError if they reach none.
    """
    monthly = series(statistics, study, municipalities=municipalities, share=share)
    inside = _in_windows(monthly, study, windows)
    if inside.empty:
        raise ValueError(
            f"public statistics: no month lies in the windows {', '.join(windows or study.windows)}"
        )
    sums = inside.groupby(["arm", "window", "area"], sort=False)[["labour_force", *PARTS]].sum()
    found = levels(sums, share).join(sums["labour_force"])
    others = found.loc["comparison"].droplevel("area").add_suffix("_other")
    out = found.loc["pilot"].join(others, on="window")
    months = inside.groupby("window")["month"].nunique()
    return pd.DataFrame(
        {
            "pilot": out["level"],
            "comparison": out["level_other"],
            "gap": out["level"] - out["level_other"],
            "open": out["open"] + out["open_other"],
            "labour_force": out["labour_force"].div(months, level="window"),
        }
    ).reset_index()


def did(
    statistics: pd.DataFrame,
    study: Study,
    *,
    municipalities: pd.DataFrame,
    seed: int,
    share: str = UNEMPLOYED,
    draws: int = 1999,
    windows: Windows | None = None,
    pairs: Sequence[tuple[str, str]] = (),
) -> pd.DataFrame:
    """Change of the gap from every baseline to every year after the start, with placebo-area inference.

    A placebo area is a set of as many comparison municipalities as the area has, compared with the others.
    Each lends its change, standardised for its size, to a municipality of the area: see
    `area_shocks.placebo_differences`. The interval (95 per cent) inverts the test, see `area_shocks.judge`.
    An area's draws do not depend on which other areas there are.

    `windows` are those of `gaps`; `pairs` of them are compared, by default every baseline with every year
    after the start.

    Columns area (slug or "all"), baseline, window, estimate, std_error (spread of the placebo areas), ci_low,
    ci_high (unit of the share), p_value, municipalities, method. Negative: the gap shrank. No row where the
    statistics do not reach a baseline and a year after the start.

    Conley & Taber (2011), Review of Economics and Statistics 93(1); Ferman & Pinto (2019), ibid. 101(3).
    """
    rows = with_arms(statistics, study, municipalities=municipalities)
    gap = gaps(statistics, study, municipalities=municipalities, share=share, windows=windows)
    gap = gap.set_index(["area", "window"])
    by_window = _municipal_levels(counted(rows, share), study, windows, share=share)
    facts = rows.drop_duplicates("municipality").set_index("municipality")
    areas = ["all", *sorted(set(facts.loc[facts["arm"] == "pilot", "area"]))]
    out = []
    for baseline, window in pairs or itertools.product(study.baselines, study.followup):
        if not {baseline, window} <= set(gap.index.get_level_values("window")):
            continue
        both = by_window[[("level", baseline), ("level", window), ("labour_force", window)]].dropna()
        change = (both["level", window] - both["level", baseline]).to_numpy()
        size = both["labour_force", window].to_numpy()
        here = facts.loc[both.index]
        pool = (here["arm"] == "comparison").to_numpy()
        region = here["region_code"].to_numpy(dtype=object)
        shocks = fit_shocks(change[pool], size=size[pool], region=region[pool])
        for area in areas:
            members = ~pool if area == "all" else (here["area"] == area).to_numpy() & ~pool
            before, after = gap.loc[(area, baseline)], gap.loc[(area, window)]
            judged = judge(
                after["gap"] - before["gap"],
                shocks,
                size=size[members],
                region=region[members],
                higher=before["pilot"] / before["comparison"],
                hidden=after["open"] + before["open"],
                draws=draws,
                seed=seed,
                area=area,
            )
            told = {"municipalities": int(members.sum()), "method": "placebo_areas"}
            out.append({"area": area, "baseline": baseline, "window": window, **judged, **told})
    return pd.DataFrame(out, columns=CHANGES).sort_values(["area", "baseline", "window"], ignore_index=True)


def _in_windows(rows: pd.DataFrame, study: Study, windows: Windows | None) -> pd.DataFrame:
    """The rows of each window, with its name in `window`."""
    months = windows or {name: window.months for name, window in study.windows.items()}
    return pd.concat(
        rows[rows["month"].between(*span)].assign(window=window) for window, span in months.items()
    )


def _municipal_levels(
    rows: pd.DataFrame, study: Study, windows: Windows | None, *, share: str
) -> pd.DataFrame:
    """Municipality × (level, labour_force) × window."""
    grouped = _in_windows(rows, study, windows).groupby(["municipality", "window"])
    sums = levels(grouped[PARTS].sum(), share)
    return sums.assign(labour_force=grouped["labour_force"].mean()).unstack("window")  # noqa: PD010
