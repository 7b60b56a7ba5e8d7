"""Text alternatives of the figures: they say what is seen, from the same rows, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from evaluation.figures import side_by_side as area_figures
from evaluation.figures.one_area import named
from evaluation.figures.over_time import INDICATORS
from evaluation.figures.palette import ARMS, writer
from evaluation.words import labels
from evaluation.words.language import Language


def describe(name: str, rows: pd.DataFrame, *, language: Language, names: Mapping[str, str]) -> str:
    """Say what a figure shows.

    Parameters
    ----------
    name : str
        Name of the exhibit.
    rows : pandas.DataFrame
        The rows that the figure draws.
    language : Language
        Language of the text.
    names : mapping
        Names of areas by slug.

    Raises
    ------
    KeyError
        If the exhibit has no text alternative.
    """
    known = rows[rows["estimate"].notna()]
    return WRITERS[name](known, language, names)


def _attrition(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    parts = [language.text("Bar chart of unemployment spells left after each step.")]
    for arm in ARMS:
        part = rows[rows["group"] == arm].sort_values("x")["estimate"]
        if len(part):
            parts.append(
                language.text(
                    "{name}: {first} at the start, {last} analysed.",
                    name=labels.label("arm", arm, language),
                    first=language.number(part.iloc[0]),
                    last=language.number(part.iloc[-1]),
                )
            )
    return " ".join(parts)


def _balance(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    size = rows.set_index(["specification", "item"])["estimate"].abs()
    before, after = size["before_weighting"], size["after_weighting"]
    return language.text(
        "Dot chart of {count} background variables. The largest difference is {before} standard "
        "deviations before "
        "weighting and {after} after it; {within} of {count} are within 0.1 after weighting.",
        count=language.number(len(after)),
        before=language.number(before.max(), 2),
        after=language.number(after.max(), 2),
        within=language.number(int((after <= 0.1).sum())),
    )


def _series(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    parts = [language.text("Line chart over time, the trial's start and other reforms marked.")]
    write = writer(rows["unit"].iloc[0], language=language)
    for arm in ARMS:
        part = rows[rows["item"] == arm].sort_values("x")
        if len(part):
            parts.append(_course(part, labels.label("arm", arm, language), write, language))
    return " ".join(parts)


def _course(part: pd.DataFrame, name: str, write: Callable[[float], str], language: Language) -> str:
    before, after = part[part["x"] < 0], part[part["x"] >= 0]
    if before.empty or after.empty:
        return language.text(
            "{name}: from {low} to {high}.",
            name=name,
            low=write(part["estimate"].min()),
            high=write(part["estimate"].max()),
        )
    return language.text(
        "{name}: between {low} and {high} before the trial, between {low_after} and {high_after} during it.",
        name=name,
        low=write(before["estimate"].min()),
        high=write(before["estimate"].max()),
        low_after=write(after["estimate"].min()),
        high_after=write(after["estimate"].max()),
    )


def _indicators(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    parts = [
        language.text(
            "Line charts by month, one for each indicator, pilot area and comparison municipalities."
        )
    ]
    for measure in INDICATORS:
        part = rows[(rows["measure"] == measure) & (rows["item"] == "pilot")].sort_values("x")
        if len(part):
            name = labels.label("measure", measure, language)
            parts.append(_course(part, name, lambda value: language.percent(value, 1), language))
    return " ".join(parts)


def _exits(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    parts = [language.text("Rising step lines with intervals, one chart for each way out of unemployment.")]
    for state in [state for state in labels.names()["state"] if state in set(rows["outcome"])]:
        part = rows[rows["outcome"] == state]
        part = part[part["x"] == part["x"].max()].set_index("item")["estimate"]
        if {"pilot", "comparison"} <= set(part.index):
            parts.append(
                language.text(
                    "{name}: {pilot} in the pilot area and {comparison} in the comparison by the end.",
                    name=labels.label("state", state, language),
                    pilot=language.percent(part["pilot"]),
                    comparison=language.percent(part["comparison"]),
                )
            )
    return " ".join(parts)


def _event_study(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    zero = (rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)
    before, after = rows["x"] < 0, rows["x"] >= 0
    return language.text(
        "Dots with intervals by quarter. The interval holds zero in {before_zero} of {before} "
        "quarters before the "
        "start and in {after_zero} of {after} quarters after it.",
        before_zero=language.number(int((zero & before).sum())),
        before=language.number(int(before.sum())),
        after_zero=language.number(int((zero & after).sum())),
        after=language.number(int(after.sum())),
    )


def _sensitivity(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    write = writer(rows["unit"].iloc[0], language=language, difference=True)
    main = rows[rows["specification"] == "main"]
    return language.text(
        "Dots with intervals for {count} analyses under each other. The estimates lie between "
        "{low} and {high} "
        "percentage points; the main one is {main}.",
        count=language.number(len(rows)),
        low=write(rows["estimate"].min()),
        high=write(rows["estimate"].max()),
        main=write(main["estimate"].iloc[0]) if len(main) else language.no_number("missing"),
    )


def _effects(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    parts = [language.text("Dots with intervals for {count} outcomes.", count=language.number(len(rows)))]
    sides = (
        (rows["ci_low"] > 0, language.text("Interval wholly above zero: {names}.", names="{names}")),
        (rows["ci_high"] < 0, language.text("Interval wholly below zero: {names}.", names="{names}")),
        (
            (rows["ci_low"] <= 0) & (rows["ci_high"] >= 0),
            language.text("Interval holds zero: {names}.", names="{names}"),
        ),
    )
    for side, words in sides:
        found = [named("outcome", outcome, language) for outcome in rows.loc[side, "outcome"]]
        if found:
            parts.append(words.format(names="; ".join(found)))
    return " ".join(parts)


def _payers(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    write = writer("eur", language=language, difference=True)
    parts = [language.text("Bars with intervals, one for each payer.")]
    for row in rows.to_dict("records"):
        parts.append(
            language.text(
                "{name}: {value}, interval {interval}.",
                name=labels.label("payer", row["item"], language),
                value=write(row["estimate"]),
                interval=language.interval(row["ci_low"], row["ci_high"], write),
            )
        )
    return " ".join(parts)


def _plane(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    parts = [language.text("Months in work from left to right, cost upwards, one chart for each payer.")]
    for item in dict.fromkeys(rows["item"]):
        part = rows[rows["item"] == item].set_index("measure")["estimate"]
        if {"delta_effect", "delta_cost"} <= set(part.index):
            parts.append(
                language.text(
                    "{name}: {months} months and {euros}.",
                    name=labels.label("payer", item, language),
                    months=language.number(part["delta_effect"], 2, signed=True),
                    euros=language.euros(part["delta_cost"], signed=True),
                )
            )
    return " ".join(parts)


def _curves(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    write = writer(rows["unit"].iloc[0], language=language, difference=rows["unit"].iloc[0] == "eur")
    parts = [language.text("Curves over the value of a month in work, one for each payer.")]
    for item in dict.fromkeys(rows["item"]):
        part = rows[rows["item"] == item].sort_values("x")
        parts.append(
            language.text(
                "{name}: {first} at {low}, {last} at {high}.",
                name=labels.label("payer", item, language),
                first=write(part["estimate"].iloc[0]),
                low=language.euros(part["x"].iloc[0]),
                last=write(part["estimate"].iloc[-1]),
                high=language.euros(part["x"].iloc[-1]),
            )
        )
    return " ".join(parts)


WRITERS: dict[str, Callable[[pd.DataFrame, Language, Mapping[str, str]], str]] = {
    "attrition": _attrition,
    "balance": _balance,
    "open_employment": _series,
    "services": _series,
    "broad_unemployment": _series,
    "exits": _exits,
    "indicators": _indicators,
    "effects": _effects,
    "event_study": _event_study,
    "sensitivity": _sensitivity,
    "payers": _payers,
    "plane": _plane,
    "acceptability": _curves,
    "net_benefit": _curves,
    "areas": area_figures.describe_areas,
    "ranks": area_figures.describe_ranks,
    "funnel": area_figures.describe_funnel,
    "area_planes": area_figures.describe_area_planes,
    "public_series": _series,
    "baselines": area_figures.describe_baselines,
}
