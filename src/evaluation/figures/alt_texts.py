"""Text alternatives and subtitles of the figures: what is seen, from the same rows, in the reader's words.

Each writer says first what is drawn, then the one thing to be seen, which is the subtitle too, then the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from evaluation.figures import alt_texts_side_by_side as side_by_side
from evaluation.figures.one_area import named
from evaluation.figures.over_time import INDICATORS
from evaluation.figures.palette import ARMS, writer
from evaluation.words import labels
from evaluation.words.language import Language

Sentences = Iterator[str]
Names = Mapping[str, str]


def describe(name: str, rows: pd.DataFrame, *, language: Language, names: Names) -> tuple[str, str]:
    """Say what the figure of an exhibit shows, from the rows that it draws, and its subtitle.

    `names` are those of areas.
    """
    said = list(WRITERS[name](rows[rows["estimate"].notna()], language, names))
    return " ".join(said), said[1] if len(said) > 1 else ""


def _all_first(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values("item", key=lambda item: item.ne("all_public"), kind="stable")


def _attrition(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    yield language.text("Bar chart of unemployment spells left after each step.")
    for arm in ARMS:
        part = rows[rows["group"] == arm].sort_values("x")["estimate"]
        if len(part):
            yield language.text(
                "{name}: {first} at the start, {last} analysed.",
                name=labels.label("arm", arm, language),
                first=language.number(part.iloc[0]),
                last=language.number(part.iloc[-1]),
            )


def _balance(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
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


def _series(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    yield language.text("Line chart over time, the trial's start and other reforms marked.")
    write = writer(rows["unit"].iloc[0], language=language)
    parts = {arm: rows[rows["item"] == arm].sort_values("x") for arm in ARMS}
    yield " ".join(
        _course(part, labels.label("arm", arm, language), write, language)
        for arm, part in parts.items()
        if len(part)
    )


def _course(part: pd.DataFrame, name: str, write: Callable[[float], str], language: Language) -> str:
    before, after = part.loc[part["x"] < 0, "estimate"], part.loc[part["x"] >= 0, "estimate"]
    if before.empty or after.empty:
        low, high = write(part["estimate"].min()), write(part["estimate"].max())
        return language.text("{name}: from {low} to {high}.", name=name, low=low, high=high)
    return language.text(
        "{name}, lowest and highest: {low} and {high} before the trial, "
        "{low_after} and {high_after} during it.",
        name=name,
        low=write(before.min()),
        high=write(before.max()),
        low_after=write(after.min()),
        high_after=write(after.max()),
    )


def _indicators(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    yield language.text(
        "Line charts by month, one for each indicator, pilot area and comparison municipalities."
    )
    for measure in INDICATORS:
        part = rows[(rows["measure"] == measure) & (rows["item"] == "pilot")]
        if len(part):
            yield _course(part, labels.label("measure", measure, language), language.percent, language)


def _exits(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    yield language.text("Rising step lines with intervals, one chart for each way out of unemployment.")
    for state in [state for state in labels.names()["state"] if state in set(rows["outcome"])]:
        part = rows[rows["outcome"] == state]
        part = part[part["x"] == part["x"].max()].set_index("item")["estimate"]
        if {"pilot", "comparison"} <= set(part.index):
            yield language.text(
                "{name}: {pilot} in the pilot area and {comparison} in the comparison by the end.",
                name=labels.label("state", state, language),
                pilot=language.percent(part["pilot"]),
                comparison=language.percent(part["comparison"]),
            )


def _event_study(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    zero = (rows["ci_low"] <= 0) & (rows["ci_high"] >= 0)
    before, after = rows["x"] < 0, rows["x"] >= 0
    yield language.text("Dots with intervals by quarter.")
    yield language.text(
        "The interval holds zero in {before_zero} of {before} quarters before the start and in {after_zero} "
        "of {after} quarters after it.",
        before_zero=language.number(int((zero & before).sum())),
        before=language.number(int(before.sum())),
        after_zero=language.number(int((zero & after).sum())),
        after=language.number(int(after.sum())),
    )


def _public_events(rows: pd.DataFrame, language: Language, names: Names) -> Sentences:
    for number, (outcome, part) in enumerate(rows.groupby("outcome", sort=False)):
        form, seen = _event_study(part, language, names)
        yield from ([form] if number == 0 else [])
        yield f"{labels.outcome(str(outcome), language)}. {seen}"


def _sensitivity(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    write = writer(rows["unit"].iloc[0], language=language, difference=True)
    main = rows[rows["specification"] == "main"]
    count = language.number(len(rows))
    yield language.text("Dots with intervals for {count} analyses under each other.", count=count)
    yield language.text(
        "The estimates lie between {low} and {high} percentage points; the main one is {main}.",
        low=write(rows["estimate"].min()),
        high=write(rows["estimate"].max()),
        main=write(main["estimate"].iloc[0]) if len(main) else language.no_number("missing"),
    )


def _effects(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    yield language.text("Dots with intervals for {count} outcomes.", count=language.number(len(rows)))
    yield side_by_side.zeros(rows, language)
    above, below = rows["ci_low"] > 0, rows["ci_high"] < 0
    for side, words in (
        (above, language.text("Interval wholly above zero: {names}.", names="{names}")),
        (below, language.text("Interval wholly below zero: {names}.", names="{names}")),
        (~above & ~below, language.text("Interval holds zero: {names}.", names="{names}")),
    ):
        held = side & rows[["ci_low", "ci_high"]].notna().all(axis=1)
        if found := [named("outcome", outcome, language) for outcome in rows.loc[held, "outcome"]]:
            yield words.format(names="; ".join(found))


def _payers(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    write = writer("eur", language=language, difference=True)
    yield language.text("Bars with intervals, one for each payer.")
    said = [
        language.text(
            "{name}: {interval}, best estimate {value}.",
            name=labels.label("payer", row["item"], language),
            value=write(row["estimate"]),
            interval=language.interval(row["ci_low"], row["ci_high"], write),
        )
        for row in _all_first(rows).to_dict("records")
    ]
    yield from (
        [
            f"{said[0]} {language.text('Minus is a saving; rounded parts can differ from their total.')}",
            *said[1:],
        ]
        if said
        else []
    )


def _plane(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    yield language.text("Months in work from left to right, cost upwards, one chart for each payer.")
    for item, part in _all_first(rows).groupby("item", sort=False):
        found = part.set_index("measure")
        if {"delta_effect", "delta_cost"} <= set(found.index):
            yield language.text(
                "{name}: {months} months in work and {euros}.",
                name=labels.label("payer", str(item), language),
                months=_interval(found.loc["delta_effect"], language),
                euros=_interval(found.loc["delta_cost"], language),
            )


def _interval(row: pd.Series, language: Language) -> str:
    euros = row["unit"] == "eur"

    def write(value: float) -> str:
        return language.euros(value, signed=True) if euros else language.number(value, 2, signed=True)

    known = pd.notna(row["ci_low"]) and pd.notna(row["ci_high"])
    return language.interval(row["ci_low"], row["ci_high"], write) if known else write(row["estimate"])


def _curves(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    unit = rows["unit"].iloc[0]
    write = writer(unit, language=language, difference=unit == "eur")
    ranged = unit == "eur" and rows["ci_low"].notna().all()
    yield language.text("Curves over the value of a month in work, one for each payer.")
    for item, part in _all_first(rows.sort_values("x", kind="stable")).groupby("item", sort=False):
        ends = part.iloc[[0, -1]]
        said = [_interval(row, language) if ranged else write(row["estimate"]) for _, row in ends.iterrows()]
        yield language.text(
            "{name}: {first} at {low}, {last} at {high}.",
            name=labels.label("payer", str(item), language),
            first=said[0],
            last=said[1],
            **dict(zip(("low", "high"), ends["x"].map(language.euros), strict=True)),
        )


WRITERS: dict[str, Callable[[pd.DataFrame, Language, Names], Sentences]] = {
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
