"""Figures that set areas side by side, always in alphabetical order, or the tables of a delivery.

Beside them stand those of public statistics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evaluation.figures.costs import plane_axes
from evaluation.figures.over_time import lines_of_arms
from evaluation.figures.palette import (
    COMPARISON,
    FAINT,
    INK,
    PILOT,
    SOFT,
    beside,
    dots,
    lines_of,
    month_of,
    name_rows,
    panel,
    panels,
    parts_of,
    policy_marks,
    style_key,
    tick_writer,
)
from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.language import Language, alphabetical

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def areas(rows: pd.DataFrame, *, names: dict[str, str], language: Language, here: str = "") -> Figure:
    """Draw each area's own and shrunken estimate with intervals, in alphabetical order.

    `rows` are ledger rows of topic pooled and measures att_raw and att_shrunken: area = slug; the name of
    the area `here`, whose report it is, is written bold.
    """
    order = by_name(rows["area"], names)
    figure, ax = panel(1.2 + 0.36 * len(order))
    styles = {"att_raw": COMPARISON, "att_shrunken": PILOT}
    styles = {measure: styles[measure] for measure in styles if measure in set(rows["measure"])}
    for shift, (measure, style) in zip((-0.16, 0.16), styles.items(), strict=False):
        part = rows[rows["measure"] == measure].set_index("area").reindex(order)
        y = np.arange(len(order)) + shift
        ax.hlines(y, part["ci_low"], part["ci_high"], color=style.color, linewidth=1.3)
        dots(ax, part["estimate"], y, style)
    style_key(figure, "measure", styles, language=language)
    ax.axvline(0, color=SOFT, linewidth=0.8)
    _area_axis(ax, rows, order, names, here, language=language)
    tick_writer(ax.xaxis, "share", language=language, difference=True)
    return figure


def ranks(rows: pd.DataFrame, *, names: dict[str, str], language: Language, here: str = "") -> Figure:
    """Draw the positions in order that each area could have, as intervals without a point, alphabetically.

    `rows` are ledger rows of measure rank: area = slug, ci_low to ci_high = possible positions.
    """
    order = by_name(rows["area"], names)
    part = rows.set_index("area").reindex(order)
    figure, ax = panel(0.9 + 0.26 * len(order))
    y = np.arange(len(order))
    # no point is drawn: the position that the estimate happens to give would be read as a ranking
    ax.hlines(y, part["ci_low"] - 0.4, part["ci_high"] + 0.4, color=PILOT.color, linewidth=6, alpha=0.75)
    _area_axis(ax, rows, order, names, here, language=language)
    ax.set_xlim(0.4, len(order) + 0.6)
    label = language.text("Possible positions in order, simultaneous 95% intervals")
    tick_writer(ax.xaxis, "number", language=language, label=label)
    return figure


def funnel(rows: pd.DataFrame, *, names: dict[str, str], language: Language, here: str = "") -> Figure:
    """Draw each area's estimate against its standard error with the limits of chance variation.

    `rows` are ledger rows of measures att_raw (estimate) and funnel_limit (estimate, ci_low, ci_high,
    std_error): area = slug.
    """
    own, limit = (rows[rows["measure"] == name].set_index("area") for name in ("att_raw", "funnel_limit"))
    limit = limit.assign(size=limit["std_error"].fillna(own["std_error"])).sort_values("size")
    figure, ax = panel(4.1)  # as tall as the list of all areas
    ax.fill_between(limit["size"], limit["ci_low"], limit["ci_high"], color="#e3e9ef", linewidth=0)
    for side, line in (("ci_low", "--"), ("ci_high", "--"), ("estimate", "-")):
        ax.plot(limit["size"], limit[side], color=PILOT.color, linewidth=1, linestyle=line)
    points = own.join(limit["size"])
    _numbered_areas(ax, points["size"], points["estimate"], color=INK, names=names, here=here)
    ax.margins(x=0.12)
    tick_writer(ax.yaxis, "share", language=language, difference=True)
    ax.xaxis.set_major_formatter(lambda value, _: language.number(100 * value, 1))
    ax.set_xlabel(language.text("Standard error, percentage points (small areas to the right)"))
    return figure


def plane_of_areas(rows: pd.DataFrame, *, names: dict[str, str], language: Language) -> Figure:
    """Draw every area on one cost-effectiveness plane with its intervals, all public payers together.

    `rows` are ledger rows of measures delta_effect and delta_cost with item all_public; area = slug.
    """
    figure, ax = panel(4.2)
    effect = rows[rows["measure"] == "delta_effect"].set_index("area")
    cost = rows[rows["measure"] == "delta_cost"].set_index("area").reindex(effect.index)
    ax.hlines(cost["estimate"], effect["ci_low"], effect["ci_high"], color=FAINT, linewidth=1)
    ax.vlines(effect["estimate"], cost["ci_low"], cost["ci_high"], color=FAINT, linewidth=1)
    _numbered_areas(ax, effect["estimate"], cost["estimate"], color=PILOT.color, names=names)
    plane_axes([ax], "months", language=language)
    return figure


def public_series(rows: pd.DataFrame, *, study: Study, language: Language) -> Figure:
    """Draw the unemployed share of the labour force by month in both arms, with the windows compared.

    `rows` are ledger rows of topic public_statistics and measure series.
    """
    figure, ax = panel(3.5)
    lines_of_arms(ax, rows, language=language, markers=False)
    low, high = ax.get_ylim()
    low -= 0.16 * (high - low)  # room for the names of the windows under the lines
    for number, window in enumerate(study.baselines.values()):
        start = month_of(window.first)
        ax.axvspan(start, start + 1, color=("#f1f1f1", "#e6e6e6")[number % 2], linewidth=0, zorder=0)
        words, at = (window.axis or window.short)[language.code], (start + 0.5, low)
        ax.annotate(words, at, (0, 3), textcoords="offset points", ha="center", va="bottom", fontsize=8)
    ax.set_ylim(low, high)
    policy_marks(ax, study, language=language)
    return figure


def baselines(rows: pd.DataFrame, *, study: Study, language: Language) -> Figure:
    """Draw the change of the gap under every baseline and follow-up year, with intervals.

    `rows` are ledger rows of topic public_statistics and measure did of one share: specification = baseline.
    """
    known = rows[rows["estimate"].notna()]
    parts = parts_of(known, "specification", [f"baseline_{name}" for name in study.baselines])
    figure, axes = panels(1, len(parts), height=2.5, sharey=True)
    y = np.arange(len(study.followup))
    for ax, (name, part) in zip(axes[0], parts.items(), strict=True):
        part = part.set_index("window").reindex(list(study.followup))
        ax.hlines(y, part["ci_low"], part["ci_high"], color=PILOT.color, linewidth=1.5)
        dots(ax, part["estimate"], y, PILOT)
        ax.axvline(0, color=INK, linewidth=0.9)
        for position, value in zip(y, part["estimate"], strict=True):
            if np.isfinite(value):
                ax.annotate(language.number(value, 2, signed=True), (value, position), (0, 5),
                            textcoords="offset points", ha="center", fontsize=8)  # fmt: skip
        ax.set_title(labels.label("specification", name, language))
        tick_writer(ax.xaxis, "points", language=language, difference=True, label="")
        ax.locator_params(axis="x", nbins=4)
    name_rows(axes[0, 0], [window.short[language.code] for window in study.followup.values()], above=0.7)
    limits = [limit for ax in axes[0] for limit in ax.get_xlim()]
    for ax in axes[0]:
        ax.set_xlim(min(limits), max(limits))
    label = language.text("Change of the gap, percentage points: left is better for the trial")
    axes[0, len(parts) // 2].set_xlabel(label)
    return figure


def shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of the rows read of each table that was dropped, and that was mended.

    `rows` are ledger rows of measure rows: item = table:rule, method = what was done.
    """
    known = rows[["estimate", "method"]].assign(table=rows["item"].str.partition(":")[0])
    read = known[rows["item"].str.endswith(":rows_read")].set_index("table")["estimate"]
    return pd.DataFrame(
        {
            what: known[known["method"] == what].groupby("table")["estimate"].sum().reindex(read.index) / read
            for what in ("dropped", "mended")
        }
    ).fillna(0.0)


def reading(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw which share of each table's rows was dropped and which was mended; `rows` as for `shares`."""
    found = shares(rows)
    figure, ax = panel(0.8 + 0.34 * len(found))
    y = np.arange(len(found))
    styles = {"dropped": PILOT, "mended": COMPARISON}
    for shift, (what, style) in zip((-0.14, 0.14), styles.items(), strict=True):
        ax.hlines(y + shift, 0, found[what], color=FAINT, linewidth=1)
        dots(ax, found[what], y + shift, style)
    name_rows(ax, [labels.label("table", table, language) for table in found.index], above=0.5, below=0.5)
    style_key(figure, "method", styles, language=language)
    tick_writer(ax.xaxis, "share", language=language, label=language.text("Share of the rows read"))
    return figure


def beside_statistics(rows: pd.DataFrame, *, names: dict[str, str], language: Language) -> Figure:
    """Draw how many of the unemployed in the public statistics the register holds, area by area.

    `rows` are ledger rows of measure register_to_statistics: item = area, estimate = the ratio;
    the dashed line is that of all areas together.
    """
    called = {item: labels.item("register_to_statistics", item, language, names) for item in rows["item"]}
    order = by_name(called, called)
    figure, ax = panel(0.8 + 0.26 * len(order))
    ratio = rows.set_index("item")["estimate"].reindex(order)
    dots(ax, ratio, np.arange(len(order)), PILOT)
    ax.axvline(ratio.get("all", 1.0), color=SOFT, linewidth=0.8, linestyle="--")
    ax.margins(x=0.1)
    name_rows(ax, [called[item] for item in order])
    label = language.text("Unemployed in the register in relation to the public statistics")
    tick_writer(ax.xaxis, "share", language=language, label=label)
    return figure


def by_name(codes: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Codes in the alphabetical order of their names."""
    called = {code: names.get(code, code) for code in codes}
    place = {name: at for at, name in enumerate(alphabetical(called.values()))}
    return sorted(called, key=lambda code: place[called[code]])  # all of them, also where two have one name


def _area_axis(
    ax: Axes, rows: pd.DataFrame, order: list[str], names: dict[str, str], here: str, *, language: Language
) -> None:
    """A line for each area, which says why where an area has no number."""
    name_rows(ax, [lines_of(names.get(area, area)) for area in order])
    ax.yaxis.bold = order.index(here) if here in order else None  # type: ignore[attr-defined]
    ax.tick_params(left=False)
    ax.set_axisbelow(True)
    ax.hlines(np.arange(len(order) - 1) + 0.5, *ax.get_xlim(), color=FAINT, linewidth=0.4)
    without = rows["estimate"].isna().groupby(rows["area"]).all()
    status = rows.drop_duplicates("area").set_index("area")["status"]
    for area in without.index[without]:
        beside(ax, language.no_number(str(status[area])), 0.02, order.index(area), color=SOFT)


def _numbered_areas(
    ax: Axes, x: pd.Series, y: pd.Series, *, color: str, names: dict[str, str], here: str = ""
) -> None:
    """Draw a dot for each area (the index) with its number in the alphabet, and list the names at the right.

    Names beside the dots would cover each other.
    """
    ax.plot(x, y, linestyle="", marker="o", color=color, markersize=4)
    spots = _free_spots(pd.DataFrame({"x": x, "y": y}))
    order = by_name(x.index, names)
    for number, area in enumerate(order, start=1):
        if shift := spots.get(area):
            bold, side = "bold" if area == here else "normal", "left" if shift[0] > 0 else "right"
            ax.annotate(str(number), (x[area], y[area]), shift, textcoords="offset points", fontsize=8,
                        fontweight=bold, ha=side)  # fmt: skip
    listed = "\n".join(f"{number}  {names.get(area, area)}" for number, area in enumerate(order, start=1))
    ax.annotate(listed, (1.02, 1), xycoords="axes fraction", va="top", fontsize=8, linespacing=1.35)


def _free_spots(points: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Where each number stands beside its point, so that few numbers cover each other or another point."""
    inside = points.dropna()
    # an axis is about 330 by 220 points of print
    size = (inside.max() - inside.min()).replace(0, 1)
    at = ((inside - inside.min()) / size * [330, 220]).to_numpy()
    taken = [tuple(spot) for spot in at]
    found = {}
    for area, (x, y) in zip(inside.index, at, strict=True):
        shifts = ((4, 3), (4, -9), (-4, 3), (-4, -9), (10, -3), (-10, -3), (4, 10), (-4, 10), (4, -16))
        middles = [(x + dx + (5 if dx > 0 else -5), y + dy + 3) for dx, dy in shifts]
        crowd = [
            sum(abs(mx - tx) < 11 and abs(my - ty) < 8 for tx, ty in taken if (tx, ty) != (x, y))
            for mx, my in middles
        ]
        best = int(np.argmin(crowd))
        found[area] = shifts[best]
        taken.append(middles[best])
    return found
