"""The country at a glance: a small picture of every area, on a grid laid by hand where the study has one.

Real public statistics where they were read, else the result of the registers. Nothing is ranked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.figures.side_by_side import by_name
from evaluation.reporting.exhibits import Report
from evaluation.words import answers
from evaluation.words.language import Language

WIDE, HIGH = 120, 40  # units of a small picture
STEP = 0.01  # the common scale ends at multiples of this share


@dataclass(frozen=True)
class Tile:
    """One area: where its tile stands, and what its small picture shows and says."""

    area: str
    name: str
    place: tuple[int, int] | None  # row and column, counted from 1; None where the study has no grid
    lines: Mapping[str, str]  # paths of the area and its comparison
    said: str
    bars: tuple[answers.Bar, ...] = ()


@dataclass(frozen=True)
class Country:
    """All tiles and what they have in common."""

    tiles: tuple[Tile, ...]
    note: str
    real: bool
    start: float  # where the trial starts, in units of a small picture


def at_a_glance(report: Report, *, areas: Collection[str]) -> Country:
    """Make the small picture of every area that has a report, all on one scale.

    What stands in brackets in the name of an area is left out of its tile. Places stand in
    ``<table of areas>_tiles.csv`` in the folder of reference tables: tiles go from north to south and west to
    east, in alphabetical order where an area has no place.
    """
    cleared, study, language, text = report.cleared, report.study, report.language, report.language.text
    places = _places(report.reference / f"{study.areas.table}_tiles.csv", areas)
    ordered = sorted(areas, key=places.__getitem__) if places else by_name(areas, report.area_names)
    known = cleared["topic"].eq("public_statistics") & cleared["measure"].eq("series")
    known &= cleared["outcome"].eq("unemployed_share") & cleared["area"].isin(ordered)
    series, start = cleared[known & cleared["estimate"].notna()], 0.0
    if real := not series.empty:
        first, span = series["x"].min(), max(1.0, float(np.ptp(series["x"])))
        bottom = STEP * math.floor(series["estimate"].min() / STEP)
        top = STEP * math.ceil(series["estimate"].max() / STEP)
        start = WIDE * (0 - first) / span  # months are counted from the start
        down = HIGH * (top - series["estimate"]) / max(STEP, top - bottom)
        series = series.assign(across=WIDE * (series["x"] - first) / span, down=down)
        note = text(
            "Public statistics: unemployed of the labour force each month, {first} to {last}. All pictures "
            "have the scale {bottom} to {top}. Blue line: the area. Dashed line: comparison municipalities. "
            "Upright line: the trial starts.",
            first=language.month(series["window"].min()),
            last=language.month(series["window"].max()),
            bottom=language.percent(bottom, 0),
            top=language.percent(top, 0),
        )
    else:
        note = text(
            "Open-market work, result of the registers. Line: 95% interval. "
            "Grey: differences too small to matter. Right of the middle: more than in the comparison."
        )
    order = text(
        "Areas stand roughly as on the map, north at the top; the place says nothing about results."
        if places
        else "Areas are in alphabetical order; the order says nothing about results."
    )
    tiles, scale = [], ""
    for area in ordered:
        name, place = re.sub(r" \(.*\)$", "", report.area_names.get(area, area)), places.get(area)
        if real:
            lines, said = _lines(series[series["area"] == area], language)
            tiles.append(Tile(area, name, place, lines, said))
        else:
            found = answers.answer(report.case(area), language, about="work")
            scale = scale or found.scale
            tiles.append(Tile(area, name, place, {}, found.text, found.bars))
    note = f"{note} {scale}." if scale else note
    return Country(tuple(tiles), f"{note} {order}", real, start)


def in_report(report: Report) -> Country:
    """The small pictures of the areas that the ledger of a report analyses."""
    analysed = report.cleared.loc[report.cleared["topic"] == "cohort", "area"]
    return at_a_glance(report, areas=set(analysed) & set(report.area_names))


def _places(file: Path, areas: Collection[str]) -> dict[str, tuple[int, int]]:
    """Row and column of every area; empty where one of them has none."""
    if not file.exists():
        return {}
    table = pd.read_csv(file, dtype={"area": str, "row": int, "column": int})
    places = {
        area: (row, column) for area, row, column in table[["area", "row", "column"]].itertuples(index=False)
    }
    return {area: places[area] for area in areas} if set(areas) <= set(places) else {}


def _lines(series: pd.DataFrame, language: Language) -> tuple[dict[str, str], str]:
    """Paths of the area and its comparison, broken where months are missing, and their ends in words."""
    arms = {
        arm: rows.sort_values("x") for arm, rows in series.groupby("item") if arm in ("pilot", "comparison")
    }
    if len(arms) < 2:
        return {}, language.text("no public statistics about this area")
    lines = {
        arm: " ".join(
            f"{'M' if gap else 'L'}{across:.1f} {down:.1f}"
            for gap, across, down in zip(rows["x"].diff().ne(1), rows["across"], rows["down"], strict=True)
        )
        for arm, rows in arms.items()
    }
    ends = []
    for at in (0, -1):
        here, other = arms["pilot"].iloc[at], arms["comparison"].iloc[at]
        ends.append(
            language.text(
                "{month}: area {area}, comparison {other}.",
                month=language.month(here["window"]),
                area=language.percent(here["estimate"]),
                other=language.percent(other["estimate"]),
            )
        )
    return lines, " ".join(ends)
