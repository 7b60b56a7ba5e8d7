"""What the public statistics show: unemployed share of pilot areas against comparison municipalities.

Sums of StatFin 12r5 over municipalities and months, so every share is weighted by the labour force.
"""

from __future__ import annotations

import itertools
import zlib

import numpy as np
import pandas as pd

from evaluation.statistics.area_shocks import fit_shocks, invert, placebo_differences
from evaluation.study import Study

ARMS = ("pilot", "comparison")


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


def shares(statistics: pd.DataFrame, study: Study, *, municipalities: pd.DataFrame) -> pd.DataFrame:
    """Unemployed share of the labour force by month: every pilot area, all together, comparison.

    Parameters
    ----------
    statistics : pandas.DataFrame
        `statfin.read`: municipality, month, unemployed, labour_force.
    study : Study
        The reform: its windows and arms.
    municipalities : pandas.DataFrame
        municipalities.csv: municipality, region_code, and the columns that the study names.

    Returns
    -------
    pandas.DataFrame
        area (slug or "all"), arm, month (months since January 1970), unemployed, labour_force, share (0-1).
        The comparison is the same for every area and stands under "all".
    """
    rows = with_arms(statistics, study, municipalities=municipalities)
    rows = pd.concat([rows.assign(area="all"), rows[rows["arm"] == "pilot"]])
    sums = rows.groupby(["area", "arm", "month"], as_index=False)[["unemployed", "labour_force"]].sum()
    return sums.assign(share=sums["unemployed"] / sums["labour_force"])


def gaps(statistics: pd.DataFrame, study: Study, *, municipalities: pd.DataFrame) -> pd.DataFrame:
    """Unemployed share, pilot minus comparison, in every window, in percentage points.

    The share of a window is the sum of the unemployed over its municipalities and months, divided by the sum
    of the labour force. A window that the table does not reach to its end is that of the months there are.

    Returns
    -------
    pandas.DataFrame
        area (slug or "all"), window, pilot, comparison (per cent), gap (points), labour_force (pilot, mean of
        the months). Windows that the statistics do not reach are left out.
    """
    monthly = shares(statistics, study, municipalities=municipalities)
    parts = []
    for window, days in study.windows.items():
        inside = monthly[monthly["month"].between(*days.months)]
        sums = inside.groupby(["area", "arm"])[["unemployed", "labour_force"]].sum()
        if sums.empty:
            continue
        percent = (100 * sums["unemployed"] / sums["labour_force"]).unstack("arm").reindex(columns=list(ARMS))  # noqa: PD010
        force = sums["labour_force"].xs("pilot", level="arm") / inside["month"].nunique()
        percent["comparison"] = percent.loc["all", "comparison"]
        parts.append(percent.assign(window=window, labour_force=force).reset_index())
    if not parts:
        raise ValueError(f"public statistics: no month lies in the windows {', '.join(study.windows)}")
    out = pd.concat(parts, ignore_index=True)
    out = out.assign(gap=out["pilot"] - out["comparison"])
    return out[["area", "window", "pilot", "comparison", "gap", "labour_force"]].rename_axis(columns=None)


def did(
    statistics: pd.DataFrame,
    study: Study,
    *,
    municipalities: pd.DataFrame,
    seed: int,
    draws: int = 1999,
    level: float = 0.95,
) -> pd.DataFrame:
    """Change of the gap from every baseline to every year after the start, with placebo-area inference.

    A placebo area is a set of as many comparison municipalities as the area has, compared with the others.
    Each lends its change, standardised for its size, to a municipality of the area: see
    `area_shocks.placebo_differences`. The interval inverts the test: it holds every change that would not be
    rejected, and excludes 0 exactly where p is at most 1 - level.

    Parameters
    ----------
    statistics, study, municipalities
        As in `shares`.
    seed : int
        Seed of the draws; an area's draws do not depend on which other areas there are.
    draws : int
        Placebo areas drawn per area; areas of one municipality use every comparison municipality once.
    level : float
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        area (slug or "all"), baseline, window, estimate, std_error (spread of the placebo areas), ci_low,
        ci_high (points), p_value, municipalities, method. Negative: the gap shrank, better for the trial.

    References
    ----------
    Conley & Taber (2011), Review of Economics and Statistics 93(1); Ferman & Pinto (2019), Review of
    Economics and Statistics 101(3).
    """
    rows = with_arms(statistics, study, municipalities=municipalities)
    gap = gaps(statistics, study, municipalities=municipalities).set_index(["area", "window"])["gap"]
    by_window = _municipal_shares(rows, study)
    facts = rows.groupby("municipality").agg(
        arm=("arm", "first"), area=("area", "first"), region=("region_code", "first")
    )
    windows = set(gap.index.get_level_values("window"))
    contrasts = [pair for pair in itertools.product(study.baselines, study.followup) if set(pair) <= windows]
    areas = ["all", *sorted(set(facts.loc[facts["arm"] == "pilot", "area"]))]
    out = []
    for baseline, window in contrasts:
        both = by_window[[("share", baseline), ("share", window), ("labour_force", window)]].dropna()
        change = (both["share", window] - both["share", baseline]).to_numpy()
        size = both["labour_force", window].to_numpy()
        here = facts.loc[both.index]
        pool = (here["arm"] == "comparison").to_numpy()
        region = here["region"].to_numpy(dtype=object)
        shocks = fit_shocks(change[pool], size=size[pool], region=region[pool])
        for area in areas:
            members = ~pool if area == "all" else (here["area"] == area).to_numpy() & ~pool
            estimate = gap[area, window] - gap[area, baseline]
            null = placebo_differences(
                shocks,
                size=size[members],
                region=region[members],
                draws=draws,
                seed=[seed, zlib.crc32(area.encode())],
            )
            half, p_value = invert(estimate, null, level=level)
            out.append(
                {
                    "area": area,
                    "baseline": baseline,
                    "window": window,
                    "estimate": estimate,
                    "std_error": float(np.sqrt(np.mean(null**2))),
                    "ci_low": estimate - half,
                    "ci_high": estimate + half,
                    "p_value": p_value,
                    "municipalities": int(members.sum()),
                    "method": "placebo_areas",
                }
            )
    return pd.DataFrame(out).sort_values(["area", "baseline", "window"], ignore_index=True)


def signs(changes: pd.DataFrame) -> pd.DataFrame:
    """The sign of the change under each baseline, side by side.

    Parameters
    ----------
    changes : pandas.DataFrame
        Result of `did`.

    Returns
    -------
    pandas.DataFrame
        area, window, one column per baseline ("+" or "-"; "0 (+)" or "0 (-)" where the interval holds zero),
        and `same_sign`: whether the point estimates agree under every baseline.
    """
    sign = np.where(changes["estimate"] > 0, "+", "-").astype(object)
    unclear = ((changes["ci_low"] <= 0) & (changes["ci_high"] >= 0)).to_numpy()
    shown = np.where(unclear, "0 (" + sign + ")", sign)
    keys = ["area", "window"]
    wide = changes.assign(shown=shown).set_index([*keys, "baseline"])["shown"].unstack()  # noqa: PD010
    up = changes.assign(up=changes["estimate"] > 0).groupby(keys)["up"].agg(["min", "max"])
    agree = up["min"] == up["max"]
    return wide.assign(same_sign=agree).reset_index().rename_axis(columns=None)


def ledger_rows(
    statistics: pd.DataFrame,
    study: Study,
    *,
    municipalities: pd.DataFrame,
    areas: list[str],
    seed: int,
    draws: int = 1999,
) -> pd.DataFrame:
    """Everything of this module as rows for `ledger.rows`.

    Parameters
    ----------
    areas : list of str
        Slugs of all pilot areas; one without any confirmed municipality gets rows of status "missing".

    Returns
    -------
    pandas.DataFrame
        topic public_statistics, group all, measures unemployed_share (share, by month and arm), gap (points,
        by window), did (points, by baseline and window).
    """
    monthly = shares(statistics, study, municipalities=municipalities)
    present = [area for area in ["all", *areas] if area in set(monthly["area"])]
    comparison = monthly[monthly["arm"] == "comparison"]
    series = pd.concat(
        [monthly[(monthly["arm"] == "pilot") & monthly["area"].isin(present)]]
        + [comparison.assign(area=area) for area in present]
    )
    series = pd.DataFrame(
        {
            "area": series["area"],
            "measure": "unemployed_share",
            "item": series["arm"],
            "window": series["month"].map(month_text),
            "x": (series["month"] - study.start_month).astype(float),
            "unit": "share",
            "estimate": series["share"],
        }
    )
    gap = gaps(statistics, study, municipalities=municipalities)
    lacking = pd.DataFrame({"area": [area for area in areas if area not in present], "status": "missing"})
    gap = gap.rename(columns={"gap": "estimate"})[["area", "window", "estimate"]]
    windows = gap[["window"]].drop_duplicates()
    gap = pd.concat([gap[gap["area"].isin(present)].assign(status="ok"), lacking.merge(windows, how="cross")])
    gap = gap.assign(measure="gap", item="pilot-comparison", unit="points")
    change = did(statistics, study, municipalities=municipalities, seed=seed, draws=draws)
    pairs = change[["baseline", "window"]].drop_duplicates()
    change = pd.concat(
        [change[change["area"].isin(present)].assign(status="ok"), lacking.merge(pairs, how="cross")]
    )
    change = change.assign(measure="did", unit="points", specification="baseline_" + change["baseline"])
    change = change.drop(columns=["baseline", "municipalities"])
    rows = pd.concat([series.assign(status="ok"), gap, change], ignore_index=True)
    text = ["item", "specification", "method"]
    rows[text] = rows[text].astype(object).fillna({"item": "", "specification": "main", "method": ""})
    return rows.assign(topic="public_statistics", group="all", simulated=False)


def month_text(number: int) -> str:
    """The month as text.

    Examples
    --------
    >>> month_text(614)
    '2021-03'
    """
    return f"{1970 + int(number) // 12}-{int(number) % 12 + 1:02d}"


def _municipal_shares(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Municipality × (share in per cent, labour force) × window."""
    names = np.full(len(rows), "", dtype=object)
    for window, days in study.windows.items():
        names[rows["month"].between(*days.months)] = window
    inside = rows.assign(window=names)[names != ""]
    grouped = inside.groupby(["municipality", "window"])
    sums = grouped[["unemployed", "labour_force"]].sum()
    table = pd.DataFrame(
        {
            "share": 100 * sums["unemployed"] / sums["labour_force"],
            "labour_force": grouped["labour_force"].mean(),
        }
    )
    return table.unstack("window")  # noqa: PD010
