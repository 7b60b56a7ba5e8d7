"""Figures of a delivery: what was lost or mended in reading it, its counts beside the public statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evaluation.figures.palette import COMPARISON, FAINT, PILOT, SOFT, dots, panel, style_key, tick_writer
from evaluation.figures.side_by_side import by_name
from evaluation.words import labels
from evaluation.words.language import Language

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    ax.set_yticks(y, [labels.label("table", table, language) for table in found.index])
    ax.set_ylim(len(found) - 0.5, -0.5)
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
    ax.set_yticks(np.arange(len(order)), [called[item] for item in order])
    ax.set_ylim(len(order) - 0.4, -0.6)
    label = language.text("Unemployed in the register in relation to the public statistics")
    tick_writer(ax.xaxis, "share", language=language, label=label)
    return figure
