"""Figures that set areas side by side, always in alphabetical order, and those of public statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evaluation.figures.over_time import lines_of_arms
from evaluation.figures.palette import (
    COMPARISON,
    FAINT,
    INK,
    PILOT,
    SOFT,
    month_of,
    numbered_areas,
    panels,
    policy_marks,
    style_key,
    tick_writer,
    unit_name,
    writer,
)
from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.language import Language, alphabetical

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def areas(rows: pd.DataFrame, *, names: dict[str, str], language: Language, here: str = "") -> Figure:
    """Draw each area's own and shrunken estimate with intervals, in alphabetical order.

    Parameters
    ----------
    rows : pandas.DataFrame
        Ledger rows of topic pooled and measures att_raw and att_shrunken: area = slug.
    names : dict
        Area names by slug.
    here : str
        Slug of the area whose report this is; its name is written bold.
    """
    order = _order(rows, names)
    figure, axes = panels(height=1.2 + 0.36 * len(order))
    ax = axes[0, 0]
    for measure, style, shift in (("att_raw", COMPARISON, -0.16), ("att_shrunken", PILOT, 0.16)):
        part = rows[rows["measure"] == measure].set_index("area").reindex(order)
        y = np.arange(len(order)) + shift
        ax.hlines(y, part["ci_low"], part["ci_high"], color=style.color, linewidth=1.3)
        ax.plot(
            part["estimate"],
            y,
            linestyle="",
            marker=style.marker,
            color=style.color,
            markerfacecolor=style.face,
        )
    measures = (("att_raw", COMPARISON), ("att_shrunken", PILOT))
    style_key(figure, [(labels.label("measure", name, language), style, "-") for name, style in measures])
    ax.axvline(0, color=SOFT, linewidth=0.8)
    _area_axis(ax, order, names, here)
    _say_why_empty(ax, rows, order, language=language)
    tick_writer(ax.xaxis, "share", language=language, difference=True)
    ax.set_xlabel(unit_name("share", language=language, difference=True))
    return figure


def ranks(rows: pd.DataFrame, *, names: dict[str, str], language: Language, here: str = "") -> Figure:
    """Draw the positions in order that each area could have, as intervals without a point, alphabetically.

    `rows` are ledger rows of measure rank: area = slug, ci_low to ci_high = possible positions.
    """
    order = _order(rows, names)
    part = rows.set_index("area").reindex(order)
    figure, axes = panels(height=0.9 + 0.26 * len(order))
    ax = axes[0, 0]
    y = np.arange(len(order))
    # no point is drawn: the position that the estimate happens to give would be read as a ranking
    ax.hlines(y, part["ci_low"] - 0.4, part["ci_high"] + 0.4, color=PILOT.color, linewidth=6, alpha=0.75)
    _area_axis(ax, order, names, here)
    _say_why_empty(ax, rows, order, language=language)
    ax.set_xlim(0.4, len(order) + 0.6)
    tick_writer(ax.xaxis, "number", language=language)
    ax.set_xlabel(language.text("Possible positions in order, simultaneous 95% intervals"))
    return figure


def funnel(rows: pd.DataFrame, *, names: dict[str, str], language: Language, here: str = "") -> Figure:
    """Draw each area's estimate against its standard error with the limits of chance variation.

    `rows` are ledger rows of measures att_raw (estimate) and funnel_limit (estimate, ci_low, ci_high,
    std_error): area = slug.
    """
    own = rows[rows["measure"] == "att_raw"].set_index("area")
    limit = rows[rows["measure"] == "funnel_limit"].set_index("area")
    limit = limit.assign(size=limit["std_error"].fillna(own["std_error"])).sort_values("size")
    figure, axes = panels(height=3.6)
    ax = axes[0, 0]
    ax.fill_between(limit["size"], limit["ci_low"], limit["ci_high"], color="#e3e9ef", linewidth=0)
    for side in ("ci_low", "ci_high"):
        ax.plot(limit["size"], limit[side], color=PILOT.color, linewidth=1, linestyle="--")
    ax.plot(limit["size"], limit["estimate"], color=PILOT.color, linewidth=1)
    points = own.join(limit["size"])
    ax.plot(points["size"], points["estimate"], linestyle="", marker="o", color=INK, markersize=4)
    points = pd.DataFrame({"area": points.index, "x": points["size"], "y": points["estimate"]})
    numbered_areas(ax, points, names=names, here=here)
    ax.margins(x=0.12)
    tick_writer(ax.yaxis, "share", language=language, difference=True)
    ax.set_ylabel(unit_name("share", language=language, difference=True))
    ax.xaxis.set_major_formatter(lambda value, _: language.number(100 * value, 1))
    ax.set_xlabel(language.text("Standard error, percentage points (small areas to the right)"))
    return figure


def public_series(rows: pd.DataFrame, *, study: Study, language: Language) -> Figure:
    """Draw the unemployed share of the labour force by month in both arms, with the windows compared.

    `rows` are ledger rows of topic public_statistics and measure unemployed_share.
    """
    figure, axes = panels(height=3.5)
    ax = axes[0, 0]
    lines_of_arms(ax, rows, language=language, markers=False)
    low, high = ax.get_ylim()
    low -= 0.16 * (high - low)  # room for the names of the windows under the lines
    spans = [(month_of(window.first), window) for window in study.baselines.values()]
    for number, (start, _) in enumerate(spans):
        ax.axvspan(start, start + 1, color=("#f1f1f1", "#e6e6e6")[number % 2], linewidth=0, zorder=0)
    for start, window in spans:
        words = (window.axis or window.short)[language.code]
        ax.annotate(
            words,
            (start + 0.5, low),
            (0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7.5,
        )
    ax.set_ylim(low, high)
    policy_marks(ax, study, language=language)
    return figure


def baselines(rows: pd.DataFrame, *, study: Study, language: Language) -> Figure:
    """Draw the change of the gap under every baseline and follow-up year, with intervals.

    `rows` are ledger rows of topic public_statistics and measure did: specification = baseline.
    """
    chosen = [f"baseline_{name}" for name in study.baselines]
    windows = list(study.followup)
    figure, axes = panels(1, len(chosen), height=2.5, sharey=True)
    for ax, name in zip(axes[0], chosen, strict=True):
        part = rows[rows["specification"] == name].set_index("window").reindex(windows)
        y = np.arange(len(windows))
        ax.hlines(y, part["ci_low"], part["ci_high"], color=PILOT.color, linewidth=1.5)
        ax.plot(part["estimate"], y, linestyle="", marker="o", color=PILOT.color)
        ax.axvline(0, color=INK, linewidth=0.9)
        for position, value in zip(y, part["estimate"], strict=True):
            if np.isfinite(value):
                ax.annotate(language.number(value, 2, signed=True), (value, position), (0, 5),
                            textcoords="offset points", ha="center", fontsize=8)  # fmt: skip
        ax.set_title(labels.label("specification", name, language))
        tick_writer(ax.xaxis, "points", language=language, difference=True)
        ax.locator_params(axis="x", nbins=4)
    axes[0, 0].set_yticks(y, [window.short[language.code] for window in study.followup.values()])
    axes[0, 0].set_ylim(len(windows) - 0.4, -0.7)
    limits = [limit for ax in axes[0] for limit in ax.get_xlim()]
    for ax in axes[0]:
        ax.set_xlim(min(limits), max(limits))
    figure.supxlabel(
        language.text("Change of the gap, percentage points: left is better for the trial"), fontsize=9
    )
    return figure


def _say_why_empty(ax: Axes, rows: pd.DataFrame, order: list[str], *, language: Language) -> None:
    for y, area in enumerate(order):
        own = rows[rows["area"] == area]
        if own["estimate"].isna().all():
            words = language.no_number(str(own["status"].iloc[0]))
            where = (0.02, y)
            ax.annotate(words, where, xycoords=("axes fraction", "data"), va="center", fontsize=8, color=SOFT)


def _order(rows: pd.DataFrame, names: dict[str, str]) -> list[str]:
    by_name = {names.get(area, area): area for area in rows["area"].unique()}
    return [by_name[name] for name in alphabetical(by_name)]


def _area_axis(ax: Axes, order: list[str], names: dict[str, str], here: str) -> None:
    ax.set_yticks(np.arange(len(order)), [names.get(area, area) for area in order])
    for area, label in zip(order, ax.get_yticklabels(), strict=True):
        label.set_fontweight("bold" if area == here else "normal")
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.tick_params(left=False)
    ax.set_axisbelow(True)
    ax.hlines(np.arange(len(order) - 1) + 0.5, *ax.get_xlim(), color=FAINT, linewidth=0.4)


def describe_areas(rows: pd.DataFrame, language: Language, names: Mapping[str, str]) -> str:
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


def describe_ranks(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
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


def describe_funnel(rows: pd.DataFrame, language: Language, names: Mapping[str, str]) -> str:
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


def describe_area_planes(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
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


def describe_baselines(rows: pd.DataFrame, language: Language, _: Mapping[str, str]) -> str:
    """Say the changes under each baseline, in the order of the years."""
    parts = [
        language.text("Dots with intervals, one chart for each baseline, first to third year of the trial.")
    ]
    for specification in language.given["specification"]:
        part = rows[rows["specification"] == specification].sort_values("window")["estimate"]
        if len(part):
            values = "; ".join(language.number(value, 2, signed=True) for value in part)
            parts.append(f"{labels.label('specification', specification, language)}: {values}.")
    return " ".join(parts)
