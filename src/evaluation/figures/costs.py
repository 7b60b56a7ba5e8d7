"""Figures of costs and cost-effectiveness, drawn from cleared rows; nothing is estimated here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evaluation.figures.over_time import end_labels
from evaluation.figures.palette import (
    INK,
    PILOT,
    SERIES,
    SOFT,
    TOLD,
    band,
    beside,
    lines_of,
    name_ticks,
    panel,
    panels,
    parts_of,
    tick_writer,
    with_interval,
)
from evaluation.words import labels
from evaluation.words.language import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAYERS = ("municipality", "state", "unemployment_funds", "eu", "all_public")
PERSPECTIVES = ("municipality", "state", "all_public")


def payers(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw the additional cost to every payer as bars with intervals; to the right of zero it costs more.

    `rows` are ledger rows of measure delta_cost: item = payer.
    """
    known = [payer for payer in PAYERS if payer in set(rows["item"])]
    part = rows.set_index("item").reindex(known)
    figure, ax = panel(1.1 + 0.42 * len(known))
    y = np.arange(len(known)) + np.where(np.array(known) == "all_public", 0.25, 0.0)
    face = [PILOT.color if payer == "all_public" else "#8aa4ba" for payer in known]
    ax.barh(y, part["estimate"], color=face, edgecolor=PILOT.color, height=0.55)
    ax.hlines(y, part["ci_low"], part["ci_high"], color=INK, linewidth=1.4)
    for position, row in zip(y, part[TOLD].to_dict("records"), strict=True):
        beside(ax, with_interval(row, unit="eur", language=language), 1.02, position)
    ax.axvline(0, color=INK, linewidth=0.9)
    name_ticks(ax.yaxis, y, [lines_of(labels.label("payer", payer, language), 20) for payer in known])
    ax.invert_yaxis()
    ax.tick_params(left=False)
    label = language.text("Euros per unemployment spell within 12 months: left saves, right costs")
    tick_writer(ax.xaxis, "eur", language=language, difference=True, label=label)
    ax.locator_params(axis="x", nbins=3)
    return figure


def _perspectives(
    rows: pd.DataFrame, *, height: float, language: Language, **keywords: Any
) -> tuple[Figure, list[tuple[Axes, pd.DataFrame]]]:
    """A figure with one named panel a perspective, and each panel with its rows."""
    parts = parts_of(rows, "item", PERSPECTIVES)
    figure, axes = panels(1, len(parts), height=height, sharey=True, **keywords)
    for ax, name in zip(axes[0], parts, strict=True):
        ax.set_title(labels.label("payer", name, language))
    return figure, list(zip(axes[0], parts.values(), strict=True))


def plane(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw cost against months in work with the 95 % region of each perspective.

    `rows` are ledger rows of measures delta_effect, delta_cost and correlation: item = perspective.
    """
    figure, parts = _perspectives(rows, height=3.1, language=language, sharex=True)
    for ax, part in parts:
        draw_region(ax, part.set_index("measure"))
    plane_axes([ax for ax, _ in parts], "months", language=language)
    for ax, _ in parts:
        ax.locator_params(axis="x", nbins=2)
    return figure


def draw_region(ax: Axes, part: pd.DataFrame) -> None:
    """Draw the 95 % region of cost and effect; `part` has measures as its index."""
    effect, cost = part.loc["delta_effect"], part.loc["delta_cost"]
    correlation = part["estimate"].get("correlation", np.nan)
    if np.isfinite([effect["estimate"], cost["estimate"], correlation]).all():
        # 95 % of a joint normal distribution lies within this radius (chi-squared with 2 degrees, 5.991)
        angle = np.linspace(0, 2 * np.pi, 73)
        u, v = np.sqrt(5.991) * np.cos(angle), np.sqrt(5.991) * np.sin(angle)
        x = effect["estimate"] + effect["std_error"] * u
        y = cost["estimate"] + cost["std_error"] * (correlation * u + np.sqrt(1 - correlation**2) * v)
        ax.fill(x, y, facecolor="#dbe5ee", edgecolor=PILOT.color, linewidth=1.2)
    ax.plot(effect["estimate"], cost["estimate"], marker="o", color=PILOT.color)


def plane_axes(axes: Sequence[Axes], unit: str, *, language: Language, label: str | None = None) -> None:
    """Mark zero on cost-effectiveness planes beside each other, show a bit beyond it, and name the axes.

    `unit` is that of the effect; without a `label` it is months in open employment.
    """
    for ax in axes:
        ax.axhline(0, color=SOFT, linewidth=0.8)
        ax.axvline(0, color=SOFT, linewidth=0.8)
    for ax in axes:
        for limits, put in ((ax.get_xlim(), ax.set_xlim), (ax.get_ylim(), ax.set_ylim)):
            reach = max(limits) - min(limits)
            put(min(limits[0], -0.3 * reach), max(limits[1], 0.3 * reach))
    for ax in axes:
        tick_writer(ax.xaxis, unit, language=language, difference=True, label="")
        tick_writer(ax.yaxis, "eur", language=language, difference=True, label="")
    usual = language.text("Additional months in open employment: left less work, right more work")
    axes[len(axes) // 2].set_xlabel(label or usual)
    axes[0].set_ylabel(language.text("Additional cost, euros:\nupwards costs more"))


def acceptability(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw the probability that the trial is worth its cost at each value of a month in work."""
    figure, ax = panel(3.0)
    ends = []
    for (name, part), style in zip(parts_of(rows, "item", PERSPECTIVES).items(), SERIES, strict=False):
        part = part.sort_values("x").dropna(subset="estimate")
        ax.plot(part["x"], part["estimate"], color=style.color, linestyle=style.line, linewidth=1.8)
        ends += [(labels.label("payer", name, language), y, style.color) for y in part["estimate"].tail(1)]
    ax.margins(x=0)
    ax.set_ylim(0, 1)  # names are placed on the axis as it will be seen
    end_labels(ax, ends)
    probability_axes(ax, language=language)
    ax.grid(axis="y")
    return figure


def probability_axes(ax: Axes, *, language: Language, label: str | None = None) -> None:
    """Name the axes of acceptability curves; without a `label` the effect is months in work."""
    ax.axhline(0.5, color=SOFT, linewidth=0.8, linestyle=":")
    said = language.text("Probability of being worth it")
    tick_writer(ax.yaxis, "probability", language=language, label=said)
    usual = language.text("Value of an additional month in work, euros")
    tick_writer(ax.xaxis, "number", language=language, label=label or usual)


def net_benefit(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw net benefit with its interval at each value of a month in work, one panel a perspective."""
    figure, parts = _perspectives(rows, height=2.7, language=language)
    for ax, part in parts:
        part = part.sort_values("x")
        band(ax, part["x"], part, PILOT)
        ax.plot(part["x"], part["estimate"], color=PILOT.color, linewidth=1.6)
        ax.axhline(0, color=INK, linewidth=0.9)
        tick_writer(ax.xaxis, "number", language=language)
        tick_writer(ax.yaxis, "eur", language=language, difference=True, label="")
        ax.locator_params(axis="x", nbins=3)
        ax.grid(axis="y")
    parts[0][0].set_ylabel(language.text("Net benefit, euros per spell"))
    parts[len(parts) // 2][0].set_xlabel(language.text("Value of an additional month in work, euros"))
    return figure
