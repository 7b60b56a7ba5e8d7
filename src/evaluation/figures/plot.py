"""Figures for notebooks, as in seaborn: the result first, `ax=None`, the axes returned; nothing is estimated.

Every figure takes the frame that one public function returns, and draws it as the reports do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from evaluation.figures.costs import draw_region, plane_axes, probability_axes
from evaluation.figures.one_area import LOVE, draw_forest, draw_love, named, row_middles
from evaluation.figures.over_time import draw_event_study
from evaluation.figures.palette import PILOT, look, simulated_mark, style_key, unit_name
from evaluation.words.language import Language, get, mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@look()
def love(table: pd.DataFrame, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Draw how alike the area and its comparison are, before and after weighting (a love plot).

    Parameters
    ----------
    table : pandas.DataFrame
        From `evaluation.balance`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    language : str
        fi, sv or en.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the table is not what `evaluation.balance` returns.

    Examples
    --------
    >>> love(ev.balance(data)).get_xlabel()
    'Pilot area minus comparison, standard deviations'
    """
    wide = _of(table, "covariate", "before_weighting", "after_weighting", maker="balance").set_index(
        "covariate"
    )
    words = get(language)
    ax = _axes(ax, height=1.0 + 0.27 * len(wide))
    draw_love(ax, wide, language=words)
    style_key(ax, "specification", LOVE, language=words, line="", loc="lower left", bbox_to_anchor=(0, 1))
    return _marked(ax, wide, words)


@look()
def event_study(table: pd.DataFrame, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Draw the difference from the comparison by quarter, with intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        From `evaluation.event_study`.
    ax, language
        As for `love`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the table is not what `evaluation.event_study` returns.

    Examples
    --------
    >>> quarters = ev.event_study(data, outcome="open_employment_days_12m", months=12)
    >>> event_study(quarters).get_ylabel()
    'Days in open-market work within 12 months, days'
    """
    rows = _of(table, "outcome", "x", "unit", "estimate", "ci_low", "ci_high", maker="event_study")
    words = get(language)
    ax = _axes(ax, height=3.1)
    draw_event_study(ax, rows, language=words)
    ax.locator_params(axis="x", integer=True)
    ax.set_ylabel(_axis_label(rows, words))
    return _marked(ax, rows, words)


@look()
def effects(table: pd.DataFrame, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Draw effects of one unit under each other, with intervals and the numbers written at the right.

    Parameters
    ----------
    table : pandas.DataFrame
        From `evaluation.effect`; rows of one unit, whatever their outcomes and groups.
    ax, language
        As for `love`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the table is not what `evaluation.effect` returns, or has several units.

    Examples
    --------
    >>> found = ev.effect(data, outcomes="open_employment_12m", by="sex")
    >>> [label.get_text() for label in effects(found).get_yticklabels()]
    ['Women', 'Men']
    """
    columns = ("outcome", "group", "unit", "estimate", "ci_low", "ci_high", "status")
    rows = _of(table, *columns, maker="effect")
    units = sorted(set(rows["unit"]))
    if len(units) > 1:
        raise ValueError(f"plot.effects: units {units} do not share an axis; choose rows of one of them")
    words = get(language)
    told = [kind for kind in ("outcome", "group") if len(set(rows[kind])) > 1] or ["outcome"]
    lines = [", ".join(named(kind, row[kind], words) for kind in told) for row in rows.to_dict("records")]
    ax = _axes(ax, height=0.75 + 0.25 * (row_middles(lines)[-1] + 0.7))
    draw_forest(ax, rows, lines, language=words)
    ax.set_xlabel(_axis_label(rows, words))
    return _marked(ax, rows, words)


@look()
def plane(
    table: pd.DataFrame, *, item: str = "all_public", ax: Axes | None = None, language: str = "en"
) -> Axes:
    """Draw cost against effect with their 95 % region: the cost-effectiveness plane.

    Parameters
    ----------
    table : pandas.DataFrame
        From `evaluation.cost_effectiveness`.
    item : str
        The perspective: a payer, or the column of a cost of one's own; the first where all_public is absent.
    ax, language
        As for `love`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the table is not what `evaluation.cost_effectiveness` returns.

    Examples
    --------
    >>> worth = ev.cost_effectiveness(data, effect="open_employment_days_12m")
    >>> plane(worth).get_title(loc="left")
    'All public payers'
    """
    columns = ("outcome", "item", "measure", "unit", "estimate", "std_error")
    rows = _of(table, *columns, maker="cost_effectiveness")
    chosen = item if item in set(rows["item"]) else rows["item"].iloc[0]
    curve = rows["measure"].isin(["delta_cost", "delta_effect", "correlation"])
    part = rows[curve & rows["item"].eq(chosen)].set_index("measure")
    words = get(language)
    ax = _axes(ax, height=3.4)
    draw_region(ax, part)
    unit, outcome = part.loc["delta_effect", ["unit", "outcome"]]
    label: str | None = _axis_label(part.loc[["delta_effect"]], words)
    if unit == "months":
        label = _of_months(outcome, mark("{outcome}: difference in months"), words)
    plane_axes([ax], unit, language=words, label=label)
    ax.set_title(named("payer", chosen, words))
    return _marked(ax, rows, words)


@look()
def acceptability(
    table: pd.DataFrame, *, item: str = "all_public", ax: Axes | None = None, language: str = "en"
) -> Axes:
    """Draw the probability of being worth its cost at each value of one unit of the effect.

    Parameters
    ----------
    table, item, ax, language
        As for `plane`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the table is not what `evaluation.cost_effectiveness` returns.

    Examples
    --------
    >>> worth = ev.cost_effectiveness(data, effect="open_employment_days_12m")
    >>> acceptability(worth).get_ylabel()
    'Probability of being worth it'
    """
    rows = _of(table, "outcome", "item", "measure", "x", "unit", "estimate", maker="cost_effectiveness")
    chosen = item if item in set(rows["item"]) else rows["item"].iloc[0]
    curve = rows[rows["measure"].eq("acceptability") & rows["item"].eq(chosen)].sort_values("x")
    words = get(language)
    ax = _axes(ax, height=3.0)
    ax.plot(curve["x"], curve["estimate"], color=PILOT.color, linewidth=1.8)
    ax.set_ylim(0, 1)
    ax.set_title(named("payer", chosen, words))
    outcome = rows["outcome"].iloc[0]
    label: str | None = f"{unit_name('eur', language=words)} / {named('outcome', outcome, words)}"
    if rows.loc[rows["measure"].eq("delta_effect"), "unit"].eq("months").all():
        said = mark("{outcome}: value of an additional month, euros")
        label = _of_months(outcome, said, words)
    probability_axes(ax, language=words, label=label)
    return _marked(ax, rows, words)


def _of(table: pd.DataFrame, *columns: str, maker: str) -> pd.DataFrame:
    """The table, if it has the columns that its maker gives it and a row."""
    missing = [name for name in columns if name not in table]
    if missing or table.empty:
        lacking = f"no column {', '.join(missing)}" if missing else "no row"
        raise ValueError(f"plot: {lacking} in the table; give what evaluation.{maker} returns")
    return table


def _axes(ax: Axes | None, *, height: float) -> Axes:
    """The axes given, or those of a new figure that a notebook shows."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(7.2, height), layout="constrained")[1]


def _marked(ax: Axes, rows: pd.DataFrame, language: Language) -> Axes:
    """The axes, with the mark of simulated data under their figure where the table carries it."""
    figure = ax.get_figure(root=True)
    if figure is not None and "simulated" in rows and rows["simulated"].any():
        simulated_mark(figure, language=language)
    return ax


def _of_months(outcome: str, said: str, language: Language) -> str | None:
    """Label of an outcome that is counted in days and shown in months; None for work, the usual one."""
    if outcome.startswith("open_employment_days"):
        return None
    return language.text(said, outcome=named("outcome", outcome, language))


def _axis_label(rows: pd.DataFrame, language: Language) -> str:
    """Name of the outcome where there is one, and the unit of its difference."""
    unit = unit_name(rows["unit"].iloc[0], language=language)
    if len(set(rows["outcome"])) > 1:
        return unit
    return f"{named('outcome', rows['outcome'].iloc[0], language)}, {unit}"
