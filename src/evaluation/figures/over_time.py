"""Figures of what happened over time: outcomes, indicators, ways out of unemployment, event study."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evaluation.figures.palette import (
    ARMS,
    COMPARISON,
    INK,
    PILOT,
    SOFT,
    band,
    dots,
    halves,
    lines_of,
    name_rows,
    name_ticks,
    panel,
    panels,
    parts_of,
    policy_marks,
    tick_writer,
    unit_name,
    year_of,
)
from evaluation.study import AFTER, Mark, Study, Window
from evaluation.words import labels
from evaluation.words.language import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


INDICATORS = ("activation_rate", "broad_unemployed_share", "unemployed_share", "long_term_share")


def outcome_series(rows: pd.DataFrame, *, study: Study, language: Language) -> Figure:
    """Draw an outcome by starting quarter in the pilot area and the comparison, with intervals.

    `rows` are ledger rows of measure mean and one outcome: item = arm, window = quarter.
    """
    figure, ax = panel(3.3)
    lines_of_arms(ax, rows, language=language)
    policy_marks(ax, study, language=language)
    ax.set_xlabel(language.text("Quarter in which unemployment began"))
    return figure


def indicators(rows: pd.DataFrame, *, study: Study, language: Language) -> Figure:
    """Draw the monthly indicators (activation rate, shares of the labour force), one panel each.

    `rows` are ledger rows with unit share: measure = indicator, item = arm, window = month.
    """
    parts = parts_of(rows, "measure", INDICATORS)
    figure, axes = panels(len(parts), 1, height=0.9 + 1.75 * len(parts), sharex=True)
    for number, (ax, (name, part)) in enumerate(zip(axes[:, 0], parts.items(), strict=True)):
        lines_of_arms(ax, part, language=language, markers=False)
        policy_marks(ax, study, language=language, labelled=number == 0)
        title = labels.label("measure", name, language)
        ax.set_title(title, pad=48 if number == 0 else 6)
    return figure


def lines_of_arms(ax: Axes, rows: pd.DataFrame, *, language: Language, markers: bool = True) -> None:
    """Draw one line an arm over years, with its interval where there is one and its name at its end."""
    unit = rows["unit"].iloc[0]
    rows = rows.assign(year=year_of(rows["window"])).sort_values("year")
    ends = []
    for arm, part in parts_of(rows, "item", ARMS).items():
        style = ARMS[arm]
        part, lonely = _with_holes(part)
        band(ax, part["year"], part, style)
        dots(ax, lonely["year"], lonely["estimate"], style, markersize=3.5)
        marker = style.marker if markers else ""
        dots(ax, part["year"], part["estimate"], style, linestyle=style.line, marker=marker, markersize=3.5,
             linewidth=1.6)  # fmt: skip
        name = labels.label("arm", arm, language)
        ends += [(name, y, style.color) for y in part["estimate"].dropna().tail(1)]
    low, high = ax.get_ylim()
    first, after = int(rows["year"].min()), int(rows["year"].max()) + 1
    ax.set_xlim(first, after)
    end_labels(ax, ends)
    ax.set_ylim(low, high)
    name_years(ax, first, after)
    label = None if unit in ("share", "probability") else unit_name(unit, language=language)
    tick_writer(ax.yaxis, unit, language=language, label=label)
    ax.grid(axis="y")


def name_years(ax: Axes, first: int, last: int) -> None:
    """A tick for every year."""
    years = range(first, last + 1)
    name_ticks(ax.xaxis, years, [str(year) for year in years])


def _with_holes(part: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows with an empty one in every hole of time, which no line may cross; those between holes."""
    step = part["year"].diff()
    after_hole = step > 1.5 * step.min()
    if not after_hole.any():
        return part, part.iloc[:0]
    lonely = part[after_hole & after_hole.shift(-1, fill_value=True)]
    empty = part[after_hole]
    empty = empty.assign(year=empty["year"] - step.min(), estimate=np.nan, ci_low=np.nan, ci_high=np.nan)
    return pd.concat([part, empty]).sort_values("year"), lonely


def end_labels(ax: Axes, ends: list[tuple[str, float, str]]) -> None:
    """Name lines (name, height, colour) at their right ends, moved apart where they would overlap."""
    low, high = ax.get_ylim()
    ends = sorted(ends, key=lambda end: end[1])
    tall = ax.get_position().height * ax.get_figure(root=True).get_figheight()  # type: ignore[union-attr]
    gap = 0.3 / tall * (high - low)  # two lines of text
    places: list[float] = []
    for _, y, _ in ends:
        places.append(max(y, places[-1] + gap) if places else y)
    if not places:
        return
    # moved apart around where the lines end, not beyond the axis
    excess = float(np.mean([place - y for place, (_, y, _) in zip(places, ends, strict=True)]))
    excess = max(places[-1] - high, min(excess, places[0] - low))
    for (name, _, color), place in zip(ends, places, strict=True):
        ax.annotate(
            halves(name), (1.0, place - excess), (5, 0), ("axes fraction", "data"),
            "offset points", color=color, fontweight="bold", fontsize=8, va="center", annotation_clip=False,
        )  # fmt: skip


def exits(rows: pd.DataFrame, *, language: Language) -> Figure:
    """Draw the cumulative share that has left unemployment, one panel for each way out, with intervals.

    `rows` are ledger rows of measure cif and one window: outcome = exit state, item = arm, x = days.
    """
    from matplotlib.lines import Line2D

    states = parts_of(rows, "outcome", labels.names()["state"])
    figure, axes = panels(-(-len(states) // 2), 2, height=0.5 + 2.2 * -(-len(states) // 2), sharex=True)
    for ax, (state, exited) in zip(axes.flat, states.items(), strict=False):
        for arm, style in ARMS.items():
            part = exited[exited["item"] == arm].sort_values("x")
            band(ax, part["x"], part, style, step="post")
            ax.step(part["x"], part["estimate"], where="post", color=style.color, linestyle=style.line,
                    linewidth=1.6)  # fmt: skip
        ax.set_title(labels.label("state", state, language))
        ax.set_ylim(0)
        tick_writer(ax.yaxis, "share", language=language)
        ax.grid(axis="y")
    known = [days for days in (0, 91, 183, 365, 730) if days <= max(365, rows["x"].max())]
    for ax in axes.flat[: len(states)]:
        name_ticks(ax.xaxis, known, ["0", "3", "6", "12", "24"][: len(known)])
    for ax in axes.flat[len(states) :]:
        ax.set_visible(False)
    for ax in axes[-1]:
        ax.set_xlabel(lines_of(language.text("Months since unemployment began"), 24))
    lines = [
        Line2D([], [], color=style.color, linestyle=style.line, linewidth=1.8) for style in ARMS.values()
    ]
    said = [labels.label("arm", arm, language) for arm in ARMS]
    figure.legend(lines, said, loc="outside upper left", ncols=2)
    return figure


def event_study(rows: pd.DataFrame, *, study: Study, language: Language) -> Figure:
    """Draw the difference by quarter before and after the start, with intervals.

    `rows` are ledger rows of measure event_study and one outcome: x = quarters since the start.
    """
    figure, ax = panel(3.1)
    draw_event_study(ax, rows, language=language)
    _quarter_marks(ax, study, [mark for mark in study.marks if mark.date <= study.start], language=language)
    return figure


def public_events(rows: pd.DataFrame, *, study: Study, language: Language) -> Figure:
    """Draw the gap by quarter less that of the main baseline, one panel a share, with intervals.

    `rows` are ledger rows of measure event_study and topic public_statistics: x = quarters since the start.
    """
    parts = parts_of(rows, "outcome", rows["outcome"])
    figure, axes = panels(len(parts), 1, height=0.8 + 2.3 * len(parts), sharex=True)
    for ax, (name, part) in zip(axes[:, 0], parts.items(), strict=True):
        draw_event_study(ax, part, language=language)
        _quarter_marks(ax, study, study.marks, language=language)
        ax.set_title(labels.outcome(name, language), pad=30)
    for ax in axes[:-1, 0]:
        ax.set_xlabel("")
    return figure


def draw_event_study(ax: Axes, rows: pd.DataFrame, *, language: Language) -> None:
    """Draw the quarters of an event study on given axes."""
    rows = rows.sort_values("x")
    unit = rows["unit"].iloc[0]
    before = rows["x"] < 0
    for part, style in ((rows[before], COMPARISON), (rows[~before], PILOT)):
        ax.vlines(part["x"], part["ci_low"], part["ci_high"], color=style.color, linewidth=1.3)
        dots(ax, part["x"], part["estimate"], style)
    ax.axhline(0, color=SOFT, linewidth=0.8)
    ax.axvline(-0.5, color=INK, linewidth=1.3)
    tick_writer(ax.yaxis, unit, language=language, difference=True)
    label = language.text("Quarters since the start of the trial")
    tick_writer(ax.xaxis, "number", language=language, label=label)


def _quarter_marks(ax: Axes, study: Study, marks: Sequence[Mark], *, language: Language) -> None:
    """Mark what happened to everybody on an axis of quarters since the start."""
    for mark in reversed(marks):
        x = -0.5
        if mark.date != study.start:
            x = study.quarters_since_start(mark.date)
            ax.axvline(x, color=SOFT, linewidth=0.8, linestyle=":")
        up = 11 if mark.date > study.start and mark.raised else 0
        shift, side = ((-3, 0), "right") if mark.date < study.start else ((3, up), "left")
        ax.annotate(mark.name[language.code], (x, 1), shift, ("data", "axes fraction"), "offset points",
                    ha=side, va="bottom", fontsize=8)  # fmt: skip


def timeline(study: Study, *, language: Language) -> Figure:
    """Draw the windows of starting days with their history and follow-up, and the start of the reform.

    A scheme of the design: it holds no result and reads no row.
    """
    from matplotlib.patches import Patch

    kinds = {
        "#d9d9d9": language.text("24 months of history"),
        PILOT.color: language.text("Unemployment begins"),
        "#8aa4ba": language.text("Follow-up of 12 months"),
        "#d3dde6": language.text("Follow-up of 24 months"),
    }
    figure, ax = panel(2.6)
    windows, until = drawn_windows(study), _decimal(study.end + dt.timedelta(days=1))
    for y, window in enumerate(windows.values()):
        first, last = _decimal(window.first), _decimal(window.last)
        edges = [first - 2, first, last, min(last + 1, until), min(last + 2, until)]
        ax.barh([y] * len(kinds), np.diff(edges), left=edges[:-1], height=0.5, color=list(kinds))
    name_rows(ax, [halves(labels.label("window", name, language)) for name in windows], below=0.5)
    ax.tick_params(left=False)
    since = study.first_day.year - 2
    ax.set_xlim(since, until)
    name_years(ax, since, int(until))
    policy_marks(ax, study, language=language)
    figure.legend(
        [Patch(facecolor=color) for color in kinds], kinds.values(), loc="outside upper left", ncols=2,
        fontsize=8, handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip
    return figure


def drawn_windows(study: Study) -> dict[str, Window]:
    """Every window that is drawn, by name; the years after the start are one."""
    return {**study.baselines, AFTER: study.after}


def _decimal(date: dt.date) -> float:
    day = pd.Timestamp(date)
    return day.year + (day.day_of_year - 1) / (366 if day.is_leap_year else 365)
