"""CSV files beside a report: for Excel as it is set up in Finland, and plain; with a codebook.

A text that a spreadsheet would read as a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from evaluation.reporting.exhibits import Report
from evaluation.results import ledger
from evaluation.words import labels
from evaluation.words.language import CODES

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\u2212", "＝", "＋", "－", "＠")


def safe(text: str) -> str:
    """Make a text safe to open in a spreadsheet.

    Examples
    --------
    >>> safe("=HYPERLINK()"), safe("oulu")
    ("'=HYPERLINK()", 'oulu')
    """
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def csv_files(rows: pd.DataFrame) -> tuple[str, str]:
    """Write rows as CSV for programs and for Excel in Finland.

    The first has comma, decimal point, UTF-8 and codes as in the codebook; the second semicolon, decimal
    comma and a byte order mark.
    """
    names = [safe(name) for name in rows.columns]
    columns = [_written(values) for _, values in rows.items()]
    with_comma = [
        [text.replace(".", ",") for text in texts] if kind.kind == "f" else texts
        for kind, texts in zip(rows.dtypes, columns, strict=True)
    ]
    return _csv(names, columns, separator=","), "\ufeff" + _csv(names, with_comma, separator=";")


def _csv(names: list[str], columns: list[list[str]], *, separator: str) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=separator, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows(zip(*columns, strict=True))
    return sink.getvalue()


def _written(values: pd.Series) -> list[str]:
    found = values.tolist()
    if values.dtype.kind == "b":
        return ["true" if value else "false" for value in found]
    if values.dtype.kind == "f":
        # repr is the shortest text that reads back as the same number; an end without bound is left open
        return [repr(value) if math.isfinite(value) else "" for value in found]
    if values.dtype.kind in "iu":
        return [str(value) for value in found]
    said = {value: "" if pd.isna(value) else safe(str(value)) for value in set(found)}
    return [said[value] for value in found]


def codebook() -> pd.DataFrame:
    """What every column of the CSV files holds, in three languages."""
    columns = labels.names()["column"]
    return pd.DataFrame(
        [
            {"column": name, "type": ledger.COLUMNS[name]} | {f"meaning_{code}": said[code] for code in CODES}
            for name, said in columns.items()
        ]
    )


def write(report: Report, folder: Path, *, names: Iterable[str]) -> list[tuple[str, ...]]:
    """Write the named exhibits, all values and the codebook to ``csv/<report>/`` in the folder of a language.

    Returned are title, plain file and file for Excel of each, paths relative to `folder`.
    """
    target = folder / "csv" / report.slug
    target.mkdir(parents=True, exist_ok=True)
    text = report.language.text
    tables = [
        (labels.label("exhibit", name, report.language), name, rows)
        for name in names
        if len(rows := report.rows_for(name))
    ]
    tables.append((text("All values of this report"), "all_values", report.rows_of(report.area)))
    tables.append((text("Codebook: what the columns mean"), "codebook", codebook()))
    written = []
    for title, name, rows in tables:
        paths = [target / f"{name}.csv", target / f"{name}-excel.csv"]
        for path, content in zip(paths, csv_files(rows), strict=True):
            path.write_bytes(content.encode())
        written.append((title, *(path.relative_to(folder).as_posix() for path in paths)))
    return written
