"""Text alternatives and subtitles of the figures: what is seen, from the same rows, in the reader's words.

Each writer says first what is drawn, then the one thing to be seen, which is the subtitle too, then the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd

from evaluation.figures import alt_texts_side_by_side as side_by_side
from evaluation.figures.alt_texts_side_by_side import Sentences, counts, ends
from evaluation.figures.one_area import named
from evaluation.figures.over_time import INDICATORS
from evaluation.figures.palette import ARMS, parts_of, writer
from evaluation.words import labels
from evaluation.words.language import Language, mark


def describe(
    name: str, rows: pd.DataFrame, *, language: Language, names: Mapping[str, str]
) -> tuple[str, str]:
    """Say what the figure of an exhibit shows, from the rows that it draws, and its subtitle.

    `names` are those of areas.
    """
    known = rows[rows["estimate"].notna()]
    known = known.assign(area_name=[names.get(area, area) for area in known["area"]])
    said = list(WRITERS[name](known, language))
    return " ".join(said), said[1] if len(said) > 1 else ""


def _all_first(rows: pd.DataFrame) -> list[dict[Hashable, Any]]:
    told = rows[["item", "measure", "unit", "x", "estimate", "ci_low", "ci_high"]].to_dict("records")
    return sorted(told, key=lambda row: row["item"] != "all_public")


def _by_item(rows: pd.DataFrame) -> dict[str, list[dict[Hashable, Any]]]:
    held: dict[str, list[dict[Hashable, Any]]] = {}
    for row in _all_first(rows):
        held.setdefault(row["item"], []).append(row)
    return held


def _attrition(rows: pd.DataFrame, language: Language) -> Sentences:
    yield language.text("Bar chart of unemployment spells left after each step.")
    for arm, part in parts_of(rows.sort_values("x"), "group", ARMS).items():
        yield language.text(
            "{name}: {first} at the start, {last} analysed.",
            name=labels.label("arm", arm, language),
            first=language.number(part["estimate"].iloc[0]),
            last=language.number(part["estimate"].iloc[-1]),
        )


def _balance(rows: pd.DataFrame, language: Language) -> Sentences:
    size = rows.set_index(["specification", "item"])["estimate"].abs()
    before, after = size["before_weighting"], size["after_weighting"]
    yield language.text("Dot chart of {count} background variables.", count=language.number(len(after)))
    yield language.text(
        "The largest difference is {before} standard deviations before weighting and {after} after it.",
        before=language.number(before.max(), 2),
        after=language.number(after.max(), 2),
    )
    within = language.number(int((after <= 0.1).sum()))
    yield language.text("After weighting {within} differences are at most 0.1.", within=within)


def _series(rows: pd.DataFrame, language: Language) -> Sentences:
    yield language.text("Line chart over time, the trial's start and other reforms marked.")
    write = writer(rows["unit"].iloc[0], language=language)
    yield " ".join(
        _course(part, labels.label("arm", arm, language), write, language)
        for arm, part in parts_of(rows, "item", ARMS).items()
    )


def _course(part: pd.DataFrame, name: str, write: Callable[[float], str], language: Language) -> str:
    before, after = part.loc[part["x"] < 0, "estimate"], part.loc[part["x"] >= 0, "estimate"]
    if before.empty or after.empty:
        return language.text("{name}: from {low} to {high}.", name=name, **ends(part["estimate"], write))
    return language.text(
        "{name}, lowest and highest: {low} and {high} before the trial, "
        "{low_after} and {high_after} during it.",
        name=name,
        **ends(before, write),
        **{f"{end}_after": value for end, value in ends(after, write).items()},
    )


def _indicators(rows: pd.DataFrame, language: Language) -> Sentences:
    yield language.text(
        "Line charts by month, one for each indicator, pilot area and comparison municipalities."
    )
    for measure, part in parts_of(rows[rows["item"] == "pilot"], "measure", INDICATORS).items():
        yield _course(part, labels.label("measure", measure, language), language.percent, language)


def _exits(rows: pd.DataFrame, language: Language) -> Sentences:
    yield language.text("Rising step lines with intervals, one chart for each way out of unemployment.")
    for state, part in parts_of(rows, "outcome", labels.names()["state"]).items():
        last = part[part["x"] == part["x"].max()].set_index("item")["estimate"]
        if {"pilot", "comparison"} <= set(last.index):
            yield language.text(
                "{name}: {pilot} in the pilot area and {comparison} in the comparison by the end.",
                name=labels.label("state", state, language),
                pilot=language.percent(last["pilot"]),
                comparison=language.percent(last["comparison"]),
            )


def _event_study(rows: pd.DataFrame, language: Language) -> Sentences:
    zero = (rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)
    before, after = rows["x"] < 0, rows["x"] >= 0
    yield language.text("Dots with intervals by quarter.")
    yield language.text(
        "The interval holds zero in {before_zero} of {before} quarters before the start and in {after_zero} "
        "of {after} quarters after it.",
        **counts(language, before_zero=zero & before, before=before, after_zero=zero & after, after=after),
    )


def _public_events(rows: pd.DataFrame, language: Language) -> Sentences:
    yield language.text("Dots with intervals by quarter.")
    for outcome, part in rows.groupby("outcome", sort=False):
        _, seen = _event_study(part, language)
        yield f"{labels.outcome(str(outcome), language)}. {seen}"


def _sensitivity(rows: pd.DataFrame, language: Language) -> Sentences:
    write = writer(rows["unit"].iloc[0], language=language, difference=True)
    main = rows[rows["specification"] == "main"]
    count = language.number(len(rows))
    yield language.text("Dots with intervals for {count} analyses under each other.", count=count)
    yield language.text(
        "The estimates lie between {low} and {high} percentage points; the main one is {main}.",
        **ends(rows["estimate"], write),
        main=write(main["estimate"].iloc[0]) if len(main) else language.no_number("missing"),
    )


def _effects(rows: pd.DataFrame, language: Language) -> Sentences:
    yield language.text("Dots with intervals for {count} outcomes.", count=language.number(len(rows)))
    yield side_by_side.zeros(rows, language)
    known = rows[rows["ci_low"].notna() & rows["ci_high"].notna()]
    above, below = known["ci_low"] > 0, known["ci_high"] < 0
    for held, message in (
        (above, mark("Interval wholly above zero: {names}.")),
        (below, mark("Interval wholly below zero: {names}.")),
        (~above & ~below, mark("Interval holds zero: {names}.")),
    ):
        if found := [named("outcome", outcome, language) for outcome in known.loc[held, "outcome"]]:
            yield language.text(message, names="; ".join(found))


def _payers(rows: pd.DataFrame, language: Language) -> Sentences:
    write = writer("eur", language=language, difference=True)
    yield language.text("Bars with intervals, one for each payer.")
    note = " " + language.text("Minus is a saving; rounded parts can differ from their total.")
    for row in _all_first(rows):
        said = language.text(
            "{name}: {interval}, best estimate {value}.",
            name=labels.label("payer", row["item"], language),
            value=write(row["estimate"]),
            interval=language.interval(row["ci_low"], row["ci_high"], write),
        )
        yield said + note
        note = ""  # it is said once


def _plane(rows: pd.DataFrame, language: Language) -> Sentences:
    yield language.text("Months in work from left to right, cost upwards, one chart for each payer.")
    for item, part in _by_item(rows).items():
        found = {row["measure"]: row for row in part}
        if {"delta_effect", "delta_cost"} <= found.keys():
            yield language.text(
                "{name}: {months} months in work and {euros}.",
                name=labels.label("payer", item, language),
                months=_interval(found["delta_effect"], language),
                euros=_interval(found["delta_cost"], language),
            )


def _interval(row: Mapping[Hashable, Any], language: Language) -> str:
    def write(value: float) -> str:
        if row["unit"] == "months":
            return language.number(value, 2, signed=True)
        return writer(row["unit"], language=language, difference=row["unit"] == "eur")(value)

    known = not (math.isnan(row["ci_low"]) or math.isnan(row["ci_high"]))
    return language.interval(row["ci_low"], row["ci_high"], write) if known else write(row["estimate"])


def _curves(rows: pd.DataFrame, language: Language) -> Sentences:
    yield language.text("Curves over the value of a month in work, one for each payer.")
    for item, part in _by_item(rows.sort_values("x", kind="stable")).items():
        first, last = part[0], part[-1]
        yield language.text(
            "{name}: {first} at {low}, {last} at {high}.",
            name=labels.label("payer", item, language),
            first=_interval(first, language),
            last=_interval(last, language),
            low=language.euros(first["x"]),
            high=language.euros(last["x"]),
        )


WRITERS: dict[str, Callable[[pd.DataFrame, Language], Sentences]] = {
    "attrition": _attrition,
    "balance": _balance,
    **dict.fromkeys(("open_employment", "services", "broad_unemployment", "public_series"), _series),
    "exits": _exits,
    "indicators": _indicators,
    "effects": _effects,
    "event_study": _event_study,
    "public_events": _public_events,
    "sensitivity": _sensitivity,
    "payers": _payers,
    "plane": _plane,
    **dict.fromkeys(("acceptability", "net_benefit"), _curves),
    "areas": side_by_side.areas,
    "ranks": side_by_side.ranks,
    "funnel": side_by_side.funnel,
    "area_planes": side_by_side.area_planes,
    "baselines": side_by_side.baselines,
    "reading": side_by_side.reading,
    "beside_statistics": side_by_side.beside_statistics,
}
