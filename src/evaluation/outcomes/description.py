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
    return episodes[inside].assign(side=np.where(own[inside], "pilot", "comparison"))


def cohort_rows(
    attrition: pd.DataFrame, episodes: pd.DataFrame, design: pd.DataFrame, study: Study, *, area: str
) -> pd.DataFrame:
    """Attrition and sizes: rows of the chapter on who is included."""
    return pd.concat(
        [attrition_rows(attrition, design, area=area), size_rows(episodes, study, area=area)],
        ignore_index=True,
    )


def attrition_rows(attrition: pd.DataFrame, design: pd.DataFrame, *, area: str) -> pd.DataFrame:
    """Attrition of an area and of its comparison, down to the episodes of the main comparison.

    Parameters
    ----------
    attrition : pandas.DataFrame
        From the cohort: arm, area, step, reason, episodes, persons.
    design : pandas.DataFrame
        Episodes that the main comparison analyses, with `treated`.
    area : str
        Pilot area or "all".

    Returns
    -------
    pandas.DataFrame
        measure, item (reason), x (step), group (arm), unit, estimate, persons.
    """
    own = attrition["arm"].eq("pilot") & attrition["area"].eq("" if area == "all" else area)
    if area != "all":
        own = attrition["area"].eq(area)
    tables = {"pilot": attrition[own], "comparison": attrition[attrition["arm"].eq("comparison")]}
    parts = []
    for arm, table in tables.items():
        kept = design[design["treated"] == (arm == "pilot")]
        last = {"reason": "analysed", "step": table["step"].max() + 1}
        counts = pd.concat(
            [
                table[["reason", "step", "episodes", "persons"]],
                pd.DataFrame([{**last, "episodes": len(kept), "persons": kept["person_id"].nunique()}]),
            ]
        )
        for unit in ("episodes", "persons"):
            parts.append(
                pd.DataFrame(
                    {
                        "measure": f"attrition_{unit}",
                        "item": counts["reason"],
                        "x": counts["step"],
                        "group": arm,
                        "unit": unit,
                        "estimate": counts[unit],
                        "persons": counts["persons"],
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def size_rows(episodes: pd.DataFrame, study: Study, *, area: str) -> pd.DataFrame:
    """Episodes and persons per window, arm and group."""
    table = with_after(of_area(episodes, area), study)
    sizes = table.groupby(["group", "window", "side"], observed=True)["person_id"].agg(["size", "nunique"])
    parts = [
        sizes[column].rename("estimate").reset_index().assign(measure=unit, unit=unit)
        for column, unit in (("size", "episodes"), ("nunique", "persons"))
    ]
    return (
        pd.concat(parts, ignore_index=True)
        .rename(columns={"side": "item"})
        .assign(persons=np.tile(sizes["nunique"].to_numpy(float), 2))
    )


def mean_rows(episodes: pd.DataFrame, study: Study, *, area: str, outcomes: Sequence[str]) -> pd.DataFrame:
    """Means of outcomes of the target group by quarter of the index date, per arm.

    Returns
    -------
    pandas.DataFrame
        outcome, measure "mean", item (arm), window ("2019Q1"), x (quarters since the start), estimate,
        std_error, ci_low, ci_high (clustered on nothing: description only), persons, episodes, unit.
    """
    table = of_area(episodes, area)
    table = table[table["group"] == "target_group"]
    return _means(table, ["index_quarter", "side"], outcomes, "mean", {"index_quarter": "window"}).assign(
        x=lambda rows: rows["window"].map(study.quarters_since_start)
    )


def window_mean_rows(
    episodes: pd.DataFrame, study: Study, *, area: str, outcomes: Sequence[str]
) -> pd.DataFrame:
    """Means of outcomes of the target group by named window, per arm."""
    table = with_after(of_area(episodes, area), study)
    table = table[table["group"] == "target_group"]
    return _means(table, ["window", "side"], outcomes, "window_mean", {})


def municipality_rows(episodes: pd.DataFrame, study: Study, *, area: str, outcome: str) -> pd.DataFrame:
    """Episodes and the mean of an outcome by municipality of the area, before and after the start."""
    table = with_after(of_area(episodes, area), study)
    table = table[
        table["side"].eq("pilot")
        & table["group"].eq("target_group")
        & table["window"].isin(study.described_windows)
    ]
    means = _means(
        table, ["window", "municipality"], [outcome], "municipality_mean", {"municipality": "item"}
    )
    counts = means.assign(
        outcome="",
        measure="municipality_episodes",
        unit="episodes",
        estimate=means["episodes"],
        std_error=np.nan,
        ci_low=np.nan,
        ci_high=np.nan,
    )
    return pd.concat([counts, means], ignore_index=True)


def case_mix_rows(design: pd.DataFrame, *, names: Sequence[str] = CASE_MIX) -> pd.DataFrame:
    """Shares of the levels of background variables among those analysed, per arm (`group`)."""
    after = design[design["post"]]
    parts = []
    for name in names:
        cells = after.assign(level=after[name].astype("str").str.lower())
        counts = cells.groupby(["treated", "level"])["person_id"].agg(["size", "nunique"])
        shares = counts["size"] / counts.groupby("treated")["size"].transform("sum")
        parts.append(
            pd.DataFrame(
                {
                    "item": [f"{name}={level}" for level in counts.index.get_level_values("level")],
                    "group": np.where(counts.index.get_level_values("treated"), "pilot", "comparison"),
                    "estimate": shares.to_numpy(),
                    "persons": counts["nunique"].to_numpy(float),
                    "episodes": counts.groupby("treated")["size"].transform("sum").to_numpy(float),
                }
            )
        )
    return pd.concat(parts, ignore_index=True).assign(measure="case_mix", unit="share")


def exit_rows(episodes: pd.DataFrame, study: Study, *, area: str) -> pd.DataFrame:
    """Cumulative shares of exits by kind in the first year (Aalen-Johansen), per arm and window."""
    from evaluation.outcomes.survival import INITIAL, aalen_johansen

    table = with_after(of_area(episodes, area), study)
    table = table[table["group"].eq("target_group") & table["window"].isin(study.described_windows)]
    parts = []
    for (window, side), cell in table.groupby(["window", "side"], observed=True):
        curves = aalen_johansen(
            cell["exit_day"].to_numpy(float),
            cell["exit_state"].to_numpy(str),
            times=np.array(CIF_DAYS, dtype=float),
            cluster=cell["person_id"].to_numpy(),
            censored="censored",
        )
        curves = curves[curves["state"] != INITIAL]  # no exit, and all others tell it
        parts.append(curves.assign(window=window, item=side, persons=cell["person_id"].nunique()))
    curves = pd.concat(parts, ignore_index=True).rename(columns={"state": "outcome", "time": "x"})
    return curves.assign(measure="cif", unit="share")[EXIT_COLUMNS]


def with_after(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Episodes of the named windows, those after the start a second time under AFTER."""
    after = table[table["window"].isin(list(study.followup))].assign(window=AFTER)
    return pd.concat([table[table["window"].isin(list(study.windows))], after])


def _means(
    table: pd.DataFrame, by: list[str], outcomes: Sequence[str], measure: str, names: dict[str, str]
) -> pd.DataFrame:
    groups = table.groupby(by, observed=True)
    parts = []
    for outcome in outcomes:
        found = groups[outcome].agg(["mean", "count", "std"])
        # persons behind this number: follow-up may be too short for some
        known = table.loc[table[outcome].notna()].groupby(by, observed=True)["person_id"].nunique()
        error = found["std"] / np.sqrt(found["count"])
        low, high = score_interval(found["mean"], error, found["count"], top=most(outcome))
        parts.append(
            pd.DataFrame(
                {
                    "outcome": outcome,
                    "measure": measure,
                    "unit": unit_of(outcome),
                    "estimate": found["mean"],
                    "std_error": error,
                    "ci_low": low,
                    "ci_high": high,
                    "persons": known.reindex(found.index).astype(float),
                    "episodes": found["count"].astype(float),
                }
            ).reset_index()
        )
    rows = pd.concat(parts, ignore_index=True).rename(columns={"side": "item", **names})
    return rows[rows["episodes"] > 1]
