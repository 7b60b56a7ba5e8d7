"""The exhibits of the reports in an analysis notebook, from rows that it has just computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from evaluation.reporting.exhibits import EXHIBITS, show
from evaluation.reporting.sections import open_report, section
from evaluation.results import ledger
from evaluation.results.inputs import AreaInputs, to_ledger

if TYPE_CHECKING:
    from IPython.display import HTML


def viewer(
    inputs: AreaInputs, *, area: str, language: str = "en", figures: bool = True
) -> Callable[..., HTML | None]:
    """Make the function that shows exhibits of an area: figure and numbers in readable names.

    What it shows is neither rounded nor cleared for disclosure: it stays with those who may see the register.
    Simulated data are marked as such over every exhibit.

    Parameters
    ----------
    inputs : AreaInputs
        What the analysis reads.
    area : str
        Pilot area or "all".
    language : str
        fi, sv or en.
    figures : bool
        Draw nothing if false: a run of all areas has no reader.

    Returns
    -------
    function
        ``see(topic, rows, *names)``: topic of the ledger ("" for rows that are the ledger's), rows of the
        analysis, names of ``exhibits.toml`` or of a section of the report.
    """
    from IPython.display import HTML

    base = open_report(
        ledger.rows(pd.DataFrame(), simulated=inputs.simulated),
        study=inputs.study,
        reference=inputs.reference,
        language=language,
        release_date="",
        area="" if area == "all" else area,
    )

    def see(topic: str, rows: pd.DataFrame, *names: str) -> HTML | None:
        if not figures:
            return None
        report = replace(base, cleared=to_ledger({topic: rows}, inputs, area=area) if topic else rows)
        mark = base.language.text("Simulated data, not results") if inputs.simulated else ""
        shown = (
            show(report, name, files=False) if name in EXHIBITS else section(report, name) for name in names
        )
        return HTML(f"<p><strong>{mark}</strong></p>" + "".join(shown))

    return see
