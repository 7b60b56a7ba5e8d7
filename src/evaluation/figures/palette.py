"""How figures look: colours, lines and markers of the arms, policy marks, the simulated mark, SVG.

Colours have a contrast of at least 4.5:1 with white and differ in lightness, and the arms also differ in
line and marker, so that grey print and colour blindness lose nothing.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.language import Language, alphabetical

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, FAINT = "#1a1a1a", "#5c5c5c", "#c9c9c9"
WIDTH = 7.2  # inches: the measure of a text column on screen and on A4


Line = Literal["-", "--", "-.", ":", ""]


@dataclass(frozen=True)
class Style:
    """Colour, line and marker of one kind of thing, so that no kind is told apart by colour alone."""

    color: str
    line: Line
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

    with sns.axes_style("ticks"), mpl.rc_context(RC):  # type: ignore[arg-type]
        yield


def panels(rows: int = 1, columns: int = 1, *, height: float, **keywords: Any) -> tuple[Figure, np.ndarray]:
    """Make an empty figure of the reports' width that belongs to no window: figure and array of axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **keywords)


def year_of(window: pd.Series) -> pd.Series:
    """Middle of a month (2021-03) or of a quarter (2021Q1) as a year with decimals."""
    year = window.str[:4].astype(float)
    quarter = window.str.contains("Q")
    part = window.str[5:].astype(float)
    return year + np.where(quarter, (part - 0.5) / 4, (part - 0.5) / 12)


def month_of(date: dt.date) -> float:
    """Begin of a month as a year with decimals."""
    return date.year + (date.month - 1) / 12


def policy_marks(ax: Axes, study: Study, *, language: Language, labelled: bool = True) -> None:
    """Mark the start of the reform, and what else happened to everybody, on an axis of years."""
    low, high = ax.get_xlim()
    for event in study.marks:
        year, start = month_of(event.date), event.date == study.start
        if not low < year < high:
            continue
        ax.axvline(
            year,
            color=INK if start else SOFT,
            linewidth=1.3 if start else 0.8,
            linestyle="-" if start else ":",
        )
        if labelled:
            lines = "\n".join(halves(event.name[language.code]))
            ax.annotate(
                lines,
                (year, 1.0),
                xycoords=("data", "axes fraction"),
                # where two marks stand close together one is written above the other
                xytext=(0, 24) if event.raised else (-1, 3),
                textcoords="offset points",
                fontsize=7.5,
                color=INK if start else SOFT,
                fontweight="bold" if start else "normal",
                va="bottom",
                ha="center" if event.raised else "left",
            )
    ax.set_xlim(low, high)


def halves(words: str) -> list[str]:
    """Break words into two lines of about the same length."""
    parts = words.split(" ")
    if len(parts) == 1:
        return parts
    cut = min(range(1, len(parts)), key=lambda i: abs(len(" ".join(parts[:i])) - len(" ".join(parts[i:]))))
    return [" ".join(parts[:cut]), " ".join(parts[cut:])]


def simulated_mark(figure: Figure, *, language: Language) -> None:
    """Write across the figure's foot that the data are simulated: it must survive being copied out."""
    figure.supxlabel(
        language.text("Simulated data, not results"),
        x=0.99,
        ha="right",
        fontsize=8,
        fontweight="bold",
        color="#7a3b00",
    )


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


def tick_writer(axis: object, unit: str, *, language: Language, difference: bool = False) -> None:
    """Number an axis in the reader's language, with as many decimals as its ticks need."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    scale = 100 if unit in ("share", "probability") else 1
    suffix = "%" if unit in ("share", "probability") and not difference else ""

    def write(value: float, _: int | None = None) -> str:
        places = axis.get_majorticklocs() * scale  # type: ignore[attr-defined]
        decimals = next((n for n in range(3) if np.allclose(places, np.round(places, n), atol=1e-9)), 3)
        number = language.number(value * scale, decimals, signed=difference)
        return f"{number}{'' if language.code == 'en' else ' '}%" if suffix else number

    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))  # type: ignore[attr-defined]
    axis.set_major_formatter(FuncFormatter(write))  # type: ignore[attr-defined]


def unit_name(unit: str, *, language: Language, difference: bool = False) -> str:
    """Name of the unit as an axis says it; a difference of shares is in percentage points."""
    if unit in ("share", "probability"):
        return labels.label("unit", "points", language) if difference else "%"
    return labels.label("unit", unit, language)


def svg(figure: Figure) -> str:
    """Write a figure as SVG that is the same on every run: no date, no program name, short coordinates."""
    sink = io.StringIO()
    with look():
        # arranged once here: saving would draw everything a first time only to arrange it
        if (engine := figure.get_layout_engine()) is not None:
            engine.execute(figure)
            figure.set_layout_engine("none")
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(sink, format="svg", metadata=nothing)
    text = sink.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    # measured in DejaVu Sans, which comes with matplotlib; Verdana is as wide, the others are narrower
    text = re.sub(r"'DejaVu Sans'(, sans-serif)?", "'DejaVu Sans', Verdana, Arial, sans-serif", text)
    text = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), text)
    return re.sub(r"\n\s*", "\n", text)


def style_key(where: Figure | Axes, entries: Sequence[tuple[str, Style, Line]], **place: Any) -> None:
    """Explain markers above a figure or on axes: name, style and line of each."""
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=style.color, linestyle=line, marker=style.marker, markerfacecolor=style.face)
        for _, style, line in entries
    ]
    options: dict[str, Any] = {"loc": "outside upper left", "ncols": len(entries), **place}
    where.legend(lines, [name for name, *_ in entries], **options)


def numbered_areas(ax: Axes, points: pd.DataFrame, *, names: dict[str, str], here: str = "") -> None:
    """Number areas beside their points and list the numbers at the right: names would cover each other.

    `points` has columns area, x, y; numbers follow the alphabet.
    """
    by_name = {names.get(area, area): area for area in points["area"]}
    place = points.set_index("area")
    spots = _free_spots(place[["x", "y"]])
    listed = []
    for number, name in enumerate(alphabetical(by_name), start=1):
        x, y = place.loc[by_name[name], ["x", "y"]]
        listed.append(f"{number}  {name}")
        if np.isfinite([x, y]).all():
            bold = "bold" if by_name[name] == here else "normal"
            shift = spots[by_name[name]]
            ax.annotate(str(number), (x, y), shift, textcoords="offset points", fontsize=8, fontweight=bold,
                        ha="left" if shift[0] > 0 else "right")  # fmt: skip
    ax.annotate(
        "\n".join(listed), (1.02, 1), xycoords="axes fraction", va="top", fontsize=7.5, linespacing=1.35
    )


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
