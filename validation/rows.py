"""Operating characteristics as ledger rows and as sentences of the validation page."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import pandas as pd

GOAL = {"coverage": (0.93, 0.97), "false_positive": (0.03, 0.07)}
IN_USE = ("placebo_areas", "joint_t")
MEASURES = ("bias", "rmse", "coverage", "false_positive", "power")


def rows(table: pd.DataFrame) -> pd.DataFrame:
    """Table of `validation.known_truth` in the ledger's columns; item is area, shock and method.

    Examples
    --------
    >>> table = pd.DataFrame({"area": ["five"], "shock_sd": 0.01, "shared_share": 0.5, "method": "joint_t",
    ...     **{name: [0.95] for name in MEASURES}, **{f"{name}_error": [0.01] for name in MEASURES}})
    >>> rows(table)[["measure", "item"]].iloc[0].tolist()
    ['bias', 'five;0.01;0.5;joint_t']
    """
    item = [f"{row.area};{row.shock_sd:g};{row.shared_share:g};{row.method}" for row in table.itertuples()]
    parts = [
        pd.DataFrame(
            {
                "measure": name,
                "item": item,
                "estimate": table[name],
                "std_error": table.get(f"{name}_error", np.nan),
                "unit": "share",
            }
        )
        for name in MEASURES
    ]
    return pd.concat(parts, ignore_index=True)


def within(found: pd.DataFrame, *, measure: str) -> str:
    """One sentence: how many of the values of a measure lie within the goal, below and above it.

    Examples
    --------
    >>> within(pd.DataFrame({"coverage": [0.95, 0.98]}), measure="coverage")
    'Coverage lies between 95.0 % and 98.0 %: 1 of 2 within 93–97 %, 0 below, 1 above.'
    """
    low, high = GOAL[measure]
    values = found[measure].dropna()
    name = {"coverage": "Coverage lies", "false_positive": "False findings lie"}[measure]
    return (
        f"{name} between {100 * values.min():.1f} % and {100 * values.max():.1f} %: "
        f"{int(values.between(low, high).sum())} of {len(values)} within {100 * low:.0f}–{100 * high:.0f} %, "
        f"{int((values < low).sum())} below, {int((values > high).sum())} above."
    )


def lead(cells_found: pd.DataFrame, study: pd.DataFrame | None, compared: pd.DataFrame | None) -> str:
    """The answers of the page, before everything else."""
    said = [f"Municipality cells: {cells_answer(cells_found)}"]
    if study is not None:
        own = study[study["method"].isin(IN_USE) & (study["size"] == "all")]
        said.append(f"Registers, areas of all sizes: {within(own, measure='coverage')}")
    if compared is not None:
        said.append(f"Published results: {published_answer(compared)}")
    items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in said)
    return f'<div data-simulated="true"><ul>{items}</ul></div>'


def cells_answer(found: pd.DataFrame) -> str:
    """Coverage and false findings on cells in words, the usual standard error beside them."""
    used, naive = found[found["method"] == "placebo_areas"], found[found["method"] == "naive_clustered"]
    return (
        f"{within(used, measure='coverage')} {within(used, measure='false_positive')} "
        f"Clustered by municipality, something false is found in {100 * naive['false_positive'].min():.0f}–"
        f"{100 * naive['false_positive'].max():.0f} %."
    )


def study_answer(study: pd.DataFrame, *, kind: str) -> str:
    """Coverage on one kind of register in words, by size of area: a list in Markdown."""
    own = study[(study["kind"] == kind) & study["method"].isin(IN_USE)]
    named = {"1": "Areas of 1 municipality", "all": "Areas of all sizes"}
    return "\n".join(
        f"- {named.get(size, f'Areas of {size} municipalities')}: "
        f"{within(own[own['size'] == size], measure='coverage')}"
        for size in dict.fromkeys(own["size"])
    )


def published_answer(compared: pd.DataFrame) -> str:
    """How many comparisons agree within their tolerance."""
    agree = int((compared["difference"].abs() <= compared["tolerance"]).sum())
    return (
        f"{agree} of {len(compared)} values from {compared['oracle'].nunique()} data sets agree within "
        "their tolerance."
    )


def made(facts: dict[str, Any] | None) -> str:
    """How and when the stored study was made."""
    if facts is None:
        return '<p class="note">No stored study: run <code>make validation</code>.</p>'
    return (
        f'<p class="note">Stored results of {html.escape(facts["date"])}, {facts["registers"]} registers of '
        f"{facts['persons']:,} persons of each kind, seeds from {', '.join(map(str, facts['seeds']))}, "
        f"made by <code>{html.escape(facts['command'])}</code> with code version "
        f"{html.escape(facts['code'])}.</p>"
    )
