"""Tables for readers: cleared rows become frames of ready strings, and HTML with caption and scopes."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

import pandas as pd

from evaluation import labels
from evaluation.language import Language, mark

DIFFERENCES = (
    "att",
    "att_raw",
    "att_shrunken",
    "breakdown",
    "bias",
    "event_study",
    "mde",
    "prediction_interval",
    "tau",
    "rmse",
    "funnel_limit",
)
COLUMNS = {
    "area": mark("Area"),
    "outcome": mark("Outcome"),
    "group": mark("Group"),
    "window": mark("Period"),
    "measure": mark("Measure"),
    "item": mark("Item"),
    "x": mark("Position"),
    "specification": mark("Analysis"),
    "unit": mark("Unit"),
    "estimate": mark("Estimate"),
    "interval": mark("95% interval"),
    "p_value": mark("p value"),
    "persons": mark("Persons"),
    "episodes": mark("Unemployment spells"),
    "status": mark("Status"),
}


def value(number: float, *, unit: str, language: Language, measure: str = "", status: str = "ok") -> str:
    """Write one number of the ledger in its unit, or the word that stands in its place.

    A share is a percentage where it is a level, and percentage points where it is a difference.

    Examples
    --------
    >>> from evaluation.language import get
    >>> value(0.031, unit="share", measure="att", language=get("en"))
    '+3.1\\xa0percentage points'
    >>> value(float("nan"), unit="eur", status="suppressed", language=get("en"))
    'hidden to protect privacy'
    """
    if number is None or not math.isfinite(number):
        return language.no_number(status)
    difference = measure in DIFFERENCES and measure not in ("mde", "tau", "rmse", "funnel_limit", "breakdown")
    if unit == "share":
        if measure in DIFFERENCES:
            return language.points(100 * number, signed=difference)
        return language.percent(number)
    if unit == "points":
        return language.points(number, 2, signed=True)
    if unit in ("eur", "eur_per_month"):
        return language.euros(number, signed=measure == "delta_cost")
    if unit == "probability":
        return language.number(number, 3) if "p_" in measure else language.percent(number, 0)
    decimals = {"days": 1, "months": 2, "ratio": 2, "sd": 3, "number": 2}.get(unit, 0)
    if unit == "number" and float(number).is_integer():
        decimals = 0
    return language.number(number, decimals, signed=difference or measure == "delta_effect")


def interval(row: pd.Series, *, language: Language) -> str:
    """Write the interval of a row; a dash where the measure has none, a word where it is not published."""
    low, high = float(row["ci_low"]), float(row["ci_high"])
    if not (math.isfinite(low) and math.isfinite(high)):
        return "–" if math.isfinite(row["estimate"]) else language.no_number(str(row["status"]))
    unit = str(row["unit"])

    def end(number: float) -> str:
        if unit == "share" and row["measure"] in DIFFERENCES:
            return language.number(100 * number, 1)
        return value(number, unit="number" if unit == "points" else unit, language=language)

    return language.interval(low, high, end)


def readable(
    cleared: pd.DataFrame,
    *,
    columns: Sequence[str],
    language: Language,
    names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Turn cleared rows into a frame of strings with headings in the language.

    Parameters
    ----------
    cleared : pandas.DataFrame
        Cleared rows, in the order in which they shall stand.
    columns : sequence of str
        Ledger columns to show, and ``interval``; the first of them names the row.
    language : Language
        Language of headings, codes and numbers.
    names : mapping, optional
        Names of areas (by slug) and municipalities (by code).

    Returns
    -------
    pandas.DataFrame
        One row a row; no cell is empty: what has no number has a word or a dash.

    Raises
    ------
    ValueError
        If a column is unknown or a code has no name.
    """
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise ValueError(f"tables: no heading for {unknown}; known are {list(COLUMNS)}")
    cells = [[_cell(row, name, language, names or {}) for name in columns] for _, row in cleared.iterrows()]
    return pd.DataFrame(cells, columns=[language.text(COLUMNS[name]) for name in columns])


def wide(
    cleared: pd.DataFrame,
    *,
    rows: str,
    across: str,
    language: Language,
    names: Mapping[str, str] | None = None,
    with_interval: bool = False,
) -> pd.DataFrame:
    """Set cleared rows out as a cross-table: a line for each code of `rows`, a column for each of `across`.

    Codes keep the order in which they first occur. A cell without a row says that nothing is available.

    Raises
    ------
    ValueError
        If two rows fall into one cell.
    """
    if cleared.duplicated([rows, across]).any():
        raise ValueError(f"tables: several rows share a cell of {rows} × {across}; choose fewer rows")
    names = names or {}
    out: dict[str, dict[str, str]] = {}
    heads = {
        code: _cell(part.iloc[0], across, language, names)
        for code, part in cleared.groupby(across, sort=False)
    }
    for code, part in cleared.groupby(rows, sort=False):
        by = part.set_index(across)
        line = {language.text(COLUMNS[rows]): _cell(part.iloc[0], rows, language, names)}
        for head, name in heads.items():
            if head not in by.index:
                line[name] = language.no_number("missing")
                continue
            row = by.loc[head]
            text = _cell(row, "estimate", language, names)
            bounded = with_interval and math.isfinite(row["ci_low"]) and math.isfinite(row["ci_high"])
            line[name] = f"{text} ({interval(row, language=language)})" if bounded else text
        out[str(code)] = line
    return pd.DataFrame(list(out.values()))


def to_html(
    frame: pd.DataFrame,
    *,
    caption: str,
    language: Language,
    scope: str = "",
    source: str = "",
    simulated: bool = False,
    table_id: str = "",
) -> str:
    """Write a frame of strings as an HTML table that screen readers understand.

    Parameters
    ----------
    frame : pandas.DataFrame
        Ready strings; the first column names the rows.
    caption : str
        What the table shows, with unit and period.
    language : Language
        Language of the notes.
    scope : str
        Whom the figures describe.
    source : str
        Where the figures come from.
    simulated : bool
        Whether the figures come from simulated data; the table then says so.
    table_id : str
        Anchor of the table.

    Returns
    -------
    str
        A ``figure`` that scrolls by keyboard, with caption, column and row headings, and a note.
    """

    def cells(values: Sequence[str]) -> str:
        first, *others = (html.escape(str(text)) for text in values)
        return f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{text}</td>" for text in others) + "</tr>"

    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in frame.columns)
    body = "\n".join(cells(list(line)) for line in frame.itertuples(index=False, name=None))
    notes = []
    if scope:
        notes.append(language.text("Describes: {scope}.", scope=scope))
    if source:
        notes.append(language.text("Source: {source}.", source=source))
    if simulated:
        notes.append(language.text("Simulated data."))
    note = f'\n<p class="note">{html.escape(" ".join(notes))}</p>' if notes else ""
    anchor = f' id="{html.escape(table_id)}"' if table_id else ""
    label = html.escape(caption)
    return (
        f'<div class="table"{anchor} role="region" aria-label="{label}" tabindex="0">\n<table>\n'
        f"<caption>{label}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>{note}\n"
        "</div>"
    )


def _cell(row: pd.Series, name: str, language: Language, names: Mapping[str, str]) -> str:
    if name == "estimate":
        written = {"unit": str(row["unit"]), "measure": str(row["measure"]), "status": str(row["status"])}
        return value(row["estimate"], language=language, **written)
    if name == "interval":
        return interval(row, language=language)
    if name in ("persons", "episodes"):
        return (
            language.number(row[name]) if math.isfinite(row[name]) else language.no_number(str(row["status"]))
        )
    if name == "p_value":
        return language.number(row[name], 3) if math.isfinite(row[name]) else "–"
    if name == "x":
        return language.number(row["x"]) if math.isfinite(row["x"]) else "–"
    code = str(row[name])
    if name == "area":
        return names.get(code) or (language.text("All areas together") if code == "all" else code)
    if name == "item":
        return labels.item(str(row["measure"]), code, language, names) or "–"
    if name == "outcome":
        return labels.outcome(code, language) or "–"
    if name == "group" and code in labels.ARM:
        return labels.label("arm", code, language)
    return labels.label(name, code, language) or "–"
