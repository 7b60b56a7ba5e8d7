"""Figures of costs and cost-effectiveness, drawn from cleared rows; nothing is estimated here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evaluation.figures.over_time import end_labels
from evaluation.figures.palette import (
    FAINT,
    INK,
    PILOT,
    SERIES,
    SOFT,
    halves,
    numbered_areas,
    panels,
    tick_writer,
    writer,
)
from evaluation.words import labels
from evaluation.words.language import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAYERS = ("municipality", "state", "unemployment_funds", "eu", "all_public")


def payers(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw the additional cost to every payer as bars with intervals; to the right of zero it costs more.

    `rows` are ledger rows of measure delta_cost: item = payer.
    """
    known = [payer for payer in PAYERS if payer in set(rows["item"])]
    part = rows.set_index("item").reindex(known)
    figure, axes = panels(height=1.1 + 0.42 * len(known))
    ax = axes[0, 0]
    write = writer("eur", language=language, difference=True)
    y = np.arange(len(known)) + np.where(np.array(known) == "all_public", 0.25, 0.0)
    face = [PILOT.color if payer == "all_public" else "#8aa4ba" for payer in known]
    ax.barh(y, part["estimate"], color=face, edgecolor=PILOT.color, height=0.55)
    ax.hlines(y, part["ci_low"], part["ci_high"], color=INK, linewidth=1.4)
    for position, row in zip(y, part.to_dict("records"), strict=True):
        said = write(row["estimate"]) if np.isfinite(row["estimate"]) else language.no_number(row["status"])
        if np.isfinite(row["ci_low"]):
            said += f"  ({language.interval(row['ci_low'], row['ci_high'], write)})"
        ax.annotate(said, (1.02, position), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    ax.axvline(0, color=INK, linewidth=0.9)
    ax.set_yticks(y, [labels.label("payer", payer, language) for payer in known])
    ax.invert_yaxis()
    ax.tick_params(left=False)
    tick_writer(ax.xaxis, "eur", language=language, difference=True)
    ax.set_xlabel(language.text("Euros per unemployment spell within 12 months: left saves, right costs"))
    return figure


def plane(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw cost against months in work with the 95 % region of each perspective.

    Parameters
    ----------
    rows : pandas.DataFrame
        Ledger rows of measures delta_effect, delta_cost and correlation: item = perspective.
    """
    shown = [name for name in ("municipality", "state", "all_public") if name in set(rows["item"])]
    figure, axes = panels(1, len(shown), height=3.1, sharex=True, sharey=True)
    for ax, name in zip(axes[0], shown, strict=True):
        part = rows[rows["item"] == name].set_index("measure")
        draw_region(ax, part)
        ax.set_title(_title(name, language))
        ax.axhline(0, color=SOFT, linewidth=0.8)
        ax.axvline(0, color=SOFT, linewidth=0.8)
    for ax in axes[0]:
        include_zero(ax)
    for ax in axes[0]:
        tick_writer(ax.xaxis, "months", language=language, difference=True)
        tick_writer(ax.yaxis, "eur", language=language, difference=True)
        ax.locator_params(axis="x", nbins=4)
    axes[0, 0].set_ylabel(language.text("Additional cost, euros:\nupwards costs more"))
    axes[0, len(shown) // 2].set_xlabel(
        language.text("Additional months in open employment: left less work, right more work")
    )
    return figure


def _title(payer: str, language: Language) -> str:
    words = labels.label("payer", payer, language)
    return "\n".join(halves(words)) if len(words) > 24 else words


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


def include_zero(ax: Axes) -> None:
    """Widen the axes so that zero and a bit beyond it are seen."""
    for limits, put in ((ax.get_xlim(), ax.set_xlim), (ax.get_ylim(), ax.set_ylim)):
        reach = max(limits) - min(limits)
        put(min(limits[0], -0.3 * reach), max(limits[1], 0.3 * reach))


def acceptability(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw the probability that the trial is worth its cost at each value of a month in work."""
    figure, axes = panels(height=3.0)
    ax = axes[0, 0]
    _curves(ax, rows, language=language, unit="probability")
    ax.axhline(0.5, color=SOFT, linewidth=0.8, linestyle=":")
    ax.set_ylabel(language.text("Probability of being worth it"))
    return figure


def net_benefit(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw net benefit with its interval at each value of a month in work, one panel a perspective."""
    shown = [name for name in ("municipality", "state", "all_public") if name in set(rows["item"])]
    figure, axes = panels(1, len(shown), height=2.7, sharey=True)
    for ax, name in zip(axes[0], shown, strict=True):
        part = rows[rows["item"] == name].sort_values("x")
        ax.fill_between(
            part["x"], part["ci_low"], part["ci_high"], color=PILOT.color, alpha=0.16, linewidth=0
        )
        ax.plot(part["x"], part["estimate"], color=PILOT.color, linewidth=1.6)
        ax.axhline(0, color=INK, linewidth=0.9)
        ax.set_title(_title(name, language))
        tick_writer(ax.xaxis, "number", language=language)
        tick_writer(ax.yaxis, "eur", language=language, difference=True)
        ax.locator_params(axis="x", nbins=3)
        ax.grid(axis="y")
    axes[0, 0].set_ylabel(language.text("Net benefit, euros per spell"))
    axes[0, len(shown) // 2].set_xlabel(language.text("Value of an additional month in work, euros"))
    return figure


def _curves(ax: Axes, rows: pd.DataFrame, *, language: Language, unit: str) -> None:
    ends = []
    shown = [name for name in ("municipality", "state", "all_public") if name in set(rows["item"])]
    for name, style in zip(shown, SERIES, strict=False):
        part = rows[rows["item"] == name].sort_values("x").dropna(subset="estimate")
        if part.empty:
            continue
        ax.plot(part["x"], part["estimate"], color=style.color, linestyle=style.line, linewidth=1.8)
        ends.append(
            (
                labels.label("payer", name, language),
                part["x"].iloc[-1],
                part["estimate"].iloc[-1],
                style.color,
            )
        )
    ax.margins(x=0)
    if unit == "probability":  # names are placed on the axis as it will be seen
        ax.set_ylim(0, 1)
    end_labels(ax, ends)
    tick_writer(ax.yaxis, unit, language=language)
    tick_writer(ax.xaxis, "number", language=language)
    ax.grid(axis="y")
    ax.set_xlabel(language.text("Value of an additional month in work, euros"))


def plane_of_areas(rows: pd.DataFrame, *, names: dict[str, str], language: Language) -> Figure:
    """Draw every area on one cost-effectiveness plane with its intervals, all public payers together.

    `rows` are ledger rows of measures delta_effect and delta_cost with item all_public; area = slug.
    """
    figure, axes = panels(height=4.2)
    ax = axes[0, 0]
    effect = rows[rows["measure"] == "delta_effect"].set_index("area")
    cost = rows[rows["measure"] == "delta_cost"].set_index("area").reindex(effect.index)
    ax.hlines(cost["estimate"], effect["ci_low"], effect["ci_high"], color=FAINT, linewidth=1)
    ax.vlines(effect["estimate"], cost["ci_low"], cost["ci_high"], color=FAINT, linewidth=1)
    ax.plot(effect["estimate"], cost["estimate"], linestyle="", marker="o", color=PILOT.color, markersize=4)
    points = pd.DataFrame({"area": effect.index, "x": effect["estimate"], "y": cost["estimate"]})
    numbered_areas(ax, points, names=names)
    ax.axhline(0, color=SOFT, linewidth=0.8)
    ax.axvline(0, color=SOFT, linewidth=0.8)
    include_zero(ax)
    tick_writer(ax.xaxis, "months", language=language, difference=True)
    tick_writer(ax.yaxis, "eur", language=language, difference=True)
    ax.set_xlabel(language.text("Additional months in open employment: left less work, right more work"))
    ax.set_ylabel(language.text("Additional cost, euros:\nupwards costs more"))
    return figure
