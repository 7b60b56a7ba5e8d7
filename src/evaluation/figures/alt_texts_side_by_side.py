"""Text alternatives of the figures that set areas, baselines or tables of a delivery side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from evaluation.figures.palette import parts_of, writer
from evaluation.figures.side_by_side import shares
from evaluation.words import labels
from evaluation.words.language import Language

Sentences = Iterator[str]


def counts(language: Language, **marked: pd.Series) -> dict[str, str]:
    """How many rows are marked true, as it is written."""
    return {name: language.number(int(rows.sum())) for name, rows in marked.items()}


def ends(values: pd.Series, write: Callable[[float], str]) -> dict[str, str]:
    """The lowest and the highest value as they are written."""
    return {"low": write(values.min()), "high": write(values.max())}


def zeros(rows: pd.DataFrame, language: Language) -> str:
    """How many intervals hold zero: what an interval does not bear is not said."""
    known = rows[rows["ci_low"].notna() & rows["ci_high"].notna()]
    zero = (known["ci_low"] <= 0) & (known["ci_high"] >= 0)
    count = language.number(len(known))
    return language.text("Of {count} intervals {zero} hold zero.", count=count, **counts(language, zero=zero))


def areas(rows: pd.DataFrame, language: Language) -> Sentences:
    write = writer("share", language=language, difference=True)
    yield language.text("Areas in alphabetical order, dots with intervals.")
    yield zeros(rows[rows["measure"] == "att_raw"], language)
    for measure, part in parts_of(rows, "measure", ("att_raw", "att_shrunken")).items():
        yield language.text(
            "{name}: from {low} to {high} percentage points.",
            name=labels.label("measure", measure, language),
            **ends(part["estimate"], write),
        )


def ranks(rows: pd.DataFrame, language: Language) -> Sentences:
    width = rows["ci_high"] - rows["ci_low"] + 1
    yield language.text("Areas in alphabetical order with the positions that each could have.")
    yield language.text(
        "The narrowest range holds {low} positions and the widest {high} of {count}.",
        **ends(width, language.number),
        count=language.number(len(rows)),
    )


def funnel(rows: pd.DataFrame, language: Language) -> Sentences:
    own = rows[rows["measure"] == "att_raw"].set_index("area")
    limit = rows[rows["measure"] == "funnel_limit"].set_index("area").reindex(own.index)
    beyond = (own["estimate"] < limit["ci_low"]) | (own["estimate"] > limit["ci_high"])
    outside = own.loc[beyond, "area_name"]
    yield language.text(
        "Dots of {count} areas against their uncertainty, with limits of chance variation that widen to the "
        "right.",
        count=language.number(len(own)),
    )
    yield language.text("Outside the limits: {names}.", names=", ".join(outside) or language.text("none"))


def area_planes(rows: pd.DataFrame, language: Language) -> Sentences:
    wide = rows.set_index(["area", "measure"])["estimate"].unstack().dropna()  # noqa: PD010
    more, cheap = wide["delta_effect"] > 0, wide["delta_cost"] < 0
    count = language.number(len(wide))
    yield language.text(
        "Dots of {count} areas, months in work from left to right and cost upwards.", count=count
    )
    yield zeros(rows, language)
    yield language.text(
        "More work at lower cost: {se}; more work at higher cost: {ne}; less work at lower cost: {sw}; less "
        "work at higher cost: {nw}.",
        **counts(language, se=more & cheap, ne=more & ~cheap, sw=~more & cheap, nw=~more & ~cheap),
    )


def baselines(rows: pd.DataFrame, language: Language) -> Sentences:
    yield language.text("Dots with intervals, one chart for each baseline, year by year after the start.")
    yield zeros(rows, language)
    for specification, part in parts_of(rows, "specification", language.given["specification"]).items():
        estimates = part.sort_values("window")["estimate"]
        values = "; ".join(language.number(value, 2, signed=True) for value in estimates)
        yield f"{labels.label('specification', specification, language)}: {values}."


def reading(rows: pd.DataFrame, language: Language) -> Sentences:
    found = shares(rows)
    yield language.text("Dots for {count} tables of the register.", count=language.number(len(found)))
    for table, row in found.iterrows():
        yield language.text(
            "{table}: {dropped} of the rows dropped, {mended} mended.",
            table=labels.label("table", str(table), language),
            dropped=language.percent(row["dropped"]),
            mended=language.percent(row["mended"]),
        )


def beside_statistics(rows: pd.DataFrame, language: Language) -> Sentences:
    yield language.text("Dots for {count} areas and groups.", count=language.number(len(rows)))
    yield language.text(
        "The register holds from {low} to {high} of the unemployed that the public statistics count.",
        **ends(rows["estimate"], language.percent),
    )
