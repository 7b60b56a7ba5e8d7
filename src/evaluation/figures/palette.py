"""How figures look: colours, lines and markers of the arms, policy marks, the simulated mark, SVG.

Colours have a contrast of at least 4.5:1 with white and differ in lightness, and the arms also differ in
line and marker, so that grey print and colour blindness lose nothing.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evaluation.figures.arrange import arrange
from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.language import NBSP, Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

INK, SOFT, FAINT = "#1a1a1a", "#5c5c5c", "#c9c9c9"
TOLD = ["estimate", "ci_low", "ci_high", "status"]  # what is written beside a point
WIDTH = 5.0  # inches: so narrow that a telephone shows its words in a size that can be read


@dataclass(frozen=True)
class Style:
    """Colour, line and marker of one kind of thing, so that no kind is told apart by colour alone."""

    color: str
    line: Literal["-", "--", "-.", ":"]
    marker: str
    face: str


PILOT = Style("#003f72", "-", "o", "#003f72")
COMPARISON = Style("#b04a08", "--", "s", "#ffffff")
ARMS = {"pilot": PILOT, "comparison": COMPARISON}
SERIES = (PILOT, COMPARISON, Style("#4b6b2f", ":", "^", "#4b6b2f"), Style("#6b2f6b", "-.", "D", "#ffffff"))
RC = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # else matplotlib looks for what could be in its way
    "axes.labelsize": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "evaluation",
    "figure.dpi": 96,
}


@contextmanager
def look() -> Iterator[None]:
    """Draw in the look of the reports, and leave the settings of the session as they were."""
    import matplotlib as mpl
    import seaborn as sns

    with mpl.rc_context(sns.axes_style("ticks") | RC):  # type: ignore[arg-type]
        yield
        chosen = mpl.is_interactive()
    # the first figure of a notebook chooses how it shows figures: undone here, no later one would appear
    mpl.interactive(chosen)


def panels(rows: int = 1, columns: int = 1, *, height: float, **keywords: Any) -> tuple[Figure, np.ndarray]:
    """Make an empty figure of the reports' width that belongs to no window: figure and array of axes."""
    from matplotlib.figure import Figure

    from evaluation.figures.drawing import Panel

    figure = Figure(figsize=(WIDTH, height))
    kind = {"axes_class": Panel}
    return figure, figure.subplots(rows, columns, squeeze=False, subplot_kw=kind, **keywords)


def panel(height: float) -> tuple[Figure, Axes]:
    """Make an empty figure of the reports' width with one panel."""
    figure, axes = panels(height=height)
    return figure, axes[0, 0]


def parts_of(rows: pd.DataFrame, column: str, codes: Iterable[str]) -> dict[str, pd.DataFrame]:
    """The rows of each code in a column, in the order of the codes; those without rows are left out."""
    held = dict(iter(rows.groupby(column)))
    return {code: held[code] for code in codes if code in held}


def dots(ax: Axes, x: Any, y: Any, style: Style, **keywords: Any) -> None:
    """Draw the markers of a style, without a line if none is asked for."""
    usual = {"linestyle": "", "marker": style.marker, "color": style.color, "markerfacecolor": style.face}
    ax.plot(x, y, **(usual | keywords))


def band(ax: Axes, x: pd.Series, rows: pd.DataFrame, style: Style, **keywords: Any) -> None:
    """Shade the intervals of rows along a line."""
    ax.fill_between(
        x, rows["ci_low"], rows["ci_high"], color=style.color, alpha=0.16, linewidth=0, **keywords
    )


def beside(ax: Axes, words: str, at: float, y: float, **keywords: Any) -> None:
    """Write words at a height of the data, at a share of the width of the axes."""
    ax.annotate(words, (at, y), xycoords=("axes fraction", "data"), va="center", fontsize=8, **keywords)


def with_interval(row: Mapping[Any, Any], *, unit: str, language: Language) -> str:
    """Write an estimate with its interval, or why there is no number."""
    if not np.isfinite(row["estimate"]):
        return language.no_number(row["status"])
    write = writer(unit, language=language, difference=True)
    known = np.isfinite(row["ci_low"])
    interval = f"  ({language.interval(row['ci_low'], row['ci_high'], write)})" if known else ""
    return write(row["estimate"]) + interval


def year_of(window: pd.Series) -> pd.Series:
    """Middle of a month (2021-03) or of a quarter (2021Q1) as a year with decimals."""
    years = {name: int(name[:4]) + (int(name[5:]) - 0.5) / (4 if "Q" in name else 12) for name in set(window)}
    return window.map(years).astype(float)


def month_of(date: dt.date) -> float:
    """Begin of a month as a year with decimals."""
    return date.year + (date.month - 1) / 12


def policy_marks(ax: Axes, study: Study, *, language: Language, labelled: bool = True) -> None:
    """Mark the start of the reform, and what else happened to everybody, on an axis of years."""
    from matplotlib.lines import Line2D

    low, high = ax.get_xlim()
    across = ax.get_xaxis_transform()
    for event in study.marks:
        year, start = month_of(event.date), event.date == study.start
        if not low < year < high:
            continue
        color, width, weight = (INK, 1.3, "bold") if start else (SOFT, 0.8, "normal")
        mark = Line2D([year, year], [0, 1], color=color, linewidth=width, transform=across)
        mark.set_linestyle("-" if start else ":")
        ax.add_artist(mark)  # axvline asks each time whether the limits have to move
        if labelled:
            # where two marks stand close together one is written above the other
            shift, side = ((0, 24), "center") if event.raised else ((-1, 3), "left")
            ax.annotate(
                halves(event.name[language.code]), (year, 1.0), shift, ("data", "axes fraction"),
                "offset points", fontsize=8, color=color, fontweight=weight, va="bottom", ha=side,
            )  # fmt: skip
    ax.set_xlim(low, high)  # what is drawn later does not widen the axis past the marks


def lines_of(words: str, most: int = 26) -> str:
    """Words on as few lines as hold them, two of about the same length where two are enough."""
    if most < len(words) <= 2 * most:
        return halves(words)
    return "\n".join(textwrap.wrap(words, most, break_long_words=False))


def halves(words: str) -> str:
    """Words on two lines of about the same length."""
    parts = words.split(" ")
    if len(parts) == 1:
        return words
    cut = min(range(1, len(parts)), key=lambda i: abs(len(" ".join(parts[:i])) - len(" ".join(parts[i:]))))
    return " ".join(parts[:cut]) + "\n" + " ".join(parts[cut:])


def simulated_mark(figure: Figure, *, language: Language) -> None:
    """Write across the figure's foot that the data are simulated: it must survive being copied out."""
    words = language.text("Simulated data, not results")
    figure.supxlabel(words, x=0.99, ha="right", fontsize=8, fontweight="bold", color="#7a3b00")


def writer(unit: str, *, language: Language, difference: bool = False) -> Callable[[float], str]:
    """How a value of a unit is written on an axis or beside a point: a difference carries its sign."""

    def write(value: float) -> str:
        if unit == "share" and difference:
            return language.number(100 * value, 1, signed=True)
        if unit in ("share", "probability"):
            return language.percent(value, 0)
        if unit in ("eur", "eur_per_month"):
            return language.euros(value, signed=difference)
        small = unit in ("months", "ratio", "sd", "points")
        return language.number(value, 1 if small else 0, signed=difference)

    return write


def tick_writer(
    axis: Axis, unit: str, *, language: Language, difference: bool = False, label: str | None = None
) -> None:
    """Number an axis in the reader's language, with as many decimals as its ticks need, and label it.

    Without a `label` an axis of differences is labelled with their unit, another one is not.
    """
    from matplotlib.axis import XAxis
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    share = unit in ("share", "probability")
    percent = "" if difference or not share else "%" if language.code == "en" else f"{NBSP}%"
    scale = 100 if share else 1

    def write(values: Sequence[float]) -> list[str]:
        places = np.asarray(values) * scale
        decimals = next((n for n in range(3) if np.allclose(places, np.round(places, n), atol=1e-9)), 3)
        return [language.number(value, decimals, signed=difference) + percent for value in places]

    formatter = FuncFormatter(lambda value, _: write([value])[0])
    formatter.format_ticks = write  # type: ignore[method-assign]  # all ticks of an axis have as many decimals
    axis.set_major_locator(MaxNLocator(4 if isinstance(axis, XAxis) else 6, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(formatter)
    if label is None and difference:
        label = unit_name(unit, language=language)
    if label is not None:
        axis.set_label_text(label)


def name_ticks(axis: Axis, places: Any, words: list[str]) -> None:
    """Put ticks with names at given places of an axis, all of which are seen; none is made before drawing."""
    from matplotlib.ticker import FixedFormatter, FixedLocator

    axis.set_view_interval(min(places), max(places))
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FixedFormatter(words))


def name_rows(ax: Axes, words: list[str], y: Any = None, *, above: float = 0.6, below: float = 0.6) -> None:
    """Name rows under each other, the first at the top, and leave room beyond the first and the last."""
    places = range(len(words)) if y is None else y
    if words:
        name_ticks(ax.yaxis, places, words)
        ax.set_ylim(places[-1] + below, places[0] - above)


def unit_name(unit: str, *, language: Language) -> str:
    """Name of the unit of a difference as an axis says it: shares differ by percentage points."""
    return labels.label("unit", "points" if unit in ("share", "probability") else unit, language)


def svg(figure: Figure) -> str:
    """Write a figure, within `look`, as SVG that is the same on every run: no date, short coordinates."""
    from evaluation.figures.drawing import drawn

    for ax in figure.axes:
        if "\n" not in ax.get_xlabel():
            ax.set_xlabel(lines_of(ax.get_xlabel(), 44))
    arrange(figure)
    return drawn(figure)


def style_key(
    where: Figure | Axes,
    kind: str,
    styles: Mapping[str, Style],
    *,
    language: Language,
    line: Literal["-", ""] = "-",
    **place: Any,
) -> None:
    """Explain above a figure, or on axes, which code of a kind has which style."""
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=style.color, linestyle=line, marker=style.marker, markerfacecolor=style.face)
        for style in styles.values()
    ]
    options: dict[str, Any] = {"loc": "outside upper left", "ncols": len(styles), **place}
    where.legend(lines, [labels.label(kind, code, language) for code in styles], **options)
