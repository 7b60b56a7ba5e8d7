"""Jobseekers by municipality and month (Statistics Finland, table 12r5), from any saved file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from evaluation.statistics.answers import HIDDEN, Answer, read_answer

# Codes of the figures, stocks on the count day (last working day of the month); a version may put a prefix
# before a code or a number behind it. The labels recognise the three that every version has.
FIGURES = {
    "unemployed": "TYOTTOMATLOPUSSA",
    "labour_force": "TYOVOIMATK",  # two years old
    "vacancies": "AVPAIKATLOPUSSA",
    "jobseekers": "HAKIJALOPUSSA",
    "unemployed_percent": "TYOTOSUUS",
    "men": "TYOTTOMATMIEHET",
    "women": "TYOTTOMATNAISET",
    "under_20": "TYOTTOMAT20",
    "under_25": "TYOTTOMAT25",
    "over_50": "TYOTTOMAT50",
    "disabled_or_ill": "TYOTTOMATSAIR",
    "foreign_citizens": "TYOTTOMATULK",
    "long_term": "PITKAAIKAISTYOTTOMAT",
    "fund_members": "KASSASSA",
    "laid_off": "LOMAUTETTU",
    "short_week": "LYHTYOVKO",
    "subsidised_work": "TYOLLISTETTYLOP",
    "work_practice": "TYOHARJOITTELULOP",
    "work_trial": "KOKEILULOP",
    "training": "TVKOULUTUSLOP",
    "coaching": "VALMENNUSLOP",
    "other_services": "MTPPALVELUTLOP",
    "new_vacancies": "UUDETAVP",
}
LABELS = {
    "unemployed": r"^(työttömät työnhakijat|arbetslösa arbetssökande|unemployed jobseekers)",
    "labour_force": r"(^|:n .*)(työvoima|arbetskraft|labour force)\b",
    "vacancies": r"^(avoimet työpaikat|lediga (arbets|jobb)|vacanc)",
}
NEEDED = ("unemployed", "labour_force")
SERVICES = ("subsidised_work", "work_practice", "work_trial", "training", "coaching", "other_services")
# Counts of one to four are hidden, and now and then a larger one, so that it does not follow by subtraction:
# in June 2026 the hidden ones were 1.7 to 6.6 on average, by figure.
HIDDEN_AT_MOST = 9.0


def read(path: Path | str) -> pd.DataFrame:
    """Read a saved table 12r5, of before or after June 2026: JSON-stat 2, PxWeb's own JSON, or CSV.

    One row per municipality and month, sorted: `municipality` (text, "091"), `month` (months since January
    1970), one column per figure of `FIGURES` that the file has (persons or vacancies on the count day,
    `unemployed_percent` in per cent; float, missing where hidden or not available), and with ``_at_most``
    behind its name how large each could be at most where it is hidden. Other areas and municipality 199
    (unknown) are left out. ValueError if the file is no such table, naming what was expected and found.
    """
    answer = read_answer(path)
    area = answer.values.index.get_level_values("area")
    code = pd.Series(area).str.extract(r"^(?:KU)?(\d{3})$", expand=False)
    kept = (code.notna() & code.ne("199")).to_numpy()
    if not kept.any():
        raise ValueError(f"{path}: no area code looks like KU091; is this table 12r5 by municipality?")
    out: dict[str, object] = {
        "municipality": code[kept].to_numpy("str"),
        "month": answer.values.index.get_level_values("month")[kept].astype("int32"),
    }
    for figure, column in recognise(answer.labels, str(path)).items():
        value = answer.values[column].to_numpy()[kept]
        hidden = answer.marks[column].eq(HIDDEN).to_numpy()[kept]
        out[figure] = value
        if figure not in NEEDED and hidden.any():
            out[f"{figure}_at_most"] = pd.Series(value).mask(hidden, HIDDEN_AT_MOST).to_numpy()
    return pd.DataFrame(out).sort_values(["municipality", "month"], ignore_index=True)


def recognise(labels: Mapping[str, str], where: str) -> dict[str, str]:
    """Which code of the contents variable is which figure; the labels of three help where codes have changed.

    Examples
    --------
    >>> recognise({"a": "Unemployed jobseekers", "b": "Labour force", "x-TYOTTOMAT25": "Under 25"}, "table")
    {'unemployed': 'a', 'labour_force': 'b', 'under_25': 'x-TYOTTOMAT25'}
    """
    offered, out = list(labels), {}
    for figure, code in FIGURES.items():
        hits = [name for name in offered if re.fullmatch(rf"(.*[-_])?{code}\d?", name, re.IGNORECASE)]
        if not hits and figure in LABELS:
            hits = [name for name in offered if re.search(LABELS[figure], labels[name], re.IGNORECASE)]
        if len(hits) > 1:
            raise ValueError(
                f"{where}: {len(hits)} of the contents {offered} look like {figure}; one expected"
            )
        if hits:
            out[figure] = hits[0]
    if lacking := [figure for figure in NEEDED if figure not in out]:
        wanted = ", ".join(f"{figure} ({FIGURES[figure]})" for figure in lacking)
        raise ValueError(f"{where}: no contents for {wanted} among {offered}; is this table 12r5?")
    return out


def contents(answer: Answer, *, where: str) -> pd.DataFrame:
    """What a saved table holds, one row a `figure`.

    `label` as the database names it, `cells` (areas × months), `hidden` (confidential), `missing` (not
    available).
    """
    rows = []
    for figure, code in recognise(answer.labels, where).items():
        hidden = int(answer.marks[code].eq(HIDDEN).sum())
        missing = int(answer.values[code].isna().sum()) - hidden
        rows.append((figure, answer.labels[code], len(answer.values), hidden, missing))
    return pd.DataFrame(rows, columns=["figure", "label", "cells", "hidden", "missing"])
