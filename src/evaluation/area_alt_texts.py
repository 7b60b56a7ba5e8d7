"""Text alternatives of the figures that set areas or baselines side by side."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evaluation import labels
from evaluation.language import Language
from evaluation.palette import writer


def areas(rows: pd.DataFrame, language: Language, names: Mapping[str, str]) -> str:
    """Say between which limits the areas' estimates lie."""
    write = writer("share", language=language, difference=True)
    parts = [language.text("Areas in alphabetical order, two dots with intervals each.")]
    for measure in ("att_raw", "att_shrunken"):
        part = rows.loc[rows["measure"] == measure, "estimate"]
        if len(part):
            parts.append(
                language.text(
                    "{name}: from {low} to {high} percentage points.",
                    name=labels.label("measure", measure, language),
                    low=write(part.min()),
                    high=write(part.max()),
                )
            )
    return " ".join(parts)


def ranks(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    """Say how narrow and how wide the ranges of positions are."""
    width = rows["ci_high"] - rows["ci_low"] + 1
    return language.text(
        "Areas in alphabetical order with the positions that each could have. The narrowest "
        "range holds {low} "
        "positions and the widest {high} of {count}.",
        low=language.number(width.min()),
        high=language.number(width.max()),
        count=language.number(len(rows)),
    )


def funnel(rows: pd.DataFrame, language: Language, names: Mapping[str, str]) -> str:
    """Say which areas lie outside the limits of chance."""
    own = rows[rows["measure"] == "att_raw"].set_index("area")["estimate"]
    limit = rows[rows["measure"] == "funnel_limit"].set_index("area").reindex(own.index)
    outside = own[(own < limit["ci_low"]) | (own > limit["ci_high"])].index
    said = ", ".join(names.get(area, area) for area in outside) or language.text("none")
    return language.text(
        "Dots of {count} areas against their uncertainty, with limits of chance variation that "
        "widen to the right. "
        "Outside the limits: {names}.",
        count=language.number(len(own)),
        names=said,
    )


def area_planes(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    """Say how many areas lie in each corner."""
    wide = rows.set_index(["area", "measure"])["estimate"].unstack().dropna()  # noqa: PD010
    more, cheap = wide["delta_effect"] > 0, wide["delta_cost"] < 0
    return language.text(
        "Dots of {count} areas, months in work from left to right and cost upwards. More work at "
        "lower cost: {se}; more "
        "work at higher cost: {ne}; less work at lower cost: {sw}; less work at higher cost: {nw}.",
        count=language.number(len(wide)),
        se=language.number(int((more & cheap).sum())),
        ne=language.number(int((more & ~cheap).sum())),
        sw=language.number(int((~more & cheap).sum())),
        nw=language.number(int((~more & ~cheap).sum())),
    )


def baselines(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    """Say the changes under each baseline, in the order of the years."""
    parts = [
        language.text("Dots with intervals, one chart for each baseline, first to third year of the trial.")
    ]
    for specification in ("baseline_2018_19", "baseline_2019_20", "baseline_covid"):
        part = rows[rows["specification"] == specification].sort_values("window")["estimate"]
        if len(part):
            values = "; ".join(language.number(value, 2, signed=True) for value in part)
            parts.append(f"{labels.label('specification', specification, language)}: {values}.")
    return " ".join(parts)
