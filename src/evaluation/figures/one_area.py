"""Figures of one area: who is included, balance, effects and sensitivity.

Every function takes cleared rows of the ledger first and draws them: nothing is estimated here.
Rows without a number (suppressed, withheld, missing) leave a gap; the table under the figure says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evaluation.figures.palette import (
    ARMS,
    COMPARISON,
    FAINT,
    INK,
    PILOT,
    SOFT,
    TOLD,
    beside,
    dots,
    lines_of,
    name_rows,
    name_ticks,
    panel,
    panels,
    parts_of,
    style_key,
    tick_writer,
    with_interval,
)
from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.language import Language, alphabetical

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


LOVE = {"after_weighting": PILOT, "before_weighting": COMPARISON}


def attrition(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw how many unemployment spells are left after each step, for each arm.

    `rows` are ledger rows of measure attrition_episodes: item = step, x = its number, group = arm.
    """
    parts = parts_of(rows, "group", ARMS)
    steps = rows.drop_duplicates("item").sort_values("x")["item"].tolist()
    figure, axes = panels(1, len(parts), height=0.9 + 0.36 * len(steps), sharey=True)
    for ax, (arm, part) in zip(axes[0], parts.items(), strict=True):
        left = part.set_index("item")["estimate"].reindex(steps)
        ax.barh(range(len(steps)), left, color=ARMS[arm].color, height=0.62)
        for y, value in enumerate(left):
            at = (0 if np.isnan(value) else value, y)
            ax.annotate(language.number(value), at, (4, 0), textcoords="offset points", va="center")
        ax.set_title(labels.label("arm", arm, language), fontsize=8)
        ax.set_xticks([])
        ax.set_xlim(0, left.max() * 1.32)
        ax.spines["bottom"].set_visible(False)
        ax.tick_params(left=False)
    first = axes[0, 0]
    name_ticks(first.yaxis, range(len(steps)), [lines_of(named("step", step, language)) for step in steps])
    first.invert_yaxis()
    return figure


def love_plot(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw standardised differences of background before and after weighting, with the limit of 0.1.

    `rows` are ledger rows of measure smd: item = covariate, specification = before_ / after_weighting.
    """
    wide = rows.set_index(["item", "specification"])["estimate"].unstack()  # noqa: PD010
    figure, ax = panel(1.0 + 0.33 * len(wide))
    draw_love(ax, wide, language=language)
    style_key(figure, "specification", LOVE, language=language, line="")
    return figure


def draw_love(ax: Axes, wide: pd.DataFrame, *, language: Language) -> None:
    """Draw one row a covariate (the index) with its differences before_ and after_weighting, by size."""
    wide = wide.reindex(wide["before_weighting"].abs().sort_values().index)
    y = np.arange(len(wide))
    ax.hlines(y, wide["before_weighting"], wide["after_weighting"], color=FAINT, linewidth=1)
    for name, style in reversed(LOVE.items()):
        dots(ax, wide[name], y, style)
    for limit in (-0.1, 0.0, 0.1):
        ax.axvline(limit, color=SOFT, linewidth=0.8, linestyle="-" if limit == 0 else ":")
    name_ticks(ax.yaxis, y, [lines_of(named("covariate", name, language)) for name in wide.index])
    ax.set_ylim(-0.7, len(wide) + 0.1)
    ax.margins(x=0.18)
    label = language.text("Pilot area minus comparison, standard deviations")
    tick_writer(ax.xaxis, "sd", language=language, label=label)


def sensitivity(rows: pd.DataFrame, *, study: Study, language: Language, names: Mapping[str, str]) -> Figure:
    """Draw the effect under every analysis, every baseline first, with intervals.

    `rows` are ledger rows of measure att and one outcome: the main one and those of topic sensitivity;
    `names` are those of municipalities by code, for the analyses that leave one out.
    """
    rank = {name: number for number, name in enumerate(labels.codes("specification", language))}
    places = alphabetical({names.get(item, item) for item in rows["item"]})
    rows = rows.assign(
        rank=rows["specification"].map(lambda name: rank.get(name, 99)),
        place=rows["item"].map(lambda item: places.index(names.get(item, item))),
    )
    rows = rows.sort_values(["rank", "place"], kind="stable")
    words = []
    for specification, item in zip(rows["specification"], rows["item"], strict=True):
        if specification == "leave_one_out" and item:
            words.append(language.text("Without {municipality}", municipality=names.get(item, item)))
        elif specification == "main":
            own = labels.label("specification", f"baseline_{study.main_baseline}", language)
            words.append(language.text("Main: {analysis}", analysis=own))
        else:
            words.append(labels.label("specification", specification, language))
    lines = [lines_of(word) for word in words]
    figure, ax = panel(0.75 + 0.25 * (row_middles(lines)[-1] + 0.7))
    draw_forest(ax, rows, lines, language=language, bold=rows["specification"].eq("main").tolist())
    _cut(ax, rows)
    return figure


def _cut(ax: Axes, rows: pd.DataFrame) -> None:
    """Let an interval that is many times as wide as the main one run out of the axis, with an arrow."""
    ends = rows[["estimate", "ci_low", "ci_high"]].abs().max(axis=1)
    main = ends[rows["specification"] == "main"].max()
    if not np.isfinite(main) or not (ends > 4 * main).any():
        return
    reach = max(1.15 * ends[ends <= 4 * main].max(), 2 * main)
    ax.set_xlim(-reach, reach)
    for y, low, high in zip(ax.get_yticks(), rows["ci_low"], rows["ci_high"], strict=True):
        for end, marker, place in ((low < -reach, "<", -0.985), (high > reach, ">", 0.985)):
            if end:
                ax.plot(place * reach, y, marker=marker, color=COMPARISON.color, markersize=5)


def draw_forest(
    ax: Axes, rows: pd.DataFrame, lines: list[str], *, language: Language, bold: list[bool] | None = None
) -> None:
    """Draw rows of one unit on given axes, each with its `lines`; one without a number says why in words."""
    unit, heights = rows["unit"].iloc[0], row_middles(lines)
    told = rows[TOLD].to_dict("records")
    for number, (y, row) in enumerate(zip(heights, told, strict=True)):
        strong = bold is not None and bold[number]
        style = PILOT if strong or bold is None else COMPARISON
        ax.plot([row["ci_low"], row["ci_high"]], [y, y], color=style.color, linewidth=2.2 if strong else 1.3)
        dots(ax, row["estimate"], y, style, linestyle="-")
        known = np.isfinite(row["estimate"])
        place, color = (1.02, INK) if known else (0.02, SOFT)
        beside(ax, with_interval(row, unit=unit, language=language), place, y, color=color)
    ax.axvline(0, color=SOFT, linewidth=0.8)
    name_rows(ax, lines, heights, above=0.8, below=0.8)
    ax.tick_params(left=False)
    tick_writer(ax.xaxis, unit, language=language, difference=True)
    ax.locator_params(axis="x", nbins=3)


def effects(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw the effects on all outcomes with intervals, one panel a unit.

    `rows` are ledger rows of topic effect and measure att: outcome, unit share, days or eur.
    """
    known = list(labels.names()["outcome"])
    rows = rows.iloc[np.argsort(in_place(rows["outcome"].tolist(), known), kind="stable")]
    parts = list(parts_of(rows, "unit", ("share", "days", "eur")).values())
    written = [[lines_of(named("outcome", name, language)) for name in part["outcome"]] for part in parts]
    last = [row_middles(lines)[-1] for lines in written]
    height = 0.3 + sum(0.75 + 0.25 * (middle + 0.8) for middle in last)
    figure, axes = panels(len(parts), 1, height=height, height_ratios=[middle + 1.4 for middle in last])
    for ax, part, lines in zip(axes[:, 0], parts, written, strict=True):
        draw_forest(ax, part, lines, language=language)
    return figure


def row_middles(lines: list[str]) -> np.ndarray:
    """Middles of rows under each other, a row of more lines being taller."""
    tall = np.array([1.0 + 0.55 * line.count("\n") for line in lines])
    return np.cumsum(tall) - tall / 2


def in_place(codes: Sequence[str], known: Sequence[str]) -> np.ndarray:
    """Numbers that put codes into the order of those known, shorter horizons first, then by the alphabet."""
    place = {code: number for number, code in reversed(list(enumerate(known)))}
    # codes without a place of their own (months, covariates, horizons) keep the order of the alphabet
    keys = {}
    for rank, code in enumerate(sorted(set(codes)), start=1):
        months = labels.HORIZON.search(code)
        stem = code if code in place else labels.HORIZON.sub("", code)
        keys[code] = place.get(stem, len(place) + rank) + (int(months[1]) if months else 0) / 1000
    return np.array([keys[code] for code in codes])


def named(kind: str, code: str, language: Language) -> str:
    """Name a code; one that a new delivery brings keeps its code and stops no report."""
    own = {
        "outcome": labels.outcome,
        "covariate": labels.covariate,
        "group": labels.group,
        "method": labels.method,
    }
    try:
        return own[kind](code, language) if kind in own else labels.label(kind, code, language)
    except ValueError:
        return code.replace("_", " ")
