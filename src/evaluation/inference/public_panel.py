"""Synthetic control and synthetic difference-in-differences on municipality × month public statistics."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd

from evaluation.effects.synthetic import SyntheticMethod, solve
from evaluation.statistics.area_shocks import fit_shocks, judge
from evaluation.statistics.gaps import UNEMPLOYED, with_arms
from evaluation.statistics.shares import PARTS, SHARES, available, counted, levels
from evaluation.study import AFTER, Study

# Shares that every municipality shows in nearly every month: a hidden one has no series to be matched.
MATCHED = (UNEMPLOYED, "unemployed_without_layoffs_share", "broad_unemployment_share")
MONTHS_NEEDED = 12


def synthetic_changes(
    statistics: pd.DataFrame,
    study: Study,
    *,
    municipalities: pd.DataFrame,
    seed: int,
    share: str = UNEMPLOYED,
    draws: int = 1999,
) -> pd.DataFrame:
    """Change in the months since the start against a weighted average of comparison municipalities.

    Every comparison municipality takes the place of an area once. What it is found to have changed is the
    placebo of its size, and an area of several municipalities draws as many: inference is that of the gaps,
    see `area_shocks.placebo_differences`. What hidden figures leave open widens the interval.

    `statistics` are those of `statfin.read`, `seed` and `draws` as in `gaps.did`, `share` is one of
    `shares.SHARES`. The columns that come back are area (slug or "all") and method (synthetic_control,
    synthetic_did); estimate, std_error (spread of the placebos), ci_low, ci_high (unit of the share, mean of
    the months since the start), p_value, fit_before (root mean squared gap before the start). No row where
    fewer than twelve months lie on a side of the start: seasons would pass for changes.

    Source: Abadie, Diamond & Hainmueller (2010); Arkhangelsky et al. (2021); Ferman & Pinto (2019).
    """
    rows = counted(with_arms(statistics, study, municipalities=municipalities), share)
    first = min(window.months[0] for window in study.windows.values())
    rows = rows[rows["month"].between(first, study.after.months[1])]
    seen = rows.groupby("month")["municipality"].nunique()
    rows = rows[rows["month"].isin(seen.index[seen >= 0.9 * seen.max()])]
    months = np.sort(rows["month"].unique())
    count = rows.groupby("municipality")["month"].transform("nunique")
    rows = rows[count == len(months)].sort_values(["municipality", "month"], ignore_index=True)
    before = int((months < study.start_month).sum())
    if min(before, len(months) - before) < MONTHS_NEEDED:
        return pd.DataFrame()
    facts = rows.groupby("municipality").agg(
        arm=("arm", "first"), area=("area", "first"), region=("region_code", "first"),
        size=("labour_force", "mean"),
    )  # fmt: skip
    rows = rows.join(levels(rows, share))
    pool = (facts["arm"] == "comparison").to_numpy()
    known, hidden = (
        rows[name].to_numpy().reshape(len(facts), len(months))[pool] for name in ("level", "open")
    )
    size, region = facts["size"].to_numpy(), facts["region"].to_numpy(dtype=object)
    out = []
    usual = float(np.average(known[:, :before].mean(axis=1), weights=size[pool]))
    for method in get_args(SyntheticMethod):
        alone = np.array(
            [
                solve(np.vstack([np.delete(known, one, 0), known[one]]), before, method).estimate
                for one in range(len(known))
            ]
        )
        shocks = fit_shocks(alone, size=size[pool], region=region[pool])
        for area in ["all", *sorted(set(facts.loc[~pool, "area"]))]:
            members = ~pool if area == "all" else ~pool & (facts["area"] == area).to_numpy()
            here = rows["municipality"].isin(facts.index[members])
            own = levels(rows[here].groupby("month")[PARTS].sum(), share)
            found = solve(np.vstack([known, own["level"].to_numpy()]), before, method)
            unsure = own["open"].to_numpy() + found.donors @ hidden
            left_open = float(unsure[before:].mean() + found.periods @ unsure[:before])
            judged = judge(
                found.estimate,
                shocks,
                size=size[members],
                region=region[members],
                higher=float(own["level"].iloc[:before].mean()) / usual,
                hidden=left_open,
                draws=draws,
                seed=seed,
                area=area,
            )
            out.append({"area": area, "method": method, **judged, "fit_before": found.fit_before})
    return pd.DataFrame(out)


def ledger_rows(
    statistics: pd.DataFrame,
    study: Study,
    *,
    municipalities: pd.DataFrame,
    areas: list[str],
    seed: int,
    draws: int = 1999,
) -> pd.DataFrame:
    """`synthetic_changes` of every share that can be matched, as rows for `ledger.rows`.

    Topic public_statistics, measure synthetic (and fit_before), specification the method, window after.
    """
    parts = []
    for share in [share for share in MATCHED if share in available(statistics)]:
        found = synthetic_changes(
            statistics, study, municipalities=municipalities, seed=seed, share=share, draws=draws
        )
        if found.empty:
            continue
        found = found[found["area"].isin(["all", *areas])].rename(columns={"method": "specification"})
        found = found.assign(outcome=share, unit=SHARES[share].unit)
        fit = found[["area", "specification", "outcome", "unit"]].assign(estimate=found["fit_before"])
        effect = found.drop(columns="fit_before").assign(measure="synthetic", method="placebo_areas")
        parts += [effect, fit.assign(measure="fit_before", method="")]
    if not parts:
        return pd.DataFrame()
    return pd.concat(parts, ignore_index=True).assign(
        topic="public_statistics", group="all", item="", window=AFTER, status="ok", simulated=False
    )
