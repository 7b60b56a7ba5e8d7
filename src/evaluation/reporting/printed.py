"""A table of results as it is printed: names and numbers in the reader's language, in four kinds of file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evaluation.reporting.data_tables import heading, name_of, value_with_interval
from evaluation.words import labels
from evaluation.words.language import Language, get

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

NAMING = ("outcome", "group", "item", "measure", "window", "x")
DEFAULTS = {"group": "", "item": "", "method": "", "status": "ok"}
# pdfLaTeX knows none of these by itself
LATEX = {"\u2212": "$-$", "\u00a0": "~", "€": r"\texteuro{}"}


def table(
    rows: pd.DataFrame, *, level: float = 0.95, language: str = "en", file: Path | str | None = None
) -> Styler:
    """Write results as a table to be printed: what each line is, estimate with interval, p values, persons.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `evaluation.effect`, `evaluation.event_study` or `evaluation.cost_effectiveness`; in this order.
    level : float
        Coverage of the intervals, for the heading: as it was given to the function that made the rows.
    language : str
        fi, sv or en.
    file : path, optional
        Where to write it as well: .html, .md, .tex (for booktabs) or .xlsx.

    Returns
    -------
    pandas.io.formats.style.Styler
        What a notebook shows; its `data` is the frame of words. A last line marks simulated data.

    Raises
    ------
    ValueError
        If the rows are not what one of these functions returns, or the file is of another kind.

    Examples
    --------
    >>> found = ev.effect(data, outcomes=["open_employment_12m", "open_employment_days_12m"])
    >>> printed = table(found, file=folder / "effects.md")
    >>> printed.data["Outcome"].tolist()[:2]
    ['In open-market work after 12 months', 'Days in open-market work within 12 months']
    """
    needed = ("outcome", "unit", "estimate", "ci_low", "ci_high", "p_value")
    if missing := [name for name in needed if name not in rows]:
        raise ValueError(
            f"table: no column {', '.join(missing)}; give what evaluation.effect, event_study or "
            "cost_effectiveness returns"
        )
    words = get(language)
    frame = _frame(rows, words, level=level)
    shown = frame.style.hide(axis="index")
    if file is not None:
        _write(shown, Path(file))
    return shown


def _frame(rows: pd.DataFrame, words: Language, *, level: float) -> pd.DataFrame:
    """Names and numbers as text, one line a row."""
    measure = "event_study" if "window" in rows else "att"
    usual = DEFAULTS | {"measure": measure}
    full = rows.assign(**{name: value for name, value in usual.items() if name not in rows})
    told = {"outcome", "measure"} & set(rows)
    naming = [name for name in NAMING if name in told or (name in full and len(set(full[name])) > 1)]
    if "window" in naming:  # quarters are named, and need not be counted too
        naming = [name for name in naming if name != "x"]
    records = full.to_dict("records")
    p_values = {"p_value": labels.label("column", "p_value", words)}
    if "p_adjusted" in full and len(full) > 1:
        p_values["p_adjusted"] = words.text("p value adjusted for all lines")
    said = {
        heading(name, measure, words): [
            "" if pd.isna(row[name]) else name_of(name, row, language=words, names={}) for row in records
        ]
        for name in naming
    }
    said[words.text("Estimate and {level} interval", level=words.percent(level, 0))] = [
        value_with_interval(row, language=words) for row in records
    ]
    for name, head in p_values.items():
        said[head] = ["" if pd.isna(row[name]) else words.number(row[name], 3) for row in records]
    if "persons" in full:
        said[labels.label("measure", "persons", words)] = [
            "" if pd.isna(row["persons"]) else words.number(row["persons"]) for row in records
        ]
    frame = pd.DataFrame(said)
    if "simulated" in full and full["simulated"].any():
        frame.loc[len(frame)] = [words.text("Simulated data, not results"), *[""] * (frame.shape[1] - 1)]
    return frame


def _write(shown: Styler, file: Path) -> None:
    """Write a table in the form that the end of the file's name tells."""
    kind = file.suffix
    if kind == ".xlsx":
        shown.to_excel(file, index=False)
    elif kind == ".html":
        file.write_text(shown.to_html(doctype_html=True), encoding="utf-8")
    elif kind == ".md":
        file.write_text(shown.data.to_markdown(index=False) + "\n", encoding="utf-8")
    elif kind == ".tex":
        safe = shown.data.style.hide(axis="index").format(escape="latex").format_index(escape="latex", axis=1)
        text = safe.to_latex(hrules=True)
        for sign, command in LATEX.items():
            text = text.replace(sign, command)
        file.write_text(text, encoding="utf-8")
    else:
        raise ValueError(f"table: {file.name} is not .html, .md, .tex or .xlsx")
