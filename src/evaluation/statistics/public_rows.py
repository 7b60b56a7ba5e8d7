"""What the public statistics show, as rows of the ledger: series, gaps and their changes, share by share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.statistics.gaps import did, gaps, series
from evaluation.statistics.shares import PARTS, SHARES, available, counted, levels
from evaluation.study import Study
from evaluation.units import quarters_between

# Told by quarter: what the lay-offs of a bad year are of the change.
QUARTERLY = ("unemployed_share", "unemployed_without_layoffs_share")
FIXED = {"topic": "public_statistics", "group": "all", "simulated": False}


def ledger_rows(
    statistics: pd.DataFrame,
    study: Study,
    *,
    municipalities: pd.DataFrame,
    areas: list[str],
    seed: int,
    draws: int = 1999,
    also: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What the public statistics show as rows for `ledger.rows`: every share that the table has figures of.

    One of the `areas` (slugs) without any confirmed municipality gets rows of status "missing". `also` holds
    rows of other tests of the same areas that belong to their family, with p_value.

    The outcome is one of `shares.SHARES`; measures are series (share or euros, by month and arm), gap (points
    or euros, by window), did (by baseline and window; p_value) and p_adjusted (Holm, over all judged shares
    and follow-up years of the area against the main baseline, and the tests of `also`).
    """
    given = {"municipalities": municipalities}
    parts = []
    for name in available(statistics):
        parts.append(_series_rows(statistics, study, share=name, **given))
        gap = gaps(statistics, study, share=name, **given).rename(columns={"gap": "estimate"})
        gap["ci_low"], gap["ci_high"] = gap["estimate"] - gap["open"], gap["estimate"] + gap["open"]
        gap.loc[gap["open"] == 0, ["ci_low", "ci_high"]] = np.nan  # counted in full: no interval
        gap = gap[["area", "window", "estimate", "ci_low", "ci_high"]]
        same = {"outcome": name, "unit": SHARES[name].unit}
        parts.append(_every_area(gap, areas).assign(measure="gap", item="pilot-comparison", **same))
        change = did(statistics, study, seed=seed, draws=draws, share=name, **given)
        change["specification"] = "baseline_" + change.pop("baseline")
        change = change.drop(columns="municipalities")
        parts.append(_every_area(change, areas).assign(measure="did", **same))
    rows = pd.concat(parts, ignore_index=True)
    judged = [name for name, share in SHARES.items() if share.judged]
    family = rows["measure"].eq("did") & rows["p_value"].notna() & rows["outcome"].isin(judged)
    family &= rows["specification"].eq(f"baseline_{study.main_baseline}")
    if also is not None and len(also):
        rows = pd.concat([rows, also], ignore_index=True)
        family = family.reindex(rows.index, fill_value=False) | (rows["measure"].eq("synthetic"))
    adjusted = _adjusted(rows[family]).drop(columns=["std_error", "ci_low", "ci_high", "p_value"])
    return pd.concat([rows, adjusted]).assign(**FIXED)


def _adjusted(tests: pd.DataFrame) -> pd.DataFrame:
    """The tests of each area with p-values adjusted by Holm's method as estimates."""
    ranked = tests.astype({"p_value": float}).sort_values("p_value")
    by_area = ranked.groupby("area")["p_value"]
    count = by_area.transform("size")
    raised = ranked["p_value"] * (count - by_area.cumcount())
    holm = raised.groupby(ranked["area"]).cummax().clip(upper=1.0)
    told = "Holm over " + count.astype("str") + " tests: shares, years and methods"
    found = tests.assign(measure="p_adjusted", unit="probability", estimate=holm, method=told)
    return found.sort_values("area", kind="stable")


def event_rows(
    statistics: pd.DataFrame,
    study: Study,
    *,
    municipalities: pd.DataFrame,
    areas: list[str],
    seed: int,
    draws: int = 499,
) -> pd.DataFrame:
    """The gap in every quarter less that in the main baseline, with and without those laid off.

    Measure event_study, outcome one of `QUARTERLY`, window the quarter, x quarters since the start;
    placebo-area intervals as for the years. Quarters with a missing month are left out.
    """
    base, window = study.main_baseline, study.baselines[study.main_baseline].months
    parts = [pd.DataFrame(columns=["baseline", "municipalities", "p_value", "window", "area"])]
    for name in [share for share in QUARTERLY if share in available(statistics)]:
        months = set(counted(statistics, name)["month"])
        if months.isdisjoint(range(window[0], window[1] + 1)):
            continue
        first = np.datetime64(int(min(months)), "M").item()
        whole = {
            quarter: (start, start + 2)
            for quarter in quarters_between(first, study.end)
            if months >= set(range(start := _first_month(quarter), start + 3))
        }
        found = did(
            statistics,
            study,
            municipalities=municipalities,
            seed=seed,
            share=name,
            draws=draws,
            windows={base: window, **whole},
            pairs=[(base, quarter) for quarter in whole],
        )
        parts.append(found[found["area"].isin(["all", *areas])].assign(outcome=name))
    rows = pd.concat(parts, ignore_index=True).drop(columns=["baseline", "municipalities", "p_value"])
    since_start = rows["window"].map(study.quarters_since_start).astype(float)
    return rows.assign(x=since_start, measure="event_study", unit="points", **FIXED)


def project_rows(projects: pd.DataFrame, *, areas: list[str]) -> pd.DataFrame:
    """Money of projects that prepared the reform, by payer: it belongs to no cost of the evaluation.

    `projects` is project_money.csv: area, year, project, payer, amount_eur, document. Those of other areas
    than `areas` (slugs) are left out. Measure project_money: item is the payer, `method` the project, its
    year and the document.

    Examples
    --------
    >>> row = {"area": "a", "year": 2023, "project": "P", "payer": "City", "amount_eur": 9.0, "document": "1"}
    >>> project_rows(pd.DataFrame([row]), areas=["a"])[["item", "estimate", "method"]].values.tolist()
    [['City', 9.0, 'P; 2023; 1']]
    """
    own = projects[projects["area"].isin(areas)]
    told = own["project"] + "; " + own["year"].astype("str") + "; " + own["document"].astype("str")
    rows = own[["area"]].assign(item=own["payer"], method=told, estimate=own["amount_eur"].astype(float))
    return rows.assign(measure="project_money", unit="eur", **FIXED)


def _series_rows(
    statistics: pd.DataFrame, study: Study, *, municipalities: pd.DataFrame, share: str
) -> pd.DataFrame:
    monthly = series(statistics, study, municipalities=municipalities, share=share)
    comparison, pilots = (monthly[monthly["arm"] == arm] for arm in ("comparison", "pilot"))
    monthly = pd.concat([pilots, *(comparison.assign(area=area) for area in pilots["area"].unique())])
    return _levels_told(monthly, share).assign(
        area=monthly["area"],
        measure="series",
        outcome=share,
        item=monthly["arm"],
        window=monthly["month"].to_numpy().astype("datetime64[M]").astype(str),
        x=(monthly["month"] - study.start_month).astype(float),
    )


def _levels_told(found: pd.DataFrame, share: str) -> pd.DataFrame:
    """Levels as estimates, shares instead of per cent, with an interval where hidden figures leave one."""
    scale, unit = SHARES[share].scale, SHARES[share].unit
    hidden = found["open"].where(found["open"] > 0)
    return pd.DataFrame(
        {
            "unit": "share" if unit == "points" else unit,
            "estimate": found["level"] / scale,
            "ci_low": (found["level"] - hidden) / scale,
            "ci_high": (found["level"] + hidden) / scale,
        }
    )


def _every_area(rows: pd.DataFrame, areas: list[str]) -> pd.DataFrame:
    """The rows of all areas together and of the areas of the study; those that have none are missing."""
    lacking = sorted(set(areas) - set(rows["area"]))
    keys = [name for name in ("window", "specification") if name in rows]
    empty = (
        rows[keys].drop_duplicates().merge(pd.DataFrame({"area": lacking, "status": "missing"}), how="cross")
    )
    return pd.concat([rows[rows["area"].isin(["all", *areas])], empty])


def question_rows(statistics: pd.DataFrame, study: Study, *, municipalities: pd.DataFrame) -> pd.DataFrame:
    """Levels that answer the questions of the study, in places of its own choice.

    Measure asked; item is the number of the question and of the place ("0;1"), outcome the share, estimate
    its level in the window (share, or euros a month per person of the labour force), ci_low and ci_high what
    hidden figures leave open. A share that the statistics do not hold, or a window that they do not reach,
    has no row.
    """
    parts = [pd.DataFrame()]
    for number, question in enumerate(study.questions):
        for share in [share for share in question.shares if share in available(statistics)]:
            rows = counted(statistics, share).merge(
                municipalities, on="municipality", suffixes=("", "_listed")
            )
            rows = rows[~rows["region_code"].isin(study.areas.regions_left_out)]
            own = rows[study.areas.column].isin(question.areas)
            for position, place in enumerate(question.places):
                inside = rows[place.column].isin(place.values) & ~(own & place.others)
                if place.labour_force is not None:
                    inside &= rows["labour_force_listed"].between(*place.labour_force)
                for window in question.windows:
                    there = rows[inside & rows["month"].between(*study.windows[window].months)]
                    if len(there):
                        told = _levels_told(levels(there[PARTS].sum().to_frame().T, share), share)
                        asked = {"area": question.areas[0], "outcome": share, "window": window}
                        parts.append(told.assign(**asked, item=f"{number};{position}"))
    return pd.concat(parts).assign(measure="asked", **FIXED)


def _first_month(quarter: str) -> int:
    return 12 * (int(quarter[:4]) - 1970) + 3 * int(quarter[-1]) - 3
