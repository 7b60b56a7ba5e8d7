"""What happened, described: counts, means and shares by arm. No row of this module claims an effect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.ranges import most, score_interval
from evaluation.study import AFTER, Study
from evaluation.units import unit_of

CASE_MIX = ("sex", "education", "native_language", "immigrant", "benefit_at_index")
EXIT_COLUMNS = [
    *("outcome", "measure", "item", "window", "x", "unit"),
    *("estimate", "std_error", "ci_low", "ci_high", "persons"),
]
CIF_DAYS = (30, 60, 91, 122, 152, 183, 213, 244, 274, 304, 335, 365)


def of_area(episodes: pd.DataFrame, area: str) -> pd.DataFrame:
    """Episodes of one area ("all": of every pilot area) and of the comparison municipalities, with `side`."""
    own = episodes["arm"].eq("pilot") if area == "all" else episodes["area"].eq(area)
    inside = own | episodes["arm"].eq("comparison")
    side = pd.Categorical.from_codes(own[inside].astype(int), ["comparison", "pilot"])
    return episodes[inside].assign(side=side)


def target_group(episodes: pd.DataFrame, area: str) -> pd.DataFrame:
    """Episodes `of_area` that are of the target group: what means, exits and costs are described for."""
    return of_area(episodes[episodes["group"] == "target_group"], area)


def with_after(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Episodes of the named windows, those after the start a second time under AFTER."""
    after = table[table["window"].isin(list(study.followup))].assign(window=AFTER)
    return pd.concat([table[table["window"].isin(list(study.windows))], after])


def attrition_rows(attrition: pd.DataFrame, design: pd.DataFrame, *, area: str) -> pd.DataFrame:
    """Attrition of an area and of its comparison, down to the episodes of the main comparison.

    From the attrition table of the cohort and the episodes (with `treated`) that the main comparison
    analyses; columns: measure, item (reason), x (step), group (arm), unit, estimate, persons.
    """
    whole = attrition["arm"].eq("pilot") & attrition["area"].eq("")
    own = whole if area == "all" else attrition["area"].eq(area)
    tables = {"pilot": attrition[own], "comparison": attrition[attrition["arm"].eq("comparison")]}
    parts = []
    for arm, table in tables.items():
        kept = design[design["treated"] == (arm == "pilot")]
        analysed = {
            "reason": "analysed",
            "step": table["step"].max() + 1,
            "episodes": len(kept),
            "persons": kept["person_id"].nunique(),
        }
        counts = pd.concat([table[list(analysed)], pd.DataFrame([analysed])])
        named = counts.drop(columns="episodes").rename(columns={"reason": "item", "step": "x"})
        for unit in ("episodes", "persons"):
            rows = named.assign(measure=f"attrition_{unit}", group=arm, unit=unit, estimate=counts[unit])
            parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def size_rows(episodes: pd.DataFrame, study: Study, *, area: str) -> pd.DataFrame:
    """Episodes and persons per window, arm and group."""
    table = of_area(episodes[["person_id", "arm", "area", "group", "window"]], area)
    grouped = with_after(table, study).groupby(["group", "window", "side"], observed=True)["person_id"]
    sizes = grouped.agg(episodes="size", persons="nunique").reset_index()
    named = sizes.drop(columns="episodes").rename(columns={"side": "item"})
    parts = [named.assign(measure=unit, unit=unit, estimate=sizes[unit]) for unit in ("episodes", "persons")]
    return pd.concat(parts, ignore_index=True)


def mean_rows(table: pd.DataFrame, study: Study, *, outcomes: Sequence[str]) -> pd.DataFrame:
    """Means of outcomes by quarter of the index date, per arm; `table` is that of `target_group`.

    `window` is the quarter ("2019Q1"), x the quarters since the start; intervals are clustered on nothing:
    description only.
    """
    rows = _means(table, ["index_quarter", "side"], outcomes, "mean")
    return rows.assign(x=rows["window"].map(study.quarters_since_start))


def window_mean_rows(windows: pd.DataFrame, *, outcomes: Sequence[str]) -> pd.DataFrame:
    """Means of outcomes by window, per arm; `windows` is the target group `with_after`, as below."""
    return _means(windows, ["window", "side"], outcomes, "window_mean")


def municipality_rows(windows: pd.DataFrame, study: Study, *, outcome: str) -> pd.DataFrame:
    """Episodes and the mean of an outcome by municipality of the area, before and after the start."""
    own = windows[windows["side"].eq("pilot") & windows["window"].isin(study.described_windows)]
    means = _means(own, ["window", "municipality"], [outcome], "municipality_mean")
    counts = means.drop(columns=["std_error", "ci_low", "ci_high"]).assign(
        outcome="", measure="municipality_episodes", unit="episodes", estimate=means["episodes"]
    )
    return pd.concat([counts, means], ignore_index=True)


def case_mix_rows(design: pd.DataFrame, *, names: Sequence[str] = CASE_MIX) -> pd.DataFrame:
    """Shares of the levels of background variables among those analysed, per arm (`group`)."""
    after = design.loc[design["post"], ["treated", "person_id", *names]]
    parts = []
    for name in names:
        level = after[name].astype("str").str.lower()
        counts = after.groupby(["treated", level], observed=True)["person_id"].agg(["size", "nunique"])
        whole = counts.groupby("treated")["size"].transform("sum")
        parts.append(
            pd.DataFrame(
                {
                    "item": [f"{name}={level}" for level in counts.index.get_level_values(name)],
                    "group": np.where(counts.index.get_level_values("treated"), "pilot", "comparison"),
                    "estimate": (counts["size"] / whole).to_numpy(),
                    "persons": counts["nunique"].to_numpy(float),
                    "episodes": whole.to_numpy(float),
                }
            )
        )
    return pd.concat(parts, ignore_index=True).assign(measure="case_mix", unit="share")


def exit_rows(windows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Cumulative shares of exits by kind in the first year (Aalen-Johansen), per arm and window."""
    from evaluation.outcomes.survival import aalen_johansen

    described = windows[windows["window"].isin(study.described_windows)]
    parts = []
    for (window, side), cell in described.groupby(["window", "side"], observed=True):
        curves = aalen_johansen(
            cell["exit_day"].to_numpy(float),
            cell["exit_state"].to_numpy(str),
            times=np.array(CIF_DAYS, dtype=float),
            cluster=cell["person_id"].to_numpy(),
            censored="censored",
        )
        parts.append(curves.assign(window=window, item=side, persons=cell["person_id"].nunique()))
    curves = pd.concat(parts, ignore_index=True).rename(columns={"state": "outcome", "time": "x"})
    return curves.assign(measure="cif", unit="share")[EXIT_COLUMNS]


def _means(table: pd.DataFrame, by: list[str], outcomes: Sequence[str], measure: str) -> pd.DataFrame:
    """Means of outcomes by two columns, which become `window` and `item`."""
    groups = table.groupby(by, observed=True)
    means, counts, spreads = (getattr(groups[[*outcomes]], name)() for name in ("mean", "count", "std"))
    errors = spreads / np.sqrt(counts)
    behind: dict[bytes, np.ndarray] = {}  # outcomes of one follow-up are known of the same episodes
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("ci_low", "ci_high", "persons")}
    for outcome in outcomes:
        # persons behind this number: follow-up may be too short for some
        known = table[outcome].notna()
        pattern = known.to_numpy().tobytes()
        if pattern not in behind:
            people = table[[*by]].assign(person=table["person_id"].where(known)).groupby(by, observed=True)
            behind[pattern] = people["person"].nunique().to_numpy(float)
        interval = score_interval(means[outcome], errors[outcome], counts[outcome], top=most(outcome))
        for name, values in zip(columns, (*interval, behind[pattern]), strict=True):
            columns[name].append(values)
    groups_of = means.index.to_frame(index=False).set_axis(["window", "item"], axis=1)
    rows = pd.DataFrame(
        {
            "outcome": np.repeat([*outcomes], len(means)),
            "measure": measure,
            "unit": np.repeat([unit_of(outcome) for outcome in outcomes], len(means)),
            "estimate": means.to_numpy(float).T.ravel(),
            "std_error": errors.to_numpy(float).T.ravel(),
            **{name: np.concatenate(parts) for name, parts in columns.items()},
            "episodes": counts.to_numpy(float).T.ravel(),
        }
    )
    rows = groups_of.iloc[np.tile(np.arange(len(means)), len(outcomes))].reset_index(drop=True).join(rows)
    return rows[rows["episodes"] > 1]
