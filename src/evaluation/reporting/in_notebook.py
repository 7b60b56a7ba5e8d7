"""The exhibits of the reports in an analysis notebook, from rows that it has just computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evaluation.reporting.exhibits import EXHIBITS, show
from evaluation.reporting.page import macros
from evaluation.reporting.sections import open_report, section
from evaluation.results import ledger
from evaluation.study import Study

if TYPE_CHECKING:
    from IPython.display import HTML


def viewer(
    study: Study,
    *,
    reference: str | Path,
    simulated: bool,
    area: str = "all",
    language: str = "en",
    figures: bool = True,
) -> Callable[..., HTML | None]:
    """Make the function that shows exhibits of an area ("all": all together): figure and numbers in words.

    What it shows is neither rounded nor cleared for disclosure: it stays with those who may see the register.
    Simulated data are marked as such over every exhibit. Without `figures` it draws nothing: a run of all
    areas has no reader.

    The function is ``see(topic, rows, *names)``: topic of the ledger ("" for rows that are the ledger's),
    rows of the analysis, names of ``exhibits.toml`` or of a section of the report.
    """
    if not figures:
        return lambda topic, rows, *names: None
    from IPython.display import HTML

    base = open_report(
        ledger.rows(pd.DataFrame(), simulated=simulated),
        study=study,
        reference=reference,
        language=language,
        release_date="",
        area="" if area == "all" else area,
    )

    def see(topic: str, rows: pd.DataFrame, *names: str) -> HTML:
        if topic:
            rows = rows.drop(columns="topic", errors="ignore")
            rows = ledger.rows(rows, topic=topic, area=area, simulated=simulated)
        report = replace(base, cleared=rows)
        mark = base.language.text("Simulated data, not results") if simulated else ""
        shown = [
            show(report, name, files=False) if name in EXHIBITS else section(report, name) for name in names
        ]
        return HTML(macros("sections/exhibits.html.j2").marked(mark, shown))

    return see
