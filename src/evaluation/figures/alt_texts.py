"""Text alternatives of the figures: they say what is seen, from the same rows, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from evaluation.figures.deliveries import shares
from evaluation.figures.one_area import named
from evaluation.figures.over_time import INDICATORS
from evaluation.figures.palette import ARMS, writer
from evaluation.words import labels
from evaluation.words.language import Language

Sentences = Iterator[str]
Names = Mapping[str, str]


def describe(name: str, rows: pd.DataFrame, *, language: Language, names: Names) -> str:
    """Say what the figure of an exhibit shows, from the rows that it draws; `names` are those of areas."""
    return " ".join(WRITERS[name](rows[rows["estimate"].notna()], language, names))


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
    yield language.text(
        "Dot chart of {count} background variables. The largest difference is {before} standard "
        "deviations before "
        "weighting and {after} after it; {within} of {count} are within 0.1 after weighting.",
        count=language.number(len(after)),
        before=language.number(before.max(), 2),
        after=language.number(after.max(), 2),
        within=language.number(int((after <= 0.1).sum())),
    )


def _series(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    yield language.text("Line chart over time, the trial's start and other reforms marked.")
    write = writer(rows["unit"].iloc[0], language=language)
    for arm in ARMS:
        part = rows[rows["item"] == arm].sort_values("x")
        if len(part):
            yield _course(part, labels.label("arm", arm, language), write, language)


def _course(part: pd.DataFrame, name: str, write: Callable[[float], str], language: Language) -> str:
    before, after = part.loc[part["x"] < 0, "estimate"], part.loc[part["x"] >= 0, "estimate"]
    if before.empty or after.empty:
        low, high = write(part["estimate"].min()), write(part["estimate"].max())
        return language.text("{name}: from {low} to {high}.", name=name, low=low, high=high)
    return language.text(
        "{name}: between {low} and {high} before the trial, between {low_after} and {high_after} during it.",
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
    yield language.text(
        "Dots with intervals by quarter. The interval holds zero in {before_zero} of {before} "
        "quarters before the "
        "start and in {after_zero} of {after} quarters after it.",
        before_zero=language.number(int((zero & before).sum())),
        before=language.number(int(before.sum())),
        after_zero=language.number(int((zero & after).sum())),
        after=language.number(int(after.sum())),
    )


def _public_events(rows: pd.DataFrame, language: Language, names: Names) -> Sentences:
    for outcome, part in rows.groupby("outcome", sort=False):
        yield f"{labels.outcome(str(outcome), language)}. {' '.join(_event_study(part, language, names))}"


def _sensitivity(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    write = writer(rows["unit"].iloc[0], language=language, difference=True)
    main = rows[rows["specification"] == "main"]
    yield language.text(
        "Dots with intervals for {count} analyses under each other. The estimates lie between "
        "{low} and {high} "
        "percentage points; the main one is {main}.",
        count=language.number(len(rows)),
        low=write(rows["estimate"].min()),
        high=write(rows["estimate"].max()),
        main=write(main["estimate"].iloc[0]) if len(main) else language.no_number("missing"),
    )


def _effects(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    yield language.text("Dots with intervals for {count} outcomes.", count=language.number(len(rows)))
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
    for row in rows.to_dict("records"):
        yield language.text(
            "{name}: {value}, interval {interval}.",
            name=labels.label("payer", row["item"], language),
            value=write(row["estimate"]),
            interval=language.interval(row["ci_low"], row["ci_high"], write),
        )


def _plane(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    yield language.text("Months in work from left to right, cost upwards, one chart for each payer.")
    for item, part in rows.groupby("item", sort=False):
        estimate = part.set_index("measure")["estimate"]
        if {"delta_effect", "delta_cost"} <= set(estimate.index):
            yield language.text(
                "{name}: {months} months and {euros}.",
                name=labels.label("payer", str(item), language),
                months=language.number(estimate["delta_effect"], 2, signed=True),
                euros=language.euros(estimate["delta_cost"], signed=True),
            )


def _curves(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    unit = rows["unit"].iloc[0]
    write = writer(unit, language=language, difference=unit == "eur")
    yield language.text("Curves over the value of a month in work, one for each payer.")
    for item, part in rows.sort_values("x", kind="stable").groupby("item", sort=False):
        ends = part.iloc[[0, -1]]
        yield language.text(
            "{name}: {first} at {low}, {last} at {high}.",
            name=labels.label("payer", str(item), language),
            **dict(zip(("first", "last"), ends["estimate"].map(write), strict=True)),
            **dict(zip(("low", "high"), ends["x"].map(language.euros), strict=True)),
        )


def _areas(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    write = writer("share", language=language, difference=True)
    yield language.text("Areas in alphabetical order, two dots with intervals each.")
    for measure in ("att_raw", "att_shrunken"):
        part = rows.loc[rows["measure"] == measure, "estimate"]
        if len(part):
            yield language.text(
                "{name}: from {low} to {high} percentage points.",
                name=labels.label("measure", measure, language),
                low=write(part.min()),
                high=write(part.max()),
            )


def _ranks(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    width = rows["ci_high"] - rows["ci_low"] + 1
    yield language.text(
        "Areas in alphabetical order with the positions that each could have. The narrowest "
        "range holds {low} "
        "positions and the widest {high} of {count}.",
        low=language.number(width.min()),
        high=language.number(width.max()),
        count=language.number(len(rows)),
    )


def _funnel(rows: pd.DataFrame, language: Language, names: Names) -> Sentences:
    own = rows[rows["measure"] == "att_raw"].set_index("area")["estimate"]
    limit = rows[rows["measure"] == "funnel_limit"].set_index("area").reindex(own.index)
    outside = own[(own < limit["ci_low"]) | (own > limit["ci_high"])].index
    yield language.text(
        "Dots of {count} areas against their uncertainty, with limits of chance variation that "
        "widen to the right. "
        "Outside the limits: {names}.",
        count=language.number(len(own)),
        names=", ".join(names.get(area, area) for area in outside) or language.text("none"),
    )


def _area_planes(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    wide = rows.set_index(["area", "measure"])["estimate"].unstack().dropna()  # noqa: PD010
    more, cheap = wide["delta_effect"] > 0, wide["delta_cost"] < 0
    yield language.text(
        "Dots of {count} areas, months in work from left to right and cost upwards. More work at "
        "lower cost: {se}; more "
        "work at higher cost: {ne}; less work at lower cost: {sw}; less work at higher cost: {nw}.",
        count=language.number(len(wide)),
        se=language.number(int((more & cheap).sum())),
        ne=language.number(int((more & ~cheap).sum())),
        sw=language.number(int((~more & cheap).sum())),
        nw=language.number(int((~more & ~cheap).sum())),
    )


def _baselines(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    yield language.text("Dots with intervals, one chart for each baseline, year by year after the start.")
    for specification in language.given["specification"]:
        part = rows[rows["specification"] == specification].sort_values("window")["estimate"]
        if len(part):
            values = "; ".join(language.number(value, 2, signed=True) for value in part)
            yield f"{labels.label('specification', specification, language)}: {values}."


def _reading(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    found = shares(rows)
    yield language.text("Dots for {count} tables of the register.", count=language.number(len(found)))
    for table, row in found.iterrows():
        yield language.text(
            "{table}: {dropped} of the rows dropped, {mended} mended.",
            table=labels.label("table", str(table), language),
            dropped=language.percent(row["dropped"]),
            mended=language.percent(row["mended"]),
        )


def _beside_statistics(rows: pd.DataFrame, language: Language, _: Names) -> Sentences:
    yield language.text(
        "Dots for {count} areas and groups: the register holds from {low} to {high} of the unemployed "
        "that the public statistics count.",
        count=language.number(len(rows)),
        low=language.percent(rows["estimate"].min()),
        high=language.percent(rows["estimate"].max()),
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
    "areas": _areas,
    "ranks": _ranks,
    "funnel": _funnel,
    "area_planes": _area_planes,
    "baselines": _baselines,
    "reading": _reading,
    "beside_statistics": _beside_statistics,
}
