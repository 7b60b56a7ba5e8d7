"""The page of a delivery: what was read, mended, dropped and refused, with limits and remedies.

Counts by rule, never a value: the page can be shown to anyone. Counts below ten are not told exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.reporting.page import environment, write_plain
from evaluation.words import language as languages
from evaluation.words.labels import item

FEWEST = 10  # a smaller count is not told exactly
NAME = "delivery"


def write_delivery(
    folder: Path, judged: pd.DataFrame, *, problems: Sequence[str], simulated: bool
) -> tuple[Path, str]:
    """Write ``delivery.html`` and ``delivery.txt`` of a delivery that was read or refused.

    Parameters
    ----------
    folder : Path
        Where the processed tables lie.
    judged : pandas.DataFrame
        From `registers.rules.judge`: table, rule, rows, share, action, limit, allowed, remedy, is_loss.
    problems : sequence of str
        Why the delivery was refused; empty if it was stored.
    simulated : bool
        Whether the layout says that the data are simulated.

    Returns
    -------
    tuple of Path and str
        The page, and one line: what share was lost, the worst of each table.

    Examples
    --------
    >>> page, line = write_delivery(Path("data/processed"), judged, problems=[], simulated=False)
    """
    said = summary(judged, refused=bool(problems))
    values = {"line": said, "problems": problems, "tables": _tables(judged)}
    body = environment().get_template("sections/delivery.html.j2").render(values)
    page = write_plain(
        folder / f"{NAME}.html",
        title="What was read of the delivery",
        body=body,
        language="en",
        simulated=simulated,
        home="",
        all_languages=(),
    )
    page.with_suffix(".txt").write_text(_text(values), encoding="utf-8")
    return page, said


def summary(judged: pd.DataFrame, *, refused: bool) -> str:
    """One line: what share of the rows was lost, and the worst rule of each table.

    Examples
    --------
    >>> summary(judged, refused=False)
    'Lost 0.4 % of 1,000 rows: spells 0.9 % (reversed_interval); persons 0.0 %.'
    """
    start = "Refused, nothing was stored. " if refused else ""
    read = _rows(judged, "rows_read")
    if not read.sum():
        return f"{start}No rows were read."
    lost = _rows(judged, "rows_lost").reindex(read.index, fill_value=0)
    dropped = judged[judged["is_loss"] & (judged["rows"] > 0)]
    worst = dropped.sort_values("rows", kind="stable").groupby("table")["rule"].last()
    shares = (lost / read.where(read > 0)).fillna(0.0).sort_values(ascending=False, kind="stable")
    parts = [
        f"{table} {100 * share:.1f} %" + (f" ({worst[table]})" if table in worst else "")
        for table, share in shares.items()
    ]
    return f"{start}Lost {100 * lost.sum() / read.sum():.1f} % of {read.sum():,} rows: {'; '.join(parts)}."


def _rows(judged: pd.DataFrame, rule: str) -> pd.Series:
    return judged[judged["rule"] == rule].set_index("table")["rows"]


def _tables(judged: pd.DataFrame) -> list[dict[str, Any]]:
    out = []
    for table, rows in judged.groupby("table", sort=False):
        found = rows[(rows["rows"] > 0) & ~rows["rule"].isin(["rows_read", "rows_kept"])]
        lines = [
            (
                _name(str(table), row.rule),
                f"{row.rows:,}" if row.rows >= FEWEST else f"under {FEWEST}",
                f"{100 * row.share:.1f} %" if row.rows >= FEWEST else "",
                row.action,
                {"": "within limits", "warn": "look at it", "stop": "too much"}[row.limit],
                f"{100 * row.allowed:g} %" if row.limit else "",
                row.remedy if row.limit else "",
            )
            for row in found.itertuples()
        ]
        read = int(_rows(rows, "rows_read").sum())
        out.append({"name": str(table), "read": f"{read:,}", "lines": lines})
    return out


def _name(table: str, rule: str) -> str:
    return f"{rule}: {item('rows', f'{table}:{rule}', languages.get('en')).partition(': ')[2]}"


def _text(values: dict[str, Any]) -> str:
    lines = ["What was read of the delivery", "", values["line"], ""]
    lines += [f"REFUSED {problem}" for problem in values["problems"]]
    for table in values["tables"]:
        lines += ["", f"{table['name']}: {table['read']} rows read"]
        lines += ["  " + " | ".join(part for part in line if part) for line in table["lines"]]
    return "\n".join(lines) + "\n"
